"""Which entries differ: paired tests over targets, corrected for their number.

All pairs are tested at once. A pair is compared on the targets where both entries have a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from scoring.contract import Direction
from scoring.ranking.order import average_ranks

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_CELLS = 100_000  # differences held at once: few enough to stay in the processor's cache
# Up to so many targets, where all differ by other amounts, the test can be exact.
EXACT_MOST = 50


def wilcoxon_map(values: FloatArray, *, direction: Direction, exact: bool = False) -> FloatArray:
    """Test for every pair of entries whether the first is better than the second.

    Parameters
    ----------
    values : array of shape (entries, targets)
        NaN where an entry has no value.
    direction : Direction
        Which way is better.
    exact : bool
        Where a pair differs on `EXACT_MOST` targets at most, on each by another amount, take the
        test's own distribution in place of the normal one: with twelve targets a pair that wins
        all of them then has p = 1/4096, and 0.0013 without.

    Returns
    -------
    array of shape (entries, entries)
        One-sided p-values of the Wilcoxon signed-rank test: small at [i, j] where i is better
        than j. NaN on the diagonal, and where a pair differs on no target.

    Notes
    -----
    The normal approximation with continuity correction; differences of zero are left out; equal
    differences share their mean rank and lower the variance. That is
    ``scipy.stats.wilcoxon(method="asymptotic", correction=True)`` and R's
    ``wilcox.test(exact=FALSE)``. With fewer than about ten targets it is rough: with five, no pair
    can reach p = 0.02. With `exact` it is ``method="exact"`` of what is
    left without zeros.
    """

    entries, targets = values.shape
    better = np.full((entries, entries), np.nan)
    signed = values if direction is Direction.HIGHER else -values
    gaps = bool(np.isnan(values).any())
    step = max(1, _CELLS // max(signed.size, 1))
    for first in range(0, entries - 1, step):
        rows = signed[first : first + step]
        differences = (rows[:, np.newaxis] - signed[first + 1 :]).reshape(-1, targets)
        if gaps:
            differences[np.isnan(differences)] = 0.0
        above, below = _signed_rank_tails(differences, exact=exact)
        better[first : first + step, first + 1 :] = above.reshape(len(rows), -1)
        better[first + 1 :, first : first + step] = below.reshape(len(rows), -1).T
    return better


def _signed_rank_tails(differences: FloatArray, *, exact: bool) -> tuple[FloatArray, FloatArray]:
    """Return for each row how likely its sum of positive ranks, or a larger, is; or a smaller.

    The magnitude's bits are an integer that sorts as it does; shifted by one, it carries the sign,
    and one sort of integers brings signs into the order of magnitudes.
    """
    keys = np.abs(differences).view(np.uint64) << np.uint64(1)
    keys |= differences > 0
    keys.sort(axis=1)
    positive = (keys & np.uint64(1)).astype(np.float64)
    places = np.arange(1.0, differences.shape[1] + 1.0)
    total = positive @ places
    zeros = np.zeros(len(keys), dtype=np.int64)
    if (keys[:, :1] < 2).any():
        zeros = (keys < 2).sum(axis=1)
        total -= zeros * positive.sum(axis=1)
    size = differences.shape[1] - zeros
    variance = size * (size + 1.0) * (2.0 * size + 1.0) / 24.0
    tied = (((keys[:, 1:] ^ keys[:, :-1]) < 2) & (keys[:, 1:] > 1)).any(axis=1)  # zeros are no tie
    if tied.any():
        ranks, lost = _tied_ranks(keys[tied] >> np.uint64(1), zeros[tied])
        total[tied] = (positive[tied] * ranks).sum(axis=1)
        variance[tied] -= lost / 48.0
    above, below = _normal_tails(total, size, variance)
    if exact:
        known = ~tied & (size > 0) & (size <= EXACT_MOST)
        for count in np.unique(size[known]):
            these = known & (size == count)
            at_most = _at_most(int(count))
            sums = total[these].astype(np.int64)
            below[these] = at_most[sums]
            above[these] = at_most[len(at_most) - 1 - sums]  # it is symmetric
    return above, below


def _normal_tails(
    total: FloatArray, size: IntArray, variance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    from scipy.special import ndtr

    with np.errstate(invalid="ignore", divide="ignore"):
        centred = total - size * (size + 1.0) / 4.0
        deviation = np.sqrt(np.where(size > 0, variance, np.nan))
        return ndtr(-(centred - 0.5) / deviation), ndtr((centred + 0.5) / deviation)


@cache
def _at_most(size: int) -> FloatArray:
    """Return how likely a sum of positive ranks of so many is at most 0, 1, 2, ...

    Every rank is in the sum or not, each as likely: the sums of all subsets of 1 ... size.
    """
    counts = np.zeros(size * (size + 1) // 2 + 1)
    counts[0] = 1.0
    for rank in range(1, size + 1):
        counts[rank:] = counts[rank:] + counts[:-rank]
    return np.asarray(np.cumsum(counts) / 2.0**size)


def _tied_ranks(magnitudes: NDArray[np.uint64], zeros: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return mean ranks of ascending magnitudes, zeros not counted, and the sum of t^3 - t."""
    columns = np.arange(magnitudes.shape[1])
    opens = np.ones(magnitudes.shape, dtype=np.bool_)
    opens[:, 1:] = magnitudes[:, 1:] != magnitudes[:, :-1]
    closes = np.ones(magnitudes.shape, dtype=np.bool_)
    closes[:, :-1] = opens[:, 1:]
    first = np.maximum.accumulate(np.where(opens, columns, 0), axis=1)
    last = np.minimum.accumulate(np.where(closes, columns, len(columns))[:, ::-1], axis=1)[:, ::-1]
    ranks = (first + last) / 2.0 + 1.0 - zeros[:, np.newaxis]
    sizes = np.where(magnitudes > 0, last - first + 1.0, 1.0)
    return ranks, np.asarray((sizes**2 - 1.0).sum(axis=1))


def holm(p_values: FloatArray) -> FloatArray:
    """Adjust p-values for their number by Holm's method; NaN is no test and stays NaN.

    Source: Holm, Scandinavian Journal of Statistics 6 (1979) 65.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    adjusted = np.full(p_values.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values.flat[tested], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    raised = np.maximum.accumulate(p_values.flat[order] * factors)
    adjusted.flat[order] = np.minimum(raised, 1.0)
    return adjusted


def significantly_better(
    values: FloatArray, *, direction: Direction, alpha: float = 0.05, adjust: bool = False
) -> BoolArray:
    """Tell for every pair of entries whether the first is significantly better than the second.

    Parameters
    ----------
    values : array of shape (entries, targets)
    alpha : float
        A pair differs where p is below this.
    adjust : bool
        Adjust all one-sided tests together by Holm's method first.

    Returns
    -------
    array of shape (entries, entries)
        A pair without a p-value does not differ.
    """
    p_values = wilcoxon_map(values, direction=direction)
    if adjust:
        p_values = holm(p_values)
    with np.errstate(invalid="ignore"):
        return np.asarray(p_values < alpha)


def rank_bounds_by_tests(better: BoolArray) -> tuple[IntArray, IntArray]:
    """Return the best and worst rank that the tests leave to each entry.

    The best is 1 plus the number of entries significantly better; the worst is the number of
    entries less those significantly worse.
    """
    lowest = 1 + better.sum(axis=0)
    highest = len(better) - better.sum(axis=1)
    return lowest.astype(np.int64), highest.astype(np.int64)


@dataclass(frozen=True, slots=True)
class FriedmanTest:
    """Whether entries differ at all, by their mean ranks over targets."""

    mean_ranks: FloatArray  # 1 is best; equal values share their mean rank
    statistic: float
    p_value: float
    critical_difference: float  # of two mean ranks, by Nemenyi's test
    targets: int


def friedman(values: FloatArray, *, direction: Direction, alpha: float = 0.05) -> FriedmanTest:
    """Test whether entries differ, with Nemenyi's critical difference of their mean ranks.

    Only targets where all entries have a value count. Mean ranks depend on which other entries
    are in the field; for one pair prefer `wilcoxon_map`.

    Raises
    ------
    ValueError
        Fewer than three entries, or than two targets that all have a value for.

    Source: Demsar, Journal of Machine Learning Research 7 (2006) 1.
    """
    from scipy.stats import friedmanchisquare

    complete = values[:, ~np.isnan(values).any(axis=0)]
    entries, targets = complete.shape
    if entries < 3 or targets < 2:
        raise ValueError("Friedman's test needs three entries and two targets that all answered")
    with np.errstate(invalid="ignore"):
        statistic, p_value = friedmanchisquare(*complete)
    return FriedmanTest(
        mean_ranks=average_ranks(complete.T, direction=direction).mean(axis=0),
        statistic=float(statistic),
        p_value=float(p_value),
        critical_difference=critical_difference(entries, targets, alpha=alpha),
        targets=targets,
    )


def critical_difference(entries: int, targets: int, *, alpha: float = 0.05) -> float:
    """Return how far two mean ranks must be apart to differ, by Nemenyi's test.

    Examples
    --------
    >>> round(critical_difference(10, 30), 3)
    2.473
    """
    from scipy.stats import studentized_range

    quantile = studentized_range.ppf(1.0 - alpha, entries, np.inf) / np.sqrt(2.0)
    return float(quantile * np.sqrt(entries * (entries + 1) / (6.0 * targets)))
