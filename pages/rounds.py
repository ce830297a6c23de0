"""What the pages show of rounds beside their boards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from challenges.models import Round, RoundMetric, RoundState, Target
from challenges.selectors import Viewer
from leaderboards.models import Standing
from leaderboards.shown import ShownStanding
from leaderboards.sight import sights_of
from leaderboards.visible import newest_revisions, visible_standings
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

    def all(self) -> list[Round]:
        """Return the rounds of every state, the latest first."""
        found = [*self.drafts, *self.upcoming, *self.open, *self.over]
        return sorted(found, key=lambda each: each.opens_at, reverse=True)

    def only(self, chosen: Callable[[Round], bool]) -> SortedRounds:
        """Return those of the rounds that are chosen."""
        lists = (self.drafts, self.upcoming, self.open, self.over)
        return SortedRounds(*(list(filter(chosen, those)) for those in lists))


def with_counts(rounds: QuerySet[Round], viewer: Viewer, moment: datetime) -> list[Round]:
    """Add how many targets count and how many entries the visitor sees on the board.

    None is a board that is not shown: that it has entries is not told either.
    """
    targets = (
        Target.objects.filter(round=OuterRef("pk"), cancelled_at__isnull=True)
        .order_by()
        .values("round")
        .annotate(number=Count("pk"))
        .values("number")
    )
    found: list[Round] = list(
        rounds.select_related("challenge").annotate(target_count=Coalesce(Subquery(targets), 0))
    )
    sights = sights_of(found, viewer, moment)
    shown = newest_revisions(found, sights, moment)
    numbers = dict(
        Standing.objects.filter(revision__in=shown.values())
        .order_by()
        .values_list("revision")
        .annotate(number=Count("pk"))
    )
    for each in found:
        number = numbers.get(shown[each.pk].pk, 0) if each.pk in shown else 0
        each.entry_count = number if sights[each.pk].board else None  # type: ignore[attr-defined]
    return found


def sorted_rounds(rounds: QuerySet[Round], viewer: Viewer) -> SortedRounds:
    """Sort rounds: the open by what closes first, the upcoming by opening, the over by end."""
    found, now = SortedRounds(), timezone.now()
    places = {
        RoundState.DRAFT: found.drafts,
        RoundState.UPCOMING: found.upcoming,
        RoundState.OPEN: found.open,
    }
    for round_ in with_counts(rounds, viewer, now):
        places.get(round_.state_at(now), found.over).append(round_)
    found.open.sort(key=lambda each: each.closes_at)
    found.upcoming.sort(key=lambda each: each.opens_at)
    found.over.sort(key=lambda each: each.closes_at, reverse=True)
    return found


@dataclass(frozen=True, slots=True)
class Leader:
    """The first entry of a board, and how many others cannot be told apart from it."""

    standing: ShownStanding
    others: int


def leaders(rounds: Iterable[Round], viewer: Viewer) -> list[Leader]:
    """Return the first entry of the top group of the newest boards."""
    rows = visible_standings(
        rounds, viewer, timezone.now(), among=Q(tie_group=1) | Q(rank=1), named=False
    )
    groups: dict[int, list[ShownStanding]] = {}
    for row in rows:
        groups.setdefault(row.revision.pk, []).append(row)
    return [Leader(group[0], len(group) - 1) for group in list(groups.values())[:LEADERS]]


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
