"""Score a finished submission again: a new run, never a new submission."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models.functions import Now

from accounts import audit
from accounts.models import User
from challenges.selectors import can_organize
from submissions import enqueue
from submissions.errors import NotAllowed, SubmissionError
from submissions.models import NEXT, Submission, SubmissionState

logger = logging.getLogger(__name__)

SOURCES = tuple(
    state
    for state in SubmissionState
    if SubmissionState.QUEUED in NEXT[state] and state is not SubmissionState.RUNNING
)


def rescore(submission: Submission, *, by: User) -> None:
    """Queue a finished submission again. Its present scores stay until the new run has its own.

    Raises
    ------
    NotAllowed
        If `by` does not organize the challenge.
    SubmissionError
        If the submission is not finished, or is withdrawn.
    """
    if not can_organize(by, submission.round.challenge):
        raise NotAllowed("NOT_ORGANIZER", "Only organizers of the challenge may do this.")
    with transaction.atomic():
        moved = any(
            Submission.objects.move(
                pk=submission.pk,
                source=source,
                target=SubmissionState.QUEUED,
                attempt=0,
                queued_at=Now(),
                not_before=None,
                finished_at=None,
                reason_code="",
                reason="",
                problems=[],
                organizer_note="",
            )
            for source in SOURCES
        )
        if not moved:
            raise SubmissionError(
                "CANNOT_RESCORE",
                f"A submission that is {submission.get_state_display().lower()} is not scored "
                "again.",
            )
        enqueue.scoring()
        audit.record(audit.Act.RESCORE, submission, by=by, challenge=submission.round.challenge_id)
    submission.refresh_from_db()
    logger.info("rescore submission=%s by user=%s", submission.code, by.pk)
