"""The sums of a block in compiled code, where the extra ``heldout[fast]`` is installed.

Without it, or where it cannot compile, `ready` says so and NumPy does the same sums. Compiling
takes seconds, so it is done once, by whoever starts processes for many jobs (`prepare`), or for a
file that is large enough to repay it; where the folder of the package can be written, the result
is kept there for the next start.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.metrics.fields_plan import FloatArray
from scoring.metrics.fields_sums import BLOCK_VALUES, Sums, fold_of, named
from scoring.readers.base import AnyArray

logger = logging.getLogger(__name__)

REPAYS_BYTES = 2**30
_WIDTH = 512
_STRIP = 512  # differences that wait for their maximum, in the fastest memory there is
_TYPES = ("<f4", "<f8")
# Sums may be taken in any order; NaN and infinity must survive, because they are looked for.
_MATH = frozenset({"reassoc", "contract", "nsz", "arcp"})


@dataclass(frozen=True, slots=True)
class Kernel:
    """The compiled functions."""

    rows: Callable[..., None]
    columns: Callable[..., None]
    lay: Callable[..., None]
    add_power: Callable[..., None]
    add_bands: Callable[..., None]


class _Prepared:
    kernel: Kernel | None = None
    tried = False


def ready(file_bytes: int = 0) -> Kernel | None:
    """Return the compiled functions if they are there, or worth compiling for such a file."""
    if file_bytes >= REPAYS_BYTES:
        prepare()
    return _Prepared.kernel


def prepare() -> bool:
    """Compile, unless that was done or tried before; return whether there is a kernel."""
    if not _Prepared.tried:
        _Prepared.tried = True
        try:
            _Prepared.kernel = _compiled()
        except ImportError:
            logger.debug("numba is not installed; sums are done in NumPy")
        except Exception as error:  # noqa: BLE001 - a compiler fails in its own ways
            logger.warning("the sums could not be compiled (%s)", type(error).__name__)
    return _Prepared.kernel is not None


def _compiled() -> Kernel:
    numba: Any = importlib.import_module("numba")
    options = {"fastmath": set(_MATH), "error_model": "numpy", "nogil": True}
    two, three = (
        [_read_only(np.zeros((0,) * axes, dtype=name)) for name in _TYPES] for axes in (2, 3)
    )
    sums, modes = np.zeros((5, 0, 0)), np.zeros((0, 0, 0), dtype=np.complex128)
    # Lanes are filled part by part, so what is given of them does not lie end to end.
    lanes = np.zeros((2, 2, 2))[..., :1]
    examples: dict[Callable[..., None], list[tuple[object, ...]]] = {
        _rows: [(one, one, np.zeros((0, 0)), *_strip(), sums) for one in two],
        _columns: [(one, one, sums) for one in three],
        _lay: [(one, one, lanes) for one in three],
        _add_power: [(modes, 0, 0, np.zeros((0, 0)))],
        _add_bands: [(modes, 0, 0, np.zeros((0, 0)))],
    }
    functions = []
    for function, calls in examples.items():
        try:
            compiled = numba.njit(cache=True, **options)(function)
        except RuntimeError:  # there is no folder that could be written
            compiled = numba.njit(**options)(function)
        for call in calls:
            compiled(*call)  # compiles it for these types
        compiled.disable_compile()
        functions.append(compiled)
    return Kernel(*functions)


def _read_only(values: AnyArray) -> AnyArray:
    view = values.view()
    view.setflags(write=False)
    return view


def _strip() -> tuple[FloatArray, AnyArray]:
    strip = np.empty(_STRIP)
    return strip, strip.view(np.int64)


class CompiledSums:
    """`BlockSums` in compiled code; keeps differences only if it is given an array for them."""

    fills_error = False

    def __init__(self, kernel: Kernel, *, trail: int) -> None:
        self._kernel = kernel
        self._strip = _strip()
        self.rows = True
        self.block_values = max(trail, BLOCK_VALUES)

    def measure(self, truth: AnyArray, guess: AnyArray, *, error: FloatArray) -> Sums:
        """Return sums over points; see `fields_sums.BlockSums`."""
        if truth.dtype != guess.dtype or truth.dtype.str not in _TYPES:
            truth, guess = truth.astype(np.float64), guess.astype(np.float64)
        truth, guess = _read_only(truth), _read_only(guess)
        if truth.shape[2] == 1:
            found = self._rows(truth, guess, error)
        else:
            found = self._columns(truth, guess)
            if error.size:
                self._kernel.lay(truth, guess, error)
        return named(found, truth)

    def _rows(self, truth: AnyArray, guess: AnyArray, error: FloatArray) -> FloatArray:
        shape = truth.shape[:2]
        found = np.zeros((5, len(truth), 1))
        kept = error.reshape(shape) if error.size else np.empty((0, 0))
        both = truth.reshape(shape), guess.reshape(shape)
        self._kernel.rows(*both, kept, *self._strip, found)
        return found

    def _columns(self, truth: AnyArray, guess: AnyArray) -> FloatArray:
        lead, points, trail = truth.shape
        fold = fold_of(points, trail, width=_WIDTH)
        shape = (lead, points // fold, fold * trail)
        found = np.zeros((5, lead, fold * trail))
        self._kernel.columns(truth.reshape(shape), guess.reshape(shape), found)
        if fold == 1:
            return found
        apart = found.reshape(5, lead, fold, trail)
        peak = apart[2].max(axis=1)
        found = np.asarray(apart.sum(axis=2))
        found[2] = peak
        return found


# In `_rows` and `_columns` `found` is (5, lead, lanes), in the order of `MEASURES`.


def _rows(truth, guess, error, strip, bits, found):  # type: ignore[no-untyped-def]
    points = truth.shape[1]
    for lead in range(truth.shape[0]):
        error_sum = error_square = sum_ = square = 0.0
        peak = np.int64(0)
        for start in range(0, points, 512):
            v = truth[lead, start : start + 512]
            u = guess[lead, start : start + 512]
            for i in range(v.size):
                value = np.float64(v[i])
                difference = np.float64(u[i]) - value
                strip[i] = difference
                error_sum += difference
                error_square += difference * difference
                sum_ += value
                square += value * value
            # Sizes of floats are ordered like their bits; of integers the processor compares many
            # at once, and keeps a NaN.
            for i in range(v.size):
                peak = max(peak, bits[i] & 0x7FFFFFFFFFFFFFFF)
            if error.size:
                for i in range(v.size):
                    error[lead, start + i] = strip[i]
        bits[0] = peak
        found[0, lead, 0] = error_sum
        found[1, lead, 0] = error_square
        found[2, lead, 0] = strip[0]
        found[3, lead, 0] = sum_
        found[4, lead, 0] = square


def _columns(truth, guess, found):  # type: ignore[no-untyped-def]
    rows = truth.shape[1]
    for lead in range(truth.shape[0]):
        error_sum, error_square = found[0, lead], found[1, lead]
        peak, sum_, square = found[2, lead], found[3, lead], found[4, lead]
        # Four rows at a time: sums are loaded and stored a quarter as often.
        for row in range(0, rows - 3, 4):
            v0, v1, v2, v3 = (
                truth[lead, row + 0],
                truth[lead, row + 1],
                truth[lead, row + 2],
                truth[lead, row + 3],
            )
            u0, u1, u2, u3 = (
                guess[lead, row + 0],
                guess[lead, row + 1],
                guess[lead, row + 2],
                guess[lead, row + 3],
            )
            for i in range(v0.size):
                a, b = np.float64(v0[i]), np.float64(v1[i])
                c, d = np.float64(v2[i]), np.float64(v3[i])
                e, f = np.float64(u0[i]) - a, np.float64(u1[i]) - b
                g, h = np.float64(u2[i]) - c, np.float64(u3[i]) - d
                error_sum[i] += (e + f) + (g + h)
                error_square[i] += (e * e + f * f) + (g * g + h * h)
                sum_[i] += (a + b) + (c + d)
                square[i] += (a * a + b * b) + (c * c + d * d)
                e, f, g, h = abs(e), abs(f), abs(g), abs(h)
                e = e if e > f else f
                g = g if g > h else h
                e = e if e > g else g
                peak[i] = e if e > peak[i] else peak[i]
        for row in range(rows - rows % 4, rows):
            v, u = truth[lead, row], guess[lead, row]
            for i in range(v.size):
                a = np.float64(v[i])
                e = np.float64(u[i]) - a
                error_sum[i] += e
                error_square[i] += e * e
                sum_[i] += a
                square[i] += a * a
                e = abs(e)
                peak[i] = e if e > peak[i] else peak[i]


def _lay(truth, guess, error):  # type: ignore[no-untyped-def]
    # Eight points of a lane are one line of the cache, which is then written in one go.
    points, trail = truth.shape[1:]
    for lead in range(truth.shape[0]):
        for start in range(0, points - 7, 8):
            v = truth[lead, start : start + 8]
            u = guess[lead, start : start + 8]
            for lane in range(trail):
                kept = error[lead, lane, start : start + 8]
                for i in range(8):
                    kept[i] = np.float64(u[i, lane]) - np.float64(v[i, lane])
        for row in range(points - points % 8, points):
            v, u = truth[lead, row], guess[lead, row]
            for lane in range(trail):
                error[lead, lane, row] = np.float64(u[lane]) - np.float64(v[lane])


# In the two below modes are (lane, line, mode), as the transform leaves them.


def _add_power(modes, lines, wide, power):  # type: ignore[no-untyped-def]
    for lane in range(modes.shape[0]):
        for line in range(lines):
            row = modes[lane, line]
            total = power[lane, line * wide : (line + 1) * wide]
            for i in range(wide):
                total[i] += row[i].real * row[i].real + row[i].imag * row[i].imag


def _add_bands(modes, low, mid, total):  # type: ignore[no-untyped-def]
    for lane in range(modes.shape[0]):
        row = modes[lane, 0]
        for band in range(3):
            first = (0, low, mid)[band]
            last = (low, mid, row.size)[band]
            found = 0.0
            for i in range(first, last):
                found += np.sqrt(row[i].real * row[i].real + row[i].imag * row[i].imag)
            total[lane, band] += found
