"""The only place that sends messages. They are hints: "there is work, look for it".

The database row is the truth. A lost, late or doubled message changes nothing but the time
until a worker looks, which the sweep bounds.
"""

from __future__ import annotations

import logging

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# A hint that nobody took for so long is stale. Sender and taker each look at their own clock,
# so the time must be far longer than clocks are ever apart: a shorter one loses every hint
# between two machines of which one is an hour off.
HINT_LIFETIME_S = 24 * 3600


def scoring(*, hints: int = 1) -> None:
    """Tell workers, once the present transaction is committed, that submissions wait."""
    hint("submissions.score", times=hints)


def hint(task: str, *, times: int = 1) -> None:
    """Send a task that looks for work, once the present transaction is committed."""
    transaction.on_commit(lambda: _send(task, times), robust=True)


def has_broker() -> bool:
    """Tell whether messages can reach another process; in memory they would only pile up."""
    url = settings.CELERY_BROKER_URL
    return bool(url) and not url.startswith("memory:")


def _send(task: str, times: int) -> None:
    if not has_broker():
        logger.debug("no broker is set up: what waits for %s waits until a worker looks", task)
        return
    try:
        for _ in range(times):
            current_app.send_task(task, retry=False, expires=HINT_LIFETIME_S)
    except (OperationalError, OSError) as error:
        # What waits is safe in the database, so its sender gets no error.
        logger.warning("the broker took no hint (%s): the sweep will", type(error).__name__)
