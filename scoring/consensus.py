"""The consensus of several predictions: element by element, target by target.

What a middle of predictions is depends on what a prediction is, and that only the metrics of a
round can say: see `scoring.meaning`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from scoring.errors import MetricInputError
from scoring.readers.base import AnyArray

LEAST = 2  # of one answer, or none, there is no consensus
_HUGE = 1e300  # sums of larger numbers could leave the range of float64
_SMALLER = 2.0**-40


class Way(StrEnum):
    """How predictions are made one."""

    MEDIAN = "median"
    MEAN = "mean"
    VOTE = "vote"


@dataclass(frozen=True, slots=True)
class Combined:
    """The consensus by target, and the targets that have none with the reason."""

    arrays: dict[str, AnyArray]
    left_out: dict[str, str]


def combine(
    predictions: Sequence[Mapping[str, AnyArray]],
    way: Way,
    *,
    slugs: Sequence[str],
    normalise: bool = False,
) -> Combined:
    """Make one prediction of several.

    Parameters
    ----------
    predictions : sequence of mapping from target to array
        One mapping for each entry. A target that an entry does not answer is not in its mapping;
        nothing stands in for it.
    way : Way
        See `middle`.
    slugs : sequence of str
        The targets to answer.
    normalise : bool
        As in `middle`.

    Returns
    -------
    Combined
        A target that fewer than two entries answer, or that they answer in different shapes,
        has no consensus.

    Examples
    --------
    >>> one, two, three = ({"a": np.array(v)} for v in (1.0, 2.0, 9.0))
    >>> float(combine([one, two, three, {}], Way.MEDIAN, slugs=["a"]).arrays["a"])
    2.0
    """
    arrays: dict[str, AnyArray] = {}
    left_out: dict[str, str] = {}
    for slug in slugs:
        given = [np.asarray(each[slug]) for each in predictions if slug in each]
        reason = misfit(given)
        if reason:
            left_out[slug] = reason
        else:
            arrays[slug] = middle(given, way, normalise=normalise)
    return Combined(arrays, left_out)


def misfit(given: Sequence[AnyArray]) -> str:
    """Return why these answers to one target have no consensus, or nothing if they have one."""
    if len(given) < LEAST:
        return f"answered by {len(given)} of the entries"
    if len({each.shape for each in given}) > 1:
        return "answered in different shapes"
    return ""


def middle(given: Sequence[AnyArray], way: Way, *, normalise: bool = False) -> AnyArray:
    """Return the element-wise middle of answers to one target.

    The median of an even number is the mean of both in the middle. A vote takes the label that
    most have; of labels with equally many votes the smallest, of texts the first by code points.
    The order of the answers never matters, and no element lies outside of what was given.

    Parameters
    ----------
    given : sequence of arrays of one shape
        At least two; numbers, for a vote also truth values or texts.
    way : Way
        Median or mean, in float64; or a vote, in the common type of the answers.
    normalise : bool
        Divide each answer by its sum along the last axis before: probabilities of classes of
        which a metric takes any multiple. For the mean only.

    Raises
    ------
    MetricInputError
        If there are fewer than two answers, their shapes differ, a number is not finite, or a
        sum to divide by is not positive.

    Examples
    --------
    >>> middle([np.array([1.0, 2.0]), np.array([3.0, 9.0])], Way.MEAN)
    array([2. , 5.5])
    >>> middle([np.array([2, 1]), np.array([1, 1]), np.array([3, 0])], Way.VOTE)
    array([1, 1])
    """
    reason = misfit(given)
    if reason:
        raise MetricInputError(reason)
    stack = np.stack(given)
    if stack.dtype.kind in "fc" and not np.isfinite(stack).all():
        raise MetricInputError("answers must be finite")
    if way is Way.VOTE:
        return _vote(stack)
    numbers = stack.astype(np.float64)
    if normalise:
        numbers = _normalised(numbers)
    if way is Way.MEAN:
        numbers = np.sort(numbers, axis=0)  # sums of the same numbers in one order
    # Scaled by a power of two, so that no sum leaves the range of float64.
    scale = _SMALLER if np.abs(numbers).max(initial=0.0) > _HUGE else 1.0
    work = numbers * scale
    found = (np.median if way is Way.MEDIAN else np.mean)(work, axis=0) / scale
    return np.asarray(np.clip(found, numbers.min(axis=0), numbers.max(axis=0)))


def _normalised(numbers: AnyArray) -> AnyArray:
    if numbers.ndim < 2:
        raise MetricInputError("one number has no classes to sum over")
    sums = numbers.sum(axis=-1, keepdims=True)
    if not (sums > 0).all():
        raise MetricInputError("the sum over the classes must be positive")
    return np.asarray(numbers / sums)


def _vote(stack: AnyArray) -> AnyArray:
    """Return the most frequent value along the first axis, the smallest of those that tie."""
    ordered = np.sort(stack, axis=0)
    best: AnyArray = ordered[0].copy()
    run = np.ones(best.shape, dtype=np.int64)
    longest = run.copy()
    for before, here in pairwise(ordered):
        run = np.where(here == before, run + 1, 1)
        longer = run > longest  # ascending, so a later value must have more votes to win
        best = np.asarray(np.where(longer, here, best))
        longest = np.where(longer, run, longest)
    return best
