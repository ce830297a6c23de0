"""Counters that outlive processes: one row each, raised in the caller's transaction or its own."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from submissions.models import Tally

SWEEP = "sweep"  # a sweep came to its end: scheduler, broker and a worker are all at work
LEASES_LOST = "leases lost"
FENCED = "late results dropped"
RELEASED = "leases released"


def count(name: str, number: int = 1) -> None:
    """Raise a counter; none counts nothing."""
    if number < 1 or _raise(name, number):
        return
    try:
        with transaction.atomic():
            Tally.objects.create(name=name, count=number, at=Now())
    except IntegrityError:  # another process made the row at this moment
        _raise(name, number)


def last_time(name: str) -> datetime | None:
    """Return when something was last counted."""
    return Tally.objects.filter(name=name).values_list("at", flat=True).first()


def _raise(name: str, number: int) -> int:
    return Tally.objects.filter(name=name).update(count=F("count") + number, at=Now())
