"""Withdraw a submission: it stays on record and counts as used."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.selectors import is_member
from challenges.models import RoundState
from challenges.selectors import can_organize
from submissions.errors import GateClosed, NotAllowed, SubmissionError
from submissions.models import NEXT, Submission, SubmissionState

logger = logging.getLogger(__name__)

_BEFORE_REVEAL = {RoundState.OPEN, RoundState.CLOSED}


def withdraw(submission: Submission, *, by: User, reason: str) -> None:
    """Withdraw a submission for good.

    A team withdraws its own until the answers are revealed, or a bad score could be taken
    back; organizers do until the round is final.

    Raises
    ------
    NotAllowed, GateClosed
        If the person may not, or not any more.
    SubmissionError
        If there is no reason, or it is withdrawn already.
    """
    _check(submission, by)
    reason = reason.strip()
    if not 0 < len(reason) <= 300:
        raise SubmissionError("NO_REASON", _("Give the reason, in 300 characters or fewer."))
    with transaction.atomic():
        source = move_out(submission, reason)
        if source is None:
            raise SubmissionError("ALREADY_WITHDRAWN", _("This submission is withdrawn already."))
        audit.record(
            audit.Act.WITHDRAW,
            submission,
            by=by,
            challenge=submission.round.challenge_id,
            before={"state": source},
            after={"state": SubmissionState.WITHDRAWN},
            reason=reason,
        )
    logger.info("withdrawn submission=%s by user=%s", submission.code, by.pk)
    submission.refresh_from_db()


def move_out(submission: Submission, reason: str) -> SubmissionState | None:
    """Withdraw from whichever state it is in at the moment of the UPDATE, and return that."""
    for source in SubmissionState:
        if SubmissionState.WITHDRAWN in NEXT[source] and Submission.objects.move(
            pk=submission.pk,
            source=source,
            target=SubmissionState.WITHDRAWN,
            lease_token="",
            lease_until=None,
            finished_at=Coalesce(F("finished_at"), Now()),
            reason_code="WITHDRAWN",
            reason=reason,
        ):
            return source
    return None


def _check(submission: Submission, by: User) -> None:
    state = submission.round.state
    if can_organize(by, submission.round.challenge):
        if state is RoundState.FINAL:
            raise GateClosed("ROUND_FINAL", _("The round is final."))
        return
    if not is_member(by, submission.team):
        raise NotAllowed(
            "NOT_A_MEMBER", _("You are not in the team %(team)s.") % {"team": submission.team.name}
        )
    if state not in _BEFORE_REVEAL:
        raise GateClosed(
            "ROUND_REVEALED",
            _("The answers are revealed, so submissions stay."),
            _("Ask an organizer."),
        )
