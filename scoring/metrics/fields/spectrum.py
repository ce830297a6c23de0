"""Fourier power of a field by wavenumber: as PDEBench counts it, and all of it.

PDEBench, one space axis: every mode of the real transform is a wavenumber. Two or three: modes
with every index in the lower half, summed over shells floor(|k|) below half the shortest axis.

All of it: every mode of the complex transform counts, so that the sum over modes is N times the
sum of squares over the grid (Parseval). Of a real field half the modes are stored; those that
stand for their mirror image too count twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scoring.metrics.fields.plan import FloatArray

BANDS = {"low": slice(0, 4), "mid": slice(4, 12), "high": slice(12, None)}


def shell_power(values: FloatArray, *, first: int) -> FloatArray:
    """Return the power of each lane by wavenumber.

    Parameters
    ----------
    values : array, shape (..., space ..., trail)
        Lanes before and after space.
    first : int
        The first space axis.

    Returns
    -------
    array, shape (..., wavenumber, trail)
    """
    space = values.shape[first:-1]
    return in_shells(lower_power(values, first=first), space)


def transformed(values: FloatArray, *, axes: Iterable[int]) -> NDArray[np.complex128]:
    """Return the real transform over these axes, the last of them halved."""
    from scipy import fft  # only when needed: loading it takes a third of a second

    return np.asarray(fft.rfftn(values, axes=tuple(axes)))


def quadrant(space: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many modes count along each axis, of those that the transform leaves."""
    return (space[0] // 2 + 1,) if len(space) == 1 else tuple(max(1, n // 2) for n in space)


def lower_power(values: FloatArray, *, first: int) -> FloatArray:
    """Return the power of each mode that counts, shape (..., mode, trail)."""
    space = values.shape[first:-1]
    modes = transformed(values, axes=range(first, values.ndim - 1))
    counted = tuple(slice(0, n) for n in quadrant(space))
    modes = modes[(slice(None),) * first + counted]
    power = np.square(modes.real)
    power += np.square(modes.imag)
    return np.asarray(power.reshape(*values.shape[:first], -1, values.shape[-1]))


def amplitude(values: FloatArray) -> FloatArray:
    """Return the amplitude of every mode of lanes with one space axis, shape (..., mode)."""
    return np.asarray(np.abs(transformed(values, axes=[-1])))


def in_shells(power: FloatArray, space: tuple[int, ...]) -> FloatArray:
    """Return (..., mode, trail) as (..., wavenumber, trail)."""
    if len(space) == 1:
        return power
    order, starts = _shells(space)
    return np.asarray(np.add.reduceat(power[..., order, :], starts, axis=-2))


def band_means(amplitudes: FloatArray) -> FloatArray:
    """Return the mean over each band of (..., wavenumber); NaN where a band has none."""
    means = np.full((*amplitudes.shape[:-1], len(BANDS)), np.nan)
    for index, band in enumerate(BANDS.values()):
        part = amplitudes[..., band]
        if part.shape[-1]:
            # A product adds up rows twice as fast as a mean along them.
            means[..., index] = part @ np.ones(part.shape[-1])
            means[..., index] /= part.shape[-1]
    return means


def wavenumbers(space: tuple[int, ...]) -> int:
    """Return how many wavenumbers a grid has."""
    return space[0] // 2 + 1 if len(space) == 1 else max(1, min(space) // 2)


def modes_counted(space: tuple[int, ...]) -> int:
    """Return how many modes `lower_power` keeps."""
    return math.prod(quadrant(space))


@lru_cache(maxsize=8)
def _shells(space: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the modes of the lower quadrant in the order of their shells, and where each begins.

    Modes beyond the last shell are left out.
    """
    grids = np.meshgrid(*(np.arange(max(1, n // 2)) for n in space), indexing="ij", sparse=True)
    squares = sum(grid.astype(np.int64) ** 2 for grid in grids)
    shell = np.floor(np.sqrt(squares)).astype(np.int64).ravel()
    count = max(1, min(space) // 2)
    order = np.argsort(shell, kind="stable")
    order = order[: int(np.count_nonzero(shell < count))]
    return order, np.searchsorted(shell[order], np.arange(count))


def full_power(values: FloatArray) -> FloatArray:
    """Return the power of each stored mode, mirror images included.

    Parameters
    ----------
    values : array, shape (b, t, c, space ...)

    Returns
    -------
    array, shape (b, t, c, mode)
        In the order of `wave_squares`.
    """
    space = values.shape[3:]
    modes = transformed(values, axes=range(3, values.ndim))
    power = np.square(modes.real)
    power += np.square(modes.imag)
    mirrored = slice(1, (space[-1] + 1) // 2)
    power[..., mirrored] *= 2.0
    return np.asarray(power.reshape(*values.shape[:3], -1))


@lru_cache(maxsize=8)
def wave_squares(space: tuple[int, ...]) -> NDArray[np.int64]:
    """Return |k|^2 of every stored mode, k in whole periods of the domain along each axis."""
    along = [np.rint(np.fft.fftfreq(n) * n).astype(np.int64) for n in space[:-1]]
    along.append(np.arange(space[-1] // 2 + 1))
    grids = np.meshgrid(*along, indexing="ij", sparse=True)
    return np.asarray(sum(grid**2 for grid in grids)).ravel()


def binned(power: FloatArray, bins: NDArray[np.int64], *, count: int) -> FloatArray:
    """Return the sum of (..., mode) over bins, shape (..., count); a bin below 0 is left out."""
    order = np.argsort(bins, kind="stable")
    order = order[np.searchsorted(bins[order], 0) : np.searchsorted(bins[order], count)]
    there, starts = np.unique(bins[order], return_index=True)
    sums = np.zeros((*power.shape[:-1], count))
    if len(order):
        sums[..., there] = np.add.reduceat(power[..., order], starts, axis=-1)
    return sums
