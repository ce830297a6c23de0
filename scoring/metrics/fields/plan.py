"""How the axes of a field are named, and where its lanes lie in memory.

A field is an array with named axes: ``b`` samples, ``t`` time, ``c`` channels, and the space axes
``x``, ``y``, ``z``. A *lane* is one (sample, time, channel): all of space at one of each.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

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
        self.shape = shape
        self.space_axes = "".join(axis for axis in layout if axis in SPACE_AXES)
        if not self.space_axes:
            raise MetricInputError(f"layout {layout!r} names no space axis (x, y, z)")
        if math.prod(shape) == 0:
            raise MetricInputError("the array is empty")
        self.lengths = dict(zip(layout, shape, strict=True))
        self.space = tuple(self.lengths[axis] for axis in self.space_axes)

    @cached_property
    def points(self) -> int:
        """Number of grid points of a lane."""
        return math.prod(self.space)

    def length(self, axis: str) -> int:
        """Return how long an axis is: 1 if the field does not have it."""
        return self.lengths.get(axis, 1)

    @cached_property
    def cut_axis(self) -> str:
        """The axis along which the field may come in pieces: "" if it must come whole."""
        longer = [axis for axis in self.lead_axes if self.lengths[axis] > 1]
        return longer[0] if longer else ""

    @cached_property
    def steps(self) -> int:
        """Number of steps of the cut axis: 1 if there is none."""
        return self.length(self.cut_axis)

    def piece_shape(self, steps: int) -> tuple[int, ...]:
        """Return the shape of a piece of so many steps of the cut axis."""
        lengths = self.lengths | ({self.cut_axis: steps} if self.cut_axis else {})
        return tuple(lengths[axis] for axis in self.layout)

    @cached_property
    def lead_axes(self) -> str:
        """The lane axes before space."""
        return self.layout[: self.layout.index(self.space_axes[0])]

    @cached_property
    def trail_axes(self) -> str:
        """The lane axes after the first space axis."""
        return "".join(axis for axis in self.layout if axis not in self.lead_axes + SPACE_AXES)

    @property
    def is_block(self) -> bool:
        """Whether the space axes are neighbours, so that the array is (lead, space, trail)."""
        return self.space_axes in self.layout

    def by_lane_axes(self, values: AnyArray, *, steps: int, folded: str = "") -> AnyArray:
        """Return (lead, trail, ...) as (b, t, c, ...), for a piece of so many steps.

        Axes in `folded` are already of length 1.
        """
        lengths = self.lengths | ({self.cut_axis: steps} if self.cut_axis else {})
        lengths |= dict.fromkeys(folded, 1)
        there = self.lead_axes + self.trail_axes
        apart = values.reshape((*(lengths[axis] for axis in there), *values.shape[2:]))
        order = [there.index(axis) for axis in LANE_AXES if axis in there]
        order += range(len(there), apart.ndim)
        absent = tuple(i for i, axis in enumerate(LANE_AXES) if axis not in there)
        return np.expand_dims(apart.transpose(order), absent)

    def arrange(self, block: AnyArray) -> FloatArray:
        """Return a block as float64 with axes (b, t, c, space ...), absent ones of length 1."""
        order = [self.layout.index(axis) for axis in LANE_AXES if axis in self.layout]
        order += [self.layout.index(axis) for axis in self.space_axes]
        absent = tuple(i for i, axis in enumerate(LANE_AXES) if axis not in self.layout)
        arranged = np.expand_dims(block.transpose(order), absent)
        return _widened(arranged)


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
