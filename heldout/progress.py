"""How far the reading of a file has come, on terminals only."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

PASSES = 2  # a file is read once to check it and once to score it
_QUIET_S = 1.0
_EVERY_S = 0.2


class _CountedFile(io.FileIO):
    """A file that tells on standard error how much of it has been read."""

    def __init__(self, path: Path, *, passes: int) -> None:
        super().__init__(path, "rb")
        self._label = path.name
        self._total = max(1, path.stat().st_size * passes)
        self._done = 0
        self._next = time.monotonic() + _QUIET_S
        self.shown = False

    def readinto(self, buffer: Any) -> int | None:
        count = super().readinto(buffer)
        self._count(count or 0)
        return count

    def readall(self) -> bytes:
        content = super().readall()
        self._count(len(content))
        return content

    def _count(self, count: int) -> None:
        self._done += count
        if time.monotonic() < self._next:
            return
        share = min(99, 100 * self._done // self._total)
        bar = "#" * (share // 5)
        print(f"\r{self._label} [{bar:<20}] {share:2d} %", end="", file=sys.stderr, flush=True)
        self._next = time.monotonic() + _EVERY_S
        self.shown = True


@contextmanager
def opened(path: Path, *, passes: int = PASSES) -> Iterator[BinaryIO]:
    """Open a file for reading; work that takes longer than a second shows a bar."""
    if not sys.stderr.isatty():
        with path.open("rb") as handle:
            yield handle
        return
    raw = _CountedFile(path, passes=passes)
    try:
        with io.BufferedReader(raw, 2**20) as handle:
            yield cast(BinaryIO, handle)
    finally:
        if raw.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
