"""What entries scored on each target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from challenges.models import Round, RoundMetric, Target
from leaderboards.fields import is_drawable
from leaderboards.shown import ShownScore, ShownStanding
from leaderboards.visible import VisibleBoard
from leaderboards.visible_scores import board_scores
from pages.boards.lines import MOST_DRAWN, BoardView, Line
from scoring.contract import Direction
from scoring.errors import UnknownMetricError
from scoring.metrics import get_metric


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Every entry's score on every target, for one metric."""

    metric: RoundMetric
    lower_is_better: bool
    targets: list[Target]
    rows: list[tuple[Line, list[ShownScore | None]]]


def breakdown_of(
    round_: Round, board: BoardView, lines: Sequence[Line], *, key: str = ""
) -> Breakdown | None:
    """Return the scores of some lines by target for one metric, by default the primary.

    None if the round has no metric that is computed per target, or none of this key, or if
    scores on single targets are withheld.
    """
    pooled = RoundMetric.AggregateChoice.POOLED
    choices = [metric for metric in round_.metrics.all() if metric.aggregate != pooled]
    metric = next((metric for metric in choices if not key or metric.key == key), None)
    if metric is None:
        return None
    sight = board.visible.sight
    if not sight.target_scores:
        return None
    targets = list(round_.targets.filter(cancelled_at__isnull=True))
    if sight.public_targets:
        targets = [target for target in targets if not target.is_private]
    scores = {
        (score.submission_id, score.target_id): score
        for score in board_scores(board.visible, among=Q(metric=metric, target__in=targets))
    }
    rows = [
        (line, [scores.get((line.standing.submission_id, target.pk)) for target in targets])
        for line in lines
    ]
    return Breakdown(metric, lower_is_better(metric), targets, rows)


def target_rows(
    target: Target, board: BoardView, metrics: Sequence[RoundMetric]
) -> list[tuple[Line, list[ShownScore | None]]]:
    """Return every shown entry's scores on one target, best entries first."""
    scores = {
        (score.submission_id, score.metric_id): score
        for score in board_scores(board.visible, among=Q(target=target))
    }
    if not scores:
        return []
    return [
        (line, [scores.get((line.standing.submission_id, metric.pk)) for metric in metrics])
        for line in board.lines
    ]


@dataclass(frozen=True, slots=True)
class Pictured:
    """Whose prediction of a target is drawn, and whose others may be."""

    now: ShownStanding
    all: list[ShownStanding]


def pictured(board: VisibleBoard, target: Target, *, code: str) -> Pictured | None:
    """Choose an entry to draw, the first by default; None before predictions are shown."""
    sight = board.sight
    if not (sight.revealed and sight.predictions and is_drawable(target)):
        return None
    lines = [line for line in board.lines if line.submission.code]
    chosen = next((line for line in lines if line.submission.code == code), None)
    return Pictured(chosen or lines[0], lines[:MOST_DRAWN]) if lines else None


def lower_is_better(metric: RoundMetric) -> bool:
    """Tell a metric's direction; one whose plug-in is gone is drawn as an error."""
    try:
        return get_metric(metric.metric, metric.version).direction is Direction.LOWER
    except UnknownMetricError:
        return True
