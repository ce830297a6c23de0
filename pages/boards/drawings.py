"""Pictures of a board, from what its page shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from leaderboards.costs import Costed
from leaderboards.pictures import (
    Axis,
    Dot,
    HeatRow,
    RankLine,
    heat_map,
    rank_intervals,
    scatter,
)
from leaderboards.progress import Arrival
from leaderboards.visible import VisibleBoard
from pages.boards.lines import MOST_DRAWN, BoardView
from pages.boards.targets import Breakdown


def ranks_picture(board: BoardView) -> str:
    """Draw the rank intervals of the best entries."""
    lines = [
        RankLine(
            label=line.standing.submission.team.name,
            rank=line.standing.rank,
            low=min(line.standing.rank_low or line.standing.rank, line.standing.rank),
            high=max(line.standing.rank_high or line.standing.rank, line.standing.rank),
            group=line.standing.tie_group,
        )
        for line in board.drawn
        if line.standing.rank is not None
    ]
    return rank_intervals(lines, title="Ranks of the entries with their 95 % intervals")


def heat_picture(breakdown: Breakdown) -> str:
    """Draw scores by entry and target."""
    rows = [
        HeatRow(
            f"{line.standing.submission.method.title}, {line.standing.submission.team.name}",
            tuple(score.value if score else None for score in scores),
        )
        for line, scores in breakdown.rows[:MOST_DRAWN]
    ]
    return heat_map(
        rows,
        [target.slug for target in breakdown.targets],
        lower_is_better=breakdown.lower_is_better,
        title=f"{breakdown.metric} of every entry on every target",
    )


def progress_picture(board: VisibleBoard, found: Sequence[Arrival]) -> str:
    """Draw the value of every submission when it came, and the best so far."""
    dots = [
        Dot(each.at.timestamp(), each.line.value, each.line.submission.team.name, each.is_best)
        for each in found
        if each.line.value is not None
    ]
    column = board.revision.columns[0] if board.revision else {}
    return scatter(
        dots,
        x=Axis("time (UTC)", _day),
        y=Axis(str(column.get("label") or column.get("key") or "value")),
        steps=[(dot.x, dot.y) for dot in dots if dot.is_first],
        name="progress",
        title="Values of all entries over time, with the best so far",
    )


def costs_picture(found: Sequence[Costed], *, cost: str, metric: str) -> str:
    """Draw the value of each entry against its declared cost, with the front."""
    dots = [Dot(each.cost, each.value, each.line.submission.team.name, each.is_front)
            for each in found]  # fmt: skip
    return scatter(
        dots,
        x=Axis(cost),
        y=Axis(metric),
        steps=[(dot.x, dot.y) for dot in dots if dot.is_first],
        name="costs",
        title=f"{metric} against {cost}, with the entries that no other beats in both",
    )


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
