"""The asking side: starts the zygote when first needed and hands it jobs, from any thread."""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import scoring
from scoring.cage import wire
from scoring.cage.files import packed
from scoring.cage.records import CagedJob, CageOutcome, CageResult

# Above the job's own wall clock: covers the start of the zygote on a busy machine. It is only
# reached if the guard itself hangs.
GRACE_S = 60.0
_STATUS_LIMIT = 1 << 16
_LAUNCH = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from scoring.cage.zygote import serve; serve(int(sys.argv[2]))"
)
# Where an interpreter outside the system folders finds its own libraries; no secret among them.
_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class _Zygote:
    """A running zygote and the socket that jobs are handed over by."""

    def __init__(self) -> None:
        self._control, other = socket.socketpair()
        with other:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    *("-I", "-B", "-c", _LAUNCH),
                    json.dumps(_import_path()),
                    str(other.fileno()),
                ],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[other.fileno()],
                start_new_session=True,  # Ctrl-C in a terminal must not reach a job in the middle
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def has_ended(self) -> bool:
        """Tell whether it is gone, allowing for the moment between its last act and its end."""
        try:
            self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            return False
        return True

    def hand_over(self) -> socket.socket:
        """Return a channel to a new guard."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"j"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise wire.ConnectionEndedError from None
        return ours

    def forget(self) -> None:
        """Let go of it in a forked child; it goes on serving the process that started it."""
        self._control.close()

    def stop(self) -> None:
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_lock = threading.Lock()
_current: _Zygote | None = None
_inherited: list[_Zygote] = []  # of a parent process; kept, or their destructors would complain


def run_caged(job: CagedJob) -> CageResult:
    """Run one job in a caged child and wait for its end.

    May be called from any thread, and in forked children of a process that has called it.
    A bad file, a crash or a limit is a result, not an exception.
    """
    for _ in range(2):
        try:
            return _run(job)
        except wire.ConnectionEndedError:
            continue  # the zygote was gone; the next round starts a new one
    return CageResult(CageOutcome.BROKEN, detail="the scoring process cannot be started")


def start_zygote() -> None:
    """Start this process's zygote now, so that the first job does not wait for its imports."""
    _running_zygote()


def stop_zygote() -> None:
    """End this process's zygote, if there is one; the next job starts another."""
    global _current
    with _lock:
        zygote, _current = _current, None
    if zygote is not None:
        zygote.stop()


def _run(job: CagedJob) -> CageResult:
    zygote = _running_zygote()
    with zygote.hand_over() as channel, packed(job.files) as (places, descriptors):
        deadline = time.monotonic() + job.limits.wall_s + GRACE_S
        request = {
            "function": job.function,
            "limits": asdict(job.limits),
            "request": dict(job.request),
            "files": places,
        }
        try:
            wire.send_json(channel, request, descriptors)
            status, _ = wire.receive(channel, limit=_STATUS_LIMIT, deadline=deadline)
            content, _ = wire.receive(channel, limit=job.limits.answer_bytes, deadline=deadline)
        except (wire.ConnectionEndedError, ConnectionError):
            if zygote.has_ended():
                raise wire.ConnectionEndedError from None
            return CageResult(CageOutcome.CRASHED, detail="the guard of the job ended")
        except TimeoutError:
            return CageResult(CageOutcome.BROKEN, detail="the guard of the job did not answer")
    return _result(json.loads(status), content)


def _result(status: dict[str, Any], content: bytes) -> CageResult:
    """Put together what the guard says and what the child says; the child is not trusted."""
    facts = {name: status[name] for name in ("wall_s", "cpu_s", "peak_bytes")}
    outcome, detail = CageOutcome(status["outcome"]), str(status["detail"])
    if outcome is not CageOutcome.DONE:
        return CageResult(outcome, detail=detail, **facts)
    try:
        said = json.loads(content)
        failure = said.get("failure")
        outcome = CageOutcome(failure) if failure else CageOutcome.DONE
        answer, detail = said.get("answer"), str(said.get("detail", ""))[:2000]
    except (ValueError, AttributeError, RecursionError):
        outcome, answer, detail = CageOutcome.OUTPUT, None, "the answer is not readable"
    return CageResult(outcome, answer=answer, detail=detail, **facts)


def _running_zygote() -> _Zygote:
    global _current
    with _lock:
        if _current is not None and not _current.is_alive():
            _current.stop()
            _current = None
        if _current is None:
            _current = _Zygote()
        return _current


def _import_path() -> list[str]:
    """Return this process's import path, absolute, with the package itself first."""
    package = str(Path(scoring.__file__).resolve().parent.parent)
    return list(dict.fromkeys([package, *(path for path in sys.path if os.path.isabs(path))]))


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _LIBRARY_PATHS if name in os.environ}
    # One thread: a fork of a process with threads is not safe, and jobs run side by side anyway.
    return kept | dict.fromkeys(_ONE_THREAD, "1") | {"LC_ALL": "C.UTF-8"}


def _after_fork_in_child() -> None:
    global _current, _lock
    _lock = threading.Lock()  # another thread may have held it at the moment of the fork
    if _current is not None:
        _current.forget()
        _inherited.append(_current)
        _current = None


os.register_at_fork(after_in_child=_after_fork_in_child)
atexit.register(stop_zygote)
