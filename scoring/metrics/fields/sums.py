"""Sums over the points of many lanes at once, in float64, block by block, in plain NumPy.

A block is (lead, points, trail) as it lies in the file. Where few lanes lie between neighbouring
points (trail is short) the block is turned into rows, one for each lane; else sums run down its
columns. It is worked on in parts small enough for everything made of them to stay in a
processor's own cache, and nothing large is allocated: all of this goes at that cache's speed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from scoring.metrics.fields.chunk import spread
from scoring.metrics.fields.plan import FloatArray
from scoring.readers.base import AnyArray

BLOCK_VALUES = 128 * 2**10
_PART_VALUES = 32 * 2**10
_SHORT_TRAIL = 16
_WIDE = 1024
# Below this part of the sum of squares, a spread taken from sums has lost digits.
WELL_SPREAD = 1e-2
_TINY_SQUARE = 1e-290

MEASURES = (
    "error_sum",
    "squared_error",
    "error_peak",
    "reference_sum",
    "reference_square",
    "reference_spread",
    "boundary_square",
)
_PEAK = MEASURES.index("error_peak")
_SPREAD = MEASURES.index("reference_spread")
_ADDED = [row for row in range(len(MEASURES)) if row not in (_PEAK, _SPREAD)]


class Faces(NamedTuple):
    """The points of a block that lie on the boundary, in order, and on how many faces each lies."""

    points: NDArray[np.intp]
    times: FloatArray


class BlockSums(Protocol):
    """Measures the blocks of one field: in NumPy, or compiled.

    What is found of a block has the shape (measures, lead, trail), in the order of `MEASURES`.
    """

    rows: bool  # whether the differences of a block come as (lead, trail, points)
    block_values: int  # how many values a block should have
    fills_error: bool  # whether `measure` must be given an array for the differences

    def measure(
        self,
        truth: AnyArray,
        guess: AnyArray,
        *,
        error: FloatArray,
        faces: Faces,
        found: FloatArray,
    ) -> bool:
        """Write the sums over points into `found`; return whether all values were finite.

        Parameters
        ----------
        truth, guess : array, shape (lead, points, trail)
            The block, in any number type.
        error : float64 array, shape (lead, trail, points) in rows, else that of the block
            Receives prediction minus reference; may be empty if not `fills_error`.
        """

    def join(
        self, table: FloatArray, found: FloatArray, *, before: int, points: int, lead: int
    ) -> None:
        """Add what was found of `points` more points of a lead to that of those before."""


class NumpySums:
    """`BlockSums` in NumPy; needs the differences.

    Parameters
    ----------
    trail : int
        How many lanes lie between neighbouring points.
    most : int
        How many values the field has: scratch need not be larger.
    """

    fills_error = True

    def __init__(self, *, trail: int, most: int) -> None:
        self.rows = trail < _SHORT_TRAIL
        self.block_values = max(trail, BLOCK_VALUES)
        part_values = max(trail, min(_PART_VALUES, most))
        self._part_values = part_values
        self._reference = np.empty(part_values)
        self._square = np.empty(0 if self.rows else part_values)

    def measure(
        self,
        truth: AnyArray,
        guess: AnyArray,
        *,
        error: FloatArray,
        faces: Faces,
        found: FloatArray,
    ) -> bool:
        """Write the sums over points into `found`; see `BlockSums`."""
        found[:] = 0
        for leads, points in self._parts(truth.shape):
            part = error[leads, :, points] if self.rows else error[leads, points]
            wide = self._reference[: part.size].reshape(part.shape)
            self._widen(truth[leads, points], wide)
            self._widen(guess[leads, points], part)
            np.subtract(part, wide, out=part)
            if self.rows:
                _add_rows(wide, part, found[:, leads])
            else:
                self._add_columns(wide, part, found[:, leads])
        if len(faces.points):
            found[MEASURES.index("boundary_square")] = _boundary_square(truth, guess, faces)
        found[_SPREAD] = found[4] - found[3] ** 2 / truth.shape[1]
        mend_spreads(truth, found)
        return math.isfinite(float(np.add.reduce(found[0], axis=None)))

    def join(
        self, table: FloatArray, found: FloatArray, *, before: int, points: int, lead: int
    ) -> None:
        """Add further points of a lead, as Chan and others do for spreads."""
        rows = slice(lead, lead + found.shape[1])
        apart = found[3] / points - table[3, rows] / before
        between = apart**2 * (before * points / (before + points))
        table[_SPREAD, rows] += found[_SPREAD] + between
        for measure in _ADDED:
            table[measure, rows] += found[measure]
        np.maximum(table[_PEAK, rows], found[_PEAK], out=table[_PEAK, rows])

    def _parts(self, shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
        leads, points, trail = shape
        leads_at_once = max(1, self._part_values // (points * trail))
        points_at_once = max(1, min(points, self._part_values // trail))
        for lead in range(0, leads, leads_at_once):
            for point in range(0, points, points_at_once):
                yield slice(lead, lead + leads_at_once), slice(point, point + points_at_once)

    def _widen(self, block: AnyArray, wide: FloatArray) -> None:
        if not self.rows or block.shape[-1] == 1:
            np.copyto(wide, block.reshape(wide.shape))
            return
        for lane in range(block.shape[-1]):
            np.copyto(wide[:, lane, :], block[:, :, lane])

    def _add_columns(self, wide: FloatArray, error: FloatArray, found: FloatArray) -> None:
        ones = _ones(error.shape[1])
        square = self._square[: error.size].reshape(error.shape)
        np.square(error, out=square)
        found[0] += ones @ error
        found[1] += ones @ square
        np.maximum(found[2], _root_of_peak(square, error), out=found[2])
        found[3] += ones @ wide
        np.square(wide, out=wide)
        found[4] += ones @ wide


def _add_rows(wide: FloatArray, error: FloatArray, found: FloatArray) -> None:
    ones = _ones(error.shape[-1])
    found[0] += error @ ones
    found[1] += np.vecdot(error, error)
    np.maximum(found[2], error.max(axis=-1), out=found[2])
    np.maximum(found[2], -error.min(axis=-1), out=found[2])
    found[3] += wide @ ones
    found[4] += np.vecdot(wide, wide)


def mend_spreads(truth: AnyArray, found: FloatArray) -> None:
    """Take a spread that lost digits again from the values: found is (measures, lead, trail)."""
    poor = ~(found[_SPREAD] > WELL_SPREAD * found[4])
    if poor.any():
        lead, trail = np.nonzero(poor)
        found[_SPREAD][poor] = spread(np.asarray(truth[lead, :, trail], dtype=np.float64))


def _boundary_square(truth: AnyArray, guess: AnyArray, faces: Faces) -> FloatArray:
    error = guess.take(faces.points, axis=1).astype(np.float64)
    error -= truth.take(faces.points, axis=1)
    return np.asarray(faces.times @ np.square(error, out=error))


def _root_of_peak(square: FloatArray, error: FloatArray) -> FloatArray:
    """Return the largest absolute error down the columns; the root of a square is exact."""
    fold = fold_of(*square.shape[1:], width=_WIDE)
    lead, points, trail = square.shape
    top = square.reshape(lead, points // fold, fold * trail).max(axis=1)
    peaks = np.sqrt(top.reshape(lead, fold, trail).max(axis=1))
    if not np.isfinite(peaks).all() or (peaks**2 < _TINY_SQUARE).any():
        return np.asarray(np.maximum(error.max(axis=1), -error.min(axis=1)))
    return np.asarray(peaks)


@lru_cache(maxsize=64)
def fold_of(points: int, trail: int, *, width: int) -> int:
    """Return how many points to lay side by side in a row of about `width` values."""
    most = max(1, width // trail)
    return next(fold for fold in range(min(points, most), 0, -1) if points % fold == 0)


@lru_cache(maxsize=8)
def _ones(count: int) -> FloatArray:
    return np.ones(count)
