"""Would the order of a board be another, had it been made a little differently?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderboards.sheets import Sheet, SheetLine, board_of_metric
from scoring.aggregate import MissingPolicy
from scoring.contract import Aggregate, Direction
from scoring.ranking.board import RankBoard, rank_board
from scoring.ranking.rule import Adjustment, RankRule, Scheme
from scoring.ranking.significance import holm, rank_bounds_by_tests, wilcoxon_map
from scoring.ranking.stability import kendall_taus, ranks_without_each

IntArray = NDArray[np.int64]
MOST_ENTRIES = 200  # all pairs are compared: more would keep a visitor waiting
DRAWS = 1000
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class OtherWay:
    """The ranks that another way to rank gives; None where an entry has none under it."""

    name: str
    ranks: dict[int, int | None]
    tau: float | None  # Kendall's, to the official order; None where all tie


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How ranks move if one part of the targets is left out, whichever it is."""

    what: str  # target, family or class
    parts: int
    lowest: dict[int, int]
    highest: dict[int, int]
    least_tau: float | None
    changes_first: tuple[str, ...]  # without these another entry is first


@dataclass(frozen=True, slots=True)
class Stability:
    """How firm the order of the competing entries of one track is."""

    official: dict[int, int]  # rank by line, best first
    ways: list[OtherWay]
    left_out: list[LeftOut]
    draws_tau: tuple[float, float, float] | None  # 2.5 %, median and 97.5 % over draws
    first: frozenset[int]

    @property
    def other_firsts(self) -> list[OtherWay]:
        """The ways under which the first is none of the official first."""
        return [way for way in self.ways if not any(way.ranks.get(key) == 1 for key in self.first)]


def stability(sheet: Sheet, *, track: str = "") -> Stability | None:
    """Rank the competing entries of a track in every other way; None with fewer than two."""
    lines = [each for each in sheet.competing if each.track == track]
    column = sheet.column("")
    official = board_of_metric(sheet, column, lines, sheet.targets, samples=DRAWS)
    ranked = {int(line.entry): line.rank for line in official.lines if line.rank is not None}
    if len(ranked) < 2:
        return None
    lines = [each for each in lines if each.key in ranked]
    ways = [_way(name, board, ranked) for name, board in _other_boards(sheet, column, lines)]
    return Stability(
        official=ranked,
        ways=ways,
        left_out=_left_out(sheet, official, ranked),
        draws_tau=_draws_tau(official),
        first=frozenset(key for key, rank in ranked.items() if rank == 1),
    )


def _other_boards(
    sheet: Sheet, column: Mapping[str, Any], lines: Sequence[SheetLine]
) -> list[tuple[str, RankBoard]]:
    table = sheet.table(column, lines, sheet.targets)
    rule = sheet.rank_rule(column, sheet.targets)
    found = [(name, rank_board(table, other, samples=0)) for name, other in _other_rules(rule)]
    for other in sheet.columns[1:]:
        label = f"metric {other.get('label') or other['key']}"
        found.append((label, board_of_metric(sheet, other, lines, sheet.targets)))
    return found


def _other_rules(rule: RankRule) -> list[tuple[str, RankRule]]:
    """Return the official rule with another scheme or aggregate, and what each is called."""
    aggregates = {
        Aggregate.MEAN: "mean over targets",
        Aggregate.MEDIAN: "median over targets",
    }
    plain = replace(rule, tolerance=0.0)
    found = [
        (name, replace(rule, aggregate=how))
        for how, name in aggregates.items()
        if how is not rule.aggregate
    ]
    no_penalty = replace(plain, penalty=None)
    found.append(
        ("mean rank", replace(no_penalty, scheme=Scheme.MEAN_RANK, aggregate=Aggregate.MEAN))
    )
    z_penalty = -2.0 if rule.missing is MissingPolicy.WORST else None
    found.append(
        (
            "summed Z, floor \u22122",
            replace(plain, scheme=Scheme.Z_SCORE, aggregate=Aggregate.SUM, penalty=z_penalty),
        )
    )
    tests = replace(plain, scheme=Scheme.TEST_THEN_RANK, target_weights={})
    found.append(("test, then rank", replace(tests, adjust=Adjustment.NONE)))
    return found


def _way(name: str, board: RankBoard, official: Mapping[int, int]) -> OtherWay:
    ranks = {int(line.entry): line.rank for line in board.lines}
    mine = np.array([[np.nan if ranks.get(key) is None else ranks[key] for key in official]], float)
    theirs = np.array(list(official.values()), dtype=float)
    return OtherWay(name, {key: ranks.get(key) for key in official}, _or_none(mine, theirs))


def _or_none(rows: NDArray[np.float64], board: NDArray[np.float64]) -> float | None:
    tau = float(kendall_taus(rows, board)[0])
    return None if np.isnan(tau) else tau


def _left_out(sheet: Sheet, board: RankBoard, official: Mapping[int, int]) -> list[LeftOut]:
    """Leave out each target, each family and each class, as far as there are several."""
    numbers: list[tuple[str, IntArray, list[str]]] = [
        ("target", np.arange(len(sheet.targets)), [each.slug for each in sheet.targets])
    ]
    names = {"group": "family", "class": "class"}
    table = sheet.table(sheet.column(""), sheet.competing, sheet.targets)
    for label in table.labels:
        values, units = np.unique(np.array(table.labels[label]), return_inverse=True)
        numbers.append((names[label], np.asarray(units, dtype=np.int64), list(values)))
    return [
        _without(board, what, units, parts, official)
        for what, units, parts in numbers
        if len(parts) > 1
    ]


def _without(
    board: RankBoard, what: str, units: IntArray, parts: list[str], official: Mapping[int, int]
) -> LeftOut:
    direction = board.rule.direction
    ranks = ranks_without_each(
        board.field.values, units, direction=direction, tolerance=board.rule.tolerance
    )
    keys = [int(name) for name in board.names]
    first = [place for place, key in enumerate(keys) if official.get(key) == 1]
    mine = np.array([official[key] for key in keys], dtype=float)
    taus = kendall_taus(ranks.astype(float), mine)
    changed = [
        str(part) for part, row in zip(parts, ranks, strict=True) if not (row[first] == 1).any()
    ]
    return LeftOut(
        what=what,
        parts=len(parts),
        lowest=dict(zip(keys, ranks.min(axis=0).tolist(), strict=True)),
        highest=dict(zip(keys, ranks.max(axis=0).tolist(), strict=True)),
        least_tau=None if np.isnan(taus).all() else float(np.nanmin(taus)),
        changes_first=tuple(changed),
    )


def _draws_tau(board: RankBoard) -> tuple[float, float, float] | None:
    sign = -1.0 if board.rule.direction is Direction.HIGHER else 1.0
    taus = kendall_taus(sign * board.replicates, sign * board.values)
    taus = taus[~np.isnan(taus)]
    if not taus.size:
        return None
    low, middle, high = np.quantile(taus, [0.025, 0.5, 0.975]).tolist()
    return low, middle, high


@dataclass(frozen=True, slots=True)
class Duel:
    """One entry against another: on how many targets it is better, equal, worse; Holm's p."""

    better: int
    equal: int
    worse: int
    p_value: float | None
    is_significant: bool


@dataclass(frozen=True, slots=True)
class Duels:
    """All pairs of the competing entries of a track, best first."""

    keys: list[int]
    rows: list[list[Duel | None]]  # None on the diagonal
    lowest: dict[int, int]  # ranks that the tests leave open
    highest: dict[int, int]
    left_out: int


def duels(sheet: Sheet, *, track: str = "") -> Duels | None:
    """Compare all pairs of the first entries of a track; None with fewer than two."""
    column = sheet.column("")
    lines = [each for each in sheet.competing if each.track == track]
    board = board_of_metric(sheet, column, lines, sheet.targets)
    ranked = [int(line.entry) for line in board.lines if line.rank is not None]
    if len(ranked) < 2:
        return None
    keys = ranked[:MOST_ENTRIES]
    place = {int(name): number for number, name in enumerate(board.names)}
    matrix = board.field.matrix[[place[key] for key in keys]]
    direction = board.field.direction
    p_values = holm(wilcoxon_map(matrix, direction=direction, exact=True))
    with np.errstate(invalid="ignore"):
        lowest, highest = rank_bounds_by_tests(np.asarray(p_values < ALPHA))
    signed = matrix if direction is Direction.HIGHER else -matrix
    return Duels(
        keys=keys,
        rows=[[_duel(signed, p_values, i, j) for j in range(len(keys))] for i in range(len(keys))],
        lowest=dict(zip(keys, lowest.tolist(), strict=True)),
        highest=dict(zip(keys, highest.tolist(), strict=True)),
        left_out=len(ranked) - len(keys),
    )


def _duel(
    signed: NDArray[np.float64], p_values: NDArray[np.float64], one: int, other: int
) -> Duel | None:
    if one == other:
        return None
    with np.errstate(invalid="ignore"):
        gap = signed[one] - signed[other]
    p_value = float(p_values[one, other])
    return Duel(
        better=int((gap > 0).sum()),
        equal=int((gap == 0).sum()),
        worse=int((gap < 0).sum()),
        p_value=None if np.isnan(p_value) else p_value,
        is_significant=bool(p_value < ALPHA),
    )
