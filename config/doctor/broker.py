"""The message broker, and who listens to it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from config.celery import app
from config.doctor.database import compare_clocks
from config.doctor.findings import Finding, bad, ok, warning
from config.health import BROKER_TIMEOUT_S
from submissions.enqueue import has_broker
from submissions.services.tally import SWEEP, last_time

WORKERS_ANSWER_WITHIN_S = 3.0
SWEPT_WITHIN = timedelta(minutes=1)
_PASSWORD = re.compile(r"(://[^:/@]*:)[^@]+@")


def look_at_broker() -> Finding:
    """Tell whether the broker can be reached where the settings say it is."""
    where = _PASSWORD.sub(r"\1…@", settings.CELERY_BROKER_URL)
    if not has_broker():
        return bad(
            "broker",
            "none is set up, so no message reaches a worker",
            remedy="Set REDIS_URL, the same for web, worker and scheduler; `manage.py serve` "
            "brings a server of its own.",
        )
    try:
        with app.connection_for_write(connect_timeout=BROKER_TIMEOUT_S) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=5)
    except (OperationalError, OSError, redis.RedisError) as error:
        return bad("broker", f"{where}: {_reason(error)}", remedy=_mending(error))
    return ok("broker", f"{where} answers")


def _reason(error: BaseException) -> str:
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {cause}"[:300]


def _mending(error: BaseException) -> str:
    text = _reason(error).lower()
    if "auth" in text or "password" in text or "noperm" in text:
        return "Correct user and password in REDIS_URL."
    if "refused" in text or "timed out" in text or "timeout" in text or "no such file" in text:
        return "Start the Redis server, or correct host and port of REDIS_URL."
    if "name" in text or "resolve" in text or "getaddrinfo" in text:
        return "Correct the host in REDIS_URL: no machine of this name is known here."
    return "REDIS_URL may point at something that is not a Redis server; correct host and port."


def look_at_redis() -> list[Finding]:
    """Tell whether the server keeps every message, and what its clock says."""
    if not settings.REDIS_URL:
        return []
    try:
        return _examine_redis()
    except redis.RedisError as error:
        return [bad("Redis", _reason(error), remedy=_mending(error))]


def _examine_redis() -> list[Finding]:
    options = {"socket_timeout": BROKER_TIMEOUT_S, "socket_connect_timeout": BROKER_TIMEOUT_S}
    with redis.Redis.from_url(settings.REDIS_URL, **options) as client:
        before = datetime.now(UTC)
        seconds, microseconds = client.time()
        there = datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)
        clock = compare_clocks("Redis clock", there, before=before)
        try:
            policy = _setting(client, "maxmemory-policy")
            keeps = _setting(client, "appendonly")
        except redis.ResponseError:
            told = "its settings may not be read here"
            remedy = "Make sure of `maxmemory-policy noeviction` and `appendonly yes`."
            return [clock, warning("Redis", told, remedy=remedy)]
    return [clock, _keeping(policy, keeps)]


def _setting(client: Any, name: str) -> str:
    return str({_text(key): _text(value) for key, value in client.config_get(name).items()}[name])


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _keeping(policy: str, keeps: str) -> Finding:
    if policy != "noeviction":
        return bad(
            "Redis",
            f"maxmemory-policy is {policy}: a full memory drops messages without a word",
            remedy="Set `maxmemory-policy noeviction` in its configuration.",
        )
    if keeps != "yes":
        return warning(
            "Redis",
            "appendonly is off: messages are lost with it, and found again by the sweep only",
            remedy="Set `appendonly yes` in its configuration.",
        )
    return ok("Redis", "evicts nothing, and keeps messages through a restart")


def look_at_workers() -> Finding:
    """Tell whether a worker is alive, listens to our queue and knows our tasks."""
    ask = app.control.inspect(timeout=WORKERS_ANSWER_WITHIN_S)
    queues = {
        name: {queue["name"] for queue in listened}
        for name, listened in (ask.active_queues() or {}).items()
    }
    if not queues:
        return bad(
            "workers",
            "none answers at this broker",
            remedy="Start one: `celery -A config worker`. If one runs, its REDIS_URL is another "
            "than the one here.",
        )
    ours = app.conf.task_default_queue
    listening = sorted(name for name, listened in queues.items() if ours in listened)
    if not listening:
        others = ", ".join(sorted(set().union(*queues.values()))) or "none"
        return bad(
            "workers",
            f"{', '.join(sorted(queues))} listens to other queues ({others}), not to {ours}",
            remedy=f"Start it without -Q, or with `-Q {ours}`.",
        )
    tasks = app.control.inspect(listening, timeout=WORKERS_ANSWER_WITHIN_S).registered() or {}
    if not any("submissions.score" in known for known in tasks.values()):
        return bad(
            "workers",
            f"{', '.join(listening)} does not know the tasks of this site",
            remedy="Start it with `-A config` from the folder of this release.",
        )
    return ok("workers", f"{', '.join(listening)} at work")


def look_at_scheduler() -> Finding:
    """Tell whether sweeps happen; they need scheduler, broker and a worker."""
    swept_at = last_time(SWEEP)
    if swept_at is None or timezone.now() - swept_at > SWEPT_WITHIN:
        last = "never" if swept_at is None else f"last at {swept_at:%Y-%m-%d %H:%M:%S} UTC"
        return bad(
            "scheduler",
            f"no sweep for a minute ({last}) although workers are alive: beat does not run",
            remedy="Start exactly one: `celery -A config beat`.",
        )
    return ok("scheduler", f"last sweep at {swept_at:%H:%M:%S} UTC")
