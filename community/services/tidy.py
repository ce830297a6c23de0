"""Forgetting: what happened long ago is on the pages of its round, not in anybody's list."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from community.models import Event

logger = logging.getLogger(__name__)

KEPT = timedelta(days=180)
BATCH = 1000


def tidy() -> int:
    """Delete events older than half a year with their deliveries; return how many events.

    None of them can be recorded again: the search looks back an hour, not half a year.
    """
    removed = 0
    while True:
        old = Event.objects.filter(recorded_at__lt=timezone.now() - KEPT).order_by()
        keys = list(old.values_list("pk", flat=True)[:BATCH])
        if not keys:
            break
        Event.objects.filter(pk__in=keys).delete()
        removed += len(keys)
    if removed:
        logger.info("forgot events=%d", removed)
    return removed
