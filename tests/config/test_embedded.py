"""The embedded site: starts whole, heals, stops cleanly, leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import environment
from config.broker import Broker, choose_broker, server_binary
from config.children import Child, describe
from config.embedded import Embedded, EmbeddedError
from tests import empty_database
from tests.servers import redis_running, wait_until

TETHER = environment.BASE_DIR / "config" / "tether.py"


@pytest.fixture
def plain_environ(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start the site as a person would: without the test suite's variables."""
    for name in ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "SECRET_KEY", "HTTPS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "config.settings")


@pytest.fixture
def site(plain_environ: None, tmp_path: Path) -> Iterator[Embedded]:
    empty_database.put_into(tmp_path / "home")
    with Embedded(tmp_path / "home", 0, quiet=True) as running:
        yield running


def readiness(url: str) -> dict[str, object]:
    with urllib.request.urlopen(f"{url}/readyz", timeout=30) as answer:  # noqa: S310 - loopback
        ready: dict[str, object] = json.load(answer)
        return ready


def is_ready(url: str) -> bool:
    try:
        return readiness(url)["status"] == "ok"
    except OSError:
        return False


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that ended but is not yet collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_site_starts_heals_and_keeps_its_folder_to_itself(site: Embedded) -> None:
    assert is_ready(site.url)
    assert set(site.pids) == {"broker", "web", "worker", "beat"}
    assert site.home.stat().st_mode & 0o077 == 0
    assert site.redis_url.startswith("unix://")

    with pytest.raises(EmbeddedError, match=f"already running .process {os.getpid()}"):
        Embedded(site.home, 0, quiet=True).__enter__()

    before = dict(site.pids)
    for name in ("broker", "worker", "web"):
        os.kill(before[name], signal.SIGKILL)
    wait_until(
        lambda: all(site.pids[name] not in {0, before[name]} for name in before if name != "beat"),
        what="all parts to be started again",
    )
    wait_until(lambda: is_ready(site.url), what="the site to be ready again")
    assert site.pids["beat"] == before["beat"]


def test_messages_survive_a_kill_of_the_broker(site: Embedded) -> None:
    import redis

    with redis.Redis.from_url(site.redis_url) as client:
        client.lpush("queue-of-nobody", "a hint")
    os.kill(site.pids["broker"], signal.SIGKILL)
    broker = Broker(site.redis_url)
    wait_until(lambda: site.pids["broker"] and broker.answers(), what="the broker")
    with redis.Redis.from_url(site.redis_url) as client:
        assert client.lrange("queue-of-nobody", 0, -1) == [b"a hint"]


@pytest.fixture
def command_environ(plain_environ: None, tmp_path: Path) -> dict[str, str]:
    empty_database.put_into(tmp_path / "home")
    return {**os.environ, "HELDOUT_HOME": str(tmp_path / "home"), "PORT": "0"}


def start_command(environ: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "config.embedded"],
        cwd=environment.BASE_DIR,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def family(pid: int) -> set[int]:
    """Return the processes below one, at any depth."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found: set[int] = set()
    new = {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_stops_cleanly_with_exit_code_zero(
    command_environ: dict[str, str], number: int
) -> None:
    with start_command(command_environ) as command:
        assert "http://127.0.0.1:" in first_line(command)
        processes = family(command.pid)
        command.send_signal(number)
        rest, _ = command.communicate(timeout=60)
    assert rest == "heldout | stopping\n"
    assert command.returncode == 0
    assert not [pid for pid in processes if is_alive(pid)]
    assert (Path(command_environ["HELDOUT_HOME"]) / environment.LOCK_NAME).read_text() == ""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_killed_supervisor_leaves_no_process_and_the_next_start_works(
    command_environ: dict[str, str],
) -> None:
    with start_command(command_environ) as command:
        assert "http://127.0.0.1:" in first_line(command)
        processes = family(command.pid)
        assert len(processes) >= 5
        command.kill()
        command.communicate(timeout=60)
    wait_until(lambda: not any(map(is_alive, processes)), what="all processes to end")
    with start_command(command_environ) as again:
        assert "http://127.0.0.1:" in first_line(again)
        again.terminate()
        again.communicate(timeout=60)
    assert again.returncode == 0


def test_busy_port_is_named_with_the_way_out(plain_environ: None, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(EmbeddedError, match=f"Port {port} .* Choose another one: PORT="):
            Embedded(tmp_path / "home", port, quiet=True).__enter__()


def test_given_redis_server_is_used_and_one_that_is_silent_is_named(
    plain_environ: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    with pytest.raises(EmbeddedError, match="Redis server of REDIS_URL does not answer"):
        Embedded(tmp_path / "home", 0, quiet=True).__enter__()
    with redis_running(tmp_path) as url:
        monkeypatch.setenv("REDIS_URL", url)
        with Embedded(tmp_path / "home", 0, quiet=True) as site:
            assert site.redis_url == url
            assert set(site.pids) == {"web", "worker", "beat"}
            assert is_ready(site.url)


def test_failed_migration_shows_what_went_wrong(plain_environ: None, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "heldout.sqlite3").write_text("this is not a database " * 50)
    with pytest.raises(EmbeddedError, match=r"migrate failed:(.|\n)*file is not a database"):
        Embedded(home, 0, quiet=True).__enter__()
    assert (home / environment.LOCK_NAME).read_text() == ""


def test_management_command_runs_against_the_site(site: Embedded) -> None:
    site.manage("check")
    with pytest.raises(EmbeddedError, match=r"manage.py no_such_command failed"):
        site.manage("no_such_command")


def test_without_a_server_messages_go_through_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.broker.server_binary", lambda: None)
    broker = choose_broker(redis_url="", data=tmp_path, sockets=tmp_path)
    assert (broker.celery_url, broker.command) == ("filesystem://", None)
    assert "slower" in broker.notice


def test_embedded_server_has_no_network_port_and_drops_nothing(tmp_path: Path) -> None:
    broker = choose_broker(redis_url="", data=tmp_path / "data", sockets=tmp_path)
    assert broker.command is not None
    assert broker.command[0] == server_binary()
    options = " ".join(broker.command)
    assert "--port 0 --unixsocket" in options
    assert "--appendonly yes" in options
    assert "--maxmemory-policy noeviction" in options


def test_child_that_dies_at_once_is_given_up_after_some_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.children.FIRST_PAUSE_S", 0.001)
    child = Child("broken", [sys.executable, "-c", "exit(3)"], os.environ, tmp_path)
    child.start()
    news: list[str | None] = []

    def is_given_up() -> bool:
        news.append(child.look())
        return child.is_hopeless

    wait_until(is_given_up, what="the end of patience")
    assert news.count("broken ended (exit code 3)") == 7


def test_end_of_a_process_is_told_in_words() -> None:
    assert describe(None) == "still running"
    assert describe(2) == "exit code 2"
    assert describe(-signal.SIGKILL) == "killed by SIGKILL"


PARENT = """
import os, subprocess, sys, time
tether, *mode = sys.argv[1:]
command = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
tie = [sys.executable, "-I", "-S", tether, *mode, str(os.getpid()), "15"]
child = subprocess.Popen([*tie, *command], stdout=subprocess.PIPE, text=True)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("mode", [[], ["--watch"]], ids=["by the kernel", "by watching"])
def test_tethered_command_ends_with_a_parent_that_was_killed(mode: list[str]) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(TETHER), *mode], stdout=subprocess.PIPE, text=True
    )
    with parent:
        tethered = int(first_line(parent))
        below = {tethered, *family(tethered)}
        assert all(map(is_alive, below))
        parent.kill()
    wait_until(lambda: not any(map(is_alive, below)), what="the tethered command to end")


def test_tether_passes_the_exit_code_and_signals_on() -> None:
    tether = [sys.executable, "-I", "-S", str(TETHER), "--watch", str(os.getpid()), "15"]
    assert subprocess.run([*tether, "sh", "-c", "exit 5"], check=False).returncode == 5
    sleeper = subprocess.Popen([*tether, "sleep", "600"])
    time.sleep(0.5)
    sleeper.terminate()
    assert sleeper.wait(30) == 128 + signal.SIGTERM
