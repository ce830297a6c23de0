"""The real servers that other tests lean on."""

from __future__ import annotations

import json
import urllib.request
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import redis
from django.contrib.auth import get_user_model
from django.db import DatabaseError, transaction
from django.utils import timezone

from challenges.models import Challenge, Round
from config.celery import app
from leaderboards.models import CreditBook
from tests.servers import WorkerProcesses, wait_until


def test_redis_server_answers_and_starts_empty(broker: str) -> None:
    with redis.Redis.from_url(broker) as client:
        assert client.ping()
        assert client.dbsize() == 0


def test_postgres_server_takes_a_table(postgres_server: str) -> None:
    with psycopg.connect(postgres_server) as database:
        database.execute("CREATE TEMPORARY TABLE greeting (word text)")
        database.execute("INSERT INTO greeting VALUES ('hello')")
        assert database.execute("SELECT word FROM greeting").fetchall() == [("hello",)]


def test_messages_of_this_process_reach_the_broker_of_the_test(broker: str) -> None:
    app.send_task("nobody.listens", queue="quiet")
    with redis.Redis.from_url(broker) as client:
        assert client.llen("quiet") == 1


def test_worker_process_answers_and_a_killed_one_does_not(celery_worker: WorkerProcesses) -> None:
    assert len(app.control.inspect(timeout=2).ping() or {}) == 1
    celery_worker.kill_worker()
    assert app.control.inspect(timeout=1).ping() is None


def test_scheduler_process_sends_messages_that_the_worker_takes(
    broker: str, celery_worker: WorkerProcesses
) -> None:
    def has_worked() -> bool:
        stats = app.control.inspect(timeout=1).stats() or {}
        return any(sum(one["total"].values()) > 0 for one in stats.values())

    wait_until(has_worked, what="the first periodic task", child=celery_worker.worker)


def test_web_server_process_shares_the_database_of_the_test(live_site: str, chromium: Any) -> None:
    get_user_model().objects.create_superuser("organizer", "o@example.org", "correct horse")
    page = chromium.new_page()
    page.goto(f"{live_site}/admin/login/")
    page.fill("#id_username", "organizer")
    page.fill("#id_password", "correct horse")
    page.click("main [type=submit]")
    page.wait_for_url(f"{live_site}/admin/")
    page.wait_for_selector("#logout-form")


def test_web_server_process_is_ready(live_site: str) -> None:
    with urllib.request.urlopen(f"{live_site}/readyz") as answer:  # noqa: S310 - loopback
        assert json.load(answer)["checks"] == {"database": "ok", "broker": "ok", "storage": "ok"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_flush_between_tests_empties_the_guarded_ledger_and_keeps_its_guards(turn: int) -> None:
    """The second turn finds what the flush after the first one left."""
    assert CreditBook.objects.count() == 0
    challenge = Challenge.objects.create(slug="one", title="One")
    opens_at = timezone.now()
    round_ = Round.objects.create(
        challenge=challenge,
        slug="first",
        title="First",
        opens_at=opens_at,
        closes_at=opens_at + timedelta(days=1),
    )
    book = CreditBook.objects.create(
        round=round_, number=turn, reason="test", minted_micropoints=0, open_micropoints=0
    )
    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        CreditBook.objects.filter(pk=book.pk).delete()
    assert CreditBook.objects.get().number == turn
