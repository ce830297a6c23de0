"""What a machine asks: is the process alive, can the site do its work, and how is it doing?

These are answered before anything else looks at the request, because a load balancer or a
container asks by address, without TLS, without a session.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from config import telemetry
from submissions.models import Submission
from submissions.services.tally import SWEEP, last_time

logger = logging.getLogger(__name__)
BROKER_TIMEOUT_S = 2.0
REMEMBER_S = 1.0


class NotReady(Exception):
    """One part of the site cannot do its work; the text may be read by anyone."""


def check_database() -> None:
    """Refuse a database that does not answer or lacks migrations."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReady("migrations are missing: run manage.py migrate")


def check_broker() -> None:
    """Refuse a broker that does not answer; a broker without a server has nothing to ask."""
    url = settings.REDIS_URL
    if not url:
        if settings.CELERY_BROKER_URL.startswith("memory:"):
            raise NotReady("no broker is configured: set REDIS_URL")
        return
    client = redis.Redis.from_url(
        url, socket_timeout=BROKER_TIMEOUT_S, socket_connect_timeout=BROKER_TIMEOUT_S
    )
    with client:
        client.ping()


def check_storage(area: str = "uploads") -> None:
    """Write, read and remove a few bytes in an area, the one where uploads go unless named."""
    storage = storages[area]
    content = secrets.token_bytes(16)
    name = storage.save(f"readiness/{secrets.token_hex(8)}", ContentFile(content))
    try:
        with storage.open(name) as file:
            if file.read() != content:
                raise NotReady("a file read back differs from what was written")
    finally:
        storage.delete(name)


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "broker": check_broker,
    "storage": check_storage,
}


def oldest_unfinished_s() -> float | None:
    """Return the seconds since the oldest submission still waiting was queued, if any."""
    queued_at = (
        Submission.objects.unfinished()
        .order_by("queued_at")
        .values_list("queued_at", flat=True)
        .first()
    )
    return None if queued_at is None else (timezone.now() - queued_at).total_seconds()


def answer_alive() -> HttpResponse:
    """Answer that the process lives; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@dataclass
class _Remembered:
    answer: dict[str, object] | None = None
    at_s: float = 0.0


_remembered = _Remembered()


def readiness() -> dict[str, object]:
    """Return what works and what does not, asked anew at most once a second.

    Anyone may ask, and each answer costs a file written and removed.
    """
    now_s = time.monotonic()
    if _remembered.answer is None or now_s - _remembered.at_s >= REMEMBER_S:
        _remembered.answer = examine()
        _remembered.at_s = now_s
    return _remembered.answer


def examine() -> dict[str, object]:
    """Check database, broker and storage, and give a reason for each that fails."""
    reasons: dict[str, str] = {}
    for name, check in CHECKS.items():
        try:
            check()
        except NotReady as problem:
            reasons[name] = str(problem)
        except Exception:  # whatever a driver raises means the same to the one who asks
            logger.exception("readiness check failed part=%s", name)
            reasons[name] = "does not answer; the server's log says why"
    answer: dict[str, object] = {
        "status": "unavailable" if reasons else "ok",
        "checks": {name: reasons.get(name, "ok") for name in CHECKS},
    }
    if "database" not in reasons:
        age = oldest_unfinished_s()
        answer["oldest_unfinished_submission_s"] = None if age is None else round(age, 1)
        swept_at = last_time(SWEEP)
        seconds = None if swept_at is None else (timezone.now() - swept_at).total_seconds()
        answer["last_sweep_s"] = None if seconds is None else round(seconds, 1)
    return answer


def answer_ready() -> HttpResponse:
    """Answer 200 when database, broker and storage work, else 503 with the reasons."""
    answer = readiness()
    response = JsonResponse(answer, status=200 if answer["status"] == "ok" else 503)
    response["Cache-Control"] = "no-store"
    return response


ANSWERS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": lambda request: answer_alive(),
    "/readyz": lambda request: answer_ready(),
    "/telemetry": telemetry.answer,
}


class HealthMiddleware:
    """Answer what machines ask; everything else goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = ANSWERS.get(request.path_info)
        return answer(request) if answer else self.get_response(request)
