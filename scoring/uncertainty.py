"""How far a ranking may be trusted: a paired bootstrap over targets.

The targets are resampled with replacement, the same draw for all entries, and the whole board is
computed again for each draw. Everything here follows from the table of those values. Draws come
from a seed, so that anyone recomputes the same intervals; they need the per-target values, so
pooled metrics have none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.aggregate import combine
from scoring.contract import Aggregate, Direction
from scoring.ranking.order import RankCounter, rank_entries

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
# From how often each target was drawn, (draws, targets), to the entries' values, (draws, entries).
Evaluate = Callable[[FloatArray], FloatArray]

SAMPLES = 2000
CONFIDENCE = 0.95
# Matrix products are cut here whatever the chunk: their last digits depend on the block's shape.
_BLOCK_ROWS = 256
_CHUNK_ROWS = 1024
# Two entries with the same per-target values may differ by rounding in a resampled sum.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class EntryUncertainty:
    """What the bootstrap says of one entry; None where the entry has no value."""

    value_low: float | None
    value_high: float | None
    rank_low: int | None  # the best rank of the interval
    rank_high: int | None
    first_share: float  # share of the draws in which the entry has rank 1
    group: int | None  # entries of one group are not separable from its best; 1 is the top


def assess(
    values: FloatArray,
    *,
    how: Aggregate,
    direction: Direction,
    weights: FloatArray | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
    confidence: float = CONFIDENCE,
    tolerance: float = 0.0,
) -> tuple[EntryUncertainty, ...]:
    """Return value interval, rank interval, share of first ranks and tie group of each entry.

    Parameters
    ----------
    values : array of shape (entries, targets)
        Per-target values of one metric; NaN where there is none (and no penalty stands in).
        An entry that is not ranked, because the round asks for all targets, must be left out.
    how, direction, weights, tolerance
        As on the board: aggregate, better direction, target weights, tie tolerance.
    samples, seed, confidence
        Number of draws, their seed, and the two-sided level of the intervals.

    Notes
    -----
    Percentiles are those of the inverted distribution function: each is a value that was drawn,
    and ranks stay whole numbers. Few targets make the intervals too short, and with one target
    every draw is the same.
    """
    replicates = replicate_values(values, how=how, weights=weights, samples=samples, seed=seed)
    board = combine(values, how, _row_weights(values, weights))[0]
    return assess_replicates(
        replicates, board, direction=direction, confidence=confidence, tolerance=tolerance
    )


def assess_replicates(
    replicates: FloatArray,
    board: FloatArray,
    *,
    direction: Direction,
    confidence: float = CONFIDENCE,
    tolerance: float = 0.0,
) -> tuple[EntryUncertainty, ...]:
    """Return what `assess` does, from a table of draws however it was made.

    Parameters
    ----------
    replicates : array of shape (samples, entries)
    board : array of shape (entries,)
        The values on the board; NaN where an entry has none.
    """
    low, high = value_intervals(replicates, confidence=confidence)
    ranks = rank_shares(replicates, direction=direction, tolerance=tolerance)
    rank_low, rank_high = rank_intervals(ranks, confidence=confidence)
    groups = tie_groups(
        replicates, board, direction=direction, confidence=confidence, tolerance=tolerance
    )
    return tuple(
        EntryUncertainty(
            value_low=_or_none(low[i]),
            value_high=_or_none(high[i]),
            rank_low=None if groups[i] is None else int(rank_low[i]),
            rank_high=None if groups[i] is None else int(rank_high[i]),
            first_share=0.0 if groups[i] is None else float(ranks[i, 0]),
            group=groups[i],
        )
        for i in range(len(board))
    )


def replicate_values(
    values: FloatArray,
    *,
    how: Aggregate,
    weights: FloatArray | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
    chunk_rows: int = _CHUNK_ROWS,
) -> FloatArray:
    """Return the aggregate of every entry in every draw, shape (samples, entries).

    Memory is that of the result plus `chunk_rows` draws; the result does not depend on
    `chunk_rows`. A draw in which an entry has no answered target gives NaN.
    """
    if values.ndim != 2 or not values.shape[1] or samples < 1:
        raise ValueError("values must have shape (entries, targets), samples must be 1 or more")
    if np.isinf(values).any():
        raise ValueError("values must be finite or NaN")
    return replicate(
        weighted(values, how=how, weights=weights),
        Draws(np.arange(values.shape[1])),
        samples=samples,
        seed=seed,
        chunk_rows=chunk_rows,
    )


def weighted(values: FloatArray, *, how: Aggregate, weights: FloatArray | None = None) -> Evaluate:
    """Return the function that aggregates the entries' values over targets drawn so often."""
    scale = _row_weights(values, weights)
    if (scale == 1.0).all():
        return lambda counts: combine(values, how, counts)
    return lambda counts: combine(values, how, counts * scale)


@dataclass(frozen=True, slots=True)
class Draws:
    """What is drawn with replacement: the units that targets belong to, stratum by stratum.

    Parameters
    ----------
    units : integer array of shape (targets,)
        Targets of one unit are drawn together; the targets themselves are `arange(targets)`.
    strata : integer array of shape (targets,), optional
        As many units are drawn within each stratum as it has. One stratum by default.
    """

    units: IntArray
    strata: IntArray | None = None

    def counts(self, generator: np.random.Generator, rows: int) -> IntArray:
        """Return how often each target is drawn, shape (rows, targets)."""
        if self.is_plain:
            return _drawn(generator, rows, len(self.units))
        names, unit = np.unique(self.units, return_inverse=True)
        stratum = np.zeros(len(names), dtype=np.int64)
        if self.strata is not None:
            stratum[unit] = self.strata
        drawn = np.empty((rows, len(names)), dtype=np.int64)
        for each in np.unique(stratum):
            members = np.flatnonzero(stratum == each)
            drawn[:, members] = _drawn(generator, rows, members.size)
        return np.asarray(drawn[:, unit])

    @property
    def is_plain(self) -> bool:
        """True where every target is a unit of its own, in order, in one stratum."""
        same = np.array_equal(self.units, np.arange(len(self.units)))
        return same and (self.strata is None or len(np.unique(self.strata)) < 2)


def _drawn(generator: np.random.Generator, rows: int, size: int) -> IntArray:
    """Count `size` draws with replacement out of `size`, row by row."""
    picks = generator.integers(size, size=(rows, size))
    picks += np.arange(0, rows * size, size)[:, np.newaxis]
    return np.bincount(picks.ravel(), minlength=rows * size).reshape(rows, size)


def replicate(
    evaluate: Evaluate,
    draws: Draws,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
    chunk_rows: int = _CHUNK_ROWS,
    progress: Callable[[int], None] | None = None,
) -> FloatArray:
    """Return what a scheme gives every entry in every draw, shape (samples, entries).

    Parameters
    ----------
    evaluate : function
        Takes how often each target was drawn, shape (draws, targets), and returns the entries'
        values, shape (draws, entries).
    draws : Draws
        The units drawn.
    samples, seed
        Number of draws and their seed.
    chunk_rows : int
        How many draws are made at once; the result does not depend on it.
    progress : function, optional
        Told now and then how many draws are done.
    """
    replicates = np.empty((samples, 0))
    done = 0
    for block in _blocks(evaluate, draws, samples=samples, seed=seed, chunk_rows=chunk_rows):
        if not done:
            replicates = np.empty((samples, block.shape[1]))
        replicates[done : done + len(block)] = block
        done += len(block)
        if progress is not None:
            progress(done)
    return replicates


def drawn_rank_shares(
    evaluate: Evaluate,
    draws: Draws,
    *,
    direction: Direction,
    tolerance: float = 0.0,
    samples: int = SAMPLES,
    seed: int = 0,
) -> FloatArray:
    """Return `rank_shares` of the same draws as `replicate`, without keeping the draws.

    Memory is that of the counts, entries squared, plus a block of draws, however many there are.
    """
    counter: RankCounter | None = None
    for block in _blocks(evaluate, draws, samples=samples, seed=seed, chunk_rows=_CHUNK_ROWS):
        if counter is None:
            counter = RankCounter(
                block.shape[1], direction=direction, tolerance=tolerance, rounding=ROUNDING
            )
        counter.add(block)
    if counter is None:
        raise ValueError("samples must be 1 or more")
    return np.asarray(counter.counts() / samples)


def _blocks(
    evaluate: Evaluate, draws: Draws, *, samples: int, seed: int, chunk_rows: int
) -> Iterator[FloatArray]:
    """Yield the entries' values, a block of draws at a time."""
    generator = np.random.default_rng(seed)
    chunk_rows = max(1, math.ceil(chunk_rows / _BLOCK_ROWS)) * _BLOCK_ROWS
    for start in range(0, samples, chunk_rows):
        counts = draws.counts(generator, min(chunk_rows, samples - start))
        for first in range(0, len(counts), _BLOCK_ROWS):
            yield evaluate(counts[first : first + _BLOCK_ROWS].astype(np.float64))


def value_intervals(
    replicates: FloatArray, *, confidence: float = CONFIDENCE
) -> tuple[FloatArray, FloatArray]:
    """Return lower and upper bound of each entry's value, over the draws that have one."""
    tail = (1.0 - confidence) / 2.0
    ordered = np.sort(replicates, axis=0)
    present = (~np.isnan(replicates)).sum(axis=0)
    low = np.full(replicates.shape[1], np.nan)
    high = low.copy()
    for entry, size in enumerate(present):
        if size:
            low[entry] = ordered[_quantile_index(tail, int(size)), entry]
            high[entry] = ordered[_quantile_index(1.0 - tail, int(size)), entry]
    return low, high


def rank_shares(
    replicates: FloatArray, *, direction: Direction, tolerance: float = 0.0
) -> FloatArray:
    """Return the share of draws in which each entry has each rank.

    Shape (entries, entries + 1): column 0 is rank 1; the last one is reached only by an entry
    without value beside entries that all have one.
    """
    samples, entries = replicates.shape
    counter = RankCounter(entries, direction=direction, tolerance=tolerance, rounding=ROUNDING)
    for start in range(0, samples, _CHUNK_ROWS):
        counter.add(replicates[start : start + _CHUNK_ROWS])
    return np.asarray(counter.counts() / samples)


def rank_intervals(
    shares: FloatArray, *, confidence: float = CONFIDENCE
) -> tuple[IntArray, IntArray]:
    """Return the lowest and highest rank of each entry's interval, from `rank_shares`."""
    tail = (1.0 - confidence) / 2.0
    cumulative = np.cumsum(shares, axis=1)
    # Shares are multiples of 1/samples; the slack keeps an exact tail from being missed.
    low = np.argmax(cumulative >= tail - ROUNDING, axis=1) + 1
    high = np.argmax(cumulative >= 1.0 - tail - ROUNDING, axis=1) + 1
    return low.astype(np.int64), high.astype(np.int64)


def tie_groups(
    replicates: FloatArray,
    board: FloatArray,
    *,
    direction: Direction,
    confidence: float = CONFIDENCE,
    tolerance: float = 0.0,
) -> tuple[int | None, ...]:
    """Return each entry's group: those that cannot be told apart from the group's best.

    Going down the board, an entry is separable from the best of the current group if that best
    is ahead of it, by more than the tolerance, in at least `confidence` of the draws. The first
    separable entry opens the next group and is its best. Groups are therefore runs of the board.

    Parameters
    ----------
    replicates : array of shape (samples, entries)
    board : array of shape (entries,)
        The values on the board; NaN where an entry is not ranked, which gives group None.
    """
    order = rank_entries(
        [None if math.isnan(value) else float(value) for value in board], direction=direction
    ).order
    limit = np.maximum(tolerance, _slack(replicates))
    groups: list[int | None] = [None] * len(board)
    group, leader = 0, -1
    for entry in order:
        if math.isnan(board[entry]):
            continue
        ahead = _advantage(replicates, entry=leader, over=entry, direction=direction)
        # In a draw that leaves the entry without any value, the leader is ahead.
        unmatched = np.isnan(replicates[:, entry]) & ~np.isnan(replicates[:, leader])
        if group == 0 or np.mean((ahead > limit) | unmatched) >= confidence:
            group, leader = group + 1, entry
        groups[entry] = group
    return tuple(groups)


def advantage_bounds(
    replicates: FloatArray,
    *,
    baseline: int,
    direction: Direction,
    confidence: float = CONFIDENCE,
) -> FloatArray:
    """Return the one-sided lower bound of how much better each entry is than a baseline.

    Positive means better, whichever the direction: an entry whose bound is above 0 beats the
    baseline at this confidence. A draw in which either has no value counts as no advantage at all
    (minus infinity), so an entry that lacks values in more than the tail has that bound.
    """
    entries = range(replicates.shape[1])
    ahead = np.stack(
        [_advantage(replicates, entry=i, over=baseline, direction=direction) for i in entries],
        axis=1,
    )
    ordered = np.sort(np.where(np.isnan(ahead), -np.inf, ahead), axis=0)
    return np.asarray(ordered[_quantile_index(1.0 - confidence, replicates.shape[0])])


def advantage_interval(
    replicates: FloatArray,
    *,
    entry: int,
    over: int,
    direction: Direction,
    confidence: float = CONFIDENCE,
) -> tuple[float, float] | None:
    """Return the two-sided interval of how much better one entry is than another.

    Positive means better, whichever the direction. None if either has no value in some draw.
    """
    ahead = np.sort(_advantage(replicates, entry=entry, over=over, direction=direction))
    if np.isnan(ahead).any():
        return None
    tail = (1.0 - confidence) / 2
    low, high = (_quantile_index(level, ahead.size) for level in (tail, 1.0 - tail))
    return float(ahead[low]), float(ahead[high])


def _advantage(
    replicates: FloatArray, *, entry: int, over: int, direction: Direction
) -> FloatArray:
    difference = replicates[:, entry] - replicates[:, over]
    return np.asarray(difference if direction is Direction.HIGHER else -difference)


def _row_weights(values: FloatArray, weights: FloatArray | None) -> FloatArray:
    if weights is None:
        return np.ones((1, values.shape[1]))
    if weights.shape != values.shape[1:] or not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("give one finite weight that is not negative for each target")
    return np.asarray(weights, dtype=float)[np.newaxis]


def _slack(replicates: FloatArray) -> FloatArray:
    magnitude = np.nan_to_num(np.abs(replicates), nan=0.0).max(axis=1, initial=0.0)
    return np.asarray(ROUNDING * magnitude)


def _quantile_index(level: float, size: int) -> int:
    return min(size - 1, max(0, math.ceil(level * size - 1e-9) - 1))


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
