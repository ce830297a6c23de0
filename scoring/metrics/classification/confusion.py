"""Labels against labels, counted by class, and how classes become one number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.samples_rule import NO_SAMPLE
from scoring.readers.base import AnyArray

IntArray = NDArray[np.int64]

_LARGEST = 2**31


def labels(array: AnyArray, *, name: str) -> IntArray:
    """Return class labels as integers; raise `MetricInputError` unless all are whole numbers."""
    numbers = np.asarray(array, dtype=np.float64)
    wrong = (numbers != np.round(numbers)) | (np.abs(numbers) > _LARGEST)
    if wrong.any():
        raise MetricInputError(f"the {name} must hold whole numbers, the labels of classes")
    return np.asarray(array, dtype=np.int64)


def class_numbers(reference: AnyArray, columns: int) -> IntArray:
    """Return labels that are numbers of columns, 0 to `columns` - 1."""
    truth = labels(reference, name="reference")
    if truth.size and (truth.min() < 0 or truth.max() >= columns):
        raise MetricInputError(
            f"the reference's labels must be from 0 to {columns - 1}: the columns of the prediction"
        )
    return truth


def label_pair(reference: AnyArray, prediction: AnyArray) -> tuple[IntArray, IntArray]:
    """Return both sides as labels; raise `MetricInputError` if there is no sample."""
    pair = labels(reference, name="reference"), labels(prediction, name="prediction")
    if not len(pair[0]):
        raise MetricInputError(NO_SAMPLE)
    return pair


def indicators(array: AnyArray, *, name: str) -> IntArray:
    """Return a multi-label matrix; raise `MetricInputError` unless it holds only 0 and 1."""
    if ((array != 0) & (array != 1)).any():
        raise MetricInputError(f"the {name} must hold only 0 and 1, one column for each label")
    return np.asarray(array, dtype=np.int64)


def confusion_matrix(truth: IntArray, guess: IntArray) -> tuple[IntArray, FloatArray]:
    """Return the classes in order and how often each true one is called each, (true, called)."""
    classes, codes = np.unique(np.concatenate([truth, guess]), return_inverse=True)
    rows, columns = codes[: truth.size], codes[truth.size :]
    cells = np.bincount(rows * classes.size + columns, minlength=classes.size**2)
    return classes, cells.reshape(classes.size, classes.size).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Counts:
    """True positives, false positives and false negatives, one of each for every class."""

    tp: FloatArray
    fp: FloatArray
    fn: FloatArray

    @property
    def support(self) -> FloatArray:
        """How many samples are truly of the class."""
        return self.tp + self.fn


Ratio = Callable[[Counts], tuple[FloatArray, FloatArray]]  # numerator and denominator


def counts_by_class(truth: IntArray, guess: IntArray) -> tuple[IntArray, Counts]:
    """Return the classes that occur on either side, and their counts."""
    classes, table = confusion_matrix(truth, guess)
    hits = np.diagonal(table)
    return classes, Counts(hits, table.sum(axis=0) - hits, table.sum(axis=1) - hits)


def _counts_along(truth: IntArray, guess: IntArray, axis: int) -> Counts:
    hits = (truth & guess).sum(axis=axis).astype(np.float64)
    return Counts(hits, guess.sum(axis=axis) - hits, truth.sum(axis=axis) - hits)


def averaged_ratio(
    reference: AnyArray,
    prediction: AnyArray,
    *,
    ratio: Ratio,
    average: str,
    positive: int,
    empty: str,
) -> float:
    """Return a ratio of counts, averaged over classes, labels or samples.

    Parameters
    ----------
    reference, prediction : array
        Labels, shape (n,); or 0 and 1 for each of c labels, shape (n, c).
    ratio : callable
        Counts -> numerators and denominators.
    average : str
        "binary", "macro", "micro", "weighted", "samples".
    positive : int
        The label that "binary" looks at.
    empty : str
        What 0/0 is: "zero", "one" or "undefined".
    """
    if not len(reference):
        raise MetricInputError(NO_SAMPLE)
    counts = _counts(reference, prediction, average, positive)
    weights = counts.support if average == "weighted" else np.ones_like(counts.tp)
    if average == "micro":
        counts = Counts(*(np.array([part.sum()]) for part in (counts.tp, counts.fp, counts.fn)))
        weights = np.ones(1)
    values = _divided(*ratio(counts), empty=empty)
    if not weights.sum():  # no label is true anywhere: every class has the weight 0
        return float(_divided(np.zeros(1), np.zeros(1), empty=empty)[0])
    return float(np.average(values, weights=weights))


def _divided(above: FloatArray, below: FloatArray, *, empty: str) -> FloatArray:
    if empty == "undefined" and not below.all():
        raise MetricUndefinedError("a class has neither predictions nor references to count")
    otherwise = np.full_like(above, 1.0 if empty == "one" else 0.0)
    return np.divide(above, below, out=otherwise, where=below != 0)


def _counts(reference: AnyArray, prediction: AnyArray, average: str, positive: int) -> Counts:
    if reference.ndim == 1:
        if average == "samples":
            raise MetricInputError("average 'samples' is for several labels per sample, (n, c)")
        truth, guess = label_pair(reference, prediction)
        if average == "binary":
            return _of_positive(truth, guess, positive)
        return counts_by_class(truth, guess)[1]
    if average == "binary":
        raise MetricInputError("average 'binary' is for one label per sample, shape (n)")
    truth = indicators(reference, name="reference")
    guess = indicators(prediction, name="prediction")
    return _counts_along(truth, guess, 1 if average == "samples" else 0)


def _of_positive(truth: IntArray, guess: IntArray, positive: int) -> Counts:
    if len(np.union1d(np.union1d(truth, guess), [positive])) > 2:
        raise MetricInputError(
            "average 'binary' is for two classes; declare 'macro', 'micro' or 'weighted' for more"
        )
    actual, called = truth == positive, guess == positive
    parts = (actual & called, ~actual & called, actual & ~called)
    return Counts(*(np.array([float(part.sum())]) for part in parts))
