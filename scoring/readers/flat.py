"""An array as a stream of values in C order, taken in whatever portions the pass wants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from scoring.readers.base import CHUNK_BYTES, AnyArray, ArraySource


class FlatStream(Protocol):
    """The next values of an array, in C order."""

    def take(self, count: int, /) -> AnyArray:
        """Return the next `count` values, one axis; valid until the next call."""


def flat_stream(source: ArraySource) -> FlatStream:
    """Return the values of a source as a stream: its own, if it has one without copies."""
    own = getattr(source, "flat", None)
    if own is not None:
        stream: FlatStream = own()
        return stream
    return _ChunkStream(source)


class _ChunkStream:
    """A stream over the blocks of a source that has no stream of its own."""

    def __init__(self, source: ArraySource) -> None:
        self._dtype = source.dtype
        self._blocks: Iterator[AnyArray] = source.chunks(CHUNK_BYTES)
        self._left: AnyArray = np.empty(0, dtype=source.dtype)

    def take(self, count: int, /) -> AnyArray:
        if len(self._left) < count:
            self._fill(count)
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def _fill(self, count: int) -> None:
        parts = [self._left]
        there = len(self._left)
        while there < count:
            parts.append(next(self._blocks).reshape(-1))
            there += len(parts[-1])
        self._left = parts[-1] if there == len(parts[-1]) else np.concatenate(parts)
