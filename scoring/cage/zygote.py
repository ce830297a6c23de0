"""The zygote: loads the libraries once, then forks a guard for every job it is handed.

It is started in isolated mode with an empty environment and one socket, on which each job comes
as one descriptor. It never reads a job, holds no secret and opens no connection, and it ends
when that socket closes.
"""

from __future__ import annotations

import codecs
import gc
import importlib
import os
import signal
import socket

from scoring.cage.guard import guard
from scoring.metrics import fields_compiled
from scoring.metrics.registry import all_metrics
from scoring.readers.registry import all_readers

# Imported by metrics at their first use only, because the offline command should start fast. In a
# child that dies after one job every use is the first: seconds instead of milliseconds.
LIBRARIES = ("scipy.fft", "scipy.stats")
# Looked up by readers in the middle of a job, and imported at that moment otherwise.
CODECS = ("ascii", "cp437", "latin-1", "utf-8", "utf-8-sig", "utf-16", "utf-32")


def serve(descriptor: int) -> None:
    """Serve jobs until the socket behind `descriptor` closes."""
    with socket.socket(fileno=descriptor) as control:
        warm_up()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # guards are reaped by the system
        gc.collect()
        gc.freeze()  # or the first collection in each child would copy every page
        while _serve_one(control):
            continue


def warm_up() -> None:
    """Import what jobs need, so that a child starts in milliseconds and opens no library file."""
    importlib.import_module("scoring.cage.jobs")
    all_metrics()
    all_readers()
    fields_compiled.prepare()  # a child can neither compile nor load what is compiled
    for name in LIBRARIES:
        importlib.import_module(name)
    for name in CODECS:
        codecs.lookup(name)


def _serve_one(control: socket.socket) -> bool:
    message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
    if not message:
        return False
    try:
        guarding = os.fork()
    except OSError:
        guarding = -1  # out of processes: the closed channel tells the asking side
    if guarding == 0:
        _be_the_guard(control, descriptors[0])
    for number in descriptors:
        os.close(number)
    return True


def _be_the_guard(control: socket.socket, descriptor: int) -> None:
    """Guard one job in this process and leave it; never returns."""
    code = 1
    try:
        control.close()
        with socket.socket(fileno=descriptor) as channel:
            guard(channel)
        code = 0
    finally:
        os._exit(code)
