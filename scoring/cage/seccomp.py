"""A seccomp filter: the system calls that computing needs, and no others.

Whatever is not listed is refused with EPERM, so what a new kernel adds is refused too. A library
that asks for something refused gets an error, not a signal, and may do without.

Source: Linux, Documentation/userspace-api/seccomp_filter.rst; numbers from asm/unistd_64.h and
asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Sequence

from scoring.cage import linux

_MODE_FILTER = 2
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
_NO_SUCH_CALL = 0x00050000 | errno.ENOSYS
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06  # BPF_LD+W+ABS, JMP+JEQ, JMP+JSET, RET
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16  # in struct seccomp_data; low halves first
_CLONE_THREAD = 0x10000
_PR_SET_NAME = 15
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# TCGETS, FIONBIO, FIOCLEX, FIONREAD: what opening a file and a pipe of one's own ask for.
_IOCTLS = (0x5401, 0x5421, 0x5451, 0x541B)

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# name: number on x86_64, number on aarch64; None where there is no such call
FREE: dict[str, tuple[int | None, int | None]] = {
    # files that are open, and looking at those that may be read
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "lseek": (8, 62),
    "pread64": (17, 67), "pwrite64": (18, 68), "readv": (19, 65), "writev": (20, 66),
    "preadv": (295, 69), "stat": (4, None), "lstat": (6, None), "newfstatat": (262, 79),
    "statx": (332, 291), "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439),
    "readlink": (89, None), "readlinkat": (267, 78), "getdents64": (217, 61), "getcwd": (79, 17),
    "statfs": (137, 43), "fstatfs": (138, 44), "fcntl": (72, 25), "fadvise64": (221, 223),
    "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24), "close_range": (436, 436),
    # memory
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214),
    "mremap": (25, 216), "madvise": (28, 233), "mincore": (27, 232), "membarrier": (324, 283),
    # threads of its own and waiting for them
    "futex": (202, 98), "set_robust_list": (273, 99), "set_tid_address": (218, 96),
    "rseq": (334, 293), "arch_prctl": (158, None), "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123), "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120), "getcpu": (309, 168), "pipe": (22, None), "pipe2": (293, 59),
    "socketpair": (53, 199), "recvfrom": (45, 207), "shutdown": (48, 210),
    "getsockopt": (55, 209), "eventfd2": (290, 19), "epoll_create1": (291, 20),
    "epoll_ctl": (233, 21), "epoll_wait": (232, None), "epoll_pwait": (281, 22),
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
    # clocks, signals to itself, who it is, and its end
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115),
    "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153), "nanosleep": (35, 101),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132), "restart_syscall": (219, 128), "alarm": (37, None),
    "setitimer": (38, 103), "getrusage": (98, 165), "getrandom": (318, 278), "sysinfo": (99, 179),
    "uname": (63, 160), "getpid": (39, 172), "getppid": (110, 173), "gettid": (186, 178),
    "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177),
    "getsid": (124, 156), "getpgid": (121, 155), "exit": (60, 93), "exit_group": (231, 94),
    "getrlimit": (97, 163),
}  # fmt: skip
# Allowed for some arguments only; see `_conditions` and `restrict`.
LIMITED: dict[str, tuple[int | None, int | None]] = {
    "open": (2, None), "openat": (257, 56), "clone": (56, 220), "clone3": (435, 435),
    "kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261),
    "sendto": (44, 206), "prctl": (157, 167), "ioctl": (16, 29),
}  # fmt: skip

_INSTRUCTION_BYTES = 8
_Instruction = tuple[int, int, int, int]


def prepared() -> bytes:
    """Return the part of the filter that is the same for every process.

    Raises
    ------
    OSError
        If the architecture is one without a list.
    """
    machine = platform.machine()
    if machine not in MACHINES or sys.byteorder != "little":
        raise OSError(errno.ENOSYS, f"no list of system calls for {machine}")
    column = list(MACHINES).index(machine)
    program: list[_Instruction] = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 1, 0, MACHINES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    for numbers in FREE.values():
        program += _rule(numbers[column], [(_RETURN, 0, 0, _ALLOW)])
    for name, rule in _conditions().items():
        program += _rule(LIMITED[name][column], rule)
    return _packed(program)


def restrict(prepared: bytes) -> None:
    """Refuse this process and its threads all but the listed calls; needs no_new_privs.

    Raises
    ------
    OSError
        If the kernel refuses.
    """
    column = list(MACHINES).index(platform.machine())
    own = os.getpid()
    program = [
        *_rule(LIMITED["kill"][column], _if_equal(0, [own])),
        *_rule(LIMITED["tgkill"][column], _if_equal(0, [own])),
        *_rule(LIMITED["prlimit64"][column], _if_equal(0, [0, own])),
        (_RETURN, 0, 0, _REFUSE),
    ]
    content = prepared + _packed(program)
    place = ctypes.create_string_buffer(content, len(content))
    head = struct.pack("@HP", len(content) // _INSTRUCTION_BYTES, ctypes.addressof(place))
    linux.prctl(linux.PR_SET_SECCOMP, _MODE_FILTER, ctypes.create_string_buffer(head, len(head)))


def _packed(program: Sequence[_Instruction]) -> bytes:
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _rule(number: int | None, rule: list[_Instruction]) -> list[_Instruction]:
    """Return what to do about one call; nothing if the architecture does not have it."""
    return [] if number is None else [(_EQUAL, 0, len(rule), number), *rule]


def _conditions() -> dict[str, list[_Instruction]]:
    """Return what decides about the calls limited by their arguments, but for those by process."""
    return {
        "open": _unless_any(1, _WRITES),
        "openat": _unless_any(2, _WRITES),
        "clone": _if_any(0, _CLONE_THREAD),  # threads, but no processes
        "clone3": [(_RETURN, 0, 0, _NO_SUCH_CALL)],  # its flags cannot be seen; libc takes clone
        "sendto": _if_equal(5, [0]),  # on a pair that is connected, never to an address
        "prctl": _if_equal(0, [_PR_SET_NAME]),
        "ioctl": _if_equal(1, _IOCTLS),
    }


def _load_argument(index: int) -> _Instruction:
    return (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * index)


def _if_equal(index: int, values: Sequence[int]) -> list[_Instruction]:
    rule = [_load_argument(index)]
    for value in values:
        rule += [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return [*rule, (_RETURN, 0, 0, _REFUSE)]


def _if_any(index: int, bits: int) -> list[_Instruction]:
    ends = [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return [_load_argument(index), (_ANY_BIT, 0, 1, bits), *ends]


def _unless_any(index: int, bits: int) -> list[_Instruction]:
    ends = [(_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
    return [_load_argument(index), (_ANY_BIT, 0, 1, bits), *ends]
