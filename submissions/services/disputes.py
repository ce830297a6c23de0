"""Opening a dispute: for those who predicted the target."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import active_teams_of
from challenges.errors import DisputeRefused
from challenges.models import Dispute, Round, RoundState, Target
from challenges.selectors import Viewer, is_released
from challenges.services.disputes import LONGEST_TEXT
from submissions.models import Submission, SubmissionState

logger = logging.getLogger(__name__)

MOST_OPEN = 3  # of one person on one target, so that nobody buries its organizers


def may_dispute(target: Target, user: Viewer) -> bool:
    """Tell whether the person may open a dispute: an entrant of a round that is not final."""
    round_ = target.round
    if not user.is_authenticated or not user.is_active or target.cancelled_at is not None:
        return False
    if round_.state not in {RoundState.OPEN, RoundState.CLOSED, RoundState.REVEALED}:
        return False
    return is_released(target, round_, timezone.now()) and (
        Submission.objects.filter(round=round_, team__in=active_teams_of(user))
        .exclude(state=SubmissionState.WITHDRAWN)
        .exists()
    )


@transaction.atomic
def open_dispute(target: Target, *, text: str, by: User) -> Dispute:
    """Open a dispute of a target, for its organizers to answer.

    Raises
    ------
    DisputeRefused
        If the person has no entry in the round, the round is final or not open yet, the text
        is empty or too long, or too many disputes of theirs wait for an answer.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_TEXT:
        raise DisputeRefused(
            _("Say in up to %(longest_text)s characters what is wrong.")
            % {"longest_text": LONGEST_TEXT}
        )
    if not may_dispute(target, by):
        raise DisputeRefused(
            _(
                "Only teams with an entry in this round may dispute its targets, from the release "
                "of the target until the results are final."
            )
        )
    Round.objects.select_for_update().get(pk=target.round_id)
    waiting = Dispute.objects.filter(target=target, opened_by=by, state=Dispute.State.OPEN)
    if waiting.count() >= MOST_OPEN:
        raise DisputeRefused(
            _("%(most_open)s disputes of yours on this target wait for an answer.")
            % {"most_open": MOST_OPEN},
            _("Wait for one."),
        )
    dispute = Dispute.objects.create(target=target, text=text, opened_by=by)
    logger.info("opened dispute=%s target=%s by=%s", dispute.pk, target.pk, by.pk)
    return dispute
