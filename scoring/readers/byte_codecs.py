"""Unpacking of stored chunks, each bounded by the size that the chunk must have.

A packed chunk never tells how large it gets: the caller knows from the array's shape, and more
is damage. Every function raises `CodecError` where the bytes do not give what they should.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np

_ZLIB = 15
_GZIP = 31
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_FLETCHER_PIECE = 2**20  # words; their weighted sum stays far below 2**63


class CodecError(Exception):
    """Stored bytes cannot be unpacked into what they should hold."""


def inflate(packed: bytes, size: int, *, gzip: bool = False) -> bytes:
    """Unpack one deflate stream in its zlib or gzip wrapping into exactly `size` bytes."""
    stream = zlib.decompressobj(_GZIP if gzip else _ZLIB)
    try:
        content = stream.decompress(packed, size + 1)
    except zlib.error as error:
        raise CodecError from error
    if len(content) != size or not stream.eof or stream.unused_data:
        raise CodecError
    return content


def unshuffle(content: bytes, *, width: int) -> bytes:
    """Put the bytes of each value together again: HDF5's shuffle filter, undone."""
    whole = len(content) // width * width
    table = np.frombuffer(content, np.uint8, count=whole).reshape(width, -1)
    return table.T.tobytes() + content[whole:]


def without_fletcher32(content: bytes) -> bytes:
    """Check and drop the checksum at the end: HDF5's fletcher32 filter, undone."""
    body, stored = content[:-4], content[-4:]
    if len(stored) < 4:
        raise CodecError
    value = int.from_bytes(stored, "little")
    sums = (value & 0xFFFF, value >> 16)
    # Both halves are sums modulo 65535, in which 0 and 65535 are the same number.
    if tuple(half % 65535 for half in sums) != _fletcher32(body):
        raise CodecError
    return body


def _fletcher32(body: bytes) -> tuple[int, int]:
    words = np.frombuffer(body + b"\0" * (len(body) % 2), ">u2")
    first = second = 0
    for start in range(0, words.size, _FLETCHER_PIECE):
        piece = words[start : start + _FLETCHER_PIECE].astype(np.uint64)
        weights = np.arange(piece.size, 0, -1, dtype=np.uint64)
        second = (second + first * piece.size + int((piece * weights).sum())) % 65535
        first = (first + int(piece.sum())) % 65535
    return first, second


def without_crc32c(content: bytes) -> bytes:
    """Check and drop the checksum at the end: Zarr's crc32c codec, undone."""
    import google_crc32c

    body, stored = content[:-4], content[-4:]
    if len(stored) < 4 or google_crc32c.value(body) != int.from_bytes(stored, "little"):
        raise CodecError
    return body


def unpack_zstd(packed: bytes, size: int) -> bytes:
    """Unpack a Zstandard frame into exactly `size` bytes."""
    from numcodecs import zstd

    if _frame_size(packed) not in (size, None):
        raise CodecError
    return _unpack_into(zstd.decompress, packed, size=size)


def _frame_size(frame: bytes) -> int | None:
    """Return the unpacked size that a Zstandard frame tells (RFC 8878, 3.1.1), if it does."""
    if len(frame) < 6 or frame[:4] != _ZSTD_MAGIC:
        raise CodecError
    flags = frame[4]
    one_segment = flags >> 5 & 1
    width = (one_segment, 2, 4, 8)[flags >> 6]
    start = 5 + (not one_segment) + (0, 1, 2, 4)[flags & 3]
    told = int.from_bytes(frame[start : start + width], "little")
    return (told + 256 if width == 2 else told) if width else None


def unpack_blosc(packed: bytes, size: int) -> bytes:
    """Unpack a Blosc buffer into exactly `size` bytes."""
    from numcodecs import blosc

    # The header tells three sizes; the library trusts them, so they must fit the bytes given.
    if len(packed) < 16:
        raise CodecError
    unpacked, block, whole = (int.from_bytes(packed[i : i + 4], "little") for i in (4, 8, 12))
    if unpacked != size or whole != len(packed) or block > max(size, 1):
        raise CodecError
    return _unpack_into(blosc.decompress, packed, size=size)


def _unpack_into(
    unpack: Callable[[bytes, bytearray], object], packed: bytes, *, size: int
) -> bytes:
    """Let a library unpack into a buffer of the right size, which it cannot outgrow."""
    content = bytearray(size)
    try:
        unpack(packed, content)
    except (RuntimeError, ValueError, TypeError) as error:
        raise CodecError from error
    return bytes(content)
