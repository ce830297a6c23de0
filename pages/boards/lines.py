"""What the pages show of boards: stored revisions, read in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Team
from catalog.models import Artifact
from leaderboards.models import BoardRevision
from leaderboards.shown import ShownStanding
from leaderboards.visible import VisibleBoard
from scoring.contract import Direction

MOST_SHOWN = 50  # a page with more lines is heavy; all of them are one link away
MOST_DRAWN = 40


@dataclass(frozen=True, slots=True)
class Column:
    """One metric of a board."""

    key: str
    label: str
    unit: str
    lower_is_better: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One standing as it is shown."""

    standing: ShownStanding
    cells: list[float | None]
    is_mine: bool
    starts_group: bool
    datasets: list[Artifact]
    models: list[Artifact]


@dataclass(frozen=True, slots=True)
class BoardView:
    """One revision of a round's board."""

    visible: VisibleBoard
    revision: BoardRevision
    primary: Column | None
    others: list[Column]
    lines: list[Line]
    ranked: list[Line] = field(default_factory=list)

    @property
    def first(self) -> list[Line]:
        """The lines of a light page: the best, and the visitor's own wherever they stand."""
        return [line for line in self.lines if line.standing.position <= MOST_SHOWN or line.is_mine]

    @property
    def top(self) -> list[Line]:
        """The entries of which nobody can say, with these targets, which is best."""
        return [line for line in self.ranked if line.standing.tie_group == 1]

    @property
    def leader(self) -> Line | None:
        """The first line that is ranked."""
        return self.ranked[0] if self.ranked else None

    @property
    def drawn(self) -> list[Line]:
        return self.ranked[:MOST_DRAWN]


def board_of(board: VisibleBoard, *, mine: Iterable[Team] = ()) -> BoardView | None:
    """Return a board for its page, or None where no revision is there or may be seen."""
    revision = board.revision
    if revision is None:
        return None
    return board_from(board, board.lines, revision.columns, mine=mine)


def board_from(
    board: VisibleBoard,
    standings: Iterable[ShownStanding],
    columns_said: Iterable[Mapping[str, Any]],
    *,
    mine: Iterable[Team] = (),
) -> BoardView:
    """Return lines and columns as they are shown, the ranking column first."""
    if board.revision is None:
        raise ValueError("there is no board to show")
    columns = [_column(entry) for entry in columns_said]
    lines = _lines(standings, columns[1:], mine={team.pk for team in mine})
    return BoardView(
        visible=board,
        revision=board.revision,
        primary=columns[0] if columns else None,
        others=columns[1:],
        lines=lines,
        ranked=[line for line in lines if line.standing.rank is not None],
    )


def _column(entry: Mapping[str, Any]) -> Column:
    return Column(
        key=entry["key"],
        label=entry.get("label") or entry["key"],
        unit=entry.get("unit", ""),
        lower_is_better=entry.get("direction") == Direction.LOWER,
    )


def _lines(
    standings: Iterable[ShownStanding], columns: list[Column], *, mine: set[int]
) -> list[Line]:
    lines: list[Line] = []
    group: int | None = None
    for standing in standings:
        parents = standing.submission.method.parents
        starts = standing.tie_group is not None and standing.tie_group != group
        group = standing.tie_group if standing.tie_group is not None else group
        lines.append(
            Line(
                standing=standing,
                cells=[standing.values.get(column.key) for column in columns],
                is_mine=standing.team_id in mine,
                starts_group=starts and bool(lines),
                datasets=[each for each in parents if each.kind != Artifact.Kind.MODEL],
                models=[each for each in parents if each.kind == Artifact.Kind.MODEL],
            )
        )
    return lines
