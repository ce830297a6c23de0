"""Jobs that misbehave in the cage on purpose. They are called by name inside the child."""

import os
import resource
import signal
import time

import numpy as np


def echo(request, files):
    return {
        "request": request,
        "files": {name: file.read().decode() for name, file in files.items()},
    }


def read_twice(request, files):
    file = files["a"]
    first = file.read(3)
    file.seek(-2, os.SEEK_END)
    return [first.decode(), file.read().decode(), file.tell()]


def surroundings(request, files):
    return {
        "environment": dict(os.environ),
        "descriptors": sum(_is_open(number) for number in range(256)),
        "folder": _folder(),
        "session": os.getsid(0) == os.getpid(),
    }


def _is_open(descriptor):
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _folder():
    """Return what is in the working folder; it has no name any more."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


def eat_memory(request, files):
    return float(np.ones(request["bytes"] // 8).sum())


def spin(request, files):
    while True:
        pass


def sleep(request, files):
    time.sleep(1000)


def crash(request, files):
    os.kill(os.getpid(), signal.SIGSEGV)


def leave(request, files):
    os._exit(7)


def flood(request, files):
    return "x" * request["bytes"]


def not_a_number(request, files):
    return float("nan")


def raise_with_a_secret(request, files):
    raise RuntimeError(f"the reference is {files['reference'].read().decode()}")


def write_a_file(request, files):
    with open(request["path"], "wb") as file:
        file.write(b"x" * 10)
        file.flush()


def open_many_files(request, files):
    return len([os.dup(0) for _ in range(500)])


def leave_a_grandchild(request, files):
    """Start a process that would outlive the job."""
    if os.fork() == 0:
        time.sleep(1000)
        os._exit(0)


def core_limit(request, files):
    return {
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "size": resource.getrlimit(resource.RLIMIT_FSIZE),
    }


def talk(request, files):
    """Answer in a form of its own, as a child taken over by a file might."""
    return {"rows": "many"}


def wait_for_gate(request, files):
    raw = files["gate"].raw
    content = bytearray(b"0")
    while content != b"1":
        time.sleep(0.01)
        raw.seek(0)
        raw.readinto(content)
    return "open"
