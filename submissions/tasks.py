"""Celery's envelopes. The messages carry nothing: each says "look for work"."""

from __future__ import annotations

from celery import shared_task

from submissions.services.drain import drain
from submissions.services.sweep import sweep


@shared_task(name="submissions.score")
def score() -> None:
    """Score what waits."""
    drain()


@shared_task(name="submissions.sweep")
def sweep_unfinished() -> None:
    """Find what lost its worker and hint at what waits."""
    sweep()
