"""What a caged child takes on before it touches a file: limits, then walls, each told of.

The limits bound memory, time, files and output and hold everywhere. The walls narrow what the
child may see and reach; which of them stand differs by platform, and none is needed by another.
Namespaces are entered once, by the zygote, and inherited; all else is taken on for each job.
"""

from __future__ import annotations

import contextlib
import math
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from scoring.cage import landlock, linux, seccomp
from scoring.cage.records import CageLimits, Layer

SPARE_DESCRIPTORS = 16
STACK_BYTES = 8 * 2**20
MOST_TASKS = 512  # of the user; bounds threads where the filter refuses processes
NOBODY = 65534
_NEW_USER, _NEW_NET, _NEW_IPC, _NEW_UTS = 0x10000000, 0x40000000, 0x08000000, 0x04000000
_NEW_NAMESPACES = _NEW_NET | _NEW_IPC | _NEW_UTS


@dataclass(frozen=True, slots=True)
class Ground:
    """What the zygote has prepared for its children.

    `mapped_bytes` is the address space that the loaded libraries take; `ruleset` the descriptor
    of Landlock's rules and `filter` the program of seccomp's, where there are any. The layers
    say which, and why not.
    """

    namespaces: Layer
    landlock: Layer
    seccomp: Layer
    mapped_bytes: int
    ruleset: int | None
    filter: bytes

    @property
    def descriptors(self) -> set[int]:
        return set() if self.ruleset is None else {self.ruleset}


def leave_namespaces() -> Layer:
    """Move this process, which must have one thread, to where there is no network."""
    name, kept_out = "namespaces", "no network, no foreign shared memory"
    # Root needs no user namespace, and in one could not become nobody any more.
    flags = _NEW_NAMESPACES if os.geteuid() == 0 else _NEW_USER | _NEW_NAMESPACES
    try:
        linux.unshare(flags)
    except OSError as error:
        return Layer(name, False, _refusal(error))
    return Layer(name, True, kept_out)


def prepare(*, namespaces: Layer) -> Ground:
    """Make in the zygote what is the same for every child; the libraries are loaded by now."""
    _enter_empty_folder()
    try:
        ruleset: int | None = landlock.rules(landlock.library_folders())
        files = Layer("landlock", True, landlock.meaning(landlock.version()))
    except OSError as error:
        ruleset, files = None, Layer("landlock", False, _refusal(error))
    try:
        program = seccomp.prepared()
        calls = Layer("seccomp", True, "no sockets, programs, processes, tracing, writing of files")
    except OSError as error:
        program, calls = b"", Layer("seccomp", False, _refusal(error))
    return Ground(namespaces, files, calls, _mapped_bytes(), ruleset, program)


def confine(limits: CageLimits, ground: Ground, *, keep: Iterable[int]) -> list[Layer]:
    """Give up everything but the descriptors in `keep`, take on the limits and every wall.

    Returns
    -------
    list of Layer
        The walls, each standing or with the reason why not.
    """
    highest = close_all_but({*keep} | ground.descriptors)
    _take_limits(limits, ground, highest=highest)
    layers = [
        Layer("limits", True, "memory, processor, files, output, no core dump"),
        ground.namespaces,
        _layer("identity", _become_nobody),
        _layer("privileges", _promise_no_privileges),
    ]
    end_with_parent()  # after the change of user, which would undo it
    layers.append(_taken_on(ground.landlock, lambda: _landlock(ground)))
    # Last: it refuses what the others need.
    layers.append(_taken_on(ground.seccomp, lambda: seccomp.restrict(ground.filter)))
    if not layers[-1].active:
        _limit(resource.RLIMIT_NPROC, 0)
    return layers


def silence() -> None:
    """Point standard input and output at nothing: a library's last words may quote a file."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    if nothing > 2:
        os.close(nothing)


def end_with_parent() -> None:
    """Ask Linux to end this process with the zygote; elsewhere the processor limit ends it."""
    if sys.platform == "linux":
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)


def die_first() -> None:
    """Offer this process to the system before any other, if the machine runs out of memory."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def close_all_but(keep: set[int]) -> int:
    """Close every descriptor above the standard three that is not in `keep`."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    end = 1_048_576 if hard == resource.RLIM_INFINITY else hard
    start = 3
    for descriptor in sorted(keep | {2}):
        os.closerange(start, descriptor)
        start = max(start, descriptor + 1)
    os.closerange(start, end if sys.platform == "linux" else min(end, 4096))
    return max(keep | {2})


def _take_limits(limits: CageLimits, ground: Ground, *, highest: int) -> None:
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_STACK, STACK_BYTES)
    _limit(resource.RLIMIT_NPROC, MOST_TASKS)
    _limit(resource.RLIMIT_NOFILE, highest + 1 + SPARE_DESCRIPTORS)
    seconds = math.ceil(limits.wall_s) + 1
    _limit(resource.RLIMIT_CPU, seconds, hard=seconds + 1)
    if sys.platform == "linux":
        # Relative to what the libraries have mapped already, or they would eat the allowance.
        _limit(resource.RLIMIT_AS, ground.mapped_bytes + limits.memory_bytes)


def _become_nobody() -> str:
    """Change from root to a user who owns nothing, and give up every capability."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    if sys.platform == "linux":
        linux.drop_capabilities()
    return "not root, no capabilities"


def _promise_no_privileges() -> str:
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    linux.prctl(linux.PR_SET_DUMPABLE, 0)
    return "no new ones by any program, not to be traced"


def _landlock(ground: Ground) -> None:
    for ruleset in ground.descriptors:
        landlock.restrict(ruleset)
        os.close(ruleset)


def _taken_on(layer: Layer, take_on: Callable[[], None]) -> Layer:
    """Take on what the zygote has prepared, if it could."""
    if not layer.active:
        return layer
    try:
        take_on()
    except OSError as error:
        return Layer(layer.name, False, _refusal(error))
    return layer


def _layer(name: str, take_on: Callable[[], str]) -> Layer:
    try:
        return Layer(name, True, take_on())
    except OSError as error:
        return Layer(name, False, _refusal(error))


def _refusal(error: OSError) -> str:
    return error.strerror or str(error)


def _enter_empty_folder() -> None:
    """Work in a folder that is empty, and removed already so that it stays so."""
    folder = tempfile.mkdtemp(prefix="heldout-")
    os.chdir(folder)
    os.rmdir(folder)


def _limit(kind: int, value: int, *, hard: int | None = None) -> None:
    _, ceiling = resource.getrlimit(kind)
    top = value if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        value, top = min(value, ceiling), min(top, ceiling)
    resource.setrlimit(kind, (value, top))


def _mapped_bytes() -> int:
    if sys.platform != "linux":
        return 0
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()
