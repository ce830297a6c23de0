"""The asking side: starts the zygote when first needed and hands it jobs, from any thread."""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import scoring
from scoring.cage import wire
from scoring.cage.files import packed
from scoring.cage.records import CagedJob, CageLimits, CageOutcome, CageResult, Layer

logger = logging.getLogger(__name__)

# A zygote that does not begin a job for so long, its imports on a busy machine included, is ended.
START_S = 60.0
# For the zygote to end a child and say how it ended.
END_S = 10.0
# A child that has closed its answer needs a moment to end by itself, and so to say why.
LAST_MOMENT_S = 2.0
# So often is a job begun that did not come to an end because its zygote did.
MOST_ZYGOTES = 3
_ENDING_LIMIT = 1 << 16
_LAYERS_LIMITS = CageLimits(memory_bytes=2**28, wall_s=10)
_LAUNCH = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from scoring.cage.zygote import serve; serve(int(sys.argv[2]))"
)
# Where an interpreter outside the system folders finds its own libraries; no secret among them.
_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a child ended, by the zygote's word; `forced` if it had to be ended for it."""

    status: int
    cpu_s: float
    peak_bytes: int
    forced: bool


class ZygoteLostError(Exception):
    """The zygote ended, hung, or could fork no child: nothing is said about the job."""


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

    def hand_over(self) -> tuple[socket.socket, socket.socket]:
        """Return the channel to a child for one job, and the line on which to hear of it."""
        channel, childs = socket.socketpair()
        line, zygotes = socket.socketpair()
        with childs, zygotes:
            try:
                socket.send_fds(self._control, [b"j"], [childs.fileno(), zygotes.fileno()])
            except OSError:
                channel.close()
                line.close()
                raise ZygoteLostError from None
        return channel, line

    def forget(self) -> None:
        """Let go of it in a forked child; it goes on serving the process that started it."""
        self._control.close()

    def stop(self) -> None:
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it and all its children at once: it hangs."""
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
    for _ in range(MOST_ZYGOTES):
        zygote = _running_zygote()
        try:
            return _run(zygote, job)
        except ZygoteLostError:
            logger.warning("the scoring process %d was lost with a job", zygote.pid)
            zygote.has_ended()  # or the next round would find it alive still
    return CageResult(CageOutcome.BROKEN, detail="the scoring process does not stay alive")


def layers() -> list[Layer]:
    """Ask a caged child which walls stand around it on this machine.

    Raises
    ------
    OSError
        If no child can be had.
    """
    result = run_caged(CagedJob("scoring.cage.child:layers", _LAYERS_LIMITS))
    if result.outcome is not CageOutcome.DONE:
        raise OSError(f"no caged process: {result.outcome} {result.detail}".rstrip())
    return [Layer(**layer) for layer in result.answer]


def start_zygote() -> None:
    """Start this process's zygote now, so that the first job does not wait for its imports.

    As soon as it is there, the log says which walls stand around what it will run.
    """
    _running_zygote()
    threading.Thread(target=_log_layers, daemon=True, name="cage-layers").start()


def stop_zygote() -> None:
    """End this process's zygote, if there is one; the next job starts another."""
    global _current
    with _lock:
        zygote, _current = _current, None
    if zygote is not None:
        zygote.stop()


def _run(zygote: _Zygote, job: CagedJob) -> CageResult:
    channel, line = zygote.hand_over()
    with channel, line, packed(job.files) as (places, descriptors):
        request = {
            "function": job.function,
            "limits": asdict(job.limits),
            "request": dict(job.request),
            "files": places,
        }
        deadline = time.monotonic() + START_S
        channel.settimeout(START_S)
        with contextlib.suppress(ConnectionError, TimeoutError):  # the line tells why
            wire.send_json(channel, request, descriptors)
        _await_begin(zygote, line, deadline=deadline)
        started = time.monotonic()
        answer = _answer(channel, deadline=started + job.limits.wall_s, limits=job.limits)
        if not isinstance(answer, CageOutcome):
            return _answered(answer, wall_s=time.monotonic() - started)
        patience_s = LAST_MOMENT_S if answer is CageOutcome.CRASHED else 0.0
        ending = _ending(zygote, line, patience_s=patience_s)
    outcome, detail = answer, ""
    if outcome is CageOutcome.CRASHED:
        outcome, detail = _judge(ending, limits=job.limits)
    return CageResult(
        outcome,
        detail=detail,
        wall_s=time.monotonic() - started,
        cpu_s=ending.cpu_s,
        peak_bytes=ending.peak_bytes,
    )


def _answer(channel: socket.socket, *, deadline: float, limits: CageLimits) -> bytes | CageOutcome:
    """Receive the child's answer, or tell how it came to none."""
    try:
        content, _ = wire.receive(channel, limit=limits.answer_bytes, deadline=deadline)
    except TimeoutError:
        return CageOutcome.TIME
    except ValueError:
        return CageOutcome.OUTPUT
    except (wire.ConnectionEndedError, ConnectionError):
        return CageOutcome.CRASHED
    return content


def _await_begin(zygote: _Zygote, line: socket.socket, *, deadline: float) -> None:
    """Wait until a child has the job; end the zygote if that takes too long."""
    try:
        wire.exactly(line, len(wire.BEGUN), deadline=deadline)
    except TimeoutError:
        zygote.kill()
        raise ZygoteLostError from None
    except (wire.ConnectionEndedError, ConnectionError):
        raise ZygoteLostError from None


def _ending(zygote: _Zygote, line: socket.socket, *, patience_s: float) -> _Ending:
    """Ask how the child ended, and have it ended first if it does not do so by itself."""
    for wait_s, forced in ((patience_s, False), (END_S, True)):
        try:
            deadline = time.monotonic() + wait_s
            content, _ = wire.receive(line, limit=_ENDING_LIMIT, deadline=deadline)
            return _Ending(**json.loads(content), forced=forced)
        except TimeoutError:
            with contextlib.suppress(OSError):
                line.send(wire.END)
        except (wire.ConnectionEndedError, ConnectionError):
            raise ZygoteLostError from None
    zygote.kill()
    raise ZygoteLostError


def _judge(ending: _Ending, *, limits: CageLimits) -> tuple[CageOutcome, str]:
    """Say why a child closed its answer before it was whole."""
    if ending.forced:
        return CageOutcome.CRASHED, "closed its answer and went on"
    if not os.WIFSIGNALED(ending.status):
        return CageOutcome.CRASHED, f"exit code {os.WEXITSTATUS(ending.status)}"
    number = os.WTERMSIG(ending.status)
    if number == signal.SIGXCPU or (number == signal.SIGKILL and ending.cpu_s >= limits.wall_s):
        return CageOutcome.TIME, "processor time"
    if number == signal.SIGKILL:
        return CageOutcome.MEMORY, "ended by the system, which does so when memory runs out"
    return CageOutcome.CRASHED, f"signal {signal.Signals(number).name}"


def _answered(content: bytes, *, wall_s: float) -> CageResult:
    """Rebuild what the child says; it is not trusted."""
    try:
        said = json.loads(content)
        failure = said.get("failure")
        return CageResult(
            CageOutcome(failure) if failure else CageOutcome.DONE,
            answer=said.get("answer"),
            detail=str(said.get("detail", ""))[:2000],
            wall_s=wall_s,
            cpu_s=float(said["cpu_s"]),
            peak_bytes=int(said["peak_bytes"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return CageResult(CageOutcome.OUTPUT, detail="the answer is not readable", wall_s=wall_s)


def _log_layers() -> None:
    try:
        found = layers()
    except OSError:
        logger.exception("the cage cannot be used")
        return
    for layer in found:
        level = logging.INFO if layer.active else logging.WARNING
        state = "active" if layer.active else "not available"
        logger.log(level, "cage layer=%s %s: %s", layer.name, state, layer.detail)


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
