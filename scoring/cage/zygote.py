"""The zygote: loads the libraries once, and always keeps one child forked and waiting for a job.

It is started in isolated mode with an empty environment and one socket, on which each job comes
as two descriptors: the channel that it passes on to the child unread, and a line to whoever asks.
Over the line it says that the job began and, if asked or when it dies, how the child ended; when
the line closes, it ends the child. It reads no job, holds no secret, reaches no network, and ends
when its socket closes, and every child with it.
"""

from __future__ import annotations

import codecs
import contextlib
import gc
import importlib
import os
import resource
import selectors
import signal
import socket

from scoring.cage import child, wire
from scoring.cage.confine import Ground, leave_namespaces, prepare
from scoring.cage.rehearsal import rehearse
from scoring.metrics.fields import compiled_sums
from scoring.metrics.registry import all_metrics
from scoring.readers.registry import all_readers

# Imported by metrics at their first use only, because the offline command should start fast. In a
# child that dies after one job every use is the first: seconds instead of milliseconds.
LIBRARIES = ("scipy.fft", "scipy.stats")
# Looked up by readers in the middle of a job, and imported at that moment otherwise.
CODECS = ("ascii", "cp437", "latin-1", "utf-8", "utf-8-sig", "utf-16", "utf-32")
_WAITING_LINES = 1024


def serve(descriptor: int) -> None:
    """Serve jobs until the socket behind `descriptor` closes."""
    namespaces = leave_namespaces()  # first: libraries may start threads, and then it is refused
    with socket.socket(fileno=descriptor) as control:
        warm_up()
        ground = prepare(namespaces=namespaces)
        gc.collect()
        gc.freeze()  # or the first collection in each child would copy every page
        Nursery(control, ground).run()


def warm_up() -> None:
    """Import what jobs need, so that a child starts in milliseconds and opens no library file."""
    importlib.import_module("scoring.cage.jobs")
    all_metrics()
    for reader in all_readers():
        reader.load_packages()
    compiled_sums.prepare()  # a child can neither compile nor load what is compiled
    for name in LIBRARIES:
        importlib.import_module(name)
    for name in CODECS:
        codecs.lookup(name)
    rehearse()


class Nursery:
    """The zygote's children: one that waits, and those at work, each with its line."""

    def __init__(self, control: socket.socket, ground: Ground) -> None:
        self._control = control
        self._ground = ground
        self._waiting: tuple[int, socket.socket] | None = None
        self._lines: dict[int, socket.socket] = {}
        self._ready = selectors.DefaultSelector()

    def run(self) -> None:
        """Hand jobs to children and watch over them until nobody can ask any more."""
        died, wakeup = socket.socketpair()
        for end in (died, wakeup):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
        self._ready.register(died, selectors.EVENT_READ)
        self._ready.register(self._control, selectors.EVENT_READ)
        self._bear()
        while True:
            for key, _ in self._ready.select():
                if key.fileobj is died:
                    with contextlib.suppress(BlockingIOError):
                        died.recv(_WAITING_LINES)
                elif key.fileobj is self._control:
                    if not self._take_job():
                        self._end_all()
                        return
                else:
                    self._end(key.data)
            self._bury()

    def _take_job(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
        if not message:
            return False
        channel, line = (socket.socket(fileno=number) for number in descriptors)
        with channel:
            pid = self._give(channel)
        if pid is None:
            line.close()  # out of processes: the closed line tells the asking side
            return True
        self._lines[pid] = line
        self._ready.register(line, selectors.EVENT_READ, pid)
        with contextlib.suppress(OSError):
            line.send(wire.BEGUN)
        self._bear()  # while this job is at work, so that the next finds one waiting
        return True

    def _give(self, channel: socket.socket) -> int | None:
        """Hand the job to the waiting child, or to a new one if that has died."""
        for _ in range(2):
            self._bear()
            if self._waiting is None:
                return None
            (pid, inbox), self._waiting = self._waiting, None
            with inbox, contextlib.suppress(OSError):
                socket.send_fds(inbox, [wire.BEGUN], [channel.fileno()])
                return pid
        return None

    def _bear(self) -> None:
        """Fork a child that waits, unless there is one."""
        if self._waiting is not None:
            return
        ours, theirs = socket.socketpair()
        try:
            pid = os.fork()
        except OSError:
            ours.close()
            theirs.close()
            return
        if pid == 0:
            child.live(theirs, self._ground)
        theirs.close()
        self._waiting = pid, ours

    def _end_all(self) -> None:
        for pid in list(self._lines):
            self._end(pid)

    def _end(self, pid: int) -> None:
        """End a child because whoever asked says so, or is gone."""
        line = self._lines[pid]
        with contextlib.suppress(KeyError):
            self._ready.unregister(line)
        for end in (os.killpg, os.kill):
            # Not reaped yet, so the number cannot have become another process's.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end(pid, signal.SIGKILL)

    def _bury(self) -> None:
        """Reap the children that have ended, and tell over their lines how."""
        while True:
            try:
                _end_group_of_the_dead()
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self._waiting is not None and self._waiting[0] == pid:
                self._waiting[1].close()
                self._waiting = None  # the next job has one made; not here, lest they all die
            line = self._lines.pop(pid, None)
            if line is not None:
                self._tell(line, status, usage)

    def _tell(self, line: socket.socket, status: int, usage: resource.struct_rusage) -> None:
        with line:
            with contextlib.suppress(KeyError):
                self._ready.unregister(line)
            line.setblocking(False)  # whoever asked may be gone, or frozen
            with contextlib.suppress(OSError):
                wire.send_json(
                    line,
                    {
                        "status": status,
                        "cpu_s": usage.ru_utime + usage.ru_stime,
                        "peak_bytes": child.peak_bytes(usage),
                    },
                )


def _end_group_of_the_dead() -> None:
    """Before a dead child's number is free again, end what it may have started."""
    if not hasattr(os, "waitid"):  # macOS before Python 3.13, where it cannot start anything
        return
    dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if dead is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(dead.si_pid, signal.SIGKILL)
