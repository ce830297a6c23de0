"""A worker asked to stop: all its processes learn of it at once, through one shared number.

Standard library only, and imported before the worker forks: the memory is shared by that.
"""

from __future__ import annotations

import mmap
import struct
import time

_MOMENT = struct.Struct("d")
_shared = mmap.mmap(-1, _MOMENT.size)  # anonymous: all zero, and inherited by every fork


def begin() -> None:
    """Ask this process and all that it has forked to take nothing new."""
    if stopping_s() is None:
        _shared[:] = _MOMENT.pack(time.monotonic())


def reset() -> None:
    """Forget that a stop was asked for."""
    _shared[:] = _MOMENT.pack(0.0)


def stopping_s() -> float | None:
    """Return for how many seconds the worker has been stopping; None while it goes on."""
    (begun,) = _MOMENT.unpack(_shared[:])
    return time.monotonic() - begun if begun else None
