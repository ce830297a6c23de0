"""How the values on a board came down, or went up, over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from leaderboards.models import Standing
from leaderboards.rows import shown_rows_of_many
from leaderboards.shown import ShownStanding, shown_standing
from leaderboards.visible import VisibleBoard, visible_revisions


@dataclass(frozen=True, slots=True)
class Arrival:
    """A submission when it first stood on a revision that may be seen."""

    line: ShownStanding
    at: datetime
    is_best: bool  # better than every participant's before


def arrivals(board: VisibleBoard) -> list[Arrival]:
    """Return every submission that ever had a value on the board, in order, in two queries."""
    if board.revision is None:
        return []
    revisions = visible_revisions(board.round, board.sight, board.moment)
    first = dict(
        Standing.objects.filter(revision__in=revisions, value__isnull=False)
        .order_by()
        .values_list("submission")
        .annotate(first=Min("revision"))
    )
    rows = shown_rows_of_many(
        Standing.objects.filter(revision__in=set(first.values()), submission__in=first)
    ).order_by("revision", "position")
    lines = [
        shown_standing(row, board.round, board.sight)
        for row in rows
        if first[row.submission_id] == row.revision_id
    ]
    return _marked(lines, is_lower=board.revision.rule["direction"] == "lower")


def _marked(lines: Sequence[ShownStanding], *, is_lower: bool) -> list[Arrival]:
    found, best = [], None
    for line in lines:
        value = line.value
        if value is None:
            continue
        competes = line.rank is not None
        better = competes and (best is None or (value < best if is_lower else value > best))
        best = value if better else best
        found.append(Arrival(line, line.revision.created_at, better))
    return found
