"""The caged child: waits for its one job, confines itself, does the job, and ends.

It is forked before the job arrives, so that nobody waits for the fork. What it reads before it
is confined comes from the platform; no byte of a participant's is touched until then.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, BinaryIO

from scoring.cage import wire
from scoring.cage.confine import Ground, close_all_but, confine, die_first, end_with_parent, silence
from scoring.cage.files import unpacked
from scoring.cage.records import CageLimits, CageOutcome, Layer
from scoring.cage.rehearsal import rehearse
from scoring.contract import JsonValue
from scoring.errors import ScoringError

REQUEST_LIMIT = 64 * 2**20
# A child warms up only if no job comes for so long: one job hard on another would wait for it.
QUIET_S = 0.02

_Function = Callable[[Mapping[str, JsonValue], Mapping[str, BinaryIO]], JsonValue]
_standing: list[Layer] = []


def live(inbox: socket.socket, ground: Ground) -> None:
    """Do the job whose channel comes by `inbox`, then leave this process; never returns."""
    code = 1
    try:
        os.setsid()  # a session of its own: one kill reaches whatever it may start
        end_with_parent()
        die_first()
        close_all_but({inbox.fileno()} | ground.descriptors)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        silence()
        if not select.select([inbox], [], [], QUIET_S)[0]:
            rehearse()
        _, descriptors, _, _ = socket.recv_fds(inbox, 1, 1)
        if descriptors:
            with socket.socket(fileno=descriptors[0]) as channel:
                _serve(channel, ground)
        code = 0
    finally:
        os._exit(code)


def standing_layers() -> list[Layer]:
    """Return the walls around this process; none if it is not caged."""
    return list(_standing)


def _serve(channel: socket.socket, ground: Ground) -> None:
    content, descriptors = wire.receive(channel, limit=REQUEST_LIMIT)
    request = json.loads(content)
    limits = CageLimits(**request["limits"])
    try:
        function = _function(request["function"])  # may read files of ours, so before the walls
        _standing[:] = confine(limits, ground, keep={channel.fileno(), *descriptors})
        answer = _run(function, request, descriptors)
    except Exception as error:  # noqa: BLE001  # a broken cage is told, and nothing was run in it
        answer = _failure(CageOutcome.FAULT, _place_of(error))
    wire.send(channel, answer)


def _function(name: str) -> _Function:
    module, _, attribute = name.partition(":")
    function: _Function = getattr(importlib.import_module(module), attribute)
    return function


def _run(function: _Function, request: dict[str, Any], descriptors: Sequence[int]) -> bytes:
    files = unpacked([tuple(place) for place in request["files"]], descriptors)
    try:
        answer = {"answer": function(request["request"], files), **_used()}
        return json.dumps(answer, allow_nan=False).encode()
    except MemoryError:
        return _failure(CageOutcome.MEMORY)
    except ScoringError as error:
        return _failure(CageOutcome.SETUP, f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001  # the border: what is left becomes a typed answer
        return _failure(CageOutcome.FAULT, _place_of(error))


def _failure(outcome: CageOutcome, detail: str = "") -> bytes:
    return json.dumps({"failure": outcome, "detail": detail, **_used()}).encode()


def _used() -> dict[str, float]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu_s": usage.ru_utime + usage.ru_stime, "peak_bytes": peak_bytes(usage)}


def peak_bytes(usage: resource.struct_rusage) -> int:
    """Return the largest resident memory of an account of use."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def layers(request: Mapping[str, JsonValue], files: Mapping[str, BinaryIO]) -> JsonValue:
    """Answer with the walls around this child: a job of its own."""
    del request, files
    return [asdict(layer) for layer in standing_layers()]


def _place_of(error: Exception) -> str:
    """Name an exception and where it was raised, without its text: that may quote a reference."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    trail = " > ".join(f"{os.path.basename(f.filename)}:{f.lineno} {f.name}" for f in frames)
    return f"{type(error).__name__} in {trail}"
