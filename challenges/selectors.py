"""Reads of challenges: who sees what, and the public description that the engine works from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TypeGuard

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

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
    Track,
    window_of,
)
from scoring.contract import Aggregate, MetricChoice, PredictionFormat, TargetSpec

Viewer = User | AnonymousUser
NO_TRACKS: tuple[None] = (None,)  # the one nameless track of a round without tracks


# Who may set up and run a challenge. The other roles are rights to look, not to decide.
ORGANIZING = (ChallengeRole.Role.OWNER, ChallengeRole.Role.ORGANIZER)


def _holds(user: Viewer, *roles: str) -> QuerySet[ChallengeRole]:
    """Return where the person has one of these roles; nowhere, if here with fewer rights."""
    if not _acts_as_organizer(user):
        return ChallengeRole.objects.none()
    return ChallengeRole.objects.filter(user=user, role__in=roles)


def _acts_as_organizer(user: Viewer) -> TypeGuard[User]:
    """Tell whether the person is here with all their rights: a token may not carry them."""
    return isinstance(user, User) and user.is_active and user.acts_as_organizer


def can_organize(user: Viewer, challenge: Challenge) -> bool:
    """Tell whether the person may set up and run the challenge: a role in it, or a superuser."""
    if _acts_as_organizer(user) and user.is_superuser:
        return True
    return _holds(user, *ORGANIZING).filter(challenge=challenge).exists()


def can_give_roles(user: Viewer, challenge: Challenge) -> bool:
    """Tell whether the person decides who has which role in the challenge: its owners do."""
    if _acts_as_organizer(user) and user.is_superuser:
        return True
    return _holds(user, ChallengeRole.Role.OWNER).filter(challenge=challenge).exists()


def organized_challenges(user: Viewer) -> QuerySet[Challenge]:
    """Return the challenges the person may set up and run."""
    if _acts_as_organizer(user) and user.is_superuser:
        return Challenge.objects.all()
    return Challenge.objects.filter(pk__in=_holds(user, *ORGANIZING).values("challenge"))


def can_assess(user: Viewer, challenge: Challenge) -> bool:
    """Tell whether the person sees every entry's score on every target before the reveal."""
    held = _holds(user, ChallengeRole.Role.ASSESSOR).filter(challenge=challenge)
    return can_organize(user, challenge) or held.exists()


def assessed_rounds(user: Viewer) -> QuerySet[Round]:
    """Return the rounds of the challenges that the person is named as assessor of."""
    held = _holds(user, ChallengeRole.Role.ASSESSOR)
    return Round.objects.filter(challenge__in=held.values("challenge")).select_related("challenge")


def sees_names(user: Viewer, round: Round, moment: datetime) -> bool:
    """Tell whether a viewer of all entries sees who made them.

    Assessors judge without names until the date that the round sets, or its reveal. Those who
    organize know them: they answer the teams.
    """
    if can_organize(user, round.challenge):
        return True
    if not can_assess(user, round.challenge):
        return True
    told_at = round.assessors_see_names_at or round.revealed_at
    return told_at is not None and told_at <= moment


def provided_targets(user: Viewer) -> QuerySet[Target]:
    """Return the targets that the person provided, in drafts too."""
    if not _acts_as_organizer(user):
        return Target.objects.none()
    return Target.objects.filter(providers=user).select_related("round__challenge")


def can_provide(user: Viewer, target: Target) -> bool:
    """Tell whether the person may store the answer of a target and comment on it."""
    return provided_targets(user).filter(pk=target.pk).exists()


def _in_sight(user: Viewer) -> Q:
    """Return which challenges a person sees before they are published."""
    assessed = _holds(user, ChallengeRole.Role.ASSESSOR)
    return Q(pk__in=organized_challenges(user)) | Q(pk__in=assessed.values("challenge"))


def visible_challenges(user: Viewer) -> QuerySet[Challenge]:
    """Return the published challenges, and drafts for those who organize or assess them."""
    return Challenge.objects.filter(Q(published_at__isnull=False) | _in_sight(user))


def visible_rounds(user: Viewer) -> QuerySet[Round]:
    """Return the published rounds, and drafts for those who organize or assess them."""
    mine = Challenge.objects.filter(_in_sight(user)).order_by().values("pk")
    return Round.objects.filter(
        Q(published_at__isnull=False) | Q(challenge__in=mine)
    ).select_related("challenge")


def released_at(target: Target, tracks: Sequence[Track]) -> datetime:
    """Return when a target's inputs may be seen: with its first opening in any track."""
    return min(window_of(target, track).opens_at for track in tracks or NO_TRACKS)


def is_released(target: Target, round: Round, moment: datetime) -> bool:
    """Tell whether a target's inputs may be seen."""
    return released_at(target, list(round.tracks.all())) <= moment


def released_targets(round: Round, moment: datetime) -> set[int]:
    """Return the ids of the targets whose inputs may be seen."""
    tracks = list(round.tracks.all())
    targets = round.targets.prefetch_related("windows")
    return {each.pk for each in targets if released_at(each, tracks) <= moment}


def released_files(round: Round, user: Viewer, moment: datetime) -> QuerySet[RoundFile]:
    """Return the files of a round that the person may have now.

    A file is released at its own date. Without one, that of a target is released with it, all
    others when the round opens. Who organizes the challenge has them all, and who provided a
    target has its files.
    """
    files = round.files.select_related("target", "round__challenge")
    if can_organize(user, round.challenge):
        return files
    opened = Q(target__in=released_targets(round, moment))
    if round.opens_at <= moment:
        opened |= Q(target__isnull=True)
    mine = Q(target__in=provided_targets(user).order_by().values("pk"))
    return files.filter(Q(released_at__lte=moment) | Q(released_at__isnull=True) & opened | mine)


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
    targets = list(counting_targets(round))
    weights = target_weights(targets)
    return [spec_of(target, weight=weights[target.slug]) for target in targets]


def spec_of(target: Target, *, weight: float | None = None) -> TargetSpec:
    """Return what is public about one target, as the engine wants it."""
    other = target.reference_shape
    return TargetSpec(
        slug=target.slug,
        shape=tuple(target.shape),
        low=target.low,
        high=target.high,
        weight=target.weight if weight is None else weight,
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
        raise RoundNotReady(
            _("%(round)s has no primary metric.") % {"round": round}, _("Mark one of its metrics.")
        )
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
    """Return the ids of the people who cannot be ranked in the round at all.

    They made its targets, or assess it. A contributor of the target set who is named as the
    provider of single targets is an insider of those alone; see `provided_slugs`.
    """
    assessors = ChallengeRole.objects.filter(
        challenge=round.challenge_id, role=ChallengeRole.Role.ASSESSOR
    )
    found = set(assessors.values_list("user", flat=True))
    if round.target_set_id is not None:
        rows = Contribution.objects.filter(artifact=round.target_set_id, person__isnull=False)
        makers = {pk for pk in rows.values_list("person", flat=True) if pk is not None}
        found |= makers - set(_providers(round).values_list("providers", flat=True))
    return found


def provided_slugs(round: Round) -> dict[int, set[str]]:
    """Return the targets of the round that each person provided, by the person's id."""
    found: dict[int, set[str]] = {}
    for slug, person in _providers(round).values_list("slug", "providers"):
        found.setdefault(person, set()).add(slug)
    return found


def _providers(round: Round) -> QuerySet[Target]:
    return Target.objects.filter(round=round, providers__isnull=False).order_by()


def target_weights(targets: Sequence[Target]) -> dict[str, float]:
    """Return what each of these counting targets weighs in an aggregate, by slug.

    Units of one thing share its place: the weight of each is divided by their number.
    """
    units = Counter(target.unit_of for target in targets if target.unit_of)
    return {target.slug: target.weight / units.get(target.unit_of, 1) for target in targets}
