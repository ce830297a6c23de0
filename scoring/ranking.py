"""The one ranking function.

Competition ranking: 1-2-2-4. Values within a declared tolerance of the *best value of their
group* share its rank; a group is never stretched by chaining neighbour to neighbour, so two
entries of one rank are never further apart than the tolerance. What has no value comes last,
whichever direction is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.contract import Direction

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranks in the order of the input, and the input's indices from best to last.

    An entry without value has rank None; it stands at the end of `order`. Within one rank the
    better value stands first, then the earlier input.
    """

    ranks: tuple[int | None, ...]
    order: tuple[int, ...]


def rank_entries(
    values: Sequence[float | None], *, direction: Direction, tolerance: float = 0.0
) -> Ranking:
    """Rank entries by their values.

    Parameters
    ----------
    values : sequence of float or None
        One for each entry; None where it has no value.
    direction : Direction
        Which way is better.
    tolerance : float
        Values this close to the best of a group, in the unit of the values, share its rank.

    Examples
    --------
    >>> rank_entries([0.3, 0.1, None, 0.3], direction=Direction.LOWER).ranks
    (2, 1, None, 2)
    """
    row = np.array([[np.nan if value is None else value for value in values]], dtype=float)
    ranks = competition_ranks(row, direction=direction, tolerance=tolerance)[0]
    order = _order(row, direction)[0]
    return Ranking(
        ranks=tuple(
            None if np.isnan(value) else int(rank)
            for value, rank in zip(row[0], ranks, strict=True)
        ),
        order=tuple(int(index) for index in order),
    )


def competition_ranks(
    values: FloatArray, *, direction: Direction, tolerance: float | FloatArray = 0.0
) -> IntArray:
    """Rank each row of a table by itself.

    Parameters
    ----------
    values : array of shape (rows, entries)
        NaN where an entry has no value; infinities are not allowed.
    direction : Direction
        Which way is better.
    tolerance : float or array of shape (rows,)
        As in `rank_entries`.

    Returns
    -------
    integer array of shape (rows, entries)
        Entries without value share the rank after all others.
    """
    limit = np.broadcast_to(np.asarray(tolerance, dtype=float), values.shape[:1])
    if np.isinf(values).any() or not np.isfinite(limit).all() or (limit < 0).any():
        raise ValueError("values must be finite or NaN, the tolerance finite and not negative")
    cost = _cost(values, direction)
    order = np.argsort(cost, axis=1)  # not stable, but faster: equal costs share a rank anyway
    ordered = np.take_along_axis(cost, order, axis=1)
    ranks = np.empty(values.shape, dtype=np.int64)
    np.put_along_axis(ranks, order, _ordered_ranks(ordered, limit[:, np.newaxis]), axis=1)
    return ranks


def _ordered_ranks(cost: FloatArray, limit: FloatArray) -> IntArray:
    """Rank rows of ascending costs; infinite costs form one last group of their own.

    Most rows of a bootstrap have no ties at all, and then a rank is a position.
    """
    ranks = np.tile(np.arange(1, cost.shape[1] + 1), (cost.shape[0], 1))
    tied = ~(cost[:, 1:] > cost[:, :-1] + limit).all(axis=1)
    if tied.any():
        ranks[tied] = _grouped_ranks(cost[tied], limit[tied])
    return ranks


def _grouped_ranks(cost: FloatArray, limit: FloatArray) -> IntArray:
    """Rank rows of ascending costs that may have groups.

    Groups are first cut wherever two neighbours are further apart than the limit. Such a group
    is final if it is no wider than the limit itself; only rows with a wider one are gone through
    entry by entry.
    """
    finite = np.isfinite(cost)
    before = np.where(finite[:, :-1], cost[:, :-1], 0.0)
    after = np.where(finite[:, 1:], cost[:, 1:], 0.0)
    cut = np.where(finite[:, 1:], after > before + limit, finite[:, :-1])
    fresh = np.concatenate([np.ones((cost.shape[0], min(1, cost.shape[1])), bool), cut], axis=1)
    first = np.maximum.accumulate(np.where(fresh, np.arange(cost.shape[1]), 0), axis=1)
    best = np.take_along_axis(cost, first, axis=1)
    wide = (finite & (cost > best + limit)).any(axis=1)
    ranks = first.astype(np.int64) + 1
    if wide.any():
        ranks[wide] = _anchored_ranks(cost[wide], limit[wide, 0])
    return ranks


def _anchored_ranks(cost: FloatArray, limit: FloatArray) -> IntArray:
    ranks = np.empty(cost.shape, dtype=np.int64)
    best = np.full(cost.shape[0], -np.inf)
    rank = np.zeros(cost.shape[0], dtype=np.int64)
    for position in range(cost.shape[1]):
        here = cost[:, position]
        fresh = np.where(np.isinf(here), np.isfinite(best) | (rank == 0), here > best + limit)
        best = np.where(fresh, here, best)
        rank = np.where(fresh, position + 1, rank)
        ranks[:, position] = rank
    return ranks


def _cost(values: FloatArray, direction: Direction) -> FloatArray:
    cost = -values if direction is Direction.HIGHER else values
    return np.where(np.isnan(values), np.inf, cost)


def _order(values: FloatArray, direction: Direction) -> IntArray:
    return np.argsort(_cost(values, direction), axis=1, kind="stable")
