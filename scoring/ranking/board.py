"""A board from a table of scores and a declared rule: ranks, and how firm each of them is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.contract import ScoreStatus
from scoring.ranking.order import rank_entries
from scoring.ranking.rule import RankRule
from scoring.ranking.schemes import Field, field_of
from scoring.ranking.table import ScoreTable
from scoring.uncertainty import (
    ROUNDING,
    SAMPLES,
    EntryUncertainty,
    assess_replicates,
    replicate,
)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One entry of a board. Without a rank it has no value either, and the status says why."""

    entry: str
    status: ScoreStatus
    rank: int | None
    value: float | None
    answered: int
    offered: int
    uncertainty: EntryUncertainty | None  # None without draws


@dataclass(frozen=True, slots=True)
class RankBoard:
    """A ranked table of scores, best first."""

    rule: RankRule
    names: tuple[str, ...]  # of the field's entries, in its order
    lines: tuple[BoardLine, ...]
    field: Field
    values: FloatArray  # of the field's entries, in its order
    replicates: FloatArray  # (draws, field's entries)
    seed: int


def rank_board(
    table: ScoreTable,
    rule: RankRule,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> RankBoard:
    """Rank the entries of a table by a declared rule.

    Parameters
    ----------
    table : ScoreTable
    rule : RankRule
    samples, seed
        Draws of the bootstrap and their seed; 0 draws leave intervals out.
    progress : function, optional
        Told now and then how many draws are done.

    Raises
    ------
    TableError
        The table lacks what the rule asks for.

    Notes
    -----
    An entry that the rule leaves out, because targets are missing, takes no part: no rank and no
    Z-score of another entry depends on it. Values that differ by rounding alone tie.
    """
    field = field_of(table, rule)
    values = field.values(np.ones((1, len(table.targets))))[0]
    magnitude = float(np.nanmax(np.abs(values), initial=0.0)) if len(values) else 0.0
    ranking = rank_entries(
        [None if math.isnan(value) else float(value) for value in values],
        direction=rule.direction,
        tolerance=max(rule.tolerance, ROUNDING * magnitude),
    )
    replicates = np.empty((0, len(values)))
    known: tuple[EntryUncertainty | None, ...] = (None,) * len(values)
    if samples and len(values):
        replicates = replicate(
            field.values, field.draws, samples=samples, seed=seed, progress=progress
        )
        known = assess_replicates(
            replicates,
            values,
            direction=rule.direction,
            confidence=rule.confidence,
            tolerance=rule.tolerance,
        )
    ranked = [
        _line(table, field, number, rank=ranking.ranks[number], value=values[number], known=known)
        for number in ranking.order
    ]
    lines = ranked + _unranked(table, field)
    names = tuple(table.entries[number] for number in field.entries)
    return RankBoard(rule, names, tuple(lines), field, values, replicates, seed)


def _unranked(table: ScoreTable, field: Field) -> list[BoardLine]:
    """Return the lines of the entries that the rule leaves out."""
    left_out = sorted(set(range(len(table.entries))) - set(field.entries.tolist()))
    return [
        BoardLine(
            entry=table.entries[number],
            status=ScoreStatus.MISSING,
            rank=None,
            value=None,
            answered=int(field.answered[number]),
            offered=len(table.targets),
            uncertainty=None,
        )
        for number in left_out
    ]


def _line(
    table: ScoreTable,
    field: Field,
    number: int,
    *,
    rank: int | None,
    value: float,
    known: tuple[EntryUncertainty | None, ...],
) -> BoardLine:
    entry = int(field.entries[number])
    return BoardLine(
        entry=table.entries[entry],
        status=ScoreStatus.UNDEFINED if rank is None else ScoreStatus.OK,
        rank=rank,
        value=None if rank is None else float(value),
        answered=int(field.answered[entry]),
        offered=len(table.targets),
        uncertainty=None if rank is None else known[number],
    )
