"""Celery's envelopes: look for what happened, and send what is due."""

from __future__ import annotations

from celery import shared_task

from community.services.daily import gather_due
from community.services.deliver import deliver_due
from community.services.record import record_new
from community.services.tidy import tidy


@shared_task(name="community.notify", expires=30)
def notify() -> None:
    """Record what happened since the last time, then send what is due."""
    record_new()
    deliver_due()


@shared_task(name="community.daily", expires=300)
def daily() -> None:
    """Make the daily mails of the day that has ended; the next look sends them."""
    gather_due()


@shared_task(name="community.tidy", expires=3600)
def tidy_up() -> None:
    """Forget what is long past."""
    tidy()
