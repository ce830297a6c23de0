"""The codecs of a Zarr array, from stored bytes back to values: a short list of known ones.

https://zarr-specs.readthedocs.io/en/latest/v3/core/ and the codec pages beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.contract import JsonValue
from scoring.readers.base import AnyArray
from scoring.readers.byte_codecs import (
    CodecError,
    inflate,
    unpack_blosc,
    unpack_zstd,
    without_crc32c,
)

_CRC_BYTES = 4
_NO_BYTES = 2**64 - 1  # offset and length of an inner chunk that was not written
# A shard of many tiny pieces costs more to walk than its values are worth.
_PIECES = 2**20
_PLACES = ("start", "end")

Unpack = Callable[[bytes, int], bytes]
PACKED: Mapping[str, Unpack] = {
    "gzip": lambda packed, size: inflate(packed, size, gzip=True),
    "zstd": unpack_zstd,
    "blosc": unpack_blosc,
}
KNOWN = ("bytes", "transpose", "crc32c", "sharding_indexed", *PACKED)


class CodecChoiceError(Exception):
    """The declared codecs are not ones that are read; carries which."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


@dataclass(frozen=True, slots=True)
class Chain:
    """How the values of one chunk are stored: axes, byte order, packing, checksums."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]  # as stored, with its byte order
    order: tuple[int, ...]  # the stored axes, by their number in the array
    packing: tuple[str, ...]  # names of codecs from bytes to bytes, as they were applied
    shard: Shard | None = None

    @property
    def pieces(self) -> int:
        """How many pieces a chunk is cut into."""
        return 1 if self.shard is None else math.prod(self.shard.counts)

    @property
    def packed_limit(self) -> int:
        """The most bytes that the stored form may have."""
        index = 0 if self.shard is None else 16 * self.pieces + _CRC_BYTES
        return 2 * math.prod(self.shape) * self.dtype.itemsize + index + 64 * 2**10

    def values(self, stored: bytes, fill: AnyArray) -> AnyArray:
        """Return the chunk that these bytes hold; raise `CodecError` if they do not."""
        if self.shard is not None:
            return self.shard.values(_unwrapped(stored, self.packing, None), fill)
        content = _unwrapped(stored, self.packing, math.prod(self.shape) * self.dtype.itemsize)
        if self.dtype.kind == "b":
            # A byte other than 0 and 1 is no valid bool in memory.
            flat: AnyArray = np.frombuffer(content, np.uint8).astype(np.bool_)
        else:
            flat = np.frombuffer(content, self.dtype)
        shape = [self.shape[axis] for axis in self.order]
        return flat.reshape(shape).transpose(np.argsort(self.order))


@dataclass(frozen=True, slots=True)
class Shard:
    """A chunk that is itself cut into pieces, with an index of where each lies."""

    shape: tuple[int, ...]
    piece: Chain
    checked: bool  # whether the index ends with a checksum
    index_first: bool

    @property
    def counts(self) -> tuple[int, ...]:
        pairs = zip(self.shape, self.piece.shape, strict=True)
        return tuple(whole // part for whole, part in pairs)

    def values(self, stored: bytes, fill: AnyArray) -> AnyArray:
        whole = np.full(self.shape, fill)
        for place, (offset, length) in zip(
            np.ndindex(*self.counts), self._index(stored), strict=True
        ):
            if offset == length == _NO_BYTES:
                continue
            if length > self.piece.packed_limit or offset + length > len(stored):
                raise CodecError
            corner = [i * step for i, step in zip(place, self.piece.shape, strict=True)]
            spans = zip(corner, self.piece.shape, strict=True)
            whole[tuple(slice(s, s + n) for s, n in spans)] = self.piece.values(
                stored[offset : offset + length], fill
            )
        return whole

    def _index(self, stored: bytes) -> list[tuple[int, int]]:
        size = 16 * math.prod(self.counts) + _CRC_BYTES * self.checked
        if len(stored) < size:
            raise CodecError
        raw = stored[:size] if self.index_first else stored[-size:]
        body = without_crc32c(raw) if self.checked else raw
        entries = np.frombuffer(body, "<u8").reshape(-1, 2)
        return [(int(offset), int(length)) for offset, length in entries]


def _unwrapped(stored: bytes, packing: Sequence[str], size: int | None) -> bytes:
    """Undo the codecs from bytes to bytes; `size` is what must come out, if that is fixed."""
    content = stored
    for position in reversed(range(len(packing))):
        if packing[position] == "crc32c":
            content = without_crc32c(content)
        elif size is None:
            raise CodecError
        else:
            inside = _CRC_BYTES * packing[:position].count("crc32c")
            content = PACKED[packing[position]](content, size + inside)
    if size is not None and len(content) != size:
        raise CodecError
    return content


def chain_from(
    declared: JsonValue, *, shape: tuple[int, ...], dtype: np.dtype[Any], sharded: bool = True
) -> Chain:
    """Understand a list of codecs as an array's metadata declares it.

    Raises
    ------
    CodecChoiceError
        If one is not known, stands where it cannot, or is set up in a way that is not read.
    """
    codecs = [_named(codec) for codec in _list(declared)]
    order = tuple(range(len(shape)))
    while codecs and codecs[0][0] == "transpose":
        order = _transposed(order, codecs.pop(0)[1])
    if not codecs:
        raise CodecChoiceError("none")
    name, settings = codecs.pop(0)
    packing = tuple(name for name, _ in codecs)
    unknown = [name for name in packing if name not in PACKED and name != "crc32c"]
    if unknown or sum(name in PACKED for name in packing) > 1 or len(packing) > 3:
        raise CodecChoiceError(unknown[0] if unknown else "more than one packing")
    if name == "sharding_indexed" and sharded and order == tuple(range(len(shape))):
        if any(name in PACKED for name in packing):
            raise CodecChoiceError("packing around shards")
        return Chain(shape, dtype, order, packing, _shard(settings, shape=shape, dtype=dtype))
    if name != "bytes":
        raise CodecChoiceError(name)
    return Chain(shape, _ordered(dtype, settings), order, packing)


def _shard(settings: Mapping[str, Any], *, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Shard:
    inner = settings.get("chunk_shape")
    fits = isinstance(inner, list) and len(inner) == len(shape)
    if not fits or not all(type(n) is float and n >= 1 and n.is_integer() for n in inner or ()):
        raise CodecChoiceError("sharding_indexed")
    piece = tuple(int(n) for n in inner or ())
    pieces = [whole / part for whole, part in zip(shape, piece, strict=True)]
    if not all(count.is_integer() for count in pieces) or math.prod(pieces) > _PIECES:
        raise CodecChoiceError("sharding_indexed")
    index = [_named(codec) for codec in _list(settings.get("index_codecs"))]
    names = [name for name, _ in index]
    location = settings.get("index_location", "end")
    little = bool(index) and index[0][1].get("endian", "little") == "little"
    if names not in (["bytes"], ["bytes", "crc32c"]) or not little or location not in _PLACES:
        raise CodecChoiceError("sharding_indexed")
    chain = chain_from(settings.get("codecs"), shape=piece, dtype=dtype, sharded=False)
    return Shard(shape, chain, len(names) == 2, location == "start")


def _list(declared: JsonValue) -> list[JsonValue]:
    if not isinstance(declared, list) or len(declared) > 8:
        raise CodecChoiceError("codecs")
    return declared


def _named(codec: JsonValue) -> tuple[str, Mapping[str, Any]]:
    """Return the name and the settings of a codec; a bare text is a name without settings."""
    name = codec.get("name") if isinstance(codec, dict) else codec
    settings = codec.get("configuration", {}) if isinstance(codec, dict) else {}
    if not isinstance(name, str) or not isinstance(settings, dict):
        raise CodecChoiceError("codecs")
    return name, settings


def _transposed(order: tuple[int, ...], settings: Mapping[str, Any]) -> tuple[int, ...]:
    axes = settings.get("order")
    if not isinstance(axes, list) or not all(type(axis) is float for axis in axes):
        raise CodecChoiceError("transpose")
    if sorted(axes) != list(range(len(order))):
        raise CodecChoiceError("transpose")
    return tuple(order[int(axis)] for axis in axes)


def _ordered(dtype: np.dtype[Any], settings: Mapping[str, Any]) -> np.dtype[Any]:
    endian = settings.get("endian")
    if dtype.itemsize > 1 and endian not in ("little", "big"):
        raise CodecChoiceError("bytes")
    return dtype.newbyteorder(">" if endian == "big" else "<")
