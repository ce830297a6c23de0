"""Pictures of a board, from what its page shows."""

from __future__ import annotations

from leaderboards.pictures import HeatRow, RankLine, heat_map, rank_intervals
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
            f"{line.standing.submission.team.name}: {line.standing.submission.method.title}",
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
