"""The scores of a board as arrays, as far as somebody may see them, and parts of it ranked.

Everything that looks at a board from another side (a class of targets, another metric, another
way to rank) is computed from a sheet alone, so that it tells nothing the sheet does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.aggregate import MissingPolicy
from scoring.contract import Aggregate, Direction
from scoring.ranking.board import RankBoard, rank_board
from scoring.ranking.rule import MetricTerm, RankRule
from scoring.ranking.table import ScoreTable
from scoring.uncertainty import EntryUncertainty

FloatArray = NDArray[np.float64]
MOST_DRAWS = 2000  # of the bootstrap, as parts are computed while somebody waits


@dataclass(frozen=True, slots=True)
class SheetTarget:
    """A target: what it is called, and what it belongs to."""

    slug: str
    weight: float = 1.0
    family: str = ""
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line of the board: its key, the track it is ranked in, and whether it competes."""

    key: int
    competes: bool
    track: str = ""


@dataclass(frozen=True, slots=True)
class Slice:
    """What part of a board is asked for; the empty one is the board as it is."""

    target_class: str = ""
    family: str = ""
    metric: str = ""
    only: frozenset[int] = frozenset()  # the lines to look at; empty: all

    @property
    def is_whole(self) -> bool:
        return self == Slice()

    def takes(self, target: SheetTarget) -> bool:
        """Tell whether a target belongs to the part."""
        return (not self.target_class or self.target_class in target.classes) and (
            not self.family or self.family == target.family
        )


class NoSuchSlice(LookupError):
    """Nothing of the board belongs to the part that is asked for."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Scores by line, metric and target, and the rule to rank them by."""

    rule: Mapping[str, Any]  # as in a board's revision
    columns: Sequence[Mapping[str, Any]]  # likewise, the ranking metric first
    lines: Sequence[SheetLine]
    targets: Sequence[SheetTarget]
    values: Mapping[tuple[int, str, str], float] = field(repr=False)  # line, metric, target
    pooled: Mapping[tuple[int, str], float] = field(default_factory=dict, repr=False)

    @property
    def competing(self) -> list[SheetLine]:
        return [line for line in self.lines if line.competes]

    def by_track(self) -> dict[str, Sheet]:
        """Return the sheet of each track, which is ranked by itself; all in one without tracks."""
        return {
            track: replace(self, lines=[each for each in self.lines if each.track == track])
            for track in dict.fromkeys(each.track for each in self.lines)
        }

    def column(self, key: str) -> Mapping[str, Any]:
        """Return a column by its key, the ranking one for an empty key."""
        found = next((each for each in self.columns if key in ("", each["key"])), None)
        if found is None:
            raise NoSuchSlice("the board has no such metric")
        return found

    def matrix(self, key: str, lines: Sequence[SheetLine], targets: Sequence[str]) -> FloatArray:
        """Return one metric's values, shape (lines, targets), NaN where there is none."""
        rows = [
            [self.values.get((line.key, key, target), np.nan) for target in targets]
            for line in lines
        ]
        return np.array(rows, dtype=float).reshape(len(lines), len(targets))

    def rank_rule(self, column: Mapping[str, Any], targets: Sequence[SheetTarget]) -> RankRule:
        """Return the board's rule for one of its metrics."""
        primary = column["key"] == self.rule["metric"]
        missing = MissingPolicy(self.rule["missing_policy"])
        aggregate = Aggregate(column["aggregate"])
        is_pooled = aggregate is Aggregate.POOLED
        return RankRule(
            metrics=(MetricTerm(column["key"], Direction(column["direction"])),),
            aggregate=Aggregate.MEAN if is_pooled else aggregate,
            target_weights={} if is_pooled else {each.slug: each.weight for each in targets},
            # The penalty and the tolerance are declared in the unit of the ranking metric.
            missing=missing if primary or missing is not MissingPolicy.WORST else _COMPLETE,
            penalty=self.rule["missing_penalty"] if primary else None,
            tolerance=self.rule["tie_tolerance"] if primary else 0.0,
        )

    def table(
        self, column: Mapping[str, Any], lines: Sequence[SheetLine], targets: Sequence[SheetTarget]
    ) -> ScoreTable:
        """Return one metric's values as the ranking functions take them."""
        key = column["key"]
        slugs = [each.slug for each in targets]
        if column["aggregate"] == Aggregate.POOLED:
            slugs = ["all targets"]
            matrix = np.array([[self.pooled.get((each.key, key), np.nan)] for each in lines])
        else:
            matrix = self.matrix(key, lines, slugs)
        return ScoreTable(
            entries=tuple(str(each.key) for each in lines),
            targets=tuple(slugs),
            values={key: matrix.reshape(1, len(lines), len(slugs))},
            labels={} if len(slugs) != len(targets) else labels_of(targets),
        )


_COMPLETE = MissingPolicy.INCOMPLETE


def labels_of(targets: Sequence[SheetTarget]) -> dict[str, tuple[str, ...]]:
    """Return families and first classes of targets, where all have one."""
    labels = {
        "group": tuple(each.family for each in targets),
        "class": tuple(each.classes[0] if each.classes else "" for each in targets),
    }
    return {name: found for name, found in labels.items() if all(found)}


@dataclass(frozen=True, slots=True)
class Place:
    """A line's place in a part of a board."""

    key: int
    value: float | None
    rank: int | None
    uncertainty: EntryUncertainty | None
    answered: int
    offered: int
    values: dict[str, float | None]


def places(sheet: Sheet, part: Slice) -> list[Place]:
    """Rank a part of a board by the board's own rule, track by track.

    Those that do not compete stand between the others, unranked.

    Raises
    ------
    NoSuchSlice
        If nothing belongs to the part.
    """
    column = sheet.column(part.metric)
    targets = [each for each in sheet.targets if part.takes(each)]
    if column["aggregate"] == Aggregate.POOLED and len(targets) < len(sheet.targets):
        raise NoSuchSlice("this metric sees all targets at once")
    lines = [each for each in sheet.lines if not part.only or each.key in part.only]
    if not targets or not lines:
        raise NoSuchSlice("nothing of the board belongs to this part")
    found: list[Place] = []
    for track in dict.fromkeys(each.track for each in lines):
        found += _in_track(sheet, column, [each for each in lines if each.track == track], targets)
    return found


def _in_track(
    sheet: Sheet,
    column: Mapping[str, Any],
    lines: Sequence[SheetLine],
    targets: Sequence[SheetTarget],
) -> list[Place]:
    everyone = board_of_metric(sheet, column, lines, targets)
    contest = {
        line.entry: line
        for line in board_of_metric(
            sheet,
            column,
            [each for each in lines if each.competes],
            targets,
            samples=min(MOST_DRAWS, sheet.rule["bootstrap_resamples"]),
        ).lines
    }
    others = _other_values(sheet, column, lines, targets)
    pooled = column["aggregate"] == Aggregate.POOLED
    found = []
    for line in everyone.lines:
        ranked = contest.get(line.entry)
        known = ranked.uncertainty if ranked and not pooled else None
        key = int(line.entry)
        found.append(
            Place(
                key=key,
                value=line.value,
                rank=ranked.rank if ranked else None,
                uncertainty=known,
                answered=line.answered,
                offered=line.offered,
                values={column["key"]: line.value} | others.get(key, {}),
            )
        )
    return found


def _other_values(
    sheet: Sheet,
    column: Mapping[str, Any],
    lines: Sequence[SheetLine],
    targets: Sequence[SheetTarget],
) -> dict[int, dict[str, float | None]]:
    found: dict[int, dict[str, float | None]] = {each.key: {} for each in lines}
    for other in sheet.columns:
        pooled = other["aggregate"] == Aggregate.POOLED
        if other["key"] == column["key"] or (pooled and len(targets) < len(sheet.targets)):
            continue
        for line in board_of_metric(sheet, other, lines, targets).lines:
            found[int(line.entry)][other["key"]] = line.value
    return found


def board_of_metric(
    sheet: Sheet,
    column: Mapping[str, Any],
    lines: Sequence[SheetLine],
    targets: Sequence[SheetTarget],
    *,
    samples: int = 0,
) -> RankBoard:
    """Rank some lines by one metric as the board would."""
    return rank_board(
        sheet.table(column, lines, targets),
        sheet.rank_rule(column, targets),
        samples=samples,
        seed=sheet.rule["bootstrap_seed"],
    )
