"""Boards pull: nobody below calls them, they look for what changed."""

from __future__ import annotations

import logging

from celery import shared_task

from leaderboards.services.consensus import consensus_due, make_due_consensus
from leaderboards.services.ledger import post_due_books
from leaderboards.services.refresh import refresh_stale_boards
from leaderboards.services.twins import duplicates_due, find_due_duplicates
from submissions import enqueue

logger = logging.getLogger(__name__)


@shared_task(name="leaderboards.refresh", expires=30)
def refresh() -> None:
    """Refresh stale boards, post the books of revealed rounds, have their entries looked at."""
    for round_ in refresh_stale_boards():
        logger.info("board refreshed round=%s", round_.pk)
    for book in post_due_books():
        logger.info("credit posted book=%s minted=%d", book.pk, book.minted_micropoints)
    if duplicates_due().exists():
        enqueue.hint("leaderboards.duplicates")
    if consensus_due().exists():
        enqueue.hint("leaderboards.consensus")


@shared_task(name="leaderboards.consensus", expires=600)
def consensus() -> None:
    """Make the consensus of revealed rounds, in a task of its own: it reads all their files."""
    make_due_consensus()


@shared_task(name="leaderboards.duplicates", expires=600)
def duplicates() -> None:
    """Compare the entries of closed rounds, in a task of its own: it reads their files."""
    find_due_duplicates()
