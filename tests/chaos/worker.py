"""The site's own worker with a slow hand, a wrong clock, or a mistake that must be noticed.

`celery -A tests.chaos.worker` is `celery -A config` but for what these variables ask:

CHAOS_LOOK_S   wait up to so long between looking for work and claiming it
CHAOS_HOLD_S   wait up to so long between scoring and writing
CHAOS_SKEW_S   the clock of the process is off by so much
CHAOS_BUG      no_fence, no_claim_check or no_sweep
"""

from __future__ import annotations

import os
import random
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from celery.signals import worker_process_init

from config.celery import app

__all__ = ["app"]


def skew_clock(seconds: float) -> None:
    """Put Python's, Django's and Celery's idea of the time off."""
    import celery.worker.request
    from django.utils import timezone

    true_time, true_now, off = time.time, timezone.now, timedelta(seconds=seconds)

    class Skewed(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + off

    time.time = lambda: true_time() + seconds
    timezone.now = lambda: true_now() + off
    celery.worker.request.datetime = Skewed


def slow_down(*, look_s: float, hold_s: float) -> None:
    """Widen the two gaps in which a fault could do harm."""
    from submissions.services import claim, score

    def slowly(function: Callable[..., Any], seconds: float) -> Callable[..., Any]:
        def wait_first(*args: Any, **named: Any) -> Any:
            time.sleep(random.uniform(0, seconds))
            return function(*args, **named)

        return wait_first

    claim._take = slowly(claim._take, look_s)
    score._write = slowly(score._write, hold_s)


def make_mistake(bug: str) -> None:
    """Break one of the three protections."""
    from django.db.models import F
    from django.db.models.functions import Now

    from submissions import tasks
    from submissions.models import Submission
    from submissions.services import claim, outcome

    def move_without_fence(held: claim.Claim, target: str, **fields: Any) -> bool:
        rows = Submission.objects.filter(pk=held.submission.pk)
        return rows.update(state=target, **fields) == 1

    def take_without_check(candidate: Submission, *, worker: str) -> claim.Claim:
        token = secrets.token_hex(16)
        Submission.objects.filter(pk=candidate.pk).update(
            state="running",
            attempt=F("attempt") + 1,
            lease_token=token,
            lease_until=claim.lease_end(),
            claimed_at=Now(),
        )
        row = Submission.objects.select_related("round__challenge", "team").get(pk=candidate.pk)
        assert row.claimed_at
        return claim.Claim(row, row.lease_token, row.attempt, row.claimed_at, worker)

    match bug:
        case "no_fence":
            outcome._move = move_without_fence
        case "no_claim_check":
            claim._take = take_without_check
        case "no_sweep":
            tasks.sweep = lambda: None
        case _:
            raise ValueError(f"there is no mistake {bug!r}")


# The parent reads the messages, so it needs the wrong clock too; its children inherit it.
if skew := float(os.environ.get("CHAOS_SKEW_S", "0")):
    skew_clock(skew)


@worker_process_init.connect
def _prepare(**_: object) -> None:
    if bug := os.environ.get("CHAOS_BUG"):
        make_mistake(bug)
    slow_down(
        look_s=float(os.environ.get("CHAOS_LOOK_S", "0")),
        hold_s=float(os.environ.get("CHAOS_HOLD_S", "0")),
    )
