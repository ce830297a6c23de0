"""What a file that has taken over its reader might try. Each is one function of the child."""

import ctypes
import multiprocessing.shared_memory
import os
import resource
import signal
import socket
import threading
import time

from scoring.cage import linux


def open_a_tcp_socket(request):
    socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def open_a_udp_socket(request):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def open_a_local_socket(request):
    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


def read_the_system_s_users(request):
    return open("/etc/passwd").read(1)


def read_a_file_of_the_platform(request):
    return open(request["path"]).read(1)


def list_a_folder_of_the_platform(request):
    return os.listdir(os.path.dirname(request["path"]))


def read_the_parent_s_environment(request):
    return open(f"/proc/{os.getppid()}/environ").read()


def read_its_own_memory_map(request):
    return open("/proc/self/maps").read(1)


def write_over_a_file(request):
    os.open(request["path"], os.O_WRONLY)


def create_a_file_in_its_folder(request):
    open("here", "wb").close()


def create_a_file_elsewhere(request):
    open(request["path"] + ".new", "wb").close()


def truncate_a_file(request):
    os.truncate(request["path"], 0)


def remove_a_file(request):
    os.unlink(request["path"])


def rename_a_file(request):
    os.rename(request["path"], request["path"] + ".moved")


def link_to_a_file(request):
    os.symlink(request["path"], request["path"] + ".link")


def make_a_file_everybody_s(request):
    os.chmod(request["path"], 0o666)  # noqa: S103


def share_memory(request):
    multiprocessing.shared_memory.SharedMemory("heldout-test", create=True, size=10)


def start_a_process(request):
    if os.fork() == 0:
        os._exit(0)


def start_a_program(request):
    os.execv("/bin/true", ["true"])  # noqa: S606


def kill_its_parent(request):
    os.kill(os.getppid(), signal.SIGKILL)


def kill_everybody(request):
    os.kill(-1, signal.SIGKILL)


def kill_the_asking_side(request):
    os.kill(request["pid"], signal.SIGKILL)


def trace_its_parent(request):
    linux.syscall(101 if os.uname().machine == "x86_64" else 117, 16, os.getppid(), None, None)


def read_its_parent_s_memory(request):
    linux.syscall(310 if os.uname().machine == "x86_64" else 270, os.getppid(), None, 0, None, 0, 0)


def use_a_ring_of_calls(request):
    linux.syscall(425, 1, ctypes.create_string_buffer(120))


def become_root(request):
    os.setuid(0)


def enter_another_namespace(request):
    linux.unshare(0x10000000)


def raise_its_limits(request):
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


ATTACKS = [
    name
    for name, value in list(globals().items())
    if getattr(value, "__module__", "") == __name__ and not name.startswith("_")
]


def attempt(request, files):
    """Try one attack; say what came of it."""
    try:
        globals()[request["attack"]](request)
    except (OSError, ValueError) as error:
        return f"refused: {type(error).__name__}"
    return "let through"


def bomb_with_processes(request, files):
    for _ in range(10_000):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)


def bomb_with_threads(request, files):
    for _ in range(100_000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()


def bomb_with_memory(request, files):
    kept = []
    while True:
        kept.append(bytearray(2**20))


def spin_deaf(request, files):
    for number in range(1, 32):
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_IGN)
    while True:
        pass


def close_everything_and_wait(request, files):
    os.closerange(0, 1000)
    time.sleep(60)


def kill_itself(request, files):
    os.kill(os.getpid(), signal.SIGKILL)


def answer_nonsense(request, files):
    for descriptor in range(3, 50):
        try:
            os.write(descriptor, b"\xff" * 1000)
        except OSError:
            continue
    time.sleep(60)


def recurse(request, files):
    return recurse(request, files)


def count_threads(request, files):
    """What a library may do: work in a thread of its own."""
    done = []
    thread = threading.Thread(target=lambda: done.append(os.getpid()))
    thread.start()
    thread.join()
    return done == [os.getpid()]
