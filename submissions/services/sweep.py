"""The sweep: looks at every submission that is not finished, so that none stays so."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from submissions import enqueue
from submissions.models import Submission, SubmissionState
from submissions.services import quota, tally
from submissions.services.claim import claimable
from submissions.services.shadow import shadows_waiting

logger = logging.getLogger(__name__)

# A hint sets off a worker that goes on until nothing waits, so there is no need for one each.
MOST_HINTS = 16
BATCH = 500


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep found and did."""

    requeued: int = 0
    failed: int = 0
    hinted: int = 0


def sweep() -> SweepReport:
    """Queue what lost its worker, fail what has no attempt left, and hint at what waits."""
    requeued = failed = 0
    lost = Submission.objects.filter(state=SubmissionState.RUNNING, lease_until__lt=Now())
    for row in lost.order_by("pk")[:BATCH]:
        if row.attempt < settings.SCORING_MAX_ATTEMPTS:
            requeued += _requeue(row)
        else:
            failed += _fail(row, "Its worker was lost.")
    spent = Submission.objects.filter(
        state=SubmissionState.QUEUED, attempt__gte=settings.SCORING_MAX_ATTEMPTS
    )
    for row in spent.order_by("pk")[:BATCH]:
        failed += _fail(row, "It was queued without an attempt left.")
    tally.count(tally.LEASES_LOST, requeued + failed)
    tally.count(tally.SWEEP)
    waiting = min(claimable()[:MOST_HINTS].count() + shadows_waiting(), MOST_HINTS)
    if waiting:
        enqueue.scoring(hints=waiting)
    if requeued or failed:
        logger.warning("sweep requeued=%d failed=%d", requeued, failed)
    return SweepReport(requeued=requeued, failed=failed, hinted=waiting)


def _requeue(row: Submission) -> bool:
    return Submission.objects.filter(lease_token=row.lease_token, lease_until__lt=Now()).move(
        pk=row.pk,
        source=SubmissionState.RUNNING,
        target=SubmissionState.QUEUED,
        lease_token="",
        lease_until=None,
        reason_code="WORKER_LOST",
        reason="The worker that scored this submission was lost; it is tried again.",
        organizer_note=f"The worker of attempt {row.attempt} stopped renewing its lease.",
    )


def _fail(row: Submission, note: str) -> bool:
    with transaction.atomic():
        failed = Submission.objects.filter(lease_token=row.lease_token, attempt=row.attempt).move(
            pk=row.pk,
            source=SubmissionState(row.state),
            target=SubmissionState.FAILED,
            lease_token="",
            lease_until=None,
            finished_at=Now(),
            reason_code="ATTEMPTS_SPENT",
            reason="Scoring this submission failed, which is not the file's fault.",
            organizer_note=f"{row.attempt} attempts. {note} {row.organizer_note}".strip(),
        )
        if failed:
            quota.refund(row, reason=f"scoring failed after {row.attempt} attempts")
    return failed
