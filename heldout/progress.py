"""How far the reading or sending of a file has come, on terminals only."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

CHUNK_BYTES = 1024 * 1024
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


class TransferBar:
    """A bar on standard error for bytes sent; nothing where that is no terminal."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._is_on = sys.stderr.isatty()
        self._begun = self._next = time.monotonic()
        self._first: int | None = None
        self._shown = False

    def show(self, sent: int, size: int) -> None:
        """Draw the bar at so many bytes of so many."""
        now = time.monotonic()
        if self._first is None:
            self._first = sent  # what an earlier process sent is no measure of speed
        if not self._is_on or (now < self._next and sent < size):
            return
        share = 100 * sent // max(size, 1)
        speed = (sent - self._first) / 1e6 / max(now - self._begun, 1e-3)
        bar = "#" * (share // 5)
        print(
            f"\r\x1b[K{self._label} [{bar:<20}] {share:3d} %  "
            f"{sent / 1e6:.1f} of {size / 1e6:.1f} MB, {speed:.1f} MB/s",
            end="",
            file=sys.stderr,
            flush=True,
        )
        self._next = now + _EVERY_S
        self._shown = True

    def end(self) -> None:
        """Clear the line of the bar."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._shown = False


class Watched:
    """An open file that tells how much of it has been read, so that an upload shows progress."""

    def __init__(
        self, handle: IO[bytes], size: int, progress: Callable[[int, int], None] | None
    ) -> None:
        self._handle = handle
        self._size = size
        self._progress = progress

    def read(self, count: int = -1) -> bytes:
        piece = self._handle.read(count)
        if self._progress and piece:
            self._progress(self._handle.tell(), self._size)
        return piece

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._handle.seek(offset, whence)

    def tell(self) -> int:
        return self._handle.tell()

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(CHUNK_BYTES):
            yield piece
