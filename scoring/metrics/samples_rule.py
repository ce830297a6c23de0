"""What metrics of samples share: checked pairs, and sums that can be taken in pieces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from scoring.contract import JsonValue
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.fields_chunk import FloatArray
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
    """What the samples so far add up to."""

    parameters: Parameters
    total: FloatArray | None = None
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
        return self.merge(state, SamplesState(state.parameters, total, count))

    def merge(self, left: SamplesState, right: SamplesState) -> SamplesState:
        parts = [part for part in (left.total, right.total) if part is not None]
        total = np.asarray(self.combine(*parts)) if len(parts) == 2 else next(iter(parts), None)
        return SamplesState(left.parameters, total, left.count + right.count)

    def finalize(self, state: SamplesState) -> float:
        if state.total is None:
            raise MetricInputError(NO_SAMPLE)
        return self.value(state.total, state.count, state.parameters)
