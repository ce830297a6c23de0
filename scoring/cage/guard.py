"""The guard: one process per job, between the zygote and the caged child.

It forks the child, watches its clock and its answer, ends its whole session and reports. It
parses nothing that comes from the child. If the asking side goes away, it ends the child.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Sequence

from scoring.cage import wire
from scoring.cage.confine import confine, silence
from scoring.cage.files import unpacked
from scoring.cage.records import CageLimits, CageOutcome
from scoring.contract import JsonValue
from scoring.errors import ScoringError

REQUEST_LIMIT = 64 * 2**20
LAST_MOMENT_S = 0.1
_PIPE_PIECE = 1 << 16


def guard(channel: socket.socket) -> None:
    """Serve the one job that comes over `channel`, then return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    content, descriptors = wire.receive(channel, limit=REQUEST_LIMIT)
    request = json.loads(content)
    limits = CageLimits(**request["limits"])
    answer_end, child_end = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        _be_the_child(request, limits, descriptors=descriptors, answer_to=child_end)
    for descriptor in (child_end, *descriptors):
        os.close(descriptor)
    answer, cut_short = _watch(answer_end, channel, limits=limits, started=started)
    status, report = _end(child)
    report["wall_s"] = time.monotonic() - started
    outcome, detail = _judge(status, cut_short, cpu_s=report["cpu_s"], limits=limits)
    wire.send_json(channel, {"outcome": outcome, "detail": detail, **report})
    wire.send(channel, answer if outcome is CageOutcome.DONE else b"")


def _watch(
    answer_end: int, channel: socket.socket, *, limits: CageLimits, started: float
) -> tuple[bytes, CageOutcome | None]:
    """Collect the answer until the child closes it; tell why if it was not let finish."""
    answer = bytearray()
    with selectors.DefaultSelector() as ready:
        ready.register(answer_end, selectors.EVENT_READ)
        ready.register(channel, selectors.EVENT_READ)
        while True:
            left = started + limits.wall_s - time.monotonic()
            events = ready.select(left) if left > 0 else []
            if not events:
                return b"", CageOutcome.TIME
            if any(key.fileobj is channel for key, _ in events):
                return b"", CageOutcome.BROKEN  # nobody waits for the answer any more
            piece = os.read(answer_end, _PIPE_PIECE)
            if not piece:
                return bytes(answer), None
            answer += piece
            if len(answer) > limits.answer_bytes:
                return b"", CageOutcome.OUTPUT


def _end(child: int) -> tuple[int, dict[str, float]]:
    """End the child and all it started, and tell how it ended and what it used."""
    _let_it_end(child)
    for end in (os.killpg, os.kill):
        # Not reaped yet, so the number cannot have become another process's.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    unit = 1 if sys.platform == "darwin" else 1024
    used = {"cpu_s": usage.ru_utime + usage.ru_stime, "peak_bytes": usage.ru_maxrss * unit}
    return status, used


def _let_it_end(child: int) -> None:
    """Give a child that has closed its answer the moment it needs to say how it ended."""
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        time.sleep(LAST_MOMENT_S)
        return
    until = time.monotonic() + LAST_MOMENT_S
    peek = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while os.waitid(os.P_PID, child, peek) is None and time.monotonic() < until:
        time.sleep(0.0005)


def _judge(
    status: int, cut_short: CageOutcome | None, *, cpu_s: float, limits: CageLimits
) -> tuple[CageOutcome, str]:
    if cut_short is not None:
        return cut_short, ""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU or (number == signal.SIGKILL and cpu_s >= limits.wall_s):
            return CageOutcome.TIME, "processor time"
        if number == signal.SIGKILL:
            return CageOutcome.MEMORY, "ended by the system, which does so when memory runs out"
        return CageOutcome.CRASHED, f"signal {signal.Signals(number).name}"
    if os.WEXITSTATUS(status):
        return CageOutcome.CRASHED, f"exit code {os.WEXITSTATUS(status)}"
    return CageOutcome.DONE, ""


def _be_the_child(
    request: dict[str, JsonValue], limits: CageLimits, *, descriptors: Sequence[int], answer_to: int
) -> None:
    """Run the job in this process and leave it; never returns."""
    code = 1
    try:
        silence()
        confine(limits, keep={answer_to, *descriptors})
        answer = _run(request, descriptors)
        sent = 0
        while sent < len(answer):
            sent += os.write(answer_to, answer[sent : sent + _PIPE_PIECE])
        code = 0
    finally:
        os._exit(code)


def _run(request: dict[str, JsonValue], descriptors: Sequence[int]) -> bytes:
    module, _, name = request["function"].partition(":")
    files = unpacked([tuple(place) for place in request["files"]], descriptors)
    try:
        function = getattr(importlib.import_module(module), name)
        answer = {"answer": function(request["request"], files)}
        return json.dumps(answer, allow_nan=False).encode()
    except MemoryError:
        return _failure(CageOutcome.MEMORY)
    except ScoringError as error:
        return _failure(CageOutcome.SETUP, f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001  # the border: what is left becomes a typed answer
        return _failure(CageOutcome.FAULT, _place_of(error))


def _failure(outcome: CageOutcome, detail: str = "") -> bytes:
    return json.dumps({"failure": outcome, "detail": detail}).encode()


def _place_of(error: Exception) -> str:
    """Name an exception and where it was raised, without its text: that may quote a reference."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    trail = " > ".join(f"{os.path.basename(f.filename)}:{f.lineno} {f.name}" for f in frames)
    return f"{type(error).__name__} in {trail}"
