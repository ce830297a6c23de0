"""Tables of what boards were asked, with names in the place of keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leaderboards.firmness import Duel, Duels, LeftOut, Stability
from leaderboards.sheets import NoSuchSlice, Sheet, SheetTarget
from leaderboards.shown import ShownStanding
from pages.boards.choice import Choice
from scoring.contract import Aggregate, Direction
from scoring.ranking.targets import TargetStatistics, target_statistics

MOST_ROWS = 50
MOST_DUELS = 25  # a wider matrix cannot be read; all of it is in the file


@dataclass(frozen=True, slots=True)
class StabilityRow:
    """One entry: its official rank, its rank in every other way, and its range."""

    standing: ShownStanding
    official: int
    ranks: list[int | None]
    ranges: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class StabilityTable:
    rows: list[StabilityRow]
    left_out: int


def stability_table(found: Stability, lines: Iterable[ShownStanding]) -> StabilityTable:
    """Return ranks by entry, the official order first."""
    by_key = {line.submission_id: line for line in lines}
    rows = [
        StabilityRow(
            by_key[key],
            rank,
            [way.ranks.get(key) for way in found.ways],
            [_range(part, key) for part in found.left_out],
        )
        for key, rank in list(found.official.items())[:MOST_ROWS]
    ]
    return StabilityTable(rows, len(found.official) - len(rows))


def _range(part: LeftOut, key: int) -> tuple[int, int]:
    return part.lowest[key], part.highest[key]


@dataclass(frozen=True, slots=True)
class DuelRow:
    standing: ShownStanding
    duels: list[Duel | None]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class DuelTable:
    heads: list[ShownStanding]
    rows: list[DuelRow]
    left_out: int
    separated: int  # pairs that differ significantly
    pairs: int


def duel_table(found: Duels, lines: Iterable[ShownStanding]) -> DuelTable:
    """Return the matrix of the first entries."""
    by_key = {line.submission_id: line for line in lines}
    keys = found.keys[:MOST_DUELS]
    rows = [
        DuelRow(by_key[key], row[: len(keys)], found.lowest[key], found.highest[key])
        for key, row in zip(keys, found.rows, strict=False)
    ]
    everyone = [duel for row in found.rows for duel in row if duel is not None]
    return DuelTable(
        heads=[by_key[key] for key in keys],
        rows=rows,
        left_out=len(found.keys) - len(keys) + found.left_out,
        separated=sum(duel.is_significant for duel in everyone),
        pairs=len(everyone) // 2,
    )


@dataclass(frozen=True, slots=True)
class TargetRow:
    target: SheetTarget
    found: TargetStatistics

    @property
    def is_suspect(self) -> bool:
        """Tell whether it contradicts the other targets: its answer deserves a second look."""
        return self.found.discrimination is not None and self.found.discrimination < 0


@dataclass(frozen=True, slots=True)
class TargetTable:
    metric: str
    lower_is_better: bool
    entries: int
    rows: Sequence[TargetRow]


def target_table(sheet: Sheet, choice: Choice) -> TargetTable | None:
    """Return what each target says about the competing entries, by one metric."""
    try:
        column = sheet.column(choice.part.metric)
    except NoSuchSlice:
        return None
    lines = sheet.competing
    if column["aggregate"] == Aggregate.POOLED or not lines or not sheet.targets:
        return None
    direction = Direction(column["direction"])
    matrix = sheet.matrix(column["key"], lines, [each.slug for each in sheet.targets])
    found = target_statistics(matrix, direction=direction)
    return TargetTable(
        metric=column.get("label") or column["key"],
        lower_is_better=direction is Direction.LOWER,
        entries=len(lines),
        rows=[TargetRow(*pair) for pair in zip(sheet.targets, found, strict=True)],
    )
