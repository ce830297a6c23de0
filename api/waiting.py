"""Waiting for a submission to change, so that nobody needs to poll."""

from __future__ import annotations

import threading
import time
from functools import lru_cache

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from submissions.models import Submission

LONGEST_S = 20
FIRST_LOOK_S, SLOWEST_LOOK_S = 0.1, 1.0
WAIT = OpenApiParameter(
    "wait",
    int,
    description="Seconds, up to 20, to wait for a change before answering. Where too many wait "
    "already the answer comes at once, with Retry-After.",
)


@lru_cache(maxsize=1)
def _places() -> threading.BoundedSemaphore:
    # A waiter holds one of the few threads of a process, and its connection to the database.
    return threading.BoundedSemaphore(settings.LONG_POLLS_AT_ONCE)


def seconds_asked(request: Request) -> float:
    """Return how long the client would wait; no more than `LONGEST_S`."""
    raw = request.query_params.get("wait", "")
    if not raw:
        return 0.0
    if not (raw.isascii() and raw.isdecimal() and len(raw) < 10):
        raise ValidationError({"wait": [f"Give whole seconds, up to {LONGEST_S}."]})
    return float(min(int(raw), LONGEST_S))


def wait_for_change(submission: Submission, seconds: float) -> bool | None:
    """Wait until its state or attempt changes; tell whether. None: there is no place to wait.

    One look is one row by its primary key, ten times in the first seconds and then once each.
    """
    places = _places()
    if not places.acquire(blocking=False):
        return None
    try:
        known = (submission.state, submission.attempt)
        deadline, pause = time.monotonic() + seconds, FIRST_LOOK_S
        rows = Submission.objects.filter(pk=submission.pk).values_list("state", "attempt")
        while (left := deadline - time.monotonic()) > 0:
            time.sleep(min(pause, left))
            if rows.all().first() != known:
                return True
            pause = min(pause * 1.5, SLOWEST_LOOK_S)
        return False
    finally:
        places.release()
