"""Short runs of `make chaos`, and a proof that its judge sees the mistakes it is there for."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.chaos.plan import Plan
from tests.chaos.run import judge, run, settle_in
from tests.chaos.senders import Post
from tests.chaos.site import ServerSite, Site, embedded_site, freeze_child, server_site
from tests.conftest import absent
from tests.servers import Missing

pytestmark = [pytest.mark.worker]

HALF = {"redis_restarts": 0, "postgres_restarts": 0, "disk_fills": 0}


def opened(site: Callable[[Path], AbstractContextManager[Site]], folder: Path) -> Iterator[Site]:
    try:
        with site(folder) as found:
            yield found
    except Missing as missing:
        absent(str(missing))


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Site]:
    yield from opened(server_site, tmp_path)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Site]:
    yield from opened(embedded_site, tmp_path)


def test_nothing_is_lost_or_doubled_on_postgresql_while_parts_are_killed(
    servers: ServerSite,
) -> None:
    plan = Plan(
        submissions=150,
        challenges=3,
        poison=3,
        worker_kills=3,
        child_kills=3,
        freezes=1,
        flushes=2,
        redis_restarts=1,
        postgres_restarts=1,
        disk_fills=1,
    )
    servers.start_workers(CHAOS_LOOK_S="0.2", CHAOS_HOLD_S="0.2", CHAOS_SKEW_S="3600")
    outcome = run(servers, plan, pause_s=(0.1, 0.8), patience_s=90)
    assert not outcome.wrong, outcome
    assert outcome.faults.total() == len(plan.faults())
    assert outcome.answers[201] >= plan.submissions
    assert outcome.answers[507] > 0
    assert outcome.figures["scored_while_full"] > 0


def test_nothing_is_lost_or_doubled_on_the_embedded_site_while_parts_are_killed(
    embedded: Site,
) -> None:
    plan = Plan(
        submissions=60,
        challenges=2,
        poison=2,
        worker_kills=2,
        child_kills=4,
        freezes=1,
        flushes=2,
        **HALF,
    )
    outcome = run(embedded, plan, pause_s=(0.1, 0.8), patience_s=90)
    assert not outcome.wrong, outcome
    assert outcome.faults.total() == len(plan.faults())


def _scored_twice_when_frozen(servers: ServerSite, post: Post) -> bool:
    post.start()
    post.finish(within_s=30)
    timers = [freeze_child(servers, random.Random(place)) for place in range(2)]
    for timer in timers:
        timer.join()
    return bool(judge(servers, post, patience_s=60, whole=False)["found"]["scored_twice"])


def test_judge_notices_each_protection_that_is_missing(servers: ServerSite) -> None:
    none = {"poison": 0, "worker_kills": 0, "child_kills": 0, "freezes": 0, "flushes": 0, **HALF}
    plans = [Plan(submissions=16, challenges=2, seed=seed, **none) for seed in range(1, 7)]
    names = settle_in(servers, plans[0], per_day=200)
    careless, sweepless, *fenceless = (
        Post(servers.url, names, plan.letters(), progress=1.0) for plan in plans
    )

    servers.start_workers(CHAOS_BUG="no_fence", CHAOS_HOLD_S="3")
    # A frozen process need not hold a job just then; one of several tries meets one that does.
    assert any(_scored_twice_when_frozen(servers, post) for post in fenceless)
    servers.stop_workers()

    servers.start_workers(CHAOS_BUG="no_claim_check", CHAOS_LOOK_S="0.5")
    careless.start()
    careless.finish(within_s=30)
    found = judge(servers, careless, patience_s=60, whole=False)["found"]
    assert found["scored_twice"]
    servers.stop_workers()

    sweepless.start()
    sweepless.finish(within_s=30)
    servers.broker().flushall()
    servers.start_workers(CHAOS_BUG="no_sweep")
    found = judge(servers, sweepless, patience_s=12, whole=False)["found"]
    assert len(found["stuck"]) == 16
    servers.stop_workers()

    servers.start_workers()
    found = judge(servers, sweepless, patience_s=60, whole=False)["found"]
    assert not any(found.values()), found
