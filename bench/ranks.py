"""Rank intervals of a whole board: a NumPy loop, the engine, and the least that must be done."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.measure import Method

FLOOR = Method("floor: draws, one matrix product, bare sort", "bench.ranks:floor")
LOOP = Method("NumPy loop: one draw at a time, scipy.stats.rankdata", "bench.ranks:loop", calls=1)
ENGINE = Method("engine: scoring.uncertainty", "bench.ranks:engine")

_CHUNK = 1024
_SEED = 7


def _table(entries: int, targets: int) -> NDArray[np.float64]:
    """Return errors of a field of entries whose qualities overlap, as on a real board."""
    rng = np.random.default_rng(_SEED)
    quality = np.linspace(0.2, 1.0, entries)[:, np.newaxis]
    difficulty = rng.uniform(0.5, 2.0, targets)
    return np.asarray(quality * difficulty * rng.lognormal(sigma=0.6, size=(entries, targets)))


def floor(*, entries: int, targets: int, samples: int) -> list[float]:
    """Draw, multiply, and sort the rows of the product; ranks and intervals are not made."""
    values = np.ascontiguousarray(_table(entries, targets).T)
    rng = np.random.default_rng(_SEED)
    for start in range(0, samples, _CHUNK):
        rows = min(_CHUNK, samples - start)
        picks = rng.integers(targets, size=(rows, targets))
        picks += np.arange(0, rows * targets, targets)[:, np.newaxis]
        counts = np.bincount(picks.ravel(), minlength=rows * targets).reshape(rows, targets)
        means = counts.astype(np.float64) @ values
        means.sort(axis=1)
    return []


def loop(*, entries: int, targets: int, samples: int) -> list[float]:
    """Resample the targets, take the means and rank them, draw after draw."""
    from scipy.stats import rankdata

    values = _table(entries, targets)
    rng = np.random.default_rng(_SEED)
    ranks = np.empty((samples, entries))
    for draw in range(samples):
        chosen = rng.integers(targets, size=targets)
        ranks[draw] = rankdata(values[:, chosen].mean(axis=1), method="min")
    ends = np.percentile(ranks, [2.5, 97.5], axis=0, method="inverted_cdf")
    return [float(rank) for rank in ends.ravel()]


def engine(*, entries: int, targets: int, samples: int) -> list[float]:
    """Return the rank intervals that the board shows."""
    from scoring import uncertainty
    from scoring.contract import Aggregate, Direction

    shares = uncertainty.drawn_rank_shares(
        uncertainty.weighted(_table(entries, targets), how=Aggregate.MEAN),
        uncertainty.Draws(np.arange(targets)),
        direction=Direction.LOWER,
        samples=samples,
        seed=_SEED,
    )
    ends = np.stack(uncertainty.rank_intervals(shares, confidence=0.95))
    return [float(rank) for rank in ends.ravel()]
