"""Values that a file stores packed, and marks as missing: the conventions of NetCDF.

``value = stored * scale_factor + add_offset``; a stored value equal to ``_FillValue`` or
``missing_value``, or without them to the library's own fill value, was never given. It is read as
NaN, which no prediction may hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.readers.base import CHUNK_BYTES, AnyArray, ArraySource

# What the NetCDF library writes where nobody wrote; of one byte it takes any value as meant.
DEFAULT_FILLS = {
    "f4": float(np.float32(9.969209968386869e36)),
    "f8": 9.969209968386869e36,
    "i2": -32767,
    "i4": -2147483647,
    "i8": -9223372036854775806,
    "u2": 65535,
    "u4": 4294967295,
    "u8": 18446744073709551614,
}


@dataclass(frozen=True, slots=True)
class Packing:
    """How stored values become values."""

    scale: float = 1.0
    offset: float = 0.0
    fills: tuple[float | int, ...] = ()  # stored values that mean "no value"

    @classmethod
    def declared(
        cls,
        dtype: np.dtype[Any],
        *,
        scale: AnyArray | None,
        offset: AnyArray | None,
        fills: tuple[AnyArray, ...],
    ) -> Packing:
        """Put together what the attributes of a variable say.

        Raises
        ------
        ValueError
            If one of them is not a number, or not a single finite one where it must be.
        """
        numbers = [value for value in (scale, offset, *fills) if value is not None]
        if any(value.dtype.kind not in "fiu" for value in numbers):
            raise ValueError("not a number")
        given = tuple(value.item() for fill in fills for value in fill.ravel()[:16])
        default = DEFAULT_FILLS.get(dtype.kind + str(dtype.itemsize))
        known = given or (() if default is None else (default,))
        return cls(
            1.0 if scale is None else _finite(scale),
            0.0 if offset is None else _finite(offset),
            tuple(value for value in known if value == value),  # a NaN is found as it is
        )

    def unpacked(self, stored: AnyArray) -> AnyArray:
        """Return the values of a block, float64 where anything is to be done to them."""
        missing = np.zeros(stored.shape, dtype=bool)
        for fill in self.fills:
            missing |= stored == fill
        plain = self.scale == 1.0 and self.offset == 0.0
        if plain and not missing.any():
            return stored
        values = stored.astype(np.float64) * self.scale + self.offset
        values[missing] = np.nan
        return values


def _finite(attribute: AnyArray) -> float:
    value = float(attribute.item())
    if not np.isfinite(value):
        raise ValueError("not finite")
    return value


class UnpackedSource:
    """A source over stored values that hands over the values they stand for."""

    def __init__(self, stored: ArraySource, packing: Packing) -> None:
        self._stored = stored
        self._packing = packing

    @property
    def shape(self) -> tuple[int, ...]:
        return self._stored.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        scaled = (self._packing.scale, self._packing.offset) != (1.0, 0.0)
        return np.dtype(np.float64) if scaled else self._stored.dtype

    def read(self) -> AnyArray:
        return self._packing.unpacked(self._stored.read())

    def chunks(self, max_bytes: int = CHUNK_BYTES) -> Iterator[AnyArray]:
        for block in self._stored.chunks(max_bytes):
            yield self._packing.unpacked(block)
