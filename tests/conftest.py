"""Fixtures with real processes: servers, worker, web server, browser.

Where a machine lacks a program the test is skipped, saying which; with CI=true it fails.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kombu.pools
import pytest
import redis
from django.db import connection

from config.celery import app as celery_app
from tests import empty_database
from tests.production import ProductionSite, production_running
from tests.servers import (
    Missing,
    WorkerProcesses,
    in_ci,
    postgres_running,
    redis_running,
    web_running,
    worker_running,
)

BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MARKED_BY_FIXTURE = {"chromium": "browser", "celery_worker": "worker", "production_site": "worker"}


DATABASE_FIXTURES = {"db", "transactional_db"}


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker that tests/conftest.py gives by itself."""
    config.addinivalue_line("markers", "database: opens the test database")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser, a worker or a database by the fixtures it asks for."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        for fixture in fixtures & MARKED_BY_FIXTURE.keys():
            item.add_marker(MARKED_BY_FIXTURE[fixture])
        if item.get_closest_marker("django_db") or fixtures & DATABASE_FIXTURES:
            item.add_marker("database")


def absent(reason: str) -> None:
    """Skip the test, or fail it where all programs are promised to be there."""
    if in_ci():
        pytest.fail(f"{reason}; with CI=true that is an error")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def kept_database() -> bool:
    """Fill the test database from what an earlier run kept; False where there is nothing."""
    return empty_database.fill(connection.settings_dict)


@pytest.fixture(scope="session")
def django_db_keepdb(kept_database: bool) -> bool:
    """Let Django take a filled test database as it is."""
    return kept_database


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: Any, kept_database: bool
) -> Iterator[None]:
    """Let the flush between tests pass the triggers that guard sealed rows on SQLite.

    PostgreSQL flushes with TRUNCATE, which fires no row triggers.
    """
    if not kept_database:
        empty_database.keep(connection.settings_dict, connection.settings_dict["NAME"])
    plain = connection.ops.execute_sql_flush

    def flush_past_triggers(statements: list[str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
            try:
                plain(statements)
            finally:
                for _, sql in triggers:
                    cursor.execute(sql)

    if connection.vendor == "sqlite":
        connection.ops.execute_sql_flush = flush_past_triggers  # type: ignore[method-assign]
    else:
        # Knox makes the table of its own token model although ours takes its place. TRUNCATE
        # names no table without a model, and refuses to empty people while one points at them.
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS knox_authtoken")
    yield
    if connection.vendor == "sqlite":
        del connection.ops.execute_sql_flush


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Redis-compatible server for the session; the value is its address."""
    try:
        with redis_running(tmp_path_factory.mktemp("redis")) as url:
            yield url
    except Missing as missing:
        absent(str(missing))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Run a PostgreSQL server for the session; the value is the address of a database."""
    try:
        with postgres_running() as url:
            yield url
    except Missing as missing:
        absent(str(missing))


@pytest.fixture
def broker(redis_server: str, settings: Any) -> Iterator[str]:
    """Send this process's messages to a real, empty Redis; the value is its address."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    settings.REDIS_URL = settings.CELERY_BROKER_URL = redis_server
    with messages_to(redis_server):
        yield redis_server


@contextlib.contextmanager
def messages_to(url: str) -> Iterator[None]:
    """Point the Celery application at another broker for a while."""
    before = celery_app.conf.broker_url, celery_app.conf.broker_transport_options
    _reconnect(url, {"socket_timeout": 30, "socket_connect_timeout": 5})
    try:
        yield
    finally:
        _reconnect(*before)


def _reconnect(url: str, options: dict[str, Any]) -> None:
    kombu.pools.reset()
    celery_app.conf.update(broker_url=url, broker_transport_options=options)
    # Celery keeps its connections in these two; there is no public way to change the address.
    celery_app._pool = None
    celery_app.amqp._producer_pool = None


@pytest.fixture
def site_environ(broker: str, transactional_db: None) -> dict[str, str]:
    """Return the environment of processes that share the test's database, files and broker.

    A test module may override `extra_environ` to change settings of those processes.
    """
    environ = {**os.environ, "REDIS_URL": broker, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    environ.pop("BROKER_URL", None)
    environ["TEST_DATABASE_NAME"] = str(connection.settings_dict["NAME"])
    environ["PYTHONUNBUFFERED"] = "1"
    return environ


@pytest.fixture
def extra_environ() -> dict[str, str]:
    """Return settings for worker and web server processes; none unless overridden."""
    return {}


@pytest.fixture
def celery_worker(
    site_environ: dict[str, str], extra_environ: dict[str, str], tmp_path: Path
) -> Iterator[WorkerProcesses]:
    """Run a real worker and scheduler on the test's database."""
    with worker_running({**site_environ, **extra_environ}, tmp_path) as processes:
        yield processes


@pytest.fixture
def live_site(
    site_environ: dict[str, str], extra_environ: dict[str, str], tmp_path: Path
) -> Iterator[str]:
    """Run the real web server on the test's database; the value is its address."""
    with web_running({**site_environ, **extra_environ}, tmp_path) as url:
        yield url


@pytest.fixture(scope="module")
def production_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProductionSite]:
    """Run the topology of docker-compose.yml: PostgreSQL, Redis, S3, web, worker, scheduler."""
    try:
        with production_running(tmp_path_factory.mktemp("production")) as site:
            yield site
    except Missing as missing:
        absent(str(missing))


@pytest.fixture
def chromium(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Run the machine's Chromium; the value is Playwright's browser."""
    path = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if not path:
        absent("no Chromium: install Debian's chromium or set CHROMIUM")
    from playwright.sync_api import sync_playwright

    # Playwright runs an event loop in this thread, in which Django refuses its database.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def fresh_readiness(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let /readyz look anew at every request."""
    monkeypatch.setattr("config.health.REMEMBER_S", 0.0)
