"""Rank intervals and paired tests of a whole board: the usual way, the engine, and the least."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.measure import Method

FLOOR = Method("floor: draws, one matrix product, bare sort", "bench.ranks:floor")
LOOP = Method("NumPy loop: one draw at a time, scipy.stats.rankdata", "bench.ranks:loop", calls=1)
ENGINE = Method("engine: scoring.uncertainty", "bench.ranks:engine")
PAIR_FLOOR = Method("floor: differences of all pairs, bare sort", "bench.ranks:pair_floor")
PAIR_SCIPY = Method("scipy.stats.wilcoxon, an entry against all others", "bench.ranks:pair_scipy")
PAIR_ENGINE = Method("engine: scoring.ranking.significance", "bench.ranks:pair_engine")

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


def pair_floor(*, entries: int, targets: int) -> list[float]:
    """Take the differences of every pair once and sort their magnitudes."""
    values = _table(entries, targets)
    for entry in range(entries - 1):
        differences = np.abs(values[entry] - values[entry + 1 :])
        differences.sort(axis=1)
    return []


def pair_scipy(*, entries: int, targets: int) -> list[float]:
    """Test one entry against all that follow, in one call each."""
    from scipy.stats import wilcoxon

    values = _table(entries, targets)
    found: list[float] = []
    for entry in range(entries - 1):
        differences = values[entry] - values[entry + 1 :]
        test = wilcoxon(
            differences, axis=1, method="asymptotic", correction=True, alternative="less"
        )
        found += test.pvalue.tolist()
    return found


def pair_engine(*, entries: int, targets: int) -> list[float]:
    """Return the same p-values; those of the other side are made too."""
    from scoring.contract import Direction
    from scoring.ranking.significance import wilcoxon_map

    p_values = wilcoxon_map(_table(entries, targets), direction=Direction.LOWER)
    return list(p_values[np.triu_indices(entries, 1)].tolist())
