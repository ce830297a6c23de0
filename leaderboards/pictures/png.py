"""Arrays as PNG images, written with zlib alone."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ByteArray = NDArray[np.uint8]

MOST_ROWS, MOST_COLUMNS = 256, 256
LEAST = 240  # smaller arrays are drawn with several pixels for a cell
GAP = 8
# From dark to light with even steps of lightness, so that it reads in grey and by colour-blind.
_FIELD = [(22, 22, 60), (26, 72, 112), (22, 126, 130), (96, 178, 116), (240, 232, 150)]
# Too low, right, too high: blue, white, orange differ for every kind of sight.
_ERROR = [(20, 70, 140), (130, 175, 215), (250, 250, 248), (235, 165, 95), (150, 70, 0)]
_BLANK = (255, 255, 255)


def field_and_error(reference: FloatArray, prediction: FloatArray) -> bytes:
    """Draw a reference, a prediction on the same scale, and their difference, side by side.

    Parameters
    ----------
    reference, prediction : arrays of shape (rows, columns)
        Finite, of the same shape. Large ones are averaged down.

    Returns
    -------
    bytes
        A PNG image.
    """
    truth, guess = reduced(reference), reduced(prediction)
    error = guess - truth
    low, high = float(truth.min()), float(truth.max())
    most = float(np.abs(error).max()) or 1.0
    panels = [
        colours(truth, low, high, _FIELD),
        colours(guess, low, high, _FIELD),
        colours(error, -most, most, _ERROR),
    ]
    gap = np.full((panels[0].shape[0], GAP, 3), _BLANK, dtype=np.uint8)
    return png(np.concatenate([panels[0], gap, panels[1], gap, panels[2]], axis=1))


def reduced(values: FloatArray) -> FloatArray:
    """Average blocks of cells until no side is too long, and repeat cells where it is short."""
    for axis, most in ((0, MOST_ROWS), (1, MOST_COLUMNS)):
        size = values.shape[axis]
        parts = min(size, most)
        edges = np.linspace(0, size, parts + 1).astype(int)[:-1]
        counts = np.diff(np.append(edges, size))
        sums = np.add.reduceat(values, edges, axis=axis)
        values = sums / (counts[:, np.newaxis] if axis == 0 else counts)
        values = np.repeat(values, max(1, -(-LEAST // parts)), axis=axis)
    return values


def colours(
    values: FloatArray, low: float, high: float, scale: Sequence[tuple[int, ...]]
) -> ByteArray:
    """Return the colour of each value between `low` and `high`, shape (rows, columns, 3)."""
    span = high - low
    places = np.clip((values - low) / span if span > 0 else np.zeros_like(values), 0, 1)
    steps = np.linspace(0, 1, len(scale))
    channels = [np.interp(places, steps, [each[band] for each in scale]) for band in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def png(pixels: ByteArray) -> bytes:
    """Write pixels of shape (rows, columns, 3) as a PNG file."""
    rows, columns, _ = pixels.shape
    lines = np.zeros((rows, 1 + columns * 3), dtype=np.uint8)  # each line begins with its filter
    lines[:, 1:] = pixels.reshape(rows, -1)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
