"""Boards of many submissions, beside query patterns of other platforms: `python -m bench.boards`.

A PostgreSQL and a Redis server of its own are filled with 100,000 submissions in 20 rounds of 200
targets, twenty million scores, and asked over HTTP by one client, request after request, the ways
in turns. `--write` writes `docs/boards-at-scale.md`.
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench import boards_page
from bench.boards_data import Size, fill

PAGE = Path(__file__).resolve().parent.parent / "docs" / "boards-at-scale.md"
OPTIONS = (
    *("-c", "shared_buffers=1GB", "-c", "max_wal_size=8GB", "-c", "synchronous_commit=off"),
    *("-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "work_mem=32MB"),
)
API = "/api/v1/rounds/challenge-0/round/leaderboard/"
BOARD = "/challenges/challenge-0/round/board/"


@dataclass
class Way:
    """One thing to ask for, and how long each answer took."""

    name: str
    site: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    calls: int = 10  # in each turn
    status: int = 200
    vary: bool = False  # another address each time, which no cache can know
    seconds: list[float] = field(default_factory=list)
    size: int = 0

    @property
    def median_s(self) -> float:
        return statistics.median(self.seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--targets", type=int, default=200)
    parser.add_argument("--teams", type=int, default=400)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--write", action="store_true", help=f"write docs/{PAGE.name}")
    given = parser.parse_args()
    size = Size(given.submissions, given.rounds, given.targets, given.teams)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="heldout-bench-")))
        environ = stack.enter_context(servers(home))
        os.environ.update(environ)
        facts, ways = measure(size, environ=environ, home=home, turns=given.turns)
    page = boards_page.render(size, facts, ways)
    print(page)
    if given.write:
        PAGE.write_text(page, encoding="utf-8")
    return 0


@contextmanager
def servers(home: Path) -> Iterator[dict[str, str]]:
    """Run the database and the cache; yield the environment of the sites."""
    from tests.servers import postgres_server_running, redis_running

    with postgres_server_running(*OPTIONS) as postgres, redis_running(home) as redis:
        yield {
            "HELDOUT_HOME": str(home),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis,
            "SECRET_KEY": "bench",
            "HTTPS": "0",
            "ALLOWED_HOSTS": "127.0.0.1",
            **{f"API_{scope}_PER_MINUTE": "100000000" for scope in ("ANONYMOUS", "READS")},
        }


def measure(
    size: Size, *, environ: Mapping[str, str], home: Path, turns: int
) -> tuple[dict[str, float], list[Way]]:
    """Fill the database, refresh its boards and ask the sites."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    facts: dict[str, float] = {}
    with timed(facts, "fill"):
        rounds = fill(size)
    from submissions.models import Score

    facts["scores"] = Score.objects.count()
    refresh(facts)
    own = ["config.wsgi:application"]
    bare = ["bench.boards_bare:application"]
    with served(own, environ, home) as ours, served(bare, environ, home) as other:
        ways = ways_of(ours, other, rounds[0])
        for _ in range(turns):
            for way in ways:
                ask(way)
    return facts, ways


def refresh(facts: dict[str, float]) -> None:
    """Time refreshing all boards, and after one new score one of them."""
    from leaderboards.services.refresh import refresh_stale_boards
    from submissions.models import Score, ScoringRun

    with timed(facts, "first refresh of all"):
        refresh_stale_boards()
    newest = ScoringRun.objects.filter(submission__round__challenge__slug="challenge-0").latest(
        "pk"
    )
    for place in range(3):
        with timed(facts, f"refresh after one score {place}"):
            rescored(newest, Score)
            assert len(refresh_stale_boards()) == 1
        newest = ScoringRun.objects.latest("pk")
    with timed(facts, "nothing new"):
        refresh_stale_boards()


def rescored(run, scores) -> None:  # type: ignore[no-untyped-def]  # Django's classes come late
    """Write a new run of a submission with scores a little better, as a worker would."""
    old = list(scores.objects.filter(run=run))
    type(run).objects.filter(pk=run.pk).update(is_current=False)
    run.pk, run.number = None, run.number + 1
    run.save(force_insert=True)
    for each in old:
        each.pk, each.run, each.value = None, run, (each.value or 1) * 0.99
    scores.objects.bulk_create(old)


def ways_of(ours: str, other: str, round_id: int) -> list[Way]:
    """Return what is asked for."""
    etag = head_of(ours, API)["ETag"]
    known = {"If-None-Match": etag}
    deep = after_of(ours)
    return [
        Way("sorted", other, f"/sorted/{round_id}/", calls=3),
        Way("summed", other, f"/summed/{round_id}/", calls=3),
        Way("empty", other, "/empty/", calls=200),
        Way("poll", ours, API, known, calls=200, status=304),
        Way("whole", ours, API, calls=50),
        Way("first", ours, f"{API}?limit=100&after=0", vary=True, calls=20),
        Way("deep", ours, f"{API}?limit=100&after={deep}", vary=True, calls=20),
        Way("whole uncached", ours, f"{API}?revision=1", vary=True, calls=5),
        Way("page", ours, BOARD, vary=True, calls=5),
    ]


def after_of(site: str) -> int:
    """Return after which line the last page of a hundred begins."""
    import json

    lines = json.loads(body_of(site, API))["standings"]
    return max(0, len(lines) - 100)


def body_of(site: str, path: str) -> bytes:
    connection = http.client.HTTPConnection(urlsplit(site).netloc)
    connection.request("GET", path)
    return connection.getresponse().read()


def head_of(site: str, path: str) -> Mapping[str, str]:
    connection = http.client.HTTPConnection(urlsplit(site).netloc)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return answer.headers


def ask(way: Way) -> None:
    """Ask some times over one connection; the first answer of a turn is not timed."""
    connection = http.client.HTTPConnection(urlsplit(way.site).netloc)
    for call in range(way.calls + 1):
        path = way.path
        if way.vary:
            path += f"{'&' if '?' in path else '?'}x={len(way.seconds)}-{call}"
        started = time.perf_counter()
        connection.request("GET", path, headers=way.headers)
        answer = connection.getresponse()
        content = answer.read()
        if call:
            way.seconds.append(time.perf_counter() - started)
        assert answer.status == way.status, (way.name, answer.status, content[:300])
        way.size = len(content)
    connection.close()


@contextmanager
def timed(facts: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    facts[name] = time.perf_counter() - started
    print(f"{name}: {facts[name]:.2f} s", file=sys.stderr, flush=True)


@contextmanager
def served(application: list[str], environ: Mapping[str, str], home: Path) -> Iterator[str]:
    """Run an application in the web server that the site comes with, one process, four threads."""
    from tests.servers import free_port, wait_until

    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", *application, "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--threads", "4", "--no-control-socket"),
        *("--keep-alive", "75", "--log-level", "error"),
    ]
    with (home / f"web-{port}.log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **environ}, stdout=log, stderr=log)
        try:
            site = f"http://127.0.0.1:{port}"
            wait_until(lambda: answers(site), what=f"{application} (log: {home})")
            yield site
        finally:
            process.terminate()
            process.wait(20)


def answers(site: str) -> bool:
    try:
        body_of(site, "/healthz")
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
