"""What entries scored on each target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from challenges.models import Round, RoundMetric, Target
from leaderboards.entries import best_of
from pages.boards.lines import BoardView, Line
from scoring.contract import Direction
from scoring.errors import UnknownMetricError
from scoring.metrics import get_metric
from submissions.models import Score


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Every entry's score on every target, for one metric."""

    metric: RoundMetric
    lower_is_better: bool
    targets: list[Target]
    rows: list[tuple[Line, list[Score | None]]]


def breakdown_of(
    round_: Round, board: BoardView, lines: Sequence[Line], *, key: str = ""
) -> Breakdown | None:
    """Return the scores of some lines by target for one metric, by default the primary.

    None if the round has no metric that is computed per target, or none of this key.
    """
    pooled = RoundMetric.AggregateChoice.POOLED
    choices = [metric for metric in round_.metrics.all() if metric.aggregate != pooled]
    metric = next((metric for metric in choices if not key or metric.key == key), None)
    if metric is None:
        return None
    targets = list(round_.targets.filter(cancelled_at__isnull=True))
    scores = _CountedScores(board, targets=targets, metrics=[metric])
    rows = [(line, [scores.of(line, target, metric) for target in targets]) for line in lines]
    return Breakdown(metric, lower_is_better(metric), targets, rows)


def target_rows(
    target: Target, board: BoardView, metrics: Sequence[RoundMetric]
) -> list[tuple[Line, list[Score | None]]]:
    """Return every shown entry's scores on one target, best entries first."""
    scores = _CountedScores(board, targets=[target], metrics=metrics)
    return [(line, [scores.of(line, target, metric) for metric in metrics]) for line in board.lines]


def lower_is_better(metric: RoundMetric) -> bool:
    """Tell a metric's direction; one whose plug-in is gone is drawn as an error."""
    try:
        return get_metric(metric.metric, metric.version).direction is Direction.LOWER
    except UnknownMetricError:
        return True


class _CountedScores:
    """The scores behind the lines of a board, loaded in one query."""

    def __init__(
        self, board: BoardView, *, targets: Sequence[Target], metrics: Sequence[RoundMetric]
    ) -> None:
        standings = [line.standing for line in board.lines]
        own = [standing.submission_id for standing in standings]
        parts = {run for each in standings for runs in each.part_runs.values() for run in runs}
        counted = Q(run__is_current=True, run__submission__in=own) | Q(run__in=parts)
        self._by_run: dict[tuple[int, int | None, int], Score] = {}
        self._runs: dict[int, int] = {}
        for score in Score.objects.filter(
            counted, target__in=targets, metric__in=metrics
        ).select_related("run"):
            self._by_run[score.run_id, score.target_id, score.metric_id] = score
            if score.run.is_current:
                self._runs[score.run.submission_id] = score.run_id

    def of(self, line: Line, target: Target, metric: RoundMetric) -> Score | None:
        """Return what counts for a line on a target."""
        if target.slug in line.standing.insider_of:
            return None
        own = self._runs.get(line.standing.submission_id)
        runs = line.standing.part_runs.get(target.slug, [] if own is None else [own])
        keys = [(run, target.pk, metric.pk) for run in runs]
        found = [self._by_run[key] for key in keys if key in self._by_run]
        return best_of(found, is_lower_better=lower_is_better(metric)) if found else None
