"""One process of the embedded site: started, watched, started again, stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.environment import BASE_DIR

TETHER = Path(__file__).with_name("tether.py")
LOG_LIMIT_BYTES = 10 * 1024**2
STEADY_S = 60.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
RESTARTS_AT_MOST = 6


@dataclass
class Child:
    """A process that is to run as long as the site runs.

    Parameters
    ----------
    name : str
        Named in messages; its output goes to `<name>.log`.
    stop_signal : int
        Asks the process to finish what it is doing and end.
    death_signal : int
        Sent by the kernel when the supervisor itself dies without a word.
    files : tuple of int
        Open file descriptors that the process inherits.
    """

    name: str
    command: list[str]
    environ: Mapping[str, str]
    logs: Path
    stop_signal: int = signal.SIGTERM
    death_signal: int = signal.SIGKILL
    grace_s: float = 15.0
    files: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    restarts: int = field(default=0, init=False)
    started_s: float = field(default=0.0, init=False)
    due_s: float | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """Return the process id of the running process, 0 when there is none."""
        return self.process.pid if self.process and self.process.poll() is None else 0

    @property
    def log(self) -> Path:
        """Return the file that takes the output."""
        return self.logs / f"{self.name}.log"

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches only us."""
        self.logs.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            tether = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid())]
            self.process = subprocess.Popen(
                [*tether, str(int(self.death_signal)), *self.command],
                cwd=BASE_DIR,
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self.files,
            )
        self.started_s = time.monotonic()
        self.due_s = None

    def look(self) -> str | None:
        """Return a sentence when something happened: died, started again, given up."""
        if self.due_s is not None:
            if time.monotonic() < self.due_s:
                return None
            self.start()
            return f"{self.name} started again (process {self.pid})"
        if self.process is None or self.process.poll() is None:
            return None
        self._end_group()
        if time.monotonic() - self.started_s > STEADY_S:
            self.restarts = 0
        self.restarts += 1
        pause_s = min(FIRST_PAUSE_S * 2 ** (self.restarts - 1), LONGEST_PAUSE_S)
        self.due_s = time.monotonic() + pause_s
        return f"{self.name} ended ({describe(self.process.returncode)})"

    @property
    def is_hopeless(self) -> bool:
        """Say whether it died so often in a row that another start would not help."""
        return self.restarts > RESTARTS_AT_MOST

    def ask_to_stop(self) -> None:
        """Send the polite signal."""
        self.due_s = None
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def wait_until_stopped(self, grace_s: float | None = None) -> bool:
        """Wait for the end, by force after the grace; return whether force was not needed."""
        if self.process is None:
            return True
        try:
            self.process.wait(self.grace_s if grace_s is None else grace_s)
            return True
        except subprocess.TimeoutExpired:
            return False
        finally:
            self._end_group()
            self.process.wait()
            self.process = None

    def last_words(self, count: int = 12) -> str:
        """Return the last lines of the log."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-count:])

    def _end_group(self) -> None:
        """Kill what is left of the process and its own children."""
        assert self.process is not None  # noqa: S101 - for the type checker
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


def describe(code: int | None) -> str:
    """Say how a process ended."""
    if code is None:
        return "still running"
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
