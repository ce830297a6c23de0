"""What the pages show of boards: stored revisions, read in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch, QuerySet

from accounts.models import Team
from catalog.models import Artifact, LineageEdge
from challenges.models import Round
from leaderboards.models import BoardRevision, Standing
from leaderboards.selectors import current_revision
from scoring.contract import Direction

MOST_SHOWN = 50  # a page with more lines is heavy; all of them are one link away
MOST_DRAWN = 40
PARENTS = Prefetch(
    "submission__method__parent_edges",
    LineageEdge.objects.select_related("parent").order_by("parent__title", "pk"),
    to_attr="declared",
)


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

    standing: Standing
    cells: list[float | None]
    is_mine: bool
    starts_group: bool
    datasets: list[Artifact]
    models: list[Artifact]


@dataclass(frozen=True, slots=True)
class BoardView:
    """One revision of a round's board."""

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
    def drawn(self) -> list[Line]:
        return self.ranked[:MOST_DRAWN]


def board_of(round_: Round, *, mine: Iterable[Team] = ()) -> BoardView | None:
    """Return the current board of a round, or None before the first entry is scored."""
    revision = current_revision(round_)
    if revision is None:
        return None
    columns = [_column(entry) for entry in revision.columns]
    standings = standings_of(revision).prefetch_related(PARENTS)
    lines = _lines(standings, columns[1:], mine={team.pk for team in mine})
    return BoardView(
        revision=revision,
        primary=columns[0] if columns else None,
        others=columns[1:],
        lines=lines,
        ranked=[line for line in lines if line.standing.rank is not None],
    )


def standings_of(revision: BoardRevision) -> QuerySet[Standing]:
    """Return a revision's lines with what each names."""
    return revision.standings.select_related(
        "submission__team", "submission__method", "submission__method__team", "submission__track"
    ).order_by("position")


def current_standings(rounds: QuerySet[Round]) -> QuerySet[Standing]:
    """Return the lines of the current boards of some rounds."""
    return Standing.objects.filter(
        revision__in=rounds.order_by().filter(board__current__isnull=False).values("board__current")
    ).select_related(
        "submission__team", "submission__method", "submission__round__challenge", "revision"
    )


def _column(entry: dict[str, Any]) -> Column:
    return Column(
        key=entry["key"],
        label=entry.get("label") or entry["key"],
        unit=entry.get("unit", ""),
        lower_is_better=entry.get("direction") == Direction.LOWER,
    )


def _lines(standings: Iterable[Standing], columns: list[Column], *, mine: set[int]) -> list[Line]:
    lines: list[Line] = []
    group: int | None = None
    for standing in standings:
        parents = [edge.parent for edge in standing.submission.method.declared]  # type: ignore[attr-defined]  # set by the prefetch
        starts = standing.tie_group is not None and standing.tie_group != group
        group = standing.tie_group if standing.tie_group is not None else group
        lines.append(
            Line(
                standing=standing,
                cells=[standing.values.get(column.key) for column in columns],
                is_mine=standing.submission.team_id in mine,
                starts_group=starts and bool(lines),
                datasets=[each for each in parents if each.kind != Artifact.Kind.MODEL],
                models=[each for each in parents if each.kind == Artifact.Kind.MODEL],
            )
        )
    return lines
