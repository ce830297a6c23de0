"""From the per-target values of one metric to an entry's one value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from scoring.contract import Aggregate, ScoreRow, ScoreStatus

FloatArray = NDArray[np.float64]


class MissingPolicy(StrEnum):
    """What an unanswered target means for the entry. Chosen by the round, before it opens.

    A target whose row is undefined or failed counts as unanswered: it has no value either.
    """

    INCOMPLETE = "incomplete"  # the entry has no value and is not ranked
    WORST = "worst"  # the declared penalty stands in for the value
    SKIP = "skip"  # the answered targets alone are used; the coverage is shown beside the value


@dataclass(frozen=True, slots=True)
class AggregateValue:
    """An entry's value under one metric, or why there is none, and how much it covers."""

    status: ScoreStatus
    value: float | None
    answered: int
    offered: int
    detail: str = ""

    @property
    def complete(self) -> bool:
        return self.answered == self.offered


def aggregate(
    rows: Sequence[ScoreRow],
    how: Aggregate,
    *,
    weights: Mapping[str, float] | None = None,
    missing: MissingPolicy = MissingPolicy.INCOMPLETE,
    penalty: float | None = None,
) -> AggregateValue:
    """Return an entry's value from its rows of one metric.

    Parameters
    ----------
    rows : sequence of ScoreRow
        One for each target the round offers; exactly one, without target, for a pooled metric.
    how : Aggregate
        Mean, root mean, geometric mean and median are weighted means and medians over targets;
        the sum adds weight times value.
    weights : mapping of target to weight, optional
        Non-negative; 1 for every target by default.
    missing : MissingPolicy
        What rows without value mean.
    penalty : float, optional
        The value that stands in under `MissingPolicy.WORST`; required there.

    Returns
    -------
    AggregateValue
        Status missing where the policy makes the entry incomplete or nothing is answered,
        undefined where the aggregate has no value (a geometric mean of a negative value).
    """
    if how is Aggregate.POOLED:
        return _pooled(rows)
    if missing is MissingPolicy.WORST and (penalty is None or not math.isfinite(penalty)):
        raise ValueError("the missing policy 'worst' needs a finite penalty")
    answered = sum(row.status is ScoreStatus.OK for row in rows)
    if not rows or (missing is MissingPolicy.INCOMPLETE and answered < len(rows)):
        return _without_value(rows, answered)
    if missing is MissingPolicy.SKIP and not answered:
        return _without_value(rows, answered)
    values = value_row(rows, missing=missing, penalty=penalty)
    combined = combine(values[np.newaxis], how, weight_row(rows, weights)[np.newaxis])
    value = float(combined[0, 0])
    if not math.isfinite(value):
        detail = f"the {how.value} of these values is not a finite number"
        return AggregateValue(ScoreStatus.UNDEFINED, None, answered, len(rows), detail)
    return AggregateValue(ScoreStatus.OK, value, answered, len(rows))


def value_row(
    rows: Sequence[ScoreRow], *, missing: MissingPolicy, penalty: float | None = None
) -> FloatArray:
    """Return the rows' values as an array; NaN, or the penalty, where a row has none."""
    stand_in = penalty if missing is MissingPolicy.WORST and penalty is not None else math.nan
    return np.array([stand_in if row.value is None else row.value for row in rows], dtype=float)


def weight_row(rows: Sequence[ScoreRow], weights: Mapping[str, float] | None) -> FloatArray:
    """Return the rows' target weights, 1 where none is declared."""
    declared = weights or {}
    found = np.array([declared.get(row.target or "", 1.0) for row in rows], dtype=float)
    if not np.isfinite(found).all() or (found < 0).any():
        raise ValueError("weights must be finite and not negative")
    return found


def combine(values: FloatArray, how: Aggregate, weights: FloatArray) -> FloatArray:
    """Aggregate many entries under many weightings at once.

    Parameters
    ----------
    values : array of shape (entries, targets)
        NaN where an entry has no value; such targets are left out of its aggregate.
    how : Aggregate
        Any but `Aggregate.POOLED`.
    weights : array of shape (weightings, targets)
        Non-negative.

    Returns
    -------
    array of shape (weightings, entries)
        NaN where nothing is left or the aggregate is undefined.
    """
    with np.errstate(all="ignore"):
        if how is Aggregate.MEDIAN:
            return _median(values, weights)
        if how is Aggregate.GEOMETRIC_MEAN:
            return _geometric_mean(values, weights)
        total, weight = _weighted_sums(values, weights)
        if how is Aggregate.SUM:
            return np.where(weight > 0, total, np.nan)
        if how is Aggregate.MEAN:
            return np.divide(total, weight, out=total)
        if how is Aggregate.ROOT_MEAN:
            return np.asarray(np.sqrt(total / weight))
    raise ValueError(f"aggregate {how.value} is not one of per-target values")


def _weighted_sums(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    there = ~np.isnan(values)
    if there.all():
        return np.asarray(weights @ values.T), weights.sum(axis=1, keepdims=True)
    total = weights @ np.where(there, values, 0.0).T
    return np.asarray(total), np.asarray(weights @ there.astype(np.float64).T)


def _geometric_mean(values: FloatArray, weights: FloatArray) -> FloatArray:
    # A zero makes the product zero; its logarithm must not meet a zero weight.
    zero = values == 0
    logarithms = np.log(np.where(zero, 1.0, np.where(np.isnan(values), np.nan, np.abs(values))))
    total, weight = _weighted_sums(logarithms, weights)
    result = np.where(weights @ zero.astype(np.float64).T > 0, 0.0, np.exp(total / weight))
    negative = weights @ (values < 0).astype(np.float64).T > 0
    return np.where(negative | (weight <= 0), np.nan, result)


def _median(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Weighted median; the mean of both neighbours where exactly half the weight is below."""
    result = np.full((weights.shape[0], values.shape[0]), np.nan)
    for entry, row in enumerate(values):
        there = np.flatnonzero(~np.isnan(row))
        order = there[np.argsort(row[there], kind="stable")]
        cumulative = np.cumsum(weights[:, order], axis=1)
        if not order.size:
            continue
        half = cumulative[:, -1:] / 2.0
        lower = row[order][np.argmax(cumulative >= half, axis=1)]
        upper = row[order][np.argmax(cumulative > half, axis=1)]
        result[:, entry] = np.where(half[:, 0] > 0, (lower + upper) / 2.0, np.nan)
    return result


def _pooled(rows: Sequence[ScoreRow]) -> AggregateValue:
    if len(rows) != 1 or rows[0].target is not None:
        raise ValueError("a pooled metric has exactly one row, without target")
    row = rows[0]
    return AggregateValue(row.status, row.value, int(row.value is not None), 1, row.detail)


def _without_value(rows: Sequence[ScoreRow], answered: int) -> AggregateValue:
    """Tell why an entry has no value: unanswered before failed before undefined."""
    there = {row.status for row in rows}
    ladder = (ScoreStatus.MISSING, ScoreStatus.FAILED, ScoreStatus.UNDEFINED)
    status = next((status for status in ladder if status in there), ScoreStatus.MISSING)
    detail = f"{answered} of {len(rows)} targets have a value"
    return AggregateValue(status, None, answered, len(rows), detail)
