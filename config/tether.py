"""Run a command that ends when the process which started it ends, however that one died.

Run by path, as `python -I -S config/tether.py PARENT SIGNAL COMMAND...`: standard library
only, so that it starts in milliseconds. On Linux the kernel sends SIGNAL and the command
replaces this process; elsewhere this process stays and watches its parent.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from types import FrameType

PR_SET_PDEATHSIG = 1
WATCH_EVERY_S = 0.5
LAST_WORDS_S = 10.0


def become(command: list[str], *, parent: int, death_signal: int) -> None:
    """Ask the kernel for `death_signal` at the parent's death, then become `command`."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel was asked
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - the command is the supervisor's own


def watch(command: list[str], *, parent: int, death_signal: int) -> int:
    """Run `command` as a child, pass signals on, and end it once the parent is gone."""
    child = subprocess.Popen(command, close_fds=False)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, pass_on)
    while os.getppid() == parent:
        try:
            return child.wait(WATCH_EVERY_S)
        except subprocess.TimeoutExpired:
            continue
    child.send_signal(death_signal)
    deadline = time.monotonic() + LAST_WORDS_S
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    child.kill()
    return child.wait()


def main(arguments: list[str]) -> int:
    """Tether the command given on the command line."""
    always_watch = arguments[0] == "--watch"
    parent, death_signal, *command = arguments[1:] if always_watch else arguments
    tie = {"parent": int(parent), "death_signal": int(death_signal)}
    if sys.platform == "linux" and not always_watch:
        become(command, **tie)
    code = watch(command, **tie)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
