"""Two-pass Z-scores of a field of entries, target by target, as CASP computes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.contract import Direction

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ZScoreRule:
    """What implementations of the rule leave open, and results depend on.

    Parameters
    ----------
    ddof : int
        0 divides the variance by the number of values, 1 by one less.
    drop_below : float or None
        Values whose first Z is below this do not count in the second mean and deviation. None
        makes it one pass.
    floor : float or None
        Lower Z-scores are set to this at the end; None leaves them.
    """

    ddof: int = 0
    drop_below: float | None = -2.0
    floor: float | None = -2.0


def two_pass_z(
    values: FloatArray, *, direction: Direction, rule: ZScoreRule | None = None
) -> FloatArray:
    """Return the Z-score of every value among the values of its target; higher is better.

    Parameters
    ----------
    values : array of shape (entries, targets)
        NaN where an entry has no value; it takes no part.
    direction : Direction
        Which way the values are better; values where lower is better change their sign first.
    rule : ZScoreRule, optional
        CASP's drop and floor at -2, with the population's deviation, by default.

    Returns
    -------
    array of shape (entries, targets)
        NaN where there is no value. Where the values of a target do not differ, or only one is
        left, no Z is defined: all are set to 0, so that such a target says nothing.

    Examples
    --------
    >>> gdt = np.array([[10.0], [11], [12], [13], [14], [15], [16], [17], [18], [-60]])
    >>> two_pass_z(gdt, direction=Direction.HIGHER).ravel().round(6).tolist()[-3:]
    [1.161895, 1.549193, -2.0]

    Source: the rule of the Protein Structure Prediction Center, as stated with CASP's tables.
    """
    rule = rule or ZScoreRule()
    signed = -values if direction is Direction.LOWER else values
    present = ~np.isnan(signed)
    scores = _scores(signed, present, rule.ddof)
    if rule.drop_below is not None:
        with np.errstate(invalid="ignore"):
            kept = present & (scores >= rule.drop_below)
        scores = _scores(signed, kept, rule.ddof)
    scores[~present] = np.nan
    return scores if rule.floor is None else np.maximum(scores, rule.floor)


def _scores(values: FloatArray, counted: NDArray[np.bool_], ddof: int) -> FloatArray:
    """Return the Z of all values against mean and deviation of those counted."""
    size = counted.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(counted, values, 0.0).sum(axis=0) / size
        squares = np.where(counted, (values - mean) ** 2, 0.0).sum(axis=0)
        deviation = np.sqrt(squares / (size - ddof))
        scores = (values - mean) / deviation
    # A deviation that is rounding alone is none.
    largest = np.where(counted, np.abs(values), 0.0).max(axis=0, initial=0.0)
    flat = ~(deviation > 1e-12 * largest)
    return np.where(flat & ~np.isnan(values), 0.0, scores)
