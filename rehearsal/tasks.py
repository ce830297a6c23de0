"""Celery's envelope; it says "look whether a rehearsal waits"."""

from __future__ import annotations

from celery import shared_task

from rehearsal.drafts import hold_waiting


@shared_task(name="rehearsal.hold", expires=60)
def hold() -> None:
    """Hold the rehearsals that wait."""
    hold_waiting()
