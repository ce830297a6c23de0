"""The message that a rehearsal waits; like all messages a hint to look for work."""

from __future__ import annotations

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from submissions.enqueue import HINT_LIFETIME_S, has_broker

logger = logging.getLogger(__name__)


def rehearsal() -> None:
    """Tell a worker, once the present transaction is committed, that a rehearsal waits."""
    transaction.on_commit(_send, robust=True)


def _send() -> None:
    if not has_broker():
        return
    try:
        current_app.send_task("rehearsal.hold", retry=False, expires=HINT_LIFETIME_S)
    except (OperationalError, OSError) as error:
        logger.warning("the broker took no hint (%s): the schedule will", type(error).__name__)
