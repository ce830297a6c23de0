"""One piece of a field and what several metrics need of it, computed once.

A field is an array with named axes: ``b`` samples, ``t`` time, ``c`` channels, and the space axes
``x``, ``y``, ``z``. A *lane* is one (sample, time, channel): all of space at one of each.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from scoring.errors import MetricInputError
from scoring.readers.base import AnyArray

FloatArray = NDArray[np.float64]

LANE_AXES = "btc"
SPACE_AXES = "xyz"
_STRIP_VALUES = 16 * 2**10


class FieldPlan:
    """How the axes of a field are named, and what follows from it.

    Parameters
    ----------
    layout : str
        One letter for each axis of the array, in order: "tx" is (time, x), "bxytc" is PDEBench's.
    shape : tuple of int
        Shape of the whole field.

    Raises
    ------
    MetricInputError
        If the layout does not name each axis once, names no space axis, or an axis is empty.
    """

    def __init__(self, layout: str, shape: tuple[int, ...]) -> None:
        known = set(layout) <= set(LANE_AXES + SPACE_AXES)
        if not known or len(set(layout)) != len(layout):
            raise MetricInputError(
                f"layout {layout!r}: name each axis once, by a letter of b, t, c, x, y, z"
            )
        if len(layout) != len(shape):
            raise MetricInputError(
                f"layout {layout!r} names {len(layout)} axes, the array has {len(shape)}"
            )
        self.layout = layout
        self.space_axes = "".join(axis for axis in layout if axis in SPACE_AXES)
        if not self.space_axes:
            raise MetricInputError(f"layout {layout!r} names no space axis (x, y, z)")
        if math.prod(shape) == 0:
            raise MetricInputError("the array is empty")
        lengths = dict(zip(layout, shape, strict=True))
        self.space = tuple(lengths[axis] for axis in self.space_axes)

    @property
    def points(self) -> int:
        """Number of grid points of a lane."""
        return math.prod(self.space)

    @property
    def cut_axis(self) -> str:
        """The axis along which the field may come in pieces: "" if it must come whole."""
        return self.layout[0] if self.layout[0] in LANE_AXES else ""

    def arrange(self, block: AnyArray) -> FloatArray:
        """Return a block as float64 with axes (b, t, c, space ...), absent ones of length 1."""
        order = [self.layout.index(axis) for axis in LANE_AXES if axis in self.layout]
        order += [self.layout.index(axis) for axis in self.space_axes]
        absent = tuple(i for i, axis in enumerate(LANE_AXES) if axis not in self.layout)
        arranged = np.expand_dims(block.transpose(order), absent)
        return _widened(arranged)


class FieldChunk:
    """A piece of reference and prediction, and the intermediates that metrics share.

    All arithmetic is in float64, and the difference is taken before anything is summed, so that
    a large common mean costs no digits.
    """

    def __init__(self, plan: FieldPlan, *, reference: AnyArray, prediction: AnyArray) -> None:
        self.plan = plan
        self.reference = plan.arrange(reference)
        self._prediction = prediction

    @cached_property
    def difference(self) -> FloatArray:
        """Prediction minus reference, shape (b, t, c, space ...)."""
        return self.plan.arrange(self._prediction) - self.reference

    @cached_property
    def squared_error(self) -> FloatArray:
        """Sum over space of the squared difference, shape (b, t, c)."""
        return _sum_of_squares(self.difference)

    @cached_property
    def error_sum(self) -> FloatArray:
        """Sum over space of the difference, shape (b, t, c)."""
        return np.asarray(_lanes(self.difference).sum(axis=-1))

    @cached_property
    def error_peak(self) -> FloatArray:
        """Largest absolute difference over space, shape (b, t, c)."""
        lanes = _lanes(self.difference)
        return np.asarray(np.maximum(lanes.max(axis=-1), -lanes.min(axis=-1)))

    @cached_property
    def reference_square(self) -> FloatArray:
        """Sum over space of the squared reference, shape (b, t, c)."""
        return _sum_of_squares(self.reference)

    @cached_property
    def reference_spread(self) -> FloatArray:
        """Sum over space of squared deviations of the reference from its mean, shape (b, t, c)."""
        lanes = _lanes(self.reference)
        return _sum_of_squares(lanes - lanes.mean(axis=-1, keepdims=True))

    @cached_property
    def boundary_square(self) -> FloatArray:
        """Sum over all boundary faces of the squared difference, shape (b, t, c).

        A corner belongs to every face that meets in it.
        """
        total = np.zeros(self.difference.shape[:3])
        for axis in range(3, self.difference.ndim):
            for end in (0, -1):
                face = self.difference[(slice(None),) * axis + (end,)]
                total += _sum_of_squares(face[..., np.newaxis])
        return total

    @cached_property
    def error_power(self) -> FloatArray:
        """Squared Fourier amplitude of the difference by wavenumber, shape (b, t, c, wavenumber).

        One space axis: all modes of the real transform. Two or three: modes with every index in
        the lower half, summed over shells floor(|k|) below half the shortest axis.
        """
        if len(self.plan.space) == 1:
            return _squared_amplitude(fft.rfft(self.difference, axis=-1))
        axes = tuple(range(3, self.difference.ndim))
        modes = fft.rfftn(self.difference, axes=axes)
        lower_half = tuple(slice(0, max(1, n // 2)) for n in self.plan.space)
        quadrant = modes[(slice(None), slice(None), slice(None), *lower_half)]
        return _lanes(_squared_amplitude(quadrant)) @ shell_matrix(self.plan.space)


def shell_matrix(space: tuple[int, ...]) -> FloatArray:
    """Return the 0/1 matrix that sums modes of the positive quadrant into shells.

    Shape (modes, shells): entry 1 where the mode's wavenumber, rounded down, is the shell.
    """
    grids = np.meshgrid(*(np.arange(max(1, n // 2)) for n in space), indexing="ij")
    wavenumber = np.sqrt(sum(grid.astype(np.float64) ** 2 for grid in grids)).ravel()
    shells = np.arange(max(1, min(space) // 2))
    return np.asarray(np.floor(wavenumber)[:, np.newaxis] == shells, dtype=np.float64)


def _lanes(values: FloatArray) -> FloatArray:
    return values.reshape(*values.shape[:3], -1)


def _sum_of_squares(values: FloatArray) -> FloatArray:
    lanes = _lanes(values)
    return np.asarray(np.vecdot(lanes, lanes))


def _squared_amplitude(modes: NDArray[np.complex128]) -> FloatArray:
    power = np.square(modes.real)
    power += np.square(modes.imag)
    return np.asarray(power)


def _widened(block: AnyArray) -> FloatArray:
    """Return a block as float64 with its last axis contiguous in memory."""
    if block.flags.c_contiguous or block.ndim < 2:
        return np.ascontiguousarray(block, dtype=np.float64)
    # In one go NumPy strides through all of a transposed block for every few values.
    wide = np.empty(block.shape)
    lines = max(1, _STRIP_VALUES // max(1, math.prod(block.shape[:-2]) * block.shape[-1]))
    for first in range(0, block.shape[-2], lines):
        wide[..., first : first + lines, :] = block[..., first : first + lines, :]
    return wide
