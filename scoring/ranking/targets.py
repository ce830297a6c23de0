"""What each target says about the entries: how hard it is, and how well it tells them apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.contract import Direction
from scoring.ranking.order import average_ranks

FloatArray = NDArray[np.float64]

LEAST_ENTRIES = 4  # a correlation of fewer says nothing


@dataclass(frozen=True, slots=True)
class TargetStatistics:
    """Of one target, over the entries that have a value on it; None where nothing can be said."""

    answered: int
    best: float | None
    median: float | None
    worst: float | None
    difficulty: float | None  # 0: the easiest target of the round for the median entry; 1: hardest
    discrimination: float | None  # from -1 to 1


def target_statistics(values: FloatArray, *, direction: Direction) -> tuple[TargetStatistics, ...]:
    """Return what every target says about the entries.

    Parameters
    ----------
    values : array of shape (entries, targets)
        NaN where an entry has no value.
    direction : Direction
        Which way is better.

    Notes
    -----
    Difficulty ranks the targets within each entry and takes the median entry: 0 where it has its
    best value, 1 where it has its worst. It says how the targets of one round compare, for
    metrics that can be compared between targets.

    Discrimination is the corrected item-total correlation of test theory: Spearman's correlation
    between the entries' values on this target and their mean ranks over all other targets. Near 1,
    the target orders the entries as the others do; near 0 it says nothing, or something else;
    below 0 it contradicts them, and its answer deserves a second look. It needs four entries.

    Examples
    --------
    >>> scores = np.array([[1.0, 5, 9], [2, 6, 10], [3, 7, 12], [4, 8, 11]])
    >>> found = target_statistics(scores, direction=Direction.LOWER)
    >>> [round(each.discrimination, 2) for each in found], [each.difficulty for each in found]
    ([0.95, 0.95, 0.8], [0.0, 0.5, 1.0])
    """
    ranks = _ranks_with_gaps(values.T, direction).T  # of the entries on each target
    hardness = _ranks_with_gaps(values, direction)  # of the targets within each entry
    return tuple(
        _of_target(values, ranks, hardness, place=place, direction=direction)
        for place in range(values.shape[1])
    )


def _of_target(
    values: FloatArray,
    ranks: FloatArray,
    hardness: FloatArray,
    *,
    place: int,
    direction: Direction,
) -> TargetStatistics:
    known = values[:, place][~np.isnan(values[:, place])]
    if not known.size:
        return TargetStatistics(0, None, None, None, None, None)
    low, high = float(known.min()), float(known.max())
    is_lower = direction is Direction.LOWER
    return TargetStatistics(
        answered=int(known.size),
        best=low if is_lower else high,
        median=float(np.median(known)),
        worst=high if is_lower else low,
        difficulty=_difficulty(hardness, place),
        discrimination=_discrimination(ranks, place),
    )


def _ranks_with_gaps(rows: FloatArray, direction: Direction) -> FloatArray:
    """Rank each row by itself, NaN where there is no value."""
    found = average_ranks(rows, direction=direction)
    return np.where(np.isnan(rows), np.nan, found)


def _difficulty(hardness: FloatArray, place: int) -> float | None:
    there = ~np.isnan(hardness[:, place])
    targets = (~np.isnan(hardness[there])).sum(axis=1)
    several = targets > 1
    if not several.any():
        return None
    places = (hardness[there, place][several] - 1) / (targets[several] - 1)
    return float(np.median(places))


def _discrimination(ranks: FloatArray, place: int) -> float | None:
    others = np.delete(ranks, place, axis=1)
    counts = (~np.isnan(others)).sum(axis=1)
    there = ~np.isnan(ranks[:, place]) & (counts > 0)
    if there.sum() < LEAST_ENTRIES:
        return None
    totals = np.nansum(others[there], axis=1) / counts[there]
    pair = average_ranks(
        np.stack([ranks[there, place], totals]), direction=Direction.LOWER, tolerance=1e-9
    )
    if any(row.min() == row.max() for row in pair):
        return None
    return float(np.corrcoef(pair[0], pair[1])[0, 1])
