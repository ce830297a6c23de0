"""Arrays that are stored in chunks, read band by band along the first axis.

HDF5 and Zarr cut an array into chunks of one shape, those at the far edges filled up. A band is
all chunks that share their place on the first axis; one band is in memory at a time.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.readers.base import CHUNK_BYTES, AnyArray, ProblemLog, rows_per_chunk

# A band may be as large as the array, if a writer cut it across its first axis.
BAND_LIMIT_BYTES = 256 * 2**20
# A chunk that was packed is rarely larger than its values, and then by little.
_PACKING_LOSS = 64 * 2**10


@dataclass(frozen=True, slots=True)
class ChunkGrid:
    """How an array is cut.

    Both tuples have one entry for each axis; an array without axes is one chunk.
    """

    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of chunks along each axis."""
        pairs = zip(self.shape, self.chunk, strict=True)
        return tuple(-(-length // step) for length, step in pairs)

    @property
    def chunk_bytes(self) -> int:
        """Bytes of the values of one chunk."""
        return math.prod(self.chunk) * self.dtype.itemsize

    @property
    def packed_limit(self) -> int:
        """The most bytes that a stored chunk may have."""
        return 2 * self.chunk_bytes + _PACKING_LOSS

    @property
    def band_bytes(self) -> int:
        """Bytes of one band, its last chunks filled up."""
        return math.prod(self.counts[1:]) * self.chunk_bytes


def check_bands(log: ProblemLog, grid: ChunkGrid, *, where: str) -> bool:
    """Note chunks that cannot be read in pieces of bounded memory; return whether they can."""
    if max(grid.band_bytes, grid.chunk_bytes) <= BAND_LIMIT_BYTES:
        return True
    log.add(
        "BAD_CHUNKS",
        f"{where} is cut into chunks that cannot be read piece by piece along its first axis",
        where=where,
        remedy="write it with chunks that span few steps of the first axis, such as "
        f"{(1, *grid.shape[1:])}",
    )
    return False


class ChunkedSource:
    """An array whose chunks are loaded when they are needed.

    Parameters
    ----------
    grid : ChunkGrid
        How the array is cut.
    load : callable
        Takes a chunk's place in the grid and returns its values in the chunk's full shape;
        raises `PredictionFormatError` where they cannot be read.
    """

    def __init__(self, grid: ChunkGrid, load: Callable[[tuple[int, ...]], AnyArray]) -> None:
        self._grid = grid
        self._load = load

    @property
    def shape(self) -> tuple[int, ...]:
        return self._grid.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._grid.dtype

    def read(self) -> AnyArray:
        if not self.shape:
            return self._load(())
        whole = np.empty(self.shape, self.dtype)
        if whole.size:
            self._fill(whole, 0)
        return whole

    def chunks(self, max_bytes: int = CHUNK_BYTES) -> Iterator[AnyArray]:
        if not self.shape:
            yield self.read()
            return
        if not math.prod(self.shape):
            return
        step = rows_per_chunk(self.shape, itemsize=self.dtype.itemsize, max_bytes=max_bytes)
        height = self._grid.chunk[0]
        band_rows = max(height, step // height * height)
        for first in range(0, self.shape[0], band_rows):
            rows = min(band_rows, self.shape[0] - first)
            band = np.empty((rows, *self.shape[1:]), self.dtype)
            self._fill(band, first // height)
            for start in range(0, rows, step):
                yield band[start : start + step]

    def _fill(self, block: AnyArray, first_band: int) -> None:
        """Fill a block that begins with a band, from the chunks that it touches."""
        height, *widths = self._grid.chunk
        bands = range(-(-block.shape[0] // height))
        for place in itertools.product(bands, *map(range, self._grid.counts[1:])):
            starts = [i * width for i, width in zip(place, (height, *widths), strict=True)]
            part = block[
                tuple(slice(s, s + w) for s, w in zip(starts, self._grid.chunk, strict=True))
            ]
            values = self._load((place[0] + first_band, *place[1:]))
            part[...] = values[tuple(slice(0, length) for length in part.shape)]
