"""Answering what entrants hold against a target, and who reads it.

Until the reveal a dispute is read by who opened it and by the organizers alone: what somebody
holds against a target may tell others what its answer is.
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from challenges.errors import DisputeRefused
from challenges.models import Correction, Dispute, RoundState, Target
from challenges.selectors import Viewer

logger = logging.getLogger(__name__)

LONGEST_TEXT = 2000


def visible_disputes(target: Target, user: Viewer, *, organizes: bool) -> QuerySet[Dispute]:
    """Return the disputes of a target that the person may read now.

    Parameters
    ----------
    organizes : bool
        Whether `user` organizes the challenge.
    """
    rows = Dispute.objects.filter(target=target).select_related("opened_by", "correction")
    revealed = target.round.state in {RoundState.REVEALED, RoundState.FINAL}
    if revealed or organizes:
        return rows
    return rows.filter(Q(opened_by=user.pk)) if user.is_authenticated else rows.none()


@transaction.atomic
def answer_dispute(dispute: Dispute, *, answer: str, accepted: bool, by: User) -> Dispute:
    """Answer an open dispute; an accepted one is linked to the correction that it leads to.

    Raises
    ------
    DisputeRefused
        If there is no answer or it is too long, or the dispute is answered already.
    """
    answer = answer.strip()
    if not answer or len(answer) > LONGEST_TEXT:
        raise DisputeRefused(
            _("A dispute is answered in up to %(longest_text)s characters.")
            % {"longest_text": LONGEST_TEXT}
        )
    moved = Dispute.objects.filter(pk=dispute.pk, state=Dispute.State.OPEN).update(
        state=Dispute.State.ACCEPTED if accepted else Dispute.State.ANSWERED,
        answer=answer,
        answered_by=by,
        answered_at=timezone.now(),
    )
    if moved != 1:
        raise DisputeRefused(_("This dispute is answered already."))
    for correction in Correction.objects.filter(
        references__target=dispute.target_id, in_force_at=None, withdrawn_at=None
    ):
        link_disputes(correction)
    logger.info("answered dispute=%s accepted=%s by=%s", dispute.pk, accepted, by.pk)
    dispute.refresh_from_db()
    return dispute


def link_disputes(correction: Correction) -> None:
    """Name the correction in the accepted disputes of its targets that led to none before."""
    Dispute.objects.filter(
        Q(correction=None) | Q(correction__withdrawn_at__isnull=False),
        target__in=correction.references.values("target"),
        state=Dispute.State.ACCEPTED,
    ).update(correction=correction)
