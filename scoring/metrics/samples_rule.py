"""What metrics of samples share: checked pairs, and sums that can be taken in pieces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from scoring.contract import JsonValue
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.samples_chunk import SamplesChunk, SamplesPlan
from scoring.readers.base import AnyArray

ALL_ANSWERED = (
    "Pooled over targets it needs every one answered: otherwise the row has status missing, unless "
    "the round declares that the answered targets alone are used."
)
NEEDS_ALL = "Needs all samples at once: memory grows with their number."
CONSTANT = "all predictions, or all references, are the same number"
CONSTANT_TRUTH = "all references are the same number, or there is only one"
NO_SAMPLE = "there must be one sample at least"

Parameters = Mapping[str, JsonValue]


def float_pair(reference: AnyArray, prediction: AnyArray) -> tuple[FloatArray, FloatArray]:
    """Return both as float64; raise `MetricInputError` if there is no sample."""
    truth = np.asarray(reference, dtype=np.float64)
    guess = np.asarray(prediction, dtype=np.float64)
    if not len(truth):
        raise MetricInputError(NO_SAMPLE)
    return truth, guess


def varying_pair(reference: AnyArray, prediction: AnyArray) -> tuple[FloatArray, FloatArray]:
    """Return both as float64; raise `MetricUndefinedError` if either side is one number."""
    truth, guess = float_pair(reference, prediction)
    if truth.size < 2:
        raise MetricUndefinedError("two samples at least are needed")
    if np.ptp(truth) == 0 or np.ptp(guess) == 0:
        raise MetricUndefinedError(CONSTANT)
    return truth, guess


@dataclass(frozen=True, slots=True)
class SamplesState:
    """What the samples so far add up to, and what rounding cut off these sums."""

    parameters: Parameters
    total: FloatArray | None = None
    cut_off: FloatArray | float = 0.0
    count: int = 0


Measure = Callable[[SamplesChunk, Parameters], FloatArray]
Value = Callable[[FloatArray, int, Parameters], float]


def mean_of(total: FloatArray, count: int, _: Parameters) -> float:
    """Return the mean of one quantity per sample."""
    return float(total) / count


def root_mean_of(total: FloatArray, count: int, _: Parameters) -> float:
    """Return the root of the mean of one quantity per sample."""
    return float(np.sqrt(total / count))


@dataclass(frozen=True, slots=True)
class SamplesRule:
    """A streaming metric of samples: sum something over the samples, then take a value.

    Parameters
    ----------
    measure : callable
        (chunk, parameters) -> sums over the chunk's samples, of a shape that no chunk changes.
    value : callable
        (sums, number of samples, parameters) -> the metric.
    combine : ufunc
        How the sums of two pieces become one: ``numpy.add`` or ``numpy.maximum``.
    """

    measure: Measure
    value: Value = mean_of
    combine: np.ufunc = np.add

    def init(self, _plan: SamplesPlan, parameters: Parameters) -> SamplesState:
        return SamplesState(parameters)

    def update(self, state: SamplesState, chunk: SamplesChunk) -> SamplesState:
        count = len(chunk.prediction)
        if not count:
            return state
        total = np.asarray(self.measure(chunk, state.parameters), dtype=np.float64)
        return self.merge(state, SamplesState(state.parameters, total, count=count))

    def merge(self, left: SamplesState, right: SamplesState) -> SamplesState:
        if left.total is None or right.total is None:
            return right if left.total is None else left
        total = np.asarray(self.combine(left.total, right.total))
        cut_off = left.cut_off + right.cut_off
        if self.combine is np.add:
            cut_off = cut_off + _lost(left.total, right.total, total=total)
        return SamplesState(left.parameters, total, cut_off, left.count + right.count)

    def finalize(self, state: SamplesState) -> float:
        if state.total is None:
            raise MetricInputError(NO_SAMPLE)
        return self.value(state.total + state.cut_off, state.count, state.parameters)


def _lost(left: FloatArray, right: FloatArray, *, total: FloatArray) -> FloatArray:
    """Return what rounding took from a sum, exactly (Knuth): many pieces cost no digits."""
    part = total - left
    return (left - (total - part)) + (right - part)
