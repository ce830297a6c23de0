"""Celery's envelopes. The messages carry nothing: each says "look for work"."""

from __future__ import annotations

from celery import shared_task

from submissions.services.drain import drain
from submissions.services.fixity import check_some_files
from submissions.services.sweep import sweep
from submissions.services.upload import sweep_left_overs
from submissions.services.uploads import sweep_expired


@shared_task(name="submissions.score")
def score() -> None:
    """Score what waits."""
    drain()


@shared_task(name="submissions.sweep")
def sweep_unfinished() -> None:
    """Find what lost its worker and hint at what waits."""
    sweep()


@shared_task(name="submissions.check_files", expires=1800)
def check_files() -> None:
    """Read some stored files again, and remove what killed or forgotten uploads left behind."""
    sweep_left_overs()
    sweep_expired()
    check_some_files()
