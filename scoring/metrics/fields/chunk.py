"""One piece of a field and what several metrics need of it, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from scoring.metrics.fields import spectrum
from scoring.metrics.fields.plan import LANE_AXES, FieldPlan, FloatArray
from scoring.readers.base import AnyArray

__all__ = ["LANE_AXES", "FieldChunk", "FieldPlan", "FloatArray", "spread"]


class FieldChunk:
    """A piece of reference and prediction, and the intermediates that metrics share.

    All arithmetic is in float64, and the difference is taken before anything is summed, so that
    a large common mean costs no digits.

    Parameters
    ----------
    plan : FieldPlan
        Of the whole field.
    reference, prediction : array
        The piece: some steps of the cut axis, all of the others. Neither is kept unconverted
        longer than the chunk lives.
    start : int
        The first step of the piece.
    """

    def __init__(
        self, plan: FieldPlan, *, reference: AnyArray, prediction: AnyArray, start: int = 0
    ) -> None:
        self.plan = plan
        self.start = start
        self.steps = 1
        if plan.cut_axis:
            self.steps = reference.shape[plan.layout.index(plan.cut_axis)]
        self._reference = reference
        self._prediction = prediction

    @classmethod
    def of_sums(
        cls, plan: FieldPlan, sums: Mapping[str, FloatArray], *, start: int, steps: int
    ) -> FieldChunk:
        """Return a chunk that knows these intermediates, and has no values."""
        chunk = cls.__new__(cls)
        chunk.plan, chunk.start, chunk.steps = plan, start, steps
        vars(chunk).update(sums)
        return chunk

    def folded(self, axes: str) -> int:
        """Return how many lanes of this piece differ in these axes only."""
        count = 1
        for axis in axes:
            count *= self.steps if axis == self.plan.cut_axis else self.plan.length(axis)
        return count

    @cached_property
    def reference(self) -> FloatArray:
        """The reference, shape (b, t, c, space ...)."""
        return self.plan.arrange(self._reference)

    @cached_property
    def prediction(self) -> FloatArray:
        """The prediction, shape (b, t, c, space ...)."""
        return self.plan.arrange(self._prediction)

    @cached_property
    def difference(self) -> FloatArray:
        """Prediction minus reference, shape (b, t, c, space ...)."""
        return self.prediction - self.reference

    @cached_property
    def squared_error(self) -> FloatArray:
        """Sum over space of the squared difference, shape (b, t, c)."""
        return sum_of_squares(self.difference)

    @cached_property
    def error_sum(self) -> FloatArray:
        """Sum over space of the difference, shape (b, t, c)."""
        return np.asarray(as_lanes(self.difference).sum(axis=-1))

    @cached_property
    def error_peak(self) -> FloatArray:
        """Largest absolute difference over space, shape (b, t, c)."""
        lanes = as_lanes(self.difference)
        return np.asarray(np.maximum(lanes.max(axis=-1), -lanes.min(axis=-1)))

    @cached_property
    def reference_square(self) -> FloatArray:
        """Sum over space of the squared reference, shape (b, t, c)."""
        return sum_of_squares(self.reference)

    @cached_property
    def reference_spread(self) -> FloatArray:
        """Sum over space of squared deviations of the reference from its mean, shape (b, t, c)."""
        return spread(as_lanes(self.reference))

    @cached_property
    def prediction_spread(self) -> FloatArray:
        """Sum over space of squared deviations of the prediction from its mean, (b, t, c)."""
        return spread(as_lanes(self.prediction))

    @cached_property
    def co_spread(self) -> FloatArray:
        """Sum over space of the products of both deviations from their means, (b, t, c)."""
        truth, guess = as_lanes(self.reference), as_lanes(self.prediction)
        truth = truth - truth.mean(axis=-1, keepdims=True)
        return np.asarray(np.vecdot(truth, guess - guess.mean(axis=-1, keepdims=True)))

    @cached_property
    def error_size(self) -> FloatArray:
        """Sum over space of the absolute difference, shape (b, t, c)."""
        return np.asarray(np.abs(as_lanes(self.difference)).sum(axis=-1))

    @cached_property
    def reference_size(self) -> FloatArray:
        """Sum over space of the absolute reference, shape (b, t, c)."""
        return np.asarray(np.abs(as_lanes(self.reference)).sum(axis=-1))

    @cached_property
    def error_modes(self) -> FloatArray:
        """Power of the difference by mode, see `spectrum.full_power`."""
        return spectrum.full_power(self.difference)

    @cached_property
    def reference_modes(self) -> FloatArray:
        """Power of the reference by mode, see `spectrum.full_power`."""
        return spectrum.full_power(self.reference)

    @cached_property
    def prediction_modes(self) -> FloatArray:
        """Power of the prediction by mode, see `spectrum.full_power`."""
        return spectrum.full_power(self.prediction)

    @cached_property
    def boundary_square(self) -> FloatArray:
        """Sum over all boundary faces of the squared difference, shape (b, t, c).

        A corner belongs to every face that meets in it.
        """
        total = np.zeros(self.difference.shape[:3])
        for axis in range(3, self.difference.ndim):
            for end in (0, -1):
                face = self.difference[(slice(None),) * axis + (end,)]
                total += sum_of_squares(face[..., np.newaxis])
        return total

    @cached_property
    def error_power(self) -> FloatArray:
        """Squared Fourier amplitude of the difference by wavenumber, shape (1, t, c, wavenumber).

        Summed over the samples of the piece; wavenumbers as in `spectrum.shell_power`.
        """
        power = spectrum.shell_power(self.difference[..., np.newaxis], first=3)
        return np.asarray(power[..., 0].sum(axis=0, keepdims=True))

    @cached_property
    def error_bands(self) -> FloatArray:
        """Mean amplitude of the difference in the three bands, shape (b, t, c, 3)."""
        power = spectrum.shell_power(self.difference[..., np.newaxis], first=3)
        return spectrum.band_means(np.sqrt(power[..., 0]))


def spread(lanes: FloatArray) -> FloatArray:
    """Return the sum of squared deviations from the mean along the last axis.

    The mean is taken relative to the first value, and its rounding is corrected for: exact for
    constant lanes, and as good for a mean of 1e5 as for one of 0.
    """
    first = lanes[..., :1]
    mean = first + (lanes - first).mean(axis=-1, keepdims=True)
    apart = lanes - mean
    rounding = apart.sum(axis=-1) ** 2 / lanes.shape[-1]
    return np.asarray(np.vecdot(apart, apart) - rounding)


def as_lanes(values: FloatArray) -> FloatArray:
    """Return (b, t, c, space ...) as (b, t, c, points)."""
    return values.reshape(*values.shape[:3], -1)


def sum_of_squares(values: FloatArray) -> FloatArray:
    """Return the sum of squares over space, shape (b, t, c)."""
    lanes = as_lanes(values)
    return np.asarray(np.vecdot(lanes, lanes))
