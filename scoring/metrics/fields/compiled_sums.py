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

from scoring.metrics.fields.plan import FloatArray
from scoring.metrics.fields.sums import (
    BLOCK_VALUES,
    MEASURES,
    WELL_SPREAD,
    Faces,
    fold_of,
    mend_spreads,
)
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
    fold: Callable[..., None]
    finish: Callable[..., tuple[int, bool]]
    join: Callable[..., None]
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
    blocks = [_read_only(np.zeros((0, 0), dtype=name)) for name in _TYPES]
    # Rows of lanes and of the table are parts of larger arrays: they do not lie end to end.
    lanes, found = np.zeros((2, 2, 2))[..., :1], np.zeros((len(MEASURES), 2, 1))[:, :1]
    faces = np.zeros(0, dtype=np.intp), np.zeros(0)
    modes = np.zeros((0, 0, 0), dtype=np.complex128)
    examples: dict[Callable[..., object], list[tuple[object, ...]]] = {
        _rows: [(one, one, lanes[:, 0], *_strip(), found) for one in blocks],
        _columns: [(one, one, np.zeros((5, 0, 1))) for one in blocks],
        _fold: [(np.zeros((5, 1, 1)), found)],
        _finish: [(one, one, *faces, found, 1) for one in blocks],
        _join: [(found, found, 1, 1, 0)],
        _lay: [(one, one, lanes) for one in blocks],
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

    def measure(
        self,
        truth: AnyArray,
        guess: AnyArray,
        *,
        error: FloatArray,
        faces: Faces,
        found: FloatArray,
    ) -> bool:
        """Write the sums over points into `found`; see `scoring.metrics.fields.sums.BlockSums`."""
        if truth.dtype != guess.dtype or truth.dtype.str not in _TYPES:
            truth, guess = truth.astype(np.float64), guess.astype(np.float64)
        # No compiled function looks whether an index is within bounds: here is where they are.
        lead, points, trail = truth.shape
        if guess.shape != truth.shape or found.shape != (len(MEASURES), lead, trail):
            raise ValueError("a block and what is found of it differ in shape")
        both = _read_only(truth.reshape(lead, -1)), _read_only(guess.reshape(lead, -1))
        if trail == 1:
            kept = error.reshape(lead, points) if error.size else np.empty((0, 0))
            self._kernel.rows(*both, kept, *self._strip, found)
        else:
            sums = np.zeros((5, lead, trail * fold_of(points, trail, width=_WIDTH)))
            self._kernel.columns(*both, sums)
            self._kernel.fold(sums, found)
            if error.size:
                self._kernel.lay(*both, error)
        poor, finite = self._kernel.finish(*both, *faces, found, points)
        if poor:
            mend_spreads(truth, found)
        return finite

    def join(
        self, table: FloatArray, found: FloatArray, *, before: int, points: int, lead: int
    ) -> None:
        """Add further points of a lead; see `scoring.metrics.fields.sums.NumpySums.join`."""
        self._kernel.join(table, found, before, points, lead)


# In the functions below truth and guess are (lead, values), the values point by point; `found` is
# (measures, lead, lane), in the order of `MEASURES`.


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
                kept = error[lead, start : start + 512]
                for i in range(v.size):
                    kept[i] = strip[i]
        bits[0] = peak
        found[0, lead, 0] = error_sum
        found[1, lead, 0] = error_square
        found[2, lead, 0] = strip[0]
        found[3, lead, 0] = sum_
        found[4, lead, 0] = square


def _columns(truth, guess, sums):  # type: ignore[no-untyped-def]
    # Several points side by side make a line as wide as `sums`.
    width = sums.shape[2]
    lines = truth.shape[1] // width
    for lead in range(truth.shape[0]):
        error_sum, error_square = sums[0, lead], sums[1, lead]
        peak, sum_, square = sums[2, lead], sums[3, lead], sums[4, lead]
        # Four lines at a time: sums are loaded and stored a quarter as often.
        for line in range(0, lines - 3, 4):
            at = line * width
            v0, u0 = truth[lead, at : at + width], guess[lead, at : at + width]
            at += width
            v1, u1 = truth[lead, at : at + width], guess[lead, at : at + width]
            at += width
            v2, u2 = truth[lead, at : at + width], guess[lead, at : at + width]
            at += width
            v3, u3 = truth[lead, at : at + width], guess[lead, at : at + width]
            for i in range(width):
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
        for at in range((lines - lines % 4) * width, lines * width, width):
            v, u = truth[lead, at : at + width], guess[lead, at : at + width]
            for i in range(width):
                a = np.float64(v[i])
                e = np.float64(u[i]) - a
                error_sum[i] += e
                error_square[i] += e * e
                sum_[i] += a
                square[i] += a * a
                e = abs(e)
                peak[i] = e if e > peak[i] else peak[i]


def _fold(sums, found):  # type: ignore[no-untyped-def]
    # Adds up the points that stood side by side.
    trail = found.shape[2]
    for measure in range(5):
        for lead in range(found.shape[1]):
            kept = found[measure, lead]
            kept[:] = sums[measure, lead, :trail]
            for at in range(trail, sums.shape[2], trail):
                for lane in range(trail):
                    value = sums[measure, lead, at + lane]
                    kept[lane] = max(kept[lane], value) if measure == 2 else kept[lane] + value


def _finish(truth, guess, faces, count, found, points):  # type: ignore[no-untyped-def]
    # What follows from the sums, and from the few points on the boundary. Returns how many spreads
    # must be taken again from the values, and whether all values were finite.
    poor, total = 0, 0.0
    trail = found.shape[2]
    for lead in range(found.shape[1]):
        for lane in range(trail):
            total += found[0, lead, lane]
            square = found[4, lead, lane]
            spread = square - found[3, lead, lane] * found[3, lead, lane] / points
            found[5, lead, lane] = spread
            found[6, lead, lane] = 0.0
            poor += not spread > WELL_SPREAD * square
        for number in range(faces.size):
            at, times = faces[number] * trail, count[number]
            for lane in range(trail):
                e = np.float64(guess[lead, at + lane]) - np.float64(truth[lead, at + lane])
                found[6, lead, lane] += times * e * e
    return poor, np.isfinite(total)


def _join(table, found, before, points, lead):  # type: ignore[no-untyped-def]
    for row in range(found.shape[1]):
        for lane in range(found.shape[2]):
            apart = found[3, row, lane] / points - table[3, lead + row, lane] / before
            between = apart * apart * (before * points / (before + points))
            table[5, lead + row, lane] += found[5, row, lane] + between
            for measure in (0, 1, 3, 4, 6):
                table[measure, lead + row, lane] += found[measure, row, lane]
            peak = found[2, row, lane]
            if not peak <= table[2, lead + row, lane]:
                table[2, lead + row, lane] = peak


def _lay(truth, guess, error):  # type: ignore[no-untyped-def]
    # Eight points of a lane are one line of the cache, which is then written in one go.
    trail, points = error.shape[1:]
    for lead in range(truth.shape[0]):
        for start in range(0, points - 7, 8):
            v = truth[lead, start * trail : (start + 8) * trail]
            u = guess[lead, start * trail : (start + 8) * trail]
            for lane in range(trail):
                kept = error[lead, lane, start : start + 8]
                for i in range(8):
                    at = i * trail + lane
                    kept[i] = np.float64(u[at]) - np.float64(v[at])
        for point in range(points - points % 8, points):
            for lane in range(trail):
                at = point * trail + lane
                error[lead, lane, point] = np.float64(guess[lead, at]) - np.float64(truth[lead, at])


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
