"""/healthz and /readyz: what they say, and what they never say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.usefixtures("fresh_readiness")


def test_healthz_answers_by_any_host_name_without_tls_or_database(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get("/healthz", headers={"host": "10.0.0.7:8000"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readyz_is_ok_when_database_broker_and_storage_work(broker: str, client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": "ok", "broker": "ok", "storage": "ok"},
        "oldest_unfinished_submission_s": None,
        "last_sweep_s": None,
    }
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_readyz_leaves_no_file_behind(broker: str, client: Client) -> None:
    assert client.get("/readyz").status_code == 200
    assert storages["uploads"].listdir("readiness")[1] == []


@pytest.mark.django_db
def test_readyz_says_503_when_the_broker_does_not_answer(settings: Any, client: Client) -> None:
    settings.REDIS_URL = "redis://:secret@127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {
        "database": "ok",
        "broker": "does not answer; the server's log says why",
        "storage": "ok",
    }
    assert "secret" not in answer.content.decode()


@pytest.mark.django_db
def test_readyz_says_503_when_no_broker_is_configured(settings: Any, client: Client) -> None:
    settings.REDIS_URL = ""
    settings.CELERY_BROKER_URL = "memory://"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["broker"] == "no broker is configured: set REDIS_URL"


@pytest.mark.django_db
def test_readyz_says_503_without_a_path_when_storage_cannot_be_written(
    broker: str, settings: Any, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "occupied").write_text("a file where a folder should be")
    uploads = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path / "occupied")},
    }
    settings.STORAGES = {**settings.STORAGES, "uploads": uploads}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["storage"] == "does not answer; the server's log says why"
    assert str(tmp_path) not in answer.content.decode()


@pytest.mark.django_db
def test_readyz_says_503_when_a_migration_is_missing(broker: str, client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'leaderboards'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"].startswith("migrations are missing")


@pytest.mark.django_db
def test_readyz_looks_at_most_once_a_second(
    broker: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr("config.health.REMEMBER_S", 3600.0)
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/readyz").status_code == 200
    assert len(queries) == 0
