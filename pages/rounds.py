"""What the pages show of rounds beside their boards."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from challenges.models import Round, RoundMetric, RoundState, Target
from leaderboards.models import Standing
from pages.boards import current_standings
from scoring.errors import UnknownMetricError, UnknownReaderError
from scoring.metrics import Metric, get_metric
from scoring.readers import Reader, get_reader

LEADERS = 6


@dataclass(slots=True)
class SortedRounds:
    """Rounds by what a visitor can do with them."""

    drafts: list[Round] = field(default_factory=list)
    upcoming: list[Round] = field(default_factory=list)
    open: list[Round] = field(default_factory=list)
    over: list[Round] = field(default_factory=list)


def with_counts(rounds: QuerySet[Round]) -> QuerySet[Round]:
    """Add how many targets count and how many entries the board shows."""
    targets = (
        Target.objects.filter(round=OuterRef("pk"), cancelled_at__isnull=True)
        .order_by()
        .values("round")
        .annotate(number=Count("pk"))
        .values("number")
    )
    entries = (
        Standing.objects.filter(revision=OuterRef("board__current"))
        .order_by()
        .values("revision")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return rounds.select_related("challenge").annotate(
        target_count=Coalesce(Subquery(targets), 0), entry_count=Coalesce(Subquery(entries), 0)
    )


def sorted_rounds(rounds: QuerySet[Round]) -> SortedRounds:
    """Sort rounds: the open by what closes first, the upcoming by opening, the over by end."""
    found, now = SortedRounds(), timezone.now()
    places = {
        RoundState.DRAFT: found.drafts,
        RoundState.UPCOMING: found.upcoming,
        RoundState.OPEN: found.open,
    }
    for round_ in with_counts(rounds):
        places.get(round_.state_at(now), found.over).append(round_)
    found.open.sort(key=lambda each: each.closes_at)
    found.upcoming.sort(key=lambda each: each.opens_at)
    found.over.sort(key=lambda each: each.closes_at, reverse=True)
    return found


def leaders(rounds: QuerySet[Round]) -> list[Standing]:
    """Return the top group's first entry of the newest boards."""
    return list(
        current_standings(rounds)
        .filter(rank=1)
        .order_by("-submission__round__closes_at", "revision", "position")[:LEADERS]
    )


@dataclass(frozen=True, slots=True)
class MetricHelp:
    """A metric of a round with its definition; None where its plug-in is not installed."""

    choice: RoundMetric
    metric: Metric | None


def metrics_of(round_: Round) -> list[MetricHelp]:
    """Return the round's metrics with plain words on each."""
    return [MetricHelp(choice, _metric(choice)) for choice in round_.metrics.all()]


def reader_of(round_: Round) -> Reader | None:
    """Return what reads this round's predictions; None where its plug-in is not installed."""
    try:
        return get_reader(round_.reader)
    except UnknownReaderError:
        return None


def _metric(choice: RoundMetric) -> Metric | None:
    try:
        return get_metric(choice.metric, choice.version)
    except UnknownMetricError:
        return None
