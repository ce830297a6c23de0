"""Corrections of a published round: proposed first, put in force once their effect is known."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from accounts.models import User
from challenges.errors import CorrectionRefused
from challenges.models import Correction, Reference, Round, RoundMetric, RoundState, Target
from challenges.services.amendments import LONGEST_REASON, amendment
from challenges.services.disputes import link_disputes
from challenges.services.references import propose_reference, set_reference
from scoring.errors import UnknownMetricError
from scoring.metrics import get_metric

logger = logging.getLogger(__name__)

Answers = Iterable[tuple[Target, NDArray[Any] | BinaryIO]]
PROPOSED = (
    "The round is published, so the answer is proposed in a correction. All entries are scored "
    "under it aside; look at who moves under Corrections, and put it in force there."
)


def open_correction(round: Round) -> Correction | None:
    """Return the correction of a round that is neither in force nor withdrawn."""
    return Correction.objects.filter(
        round=round, in_force_at__isnull=True, withdrawn_at__isnull=True
    ).first()


def store_answers(round: Round, answers: Answers, *, by: User, reason: str) -> None:
    """Give targets of a draft their answers; for a published round, propose them."""
    if round.is_frozen:
        propose_answers(round, answers, by=by, reason=reason)
        return
    with transaction.atomic():
        for target, values in answers:
            set_reference(target=target, values=values, by=by)


@transaction.atomic
def propose_answers(round: Round, answers: Answers, *, by: User, reason: str) -> Correction:
    """Propose other answers of targets, in the round's open correction or a new one.

    Until the correction is in force nothing is scored against them that anybody else sees.
    Answers that are in force already are passed over.

    Raises
    ------
    CorrectionRefused
        If the round is a draft or final, there is no reason, or no answer is another one.
    ReferenceRefused
        If an answer does not fit its target.
    """
    correction = _open_for(round, by=by, reason=reason)
    proposed = 0
    for target, values in answers:
        reference = propose_reference(target=target, values=values, by=by, reason=reason.strip())
        correction.references.remove(*correction.references.filter(target=target))
        if not reference.is_current:
            correction.references.add(reference)
            proposed += 1
    if not proposed:
        raise CorrectionRefused("No answer differs from the one in force.")
    link_disputes(correction)
    logger.info("proposed answers=%d round=%s by=%s", proposed, round.pk, by.pk)
    return correction


@transaction.atomic
def propose_metric_versions(
    round: Round, versions: Mapping[str, int], *, by: User, reason: str
) -> Correction:
    """Propose to score metrics of a round, named by their keys, in other versions.

    Raises
    ------
    CorrectionRefused
        If there is no such metric or version, or it is the one in force.
    """
    rows = {row.key: row for row in RoundMetric.objects.filter(round=round)}
    for key, version in versions.items():
        row = rows.get(key)
        if row is None or row.version == version:
            raise CorrectionRefused(f"{round} has no metric {key} of another version.")
        try:
            get_metric(row.metric, version)
        except UnknownMetricError as error:
            raise CorrectionRefused(f"{error}.") from None
    correction = _open_for(round, by=by, reason=reason)
    correction.metric_versions |= versions
    correction.save(update_fields=["metric_versions"])
    return correction


def withdraw_correction(correction: Correction, *, by: User) -> None:
    """Drop an open correction: what is in force stays, and the proposed answers stay unused.

    Raises
    ------
    CorrectionRefused
        If it is in force or withdrawn already.
    """
    moved = Correction.objects.filter(
        pk=correction.pk, in_force_at__isnull=True, withdrawn_at__isnull=True
    ).update(withdrawn_at=timezone.now())
    if moved != 1:
        raise CorrectionRefused("This correction is not open any more.")
    logger.info("withdrew correction=%s by=%s", correction.pk, by.pk)
    correction.refresh_from_db()


def put_in_force(correction: Correction, *, by: User) -> None:
    """Make proposed answers and versions the current ones, as an amendment of the rules.

    Raises
    ------
    CorrectionRefused
        If it is not open any more, or the round is final.
    """
    with amendment(correction.round, by=by, reason=correction.reason):
        _refuse_state(Round.objects.get(pk=correction.round_id))
        moved = Correction.objects.filter(
            pk=correction.pk, in_force_at__isnull=True, withdrawn_at__isnull=True
        ).update(in_force_at=timezone.now())
        if moved != 1:
            raise CorrectionRefused("This correction is not open any more.")
        new = list(correction.references.all())
        targets = [row.target_id for row in new]
        Reference.objects.filter(target__in=targets, is_current=True).update(is_current=False)
        Reference.objects.filter(pk__in=[row.pk for row in new]).update(is_current=True)
        for key, version in correction.metric_versions.items():
            RoundMetric.objects.filter(round=correction.round, key=key).update(version=version)
    logger.info("in force correction=%s by=%s", correction.pk, by.pk)
    correction.refresh_from_db()


def _refuse_state(round: Round) -> None:
    if not round.is_frozen:
        raise CorrectionRefused(f"{round} is a draft.", "Change it directly; nothing is frozen.")
    if round.state is RoundState.FINAL:
        raise CorrectionRefused(f"{round} is final, so its results stay as they are.")


def _open_for(round: Round, *, by: User, reason: str) -> Correction:
    """Return the round's open correction with this reason among its own, or a new one."""
    reason = reason.strip()
    locked = Round.objects.select_for_update().get(pk=round.pk)
    _refuse_state(locked)
    found = open_correction(locked)
    reasons = found.reason if found else ""
    whole = reasons if reason in reasons and reasons else f"{reasons} {reason}".strip()
    if not reason or len(whole) > LONGEST_REASON:
        raise CorrectionRefused(
            f"A correction needs a reason; all reasons together have up to {LONGEST_REASON} "
            "characters.",
            "It is shown to everyone once it is in force.",
        )
    if found is None:
        return Correction.objects.create(round=locked, reason=whole, made_by=by)
    found.reason = whole
    found.save(update_fields=["reason"])
    return found
