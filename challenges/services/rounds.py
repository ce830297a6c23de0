"""The organizer's explicit acts on a round: publish, close, reveal, finalize."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts.models import User
from challenges.errors import PublishRefused, RoundFrozen, RoundNotReady
from challenges.models import Challenge, Round, RoundState, Target, Track
from challenges.services.amendments import amendment
from challenges.services.design import design_of, sha256_of
from challenges.services.readiness import unmet_before_publishing
from challenges.services.references import faults_of_stored

__all__ = [
    "close_round_now",
    "finalize_round",
    "locked_draft",
    "publish_round",
    "reveal_round",
    "unmet_before_publishing",
]

logger = logging.getLogger(__name__)


def locked_draft(round: Round) -> Round:
    """Lock the round's row until the transaction ends and return it if it is still a draft.

    Raises
    ------
    RoundFrozen
        If it is published: its rules do not change any more.
    """
    locked = Round.objects.select_for_update().get(pk=round.pk)
    if locked.is_frozen:
        raise RoundFrozen(
            f"{locked} is published, so its rules are frozen.",
            "Cancel a target with a reason, or set up another round.",
        )
    return locked


@transaction.atomic
def publish_round(round: Round, *, by: User) -> Round:
    """Freeze the round's rules under a hash and let it open at its date.

    An opening date that is past by now becomes this moment, so that no round says it was
    open before anybody could see it.

    Raises
    ------
    PublishRefused
        With everything that is missing or wrong, stored answers included.
    RoundFrozen
        If it is published already.
    """
    draft = locked_draft(round)
    unmet = unmet_before_publishing(draft) or faults_of_stored(draft, subject=by.username)
    if unmet:
        raise PublishRefused(unmet)
    now = timezone.now()
    draft.opens_at = max(draft.opens_at, now)
    draft.design = design_of(draft)
    draft.design_sha256 = sha256_of(draft.design)
    draft.published_at = now
    draft.save(update_fields=["opens_at", "design", "design_sha256", "published_at"])
    Challenge.objects.filter(pk=draft.challenge_id, published_at__isnull=True).update(
        published_at=now
    )
    logger.info("published round=%s by=%s design=%s", draft.pk, by.pk, draft.design_sha256)
    _record(audit.Act.PUBLISH, draft, by=by, after={"design": draft.design_sha256})
    round.refresh_from_db()
    return round


@transaction.atomic
def close_round_now(round: Round, *, by: User) -> Round:
    """Close an open round at this moment; uploads that began earlier still count.

    Raises
    ------
    RoundNotReady
        If the round is not open.
    """
    now = timezone.now()
    with amendment(round, by=by, reason="Closed at once by its organizers."):
        moved = Round.objects.filter(
            pk=round.pk, published_at__isnull=False, opens_at__lt=now, closes_at__gt=now
        ).update(closes_at=now)
        if moved != 1:
            raise _not_now(round, "closed", RoundState.OPEN)
        # A target of its own later closing must not outlive the round.
        Target.objects.filter(round=round, closes_at__gt=now).filter(
            Q(opens_at__isnull=True) | Q(opens_at__lt=now)
        ).update(closes_at=now)
        Track.objects.filter(round=round, closes_at__gt=now).filter(
            Q(opens_at__isnull=True) | Q(opens_at__lt=now)
        ).update(closes_at=now)
    logger.info("closed round=%s by=%s", round.pk, by.pk)
    _record(audit.Act.CLOSE, round, by=by, after={"at": now})
    round.refresh_from_db()
    return round


@transaction.atomic
def reveal_round(round: Round, *, by: User) -> Round:
    """Make scores and answers of a closed round public.

    Raises
    ------
    RoundNotReady
        If the round is not closed yet, or revealed already.
    """
    now = timezone.now()
    moved = Round.objects.filter(
        pk=round.pk,
        published_at__isnull=False,
        closes_at__lte=now,
        revealed_at__isnull=True,
    ).update(revealed_at=now)
    if moved != 1:
        raise _not_now(round, "revealed", RoundState.CLOSED)
    logger.info("revealed round=%s by=%s", round.pk, by.pk)
    _record(audit.Act.REVEAL, round, by=by, after={"at": now})
    round.refresh_from_db()
    return round


@transaction.atomic
def finalize_round(round: Round, *, by: User) -> Round:
    """Declare the results of a revealed round final: from then on its credit can be booked.

    Raises
    ------
    RoundNotReady
        If the round is not revealed, or final already.
    """
    now = timezone.now()
    moved = Round.objects.filter(
        pk=round.pk, revealed_at__isnull=False, finalized_at__isnull=True
    ).update(finalized_at=now)
    if moved != 1:
        raise _not_now(round, "made final", RoundState.REVEALED)
    logger.info("finalized round=%s by=%s", round.pk, by.pk)
    _record(audit.Act.FINALIZE, round, by=by, after={"at": now})
    round.refresh_from_db()
    return round


def _record(act: audit.Act, round: Round, *, by: User, after: object) -> None:
    audit.record(act, round, by=by, challenge=round.challenge_id, after=after)


def _not_now(round: Round, act: str, needed: RoundState) -> RoundNotReady:
    state = Round.objects.get(pk=round.pk).state
    return RoundNotReady(
        f"{round} is {state.label.lower()}; only a round that is {needed.label.lower()} "
        f"can be {act}."
    )
