"""The walls around a caged child, attacked from inside: all together, and each by itself."""

import logging
import os
import platform
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from scoring.cage import (
    CagedJob,
    CageLimits,
    CageOutcome,
    layers,
    run_caged,
    seccomp,
    start_zygote,
    stop_zygote,
)
from tests.scoring.attacks import ATTACKS

JOBS = "tests.scoring.attacks"
LIMITS = CageLimits(memory_bytes=256 * 2**20, wall_s=20)


def caged(name, *, limits=LIMITS, **request):
    return run_caged(CagedJob(f"{JOBS}:{name}", limits, request))


def works():
    return caged("count_threads").outcome is not CageOutcome.BROKEN


@pytest.fixture(scope="module")
def standing():
    return {layer.name for layer in layers() if layer.active}


@pytest.fixture
def walls(standing):
    if not {"landlock", "seccomp"} & standing:
        pytest.skip("neither Landlock nor seccomp on this machine")
    return standing


def test_every_layer_says_whether_it_stands_and_why():
    found = layers()
    assert [layer.name for layer in found] == [
        *("limits", "namespaces", "identity", "privileges", "landlock", "seccomp"),
    ]
    assert all(layer.detail for layer in found)
    assert found[0].active


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_from_inside_is_refused(attack, walls, tmp_path):
    target = tmp_path / "heldout.sqlite3"
    target.write_bytes(b"reference values")
    target.chmod(0o666)
    tmp_path.chmod(0o777)
    if "seccomp" not in walls:
        pytest.skip("no seccomp on this machine")
    result = caged("attempt", attack=attack, path=str(target), pid=os.getpid())
    assert result.outcome is CageOutcome.DONE, result
    assert result.answer.startswith("refused"), result.answer
    assert target.read_bytes() == b"reference values"
    assert os.listdir(tmp_path) == [target.name]


def test_bomb_of_processes_starts_none(walls):
    result = caged("bomb_with_processes")
    assert result.outcome is CageOutcome.FAULT
    assert "Error" in result.detail
    assert works()


def test_bomb_of_threads_ends_in_its_own_memory(walls):
    assert caged("bomb_with_threads").outcome in {CageOutcome.FAULT, CageOutcome.MEMORY}
    assert works()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds an address-space limit")
def test_bomb_of_memory_ends_as_memory():
    assert caged("bomb_with_memory").outcome is CageOutcome.MEMORY
    assert works()


def test_loop_deaf_to_signals_ends_with_its_time():
    result = caged("spin_deaf", limits=CageLimits(memory_bytes=2**28, wall_s=0.5))
    assert result.outcome is CageOutcome.TIME
    assert works()


def test_child_that_closes_everything_holds_nobody():
    result = caged("close_everything_and_wait")
    assert (result.outcome, result.detail) == (
        *(CageOutcome.CRASHED,),
        "closed its answer and went on",
    )
    assert result.wall_s < LIMITS.wall_s


def test_child_that_answers_nonsense_is_ended():
    assert caged("answer_nonsense").outcome is CageOutcome.OUTPUT
    assert works()


def test_killed_child_is_told_from_one_that_closed_its_answer():
    result = caged("kill_itself")
    assert result.outcome is CageOutcome.MEMORY
    assert "ended by the system" in result.detail


def test_endless_recursion_is_typed():
    assert caged("recurse").outcome in {CageOutcome.FAULT, CageOutcome.CRASHED}
    assert works()


def test_library_may_use_threads_of_its_own(walls):
    assert caged("count_threads").answer is True


def alone(layer, attempt):
    """Return what an attempt comes to behind one wall only, in a process of its own."""
    take_on = {
        "none": "",
        "landlock": "landlock.restrict(landlock.rules(landlock.library_folders()))",
        "seccomp": "seccomp.restrict(seccomp.prepared())",
        "namespaces": "assert confine.leave_namespaces().active",
        "identity": "confine._become_nobody()",
    }[layer]
    script = textwrap.dedent(f"""
        import os, signal, socket, sys, threading
        from scoring.cage import confine, landlock, linux, seccomp
        linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
        {take_on}
        try:
            {attempt}
        except OSError:
            print("refused")
        else:
            print("let through")
    """)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("layer", "attempt"),
    [
        ("landlock", "open('/etc/passwd')"),
        ("landlock", "open('/tmp/heldout-test', 'w')"),
        ("landlock", "os.listdir('/')"),
        ("landlock", "os.execv('/bin/true', ['true'])"),
        ("seccomp", "socket.socket()"),
        ("seccomp", "open('/dev/null', 'w')"),
        ("seccomp", "os.fork() or os._exit(0)"),
        ("seccomp", "os.execv('/bin/true', ['true'])"),
        ("seccomp", "os.kill(os.getppid(), 0)"),
        ("seccomp", "os.mkdir('/tmp/heldout-test')"),
    ],
)
def test_each_wall_holds_by_itself(layer, attempt, standing):
    if layer not in standing:
        pytest.skip(f"no {layer} on this machine")
    assert alone(layer, attempt) == "refused"


@pytest.mark.parametrize(
    ("layer", "attempt"),
    [
        ("landlock", "import colorsys"),
        ("landlock", "threading.Thread(target=int).start()"),
        ("seccomp", "import colorsys"),
        ("seccomp", "threading.Thread(target=int).start()"),
        ("seccomp", "os.kill(os.getpid(), 0)"),
        ("none", "open('/etc/passwd')"),
    ],
)
def test_each_wall_lets_computing_through(layer, attempt, standing):
    if layer != "none" and layer not in standing:
        pytest.skip(f"no {layer} on this machine")
    assert alone(layer, attempt) == "let through"


@pytest.mark.parametrize(("layer", "outcome"), [("none", "let through"), ("namespaces", "refused")])
def test_empty_namespace_has_no_way_to_this_machine(layer, outcome, standing):
    if layer not in {"none", *standing}:
        pytest.skip(f"no {layer} on this machine")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        attempt = f"socket.create_connection(('127.0.0.1', {port}), 5).close()"
        assert alone(layer, attempt) == outcome


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="there is no root to give up"
)
def test_child_of_root_is_nobody_and_stays_so(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o600)
    assert alone("identity", f"open({str(secret)!r})") == "refused"
    assert alone("identity", "os.setuid(0)") == "refused"


HEADERS = {
    "x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
    "aarch64": "/usr/include/asm-generic/unistd.h",
}


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_numbers_of_system_calls_are_the_kernel_s(machine):
    header = Path(HEADERS[machine])
    if not header.exists():
        pytest.skip(f"no {header}")
    numbers = {}
    for line in header.read_text().splitlines():
        words = line.split()
        if len(words) > 2 and words[0] == "#define" and words[1].startswith("__NR"):
            name = words[1].removeprefix("__NR3264_").removeprefix("__NR_")
            if words[2].isdigit():
                numbers.setdefault(name, int(words[2]))
    numbers.setdefault("newfstatat", numbers.get("fstatat"))
    column = list(seccomp.MACHINES).index(machine)
    for name, of_machines in (seccomp.FREE | seccomp.LIMITED).items():
        if of_machines[column] is not None:
            assert numbers[name] == of_machines[column], name


def test_unknown_architecture_has_no_filter_and_says_so(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(OSError, match="no list of system calls for riscv64"):
        seccomp.prepared()


def test_layer_that_the_kernel_refuses_says_so_and_stops_nothing(standing):
    if "seccomp" not in standing:
        pytest.skip("no seccomp on this machine, which is what refuses here")
    script = textwrap.dedent("""
        from scoring.cage import confine, linux, seccomp
        linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
        seccomp.restrict(seccomp.prepared())
        layer = confine.leave_namespaces()
        print(layer.active, layer.detail)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False Operation not permitted"


def test_log_says_at_the_start_which_layers_stand(caplog, standing):
    stop_zygote()
    with caplog.at_level(logging.INFO, logger="scoring.cage"):
        start_zygote()
        for thread in threading.enumerate():
            if thread.name == "cage-layers":
                thread.join()
    told = [record.message for record in caplog.records if "cage layer=" in record.message]
    assert [line.split("layer=")[1].split()[0] for line in told] == [
        layer.name for layer in layers()
    ]
    assert all(
        (" active: " in line) == (line.split("layer=")[1].split()[0] in standing) for line in told
    )
