"""In which ways an array of one shape can be brought into another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations

from scoring.contract import fits
from scoring.readers.base import AnyArray
from scoring.readers.checks import is_fixed

MAX_AXES = 6


class Change(StrEnum):
    """What kind of change it is."""

    SINGLETON = "singleton"  # axes of length 1 more or less
    AXES = "axes"  # axes in another order
    RESHAPE = "reshape"  # the same number of values, and nothing else to go by


@dataclass(frozen=True, slots=True)
class Fit:
    """One way: take the axes in this order, then see the values in this shape."""

    change: Change
    axes: tuple[int, ...]
    shape: tuple[int, ...]

    def apply(self, array: AnyArray) -> AnyArray:
        return array.transpose(self.axes).reshape(self.shape)


def ways(have: Sequence[int], want: Sequence[int | None]) -> list[Fit]:
    """Return all ways to bring `have` into `want`; none if it is right already or cannot be.

    A reshape is offered only where no order of axes fits.

    >>> [way.axes for way in ways((256, 21), (21, 256))]
    [(1, 0)]
    >>> [way.axes for way in ways((3, 4, 4), (4, 3, 4))]
    [(1, 0, 2), (2, 0, 1)]
    """
    if fits(have, want):
        return []
    if not is_fixed(want):
        orders = [order for order in _orders(have) if fits([have[axis] for axis in order], want)]
        shapes = [tuple(have[axis] for axis in order) for order in orders]
        return [Fit(Change.AXES, *pair) for pair in zip(orders, shapes, strict=True)]
    wanted = tuple(want)
    long = [axis for axis, length in enumerate(have) if length != 1]
    short = tuple(axis for axis, length in enumerate(have) if length == 1)
    core = [length for length in wanted if length != 1]
    if len(long) > MAX_AXES or sorted(have[axis] for axis in long) != sorted(core):
        same_size = math.prod(have) == math.prod(wanted)
        order = tuple(range(len(have)))
        return [Fit(Change.RESHAPE, order, wanted)] if same_size else []
    if [have[axis] for axis in long] == core:
        return [Fit(Change.SINGLETON, tuple(range(len(have))), wanted)]
    found = [order for order in permutations(long) if [have[axis] for axis in order] == core]
    return [Fit(Change.AXES, (*order, *short), wanted) for order in found]


def in_order(have: Sequence[int], want: Sequence[int | None], axes: Sequence[int]) -> Fit | None:
    """Return the way that takes the axes in a given order, or None if that does not fit."""
    if sorted(axes) != list(range(len(have))):
        return None
    shape = tuple(have[axis] for axis in axes)
    if fits(shape, want):
        return Fit(Change.AXES, tuple(axes), shape)
    core = [length for length in shape if length != 1]
    if is_fixed(want) and core == [length for length in want if length != 1]:
        return Fit(Change.AXES, tuple(axes), tuple(want))
    return None


def _orders(have: Sequence[int]) -> list[tuple[int, ...]]:
    return list(permutations(range(len(have)))) if len(have) <= MAX_AXES else []
