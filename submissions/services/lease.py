"""Keep a claim alive while the cage works on it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import Error, connection

from submissions.services.claim import Claim, lease_end

logger = logging.getLogger(__name__)


def renew(claim: Claim) -> bool:
    """Extend the lease; False means that the claim is no longer this worker's."""
    return claim.held().update(lease_until=lease_end()) == 1


@contextmanager
def kept_alive(claim: Claim) -> Iterator[None]:
    """Renew the lease from a thread for as long as the block runs."""
    done = threading.Event()
    thread = threading.Thread(target=_beat, args=(claim, done), daemon=True, name="lease")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _beat(claim: Claim, done: threading.Event) -> None:
    """Renew three times per lease, so that one failed renewal costs nothing."""
    try:
        while not done.wait(settings.SCORING_LEASE_S / 3):
            try:
                if not renew(claim):
                    logger.warning("lease lost submission=%s", claim.submission.code)
                    return
            except Error:
                logger.exception("lease not renewed submission=%s", claim.submission.code)
                connection.close()  # a broken connection is opened anew by the next renewal
    finally:
        connection.close()  # this thread's own
