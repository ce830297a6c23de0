"""Reads of challenges: who sees what, and the public description that the engine works from."""

from __future__ import annotations

from datetime import datetime
from typing import TypeGuard

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from accounts.models import User
from catalog.models import Artifact, Contribution
from challenges.errors import RoundNotReady
from challenges.models import (
    Announcement,
    Challenge,
    ChallengeRole,
    Correction,
    Round,
    RoundFile,
    RoundMetric,
    Target,
)
from scoring.contract import Aggregate, MetricChoice, PredictionFormat, TargetSpec

Viewer = User | AnonymousUser


def can_organize(user: Viewer, challenge: Challenge) -> bool:
    """Tell whether the person may set up and run the challenge: a role in it, or a superuser."""
    if not _acts_as_organizer(user):
        return False
    return (
        user.is_superuser or ChallengeRole.objects.filter(challenge=challenge, user=user).exists()
    )


def organized_challenges(user: Viewer) -> QuerySet[Challenge]:
    """Return the challenges the person may set up and run."""
    if not _acts_as_organizer(user):
        return Challenge.objects.none()
    if user.is_superuser:
        return Challenge.objects.all()
    roles = ChallengeRole.objects.filter(user=user)
    return Challenge.objects.filter(pk__in=roles.values("challenge"))


def _acts_as_organizer(user: Viewer) -> TypeGuard[User]:
    """Tell whether the person is here with all their rights: a token may not carry them."""
    return isinstance(user, User) and user.is_active and user.acts_as_organizer


def visible_challenges(user: Viewer) -> QuerySet[Challenge]:
    """Return the published challenges, and drafts for those who organize them."""
    mine = organized_challenges(user).values("pk")
    return Challenge.objects.filter(Q(published_at__isnull=False) | Q(pk__in=mine))


def visible_rounds(user: Viewer) -> QuerySet[Round]:
    """Return the published rounds, and drafts for those who organize them."""
    mine = organized_challenges(user).values("pk")
    return Round.objects.filter(
        Q(published_at__isnull=False) | Q(challenge__in=mine)
    ).select_related("challenge")


def is_released(target: Target, round: Round, moment: datetime) -> bool:
    """Tell whether a target's inputs may be seen: from its own opening, or the round's."""
    return (target.opens_at or round.opens_at) <= moment


def released_files(round: Round, user: Viewer, moment: datetime) -> QuerySet[RoundFile]:
    """Return the files of a round that the person may have now.

    Those of a target are released with it, all others when the round opens. Who organizes the
    challenge has them all.
    """
    files = round.files.select_related("target", "round__challenge")
    if can_organize(user, round.challenge):
        return files
    opened = Q(target__opens_at__lte=moment)
    if round.opens_at <= moment:
        opened |= Q(target__isnull=True) | Q(target__opens_at__isnull=True)
    return files.filter(opened)


def visible_artifacts(user: Viewer) -> QuerySet[Artifact]:
    """Return all artifacts, but a target set only with a round that the person may see.

    The name and files of a target set could tell what a draft is about.
    """
    asked = visible_rounds(user).filter(target_set__isnull=False).order_by().values("target_set")
    return Artifact.objects.filter(~Q(kind=Artifact.Kind.TARGET_SET) | Q(pk__in=asked))


def counting_targets(round: Round) -> QuerySet[Target]:
    """Return the targets that count: those not cancelled, in the round's order."""
    return Target.objects.filter(round=round, cancelled_at__isnull=True)


def target_specs(round: Round) -> list[TargetSpec]:
    """Return what is public about each target that counts, as the engine wants it."""
    return [spec_of(target) for target in counting_targets(round)]


def spec_of(target: Target) -> TargetSpec:
    """Return what is public about one target, as the engine wants it."""
    other = target.reference_shape
    return TargetSpec(
        slug=target.slug,
        shape=tuple(target.shape),
        low=target.low,
        high=target.high,
        weight=target.weight,
        reference_shape=None if other is None else tuple(other),
    )


def metric_choices(round: Round, *, correction: Correction | None = None) -> list[MetricChoice]:
    """Return the round's metrics, the primary one first; in versions that a correction proposes."""
    proposed = {} if correction is None else correction.metric_versions
    return [
        MetricChoice(
            key=row.key,
            slug=row.metric,
            version=proposed.get(row.key, row.version),
            parameters=row.parameters,
            aggregate=Aggregate(row.aggregate),
        )
        for row in round.metrics.all()
    ]


def prediction_format(round: Round) -> PredictionFormat:
    """Return which reader reads the round's predictions, and its options."""
    return PredictionFormat(reader=round.reader, options=round.reader_options)


def primary_metric(round: Round) -> RoundMetric:
    """Return the metric the board is ranked by.

    Raises
    ------
    RoundNotReady
        If the round has none yet, which a published round always has.
    """
    row = primary_metric_or_none(round)
    if row is None:
        raise RoundNotReady(f"{round} has no primary metric.", "Mark one of its metrics.")
    return row


def primary_metric_or_none(round: Round) -> RoundMetric | None:
    """Return the metric the board is ranked by, or None where a draft has none yet."""
    return RoundMetric.objects.filter(round=round, is_primary=True).first()


def announcements(round: Round) -> QuerySet[Announcement]:
    """Return what the organizers have announced of a round, newest first, with corrections."""
    return (
        Announcement.objects.filter(round=round)
        .select_related("posted_by", "corrects")
        .prefetch_related("corrections")
        .order_by("-number")
    )


def insiders(round: Round) -> set[int]:
    """Return the ids of the people who made the targets, so cannot be ranked on them."""
    if round.target_set_id is None:
        return set()
    rows = Contribution.objects.filter(artifact=round.target_set_id, person__isnull=False)
    return {pk for pk in rows.values_list("person", flat=True) if pk is not None}
