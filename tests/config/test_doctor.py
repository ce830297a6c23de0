"""`manage.py doctor`: each thing is broken for real, and named with its remedy."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import connection
from django.utils import timezone

from community.models import Delivery, Event, Kind, Webhook
from config import environment
from config.children import Child
from config.doctor import Finding, Verdict, examine
from config.doctor.database import compare_clocks
from submissions.models import FileCheck, Tally
from submissions.services.fixity import check_file_of
from tests import factories
from tests.conftest import messages_to
from tests.servers import (
    WorkerProcesses,
    celery_command,
    free_port,
    redis_running,
    running,
    wait_until,
)

BAD, OK = Verdict.BAD, Verdict.OK


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.doctor.broker.WORKERS_ANSWER_WITHIN_S", 1.0)


def found() -> dict[str, Finding]:
    return {finding.part: finding for finding in examine()}


def doctor(environ: dict[str, str]) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, str(environment.BASE_DIR / "manage.py"), "doctor", "--json"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@contextmanager
def told_to_use(url: str, settings: Any) -> Iterator[None]:
    settings.REDIS_URL = settings.CELERY_BROKER_URL = url
    with messages_to(url):
        yield


@pytest.mark.django_db(transaction=True)
def test_site_that_is_well_passes(
    celery_worker: WorkerProcesses, site_environ: dict[str, str]
) -> None:
    wait_until(Tally.objects.filter(name="sweep").exists, what="a sweep", child=celery_worker.beat)
    code, told = doctor(site_environ)
    verdicts = {finding["part"]: finding["verdict"] for finding in told["findings"]}
    bad = {part for part, verdict in verdicts.items() if verdict == "bad"}
    assert bad <= {"isolation"}  # that is the machine's
    assert (code, told["ok"]) == ((1, False) if bad else (0, True))
    for part in ("database", "broker", "Redis", "workers", "scheduler", "leases", "queue"):
        assert verdicts[part] == "ok", told


@pytest.mark.django_db(transaction=True)
def test_worker_of_another_queue_and_missing_scheduler_are_named(
    site_environ: dict[str, str], tmp_path: Path
) -> None:
    name = f"doctor-{os.getpid()}@localhost"
    options = ["--concurrency", "1", "--hostname", name, "--without-mingle", "--without-gossip"]
    with running(
        Child("w", celery_command("worker", *options, "-Q", "other"), site_environ, tmp_path)
    ):
        wait_until(lambda: found()["workers"].told != "none answers at this broker", what="it")
        workers = found()["workers"]
        assert workers.verdict is BAD
        assert "listens to other queues (other), not to celery" in workers.told
        assert "-Q celery" in workers.remedy
    with running(Child("w", celery_command("worker", *options), site_environ, tmp_path)):
        wait_until(lambda: found()["workers"].verdict is OK, what="the worker")
        scheduler = found()["scheduler"]
        assert scheduler.verdict is BAD
        assert "never" in scheduler.told
        assert "celery -A config beat" in scheduler.remedy
        Tally.objects.create(name="sweep", count=1, at=timezone.now() - timedelta(minutes=3))
        assert "last at" in found()["scheduler"].told


@pytest.mark.django_db
def test_missing_worker_is_named_and_the_scheduler_is_not_blamed(broker: str) -> None:
    told = found()
    assert (told["workers"].verdict, told["workers"].told) == (BAD, "none answers at this broker")
    assert told["scheduler"].verdict is Verdict.SKIPPED


@pytest.mark.django_db
def test_stopped_redis_is_named(tmp_path: Path, settings: Any) -> None:
    with redis_running(tmp_path) as url:
        pass
    with told_to_use(url, settings):
        broker = found()["broker"]
    assert broker.verdict is BAD
    assert "Start the Redis server" in broker.remedy


@pytest.mark.django_db
def test_host_that_does_not_exist_is_named(settings: Any) -> None:
    with told_to_use("redis://no-such-host.invalid:6379/0", settings):
        broker = found()["broker"]
    assert broker.verdict is BAD
    assert "no machine of this name" in broker.remedy


@pytest.mark.django_db
def test_address_of_something_else_than_redis_is_named(settings: Any) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        something_else(listener) as port,
        told_to_use(f"redis://127.0.0.1:{port}/0", settings),
    ):
        broker = found()["broker"]
    assert broker.verdict is BAD
    assert "not a Redis server" in broker.remedy


@contextmanager
def something_else(listener: socket.socket) -> Iterator[int]:
    """Answer everything as a web server would."""

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.django_db
def test_wrong_password_is_named_and_not_shown(broker: str, settings: Any) -> None:
    url = broker.replace("//", "//:not-the-password@")
    with redis.Redis.from_url(broker) as client:
        client.config_set("requirepass", "the-password")
    try:
        with told_to_use(url, settings):
            told = found()["broker"]
    finally:
        with redis.Redis.from_url(broker, password="the-password") as client:
            client.config_set("requirepass", "")
    assert told.verdict is BAD
    assert "user and password" in told.remedy
    assert "not-the-password" not in told.told


@pytest.mark.django_db
def test_missing_broker_is_named() -> None:
    broker = found()["broker"]
    assert broker.verdict is BAD
    assert "Set REDIS_URL" in broker.remedy


@pytest.mark.parametrize(
    ("setting", "value", "verdict", "said"),
    [
        ("maxmemory-policy", "allkeys-lru", BAD, "drops messages"),
        ("appendonly", "no", Verdict.WARNING, "appendonly is off"),
    ],
)
@pytest.mark.django_db
def test_redis_that_may_lose_messages_is_named(
    setting: str, value: str, verdict: Verdict, said: str, broker: str
) -> None:
    with redis.Redis.from_url(broker) as client:
        before = client.config_get(setting)[setting]
        client.config_set(setting, value)
        try:
            told = found()["Redis"]
        finally:
            client.config_set(setting, before)
    assert told.verdict is verdict
    assert said in told.told


def test_clock_that_is_off_is_named_and_one_that_is_not_passes() -> None:
    now = datetime.now(UTC)
    assert compare_clocks("clock", now, before=now).verdict is OK
    for seconds in (-3600, -3, 3, 3600):
        told = compare_clocks("clock", now + timedelta(seconds=seconds), before=now)
        assert told.verdict is BAD
        assert "NTP" in told.remedy


@pytest.mark.django_db
def test_clocks_of_database_and_redis_are_read_right(broker: str) -> None:
    told = found()
    assert {told["database clock"].verdict, told["Redis clock"].verdict} == {OK}


def test_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "HELDOUT_HOME": str(tmp_path),
        "DATABASE_URL": f"postgres://user:hunter2@127.0.0.1:{free_port()}/none",
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "SECRET_KEY": "x" * 50,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    code, told = doctor(environ)
    database = told["findings"][0]
    assert (code, database["part"], database["verdict"]) == (1, "database", "bad")
    assert "DATABASE_URL" in database["remedy"]
    assert "hunter2" not in json.dumps(told)


@pytest.mark.django_db
def test_missing_migrations_are_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'leaderboards'")
    told = found()
    assert (told["database"].verdict, told["database"].told) == (BAD, "migrations are missing")
    assert "leases" not in told


@pytest.mark.django_db
def test_storage_that_cannot_be_written_is_named(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file where a folder should be")
    uploads = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path / "occupied")},
    }
    settings.STORAGES = {**settings.STORAGES, "uploads": uploads}
    told = found()
    assert told["storage uploads"].verdict is BAD
    assert told["storage references"].verdict is OK


@pytest.mark.django_db
def test_storage_below_its_watermark_is_named(settings: Any) -> None:
    settings.STORAGE_FREE_BYTES_MIN = 2**60
    told = found()["storage uploads"]
    assert told.verdict is BAD
    assert "507" in told.told


@pytest.mark.django_db
def test_stuck_leases_and_long_waits_are_named() -> None:
    now = timezone.now()
    factories.make_submission(state="running", lease_until=now - timedelta(minutes=2))
    factories.make_submission(queued_at=now - timedelta(hours=1))
    told = found()
    assert told["leases"].verdict is BAD
    assert told["queue"].verdict is Verdict.WARNING
    assert "2 submissions wait, the oldest for 60 minutes" in told["queue"].told


@pytest.mark.django_db
def test_damaged_file_is_named_by_its_row() -> None:
    submission = factories.make_submission()
    with submission.file.storage.open(submission.file.name, "r+b") as file:
        file.write(b"X")
    check_file_of(submission)
    told = found()["files"]
    assert told.verdict is BAD
    assert f"submissions.Submission {submission.pk} (damaged)" in told.told
    FileCheck.objects.update(state=FileCheck.State.UNPROVED)
    assert found()["files"].verdict is Verdict.WARNING


@pytest.mark.django_db
def test_deliveries_that_stand_still_and_webhooks_that_are_off_are_named() -> None:
    ann = factories.make_user("ann")
    hook = Webhook.objects.create(owner=ann, url="https://example.org/")
    now = timezone.now()
    event = Event.objects.create(kind=Kind.TEST, key="test:1", at=now)
    facts = {"event": event, "recipient": ann, "give_up_at": now + timedelta(days=1)}
    long_ago = {"next_attempt_at": now - timedelta(minutes=11)}
    sent = Delivery.objects.create(**facts, channel="webhook", webhook=hook, **long_ago)
    told = found()
    assert told["deliveries"].verdict is BAD
    assert told["deliveries"].told.startswith("1 by webhook due for more than 10 minutes")
    assert "celery -A config worker" in told["deliveries"].remedy
    assert told["webhooks"].verdict is OK
    # One whose receiver rests after a failure stands still for nobody's fault here.
    Webhook.objects.update(paused_until=now + timedelta(hours=1))
    assert found()["deliveries"].verdict is OK
    Webhook.objects.update(is_active=False, off_reason="Answered 410: gone.")
    sent.delete()
    mail = Delivery.objects.create(
        **facts, channel="email", attempts=2, last_error="No mail server"
    )
    assert found()["deliveries"].verdict is OK
    Delivery.objects.filter(pk=mail.pk).update(attempts=3)
    told = found()
    assert "1 mails failed 3 times or more: No mail server" in told["deliveries"].told
    assert "EMAIL_URL" in told["deliveries"].remedy
    assert told["webhooks"].verdict is Verdict.WARNING
    assert f"{hook.code} of ann" in told["webhooks"].told
    Delivery.objects.filter(pk=mail.pk).update(
        state="sending", lease_token="x", lease_until=now - timedelta(minutes=11)
    )
    assert found()["deliveries"].told.startswith("1 by email")
