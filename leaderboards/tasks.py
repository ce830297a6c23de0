"""Boards pull: nobody below calls them, they look for what changed."""

from __future__ import annotations

import logging

from celery import shared_task

from leaderboards.services.ledger import post_due_books
from leaderboards.services.refresh import refresh_stale_boards

logger = logging.getLogger(__name__)


@shared_task(name="leaderboards.refresh", expires=30)
def refresh() -> None:
    """Refresh stale boards, then post the books of rounds that were revealed."""
    for round_ in refresh_stale_boards():
        logger.info("board refreshed round=%s", round_.pk)
    for book in post_due_books():
        logger.info("credit posted book=%s minted=%d", book.pk, book.minted_micropoints)
