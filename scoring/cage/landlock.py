"""Landlock: no file, no network port and no signal to anybody outside, by the kernel's rule.

The rules are made once, in the zygote; a child takes them on with one call. They name what stays
readable: the folders of the interpreter and of installed packages, which a library may want to
import from in the middle of a job. There is nothing of the platform's in them.

Source: Linux, Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from scoring.cage import linux

# The same numbers on every architecture that Linux gained since 2011, and on x86.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_RULE_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many rights each version knows; 16 from 5 on
_TCP_FROM, _SCOPES_FROM = 4, 6
_BIND_AND_CONNECT = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


def version() -> int:
    """Return the kernel's version of Landlock; raise OSError where there is none."""
    return linux.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)


def rules(readable: Iterable[Path]) -> int:
    """Return a descriptor of rules that refuse everything but reading below `readable`."""
    handled = _handled(version())
    ruleset = linux.syscall(_CREATE_RULESET, handled, ctypes.c_size_t(len(handled)), 0)
    for folder in readable:
        place = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        try:
            rule = struct.pack("=Qi", _READ_FILE | _READ_DIR, place)
            linux.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
        finally:
            os.close(place)
    return ruleset


def restrict(ruleset: int) -> None:
    """Take the rules on; needs no_new_privs. They hold for good and for whatever is started."""
    linux.syscall(_RESTRICT_SELF, ruleset, 0)


def meaning(abi: int) -> str:
    """Say what this version keeps out."""
    parts = ["files but the libraries'"]
    if abi >= _TCP_FROM:
        parts.append("TCP")
    if abi >= _SCOPES_FROM:
        parts.append("signals to others")
    return f"version {abi}: no {', no '.join(parts)}"


def library_folders() -> list[Path]:
    """Return the folders of the standard library, of installed packages and of the engine."""
    named = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    engine = Path(__file__).resolve().parent.parent
    return sorted({engine, *(Path(name) for name in named if name and Path(name).is_dir())})


def _handled(abi: int) -> bytes:
    files = (1 << _FILE_RIGHTS.get(abi, 16)) - 1
    ports = _BIND_AND_CONNECT if abi >= _TCP_FROM else 0
    scopes = _ABSTRACT_SOCKETS_AND_SIGNALS if abi >= _SCOPES_FROM else 0
    fields = 3 if abi >= _SCOPES_FROM else 2 if abi >= _TCP_FROM else 1
    return struct.pack("=QQQ", files, ports, scopes)[: 8 * fields]
