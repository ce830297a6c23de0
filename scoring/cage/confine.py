"""The limits a caged child puts on itself before it touches a file.

They bound memory, time, files and output. They do not yet narrow what the child may see and
reach (file system, network): such layers differ by platform and belong at the end of `confine`.
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

from scoring.cage.records import CageLimits

SPARE_DESCRIPTORS = 16
_PR_SET_PDEATHSIG = 1


def confine(limits: CageLimits, *, keep: Iterable[int]) -> None:
    """Give up everything but the descriptors in `keep`, and take on the limits."""
    os.setsid()  # a session of its own: one kill reaches whatever it may start
    _end_with_parent()
    highest = _close_all_but(set(keep))
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, highest + 1 + SPARE_DESCRIPTORS)
    seconds = math.ceil(limits.wall_s) + 1
    _limit(resource.RLIMIT_CPU, seconds, hard=seconds + 1)
    if sys.platform == "linux":
        # Relative to what the libraries have mapped already, or they would eat the allowance.
        _limit(resource.RLIMIT_AS, _mapped_bytes() + limits.memory_bytes)


def silence() -> None:
    """Point standard input and output at nothing: a library's last words may quote a file."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    if nothing > 2:
        os.close(nothing)


def _end_with_parent() -> None:
    """Ask Linux to end this process with its guard; elsewhere the processor limit ends it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _close_all_but(keep: set[int]) -> int:
    """Close every descriptor above the standard three that is not in `keep`."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    end = 1_048_576 if hard == resource.RLIM_INFINITY else hard
    start = 3
    for descriptor in sorted(keep | {2}):
        os.closerange(start, descriptor)
        start = max(start, descriptor + 1)
    os.closerange(start, end if sys.platform == "linux" else min(end, 4096))
    return max(keep | {2})


def _limit(kind: int, value: int, *, hard: int | None = None) -> None:
    _, ceiling = resource.getrlimit(kind)
    top = value if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        value, top = min(value, ceiling), min(top, ceiling)
    resource.setrlimit(kind, (value, top))


def _mapped_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()
