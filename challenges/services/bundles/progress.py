"""Lines for a person who waits for a large bundle; nothing for a small one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from heldout.bundle.progress import Progress

EVERY_S = 5.0


class _Writes(Protocol):
    def write(self, msg: str) -> object: ...


def progress_lines(
    out: _Writes, *, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic
) -> Progress:
    """Return a progress that writes a line every few seconds, from the first few on."""
    due = clock() + every_s

    def told(name: str, done: int, size: int) -> None:
        nonlocal due
        if clock() < due:
            return
        due = clock() + every_s
        share = f" of {size / 1e9:.2f} GB ({100 * done // size} %)" if size else " GB"
        out.write(f"{name}: {done / 1e9:.2f}{share}")

    return told
