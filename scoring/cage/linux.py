"""Linux system calls that Python has no function for."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38

_CAPABILITY_VERSION_3 = 0x20080522


def prctl(option: int, value: int, place: object = None) -> None:
    """Call prctl(2), with the address of `place` if there is one; raise OSError if refused."""
    nothing = ctypes.c_ulong(0)
    third = nothing if place is None else place
    _checked(_libc().prctl(option, ctypes.c_ulong(value), third, nothing, nothing))


def syscall(number: int, *arguments: Any) -> int:
    """Call syscall(2); raise OSError if it is refused."""
    return _checked(_libc().syscall(ctypes.c_long(number), *arguments))


def unshare(flags: int) -> None:
    """Leave the namespaces of `flags` for new, empty ones; raise OSError if refused."""
    _checked(_libc().unshare(flags))


def drop_capabilities() -> None:
    """Give up every capability of this process for good."""
    head = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    _checked(_libc().capset(head, none))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(result)


@cache
def _libc() -> Any:
    if sys.platform != "linux":
        raise OSError("only on Linux")
    return ctypes.CDLL(None, use_errno=True)
