"""Keep a claim alive while the cage works on it, and give it up when the worker has to stop."""

from __future__ import annotations

import contextvars
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import F

from submissions import enqueue
from submissions.models import SubmissionState
from submissions.services import stopping, tally
from submissions.services.claim import Claim, lease_end

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5


def renew(claim: Claim) -> bool:
    """Extend the lease; False means that the claim is no longer this worker's."""
    return claim.held().update(lease_until=lease_end()) == 1


def release(claim: Claim) -> bool:
    """Put the submission back into the queue at once, as if it had never been taken.

    The attempt does not count: nothing was wrong with it. Its result, should it come, is fenced.
    """
    with transaction.atomic():
        released = claim.held().move(
            pk=claim.submission.pk,
            source=SubmissionState.RUNNING,
            target=SubmissionState.QUEUED,
            attempt=F("attempt") - 1,
            lease_token="",
            lease_until=None,
        )
        if released:
            tally.count(tally.RELEASED)
            enqueue.scoring()
    return released


@contextmanager
def kept_alive(claim: Claim) -> Iterator[None]:
    """Renew the lease from a thread for as long as the block runs."""
    done = threading.Event()
    context = contextvars.copy_context()  # its log lines belong to the same submission
    thread = threading.Thread(
        target=context.run, args=(_beat, claim, done), daemon=True, name="lease"
    )
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _beat(claim: Claim, done: threading.Event) -> None:
    """Renew three times per lease, so that one failed renewal costs nothing."""
    renewed_s = time.monotonic()
    try:
        while not done.wait(min(LOOK_EVERY_S, settings.SCORING_LEASE_S / 3)):
            stopping_s = stopping.stopping_s()
            if stopping_s is not None and stopping_s > settings.SCORING_DRAIN_S:
                _give_up(claim, done)
            if time.monotonic() - renewed_s < settings.SCORING_LEASE_S / 3:
                continue
            renewed_s = time.monotonic()
            if not _renewed(claim):
                return
    finally:
        connection.close()  # this thread's own


def _renewed(claim: Claim) -> bool:
    """Renew; False once there is nothing to renew any more."""
    try:
        if renew(claim):
            return True
        logger.warning("lease lost submission=%s", claim.submission.code)
    except Error:
        logger.exception("lease not renewed submission=%s", claim.submission.code)
        connection.close()  # a broken connection is opened anew by the next renewal
        return True
    return False


def _give_up(claim: Claim, done: threading.Event) -> None:
    """End this process in the middle of its job, the caged child with it.

    Without a word to the database the lease would run out by itself, only later.
    """
    try:
        if not release(claim) or done.is_set():
            return  # the result is being written, or is somebody else's by now
        logger.warning("released submission=%s: the worker stops", claim.submission.code)
    except Error:
        logger.exception("lease not released submission=%s", claim.submission.code)
    logging.shutdown()
    os._exit(0)
