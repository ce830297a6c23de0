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

_SORT_ROWS = 64  # few enough rows to stay in the processor's cache
_COUNT_ROWS = 1024


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


def average_ranks(
    values: FloatArray, *, direction: Direction, tolerance: float | FloatArray = 0.0
) -> FloatArray:
    """Rank each row by itself; entries that share a rank get the mean of the places they take."""
    ranks = competition_ranks(values, direction=direction, tolerance=tolerance)
    result = np.empty(ranks.shape)
    for row, found in zip(ranks, result, strict=True):
        _, inverse, sizes = np.unique(row, return_inverse=True, return_counts=True)
        found[:] = row + (sizes[inverse] - 1) / 2.0
    return result


class RankCounter:
    """Counts how often each entry has each rank, row by row as `competition_ranks` ranks them.

    Parameters
    ----------
    entries : int
        Length of the rows to come.
    direction : Direction
        Which way is better.
    tolerance, rounding : float
        Two values are tied within `tolerance`, or within `rounding` times the largest magnitude
        of their row, whichever is more.

    Notes
    -----
    The entry's number is written into the last bits of its value, so that one sort of plain numbers
    yields the order. A row in which two neighbours come nearer than the tolerance and those bits
    is ranked in full, so the counts are always those of `competition_ranks`.
    """

    def __init__(
        self, entries: int, *, direction: Direction, tolerance: float = 0.0, rounding: float = 0.0
    ) -> None:
        self._entries = entries
        self._sign = -1.0 if direction is Direction.HIGHER else 1.0
        self._direction = direction
        self._tolerance = tolerance
        self._rounding = rounding
        self._bits = max(entries - 1, 0).bit_length()
        self._column = np.arange(entries)
        self._first_place = self._column << self._bits
        # Counted by rank, then by entry; each row is as long as a power of two.
        self._counts = np.zeros((entries + 1) << self._bits, dtype=np.int64)
        self._places = np.empty((_COUNT_ROWS, entries), dtype=np.int64)
        self._filled = 0
        self._gaps = np.empty((_SORT_ROWS, max(entries - 1, 0)))

    def add(self, values: FloatArray) -> None:
        """Count the rows of a table of shape (rows, entries); NaN where there is no value."""
        for first in range(0, len(values), _SORT_ROWS):
            self._add_few(values[first : first + _SORT_ROWS])

    def counts(self) -> IntArray:
        """Return the counts so far, shape (entries, entries + 1); column 0 counts rank 1."""
        self._flush()
        by_rank = self._counts.reshape(self._entries + 1, 1 << self._bits)
        return np.ascontiguousarray(by_rank[:, : self._entries].T)

    def _add_few(self, values: FloatArray) -> None:
        if self._filled + len(values) > _COUNT_ROWS:
            self._flush()
        packed = self._places[self._filled : self._filled + len(values)]
        keys = packed.view(np.float64)
        np.multiply(values, self._sign, out=keys)
        packed &= -1 << self._bits
        packed |= self._column
        keys.sort(axis=1)
        sure = self._apart(keys)
        packed &= (1 << self._bits) - 1
        packed += self._first_place
        if sure.all():
            self._filled += len(values)
            return
        kept = int(sure.sum())
        packed[:kept] = packed[sure]
        self._filled += kept
        self._add_in_full(values[~sure])

    def _apart(self, ordered: FloatArray) -> NDArray[np.bool_]:
        """Tell which ascending rows have no two near neighbours and no missing value."""
        if not ordered.shape[1]:
            return np.ones(len(ordered), dtype=np.bool_)
        magnitude = np.maximum(np.abs(ordered[:, 0]), np.abs(ordered[:, -1]))
        lost = self._rounding + 2.0 ** (self._bits - 50)
        # The smallest normal number keeps values near zero apart, whose last bits weigh more.
        limit = self._tolerance + lost * magnitude + np.finfo(float).tiny
        with np.errstate(invalid="ignore"):
            gaps = np.subtract(ordered[:, 1:], ordered[:, :-1], out=self._gaps[: len(ordered)])
            nearest = gaps.min(axis=1, initial=np.inf)
        apart: NDArray[np.bool_] = (nearest > limit) & np.isfinite(ordered[:, -1])
        return apart

    def _add_in_full(self, values: FloatArray) -> None:
        magnitude = np.nan_to_num(np.abs(values), nan=0.0).max(axis=1, initial=0.0)
        limit = np.maximum(self._tolerance, self._rounding * magnitude)
        ranks = competition_ranks(values, direction=self._direction, tolerance=limit)
        self._count(((ranks - 1) << self._bits) + self._column)

    def _flush(self) -> None:
        self._count(self._places[: self._filled])
        self._filled = 0

    def _count(self, places: IntArray) -> None:
        self._counts += np.bincount(places.ravel(), minlength=self._counts.size)


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
