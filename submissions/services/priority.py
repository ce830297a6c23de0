"""Put a submission first: an operator's act, within the turn of its challenge."""

from __future__ import annotations

import logging

from accounts.models import User
from submissions.errors import NotAllowed, SubmissionError
from submissions.models import Submission

logger = logging.getLogger(__name__)

HIGHEST = 9


def prioritize(submission: Submission, *, by: User, priority: int | None = 1) -> None:
    """Set how urgent a waiting submission is within its challenge; None makes it ordinary.

    Other challenges keep their turns: nobody else waits longer for it.

    Raises
    ------
    NotAllowed
        If `by` does not operate the site.
    SubmissionError
        If the submission is finished, or the priority is not from 1 to 9.
    """
    if not (by.is_active and by.is_superuser):
        raise NotAllowed("NOT_OPERATOR", "Only operators of the site may do this.")
    if priority is not None and not 1 <= priority <= HIGHEST:
        raise SubmissionError("BAD_PRIORITY", f"A priority is from 1 to {HIGHEST}.")
    if not Submission.objects.unfinished().filter(pk=submission.pk).update(priority=priority):
        raise SubmissionError("NOT_WAITING", "It is finished, so it waits for nothing.")
    submission.priority = priority
    logger.info("priority=%s submission=%s by user=%s", priority, submission.code, by.pk)
