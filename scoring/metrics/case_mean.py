"""Streaming metrics of cases: a value for each sample, or each grid point of it, and their mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from scoring.contract import JsonValue
from scoring.errors import MetricInputError
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.samples_chunk import SamplesChunk
from scoring.metrics.samples_rule import Parameters, SamplesRule

# Numbers of the prediction that are worked on at once; some copies of them are made.
BLOCK_VALUES = 1 << 18

Block = tuple[FloatArray, FloatArray]
Blocks = Callable[[SamplesChunk], Iterator[Block]]


Measure = Callable[..., FloatArray]
Value = Callable[..., float]


def the_mean(means: FloatArray, _count: int, **_: JsonValue) -> float:
    """Return the mean of the only measure."""
    return float(means[0])


def the_root(means: FloatArray, _count: int, **_: JsonValue) -> float:
    """Return the root of the mean of the only measure."""
    return math.sqrt(means[0])


def sample_blocks(chunk: SamplesChunk) -> Iterator[Block]:
    """Yield some samples at a time, of the shapes they have."""
    per_sample = max(1, math.prod(chunk.plan.prediction))
    step = max(1, BLOCK_VALUES // per_sample)
    for first in range(0, len(chunk.reference), step):
        part = slice(first, first + step)
        yield chunk.reference[part], chunk.prediction[part]


def case_blocks(chunk: SamplesChunk) -> Iterator[Block]:
    """Yield some cases at a time: every grid point of every sample is a case of its own.

    Predictions of shape (n, m, ...) against references (n, ...) come as (k, m) against (k).
    """
    samples, numbers = len(chunk.reference), chunk.plan.prediction[0]
    points = math.prod(chunk.plan.reference)
    truth = chunk.reference.reshape(samples, points)
    guess = chunk.prediction.reshape(samples, numbers, points)
    columns = max(1, min(points, BLOCK_VALUES // max(1, numbers)))
    rows = max(1, BLOCK_VALUES // max(1, numbers * columns))
    for row in range(0, samples, rows):
        for column in range(0, points, columns):
            part = (slice(row, row + rows), slice(column, column + columns))
            members = guess[part[0], :, part[1]].swapaxes(1, 2)
            yield truth[part].reshape(-1), members.reshape(-1, numbers)


def case_mean(
    measure: Measure, value: Value = the_mean, *, blocks: Blocks = case_blocks
) -> SamplesRule:
    """Return a streaming metric of samples: measure every case, average, and make a value of it.

    Parameters
    ----------
    measure : callable
        ``(reference, prediction, **parameters)`` of one block -> one number for each case, shape
        (k), or several, shape (k, several).
    value : callable
        ``(means, count, **parameters)`` of all cases -> the metric's value.
    blocks : callable
        How a chunk is cut into blocks: `case_blocks` or `sample_blocks`.
    """

    def sums(chunk: SamplesChunk, parameters: Parameters) -> FloatArray:
        """Return the sums of the measures, and how many cases they are of."""
        total = None
        for truth, guess in blocks(chunk):
            if truth.size and guess.size:
                measured = measure(truth, guess, **parameters)
                columns = measured.reshape(len(measured), -1)
                found = np.append(columns.sum(axis=0), len(columns))
                total = found if total is None else total + found
        return np.zeros(2) if total is None else total

    def of_means(total: FloatArray, _samples: int, parameters: Parameters) -> float:
        count = int(total[-1])
        if not count:
            raise MetricInputError("there must be one sample at least, and numbers in each")
        return value(total[:-1] / count, count, **parameters)

    return SamplesRule(sums, of_means)
