"""The .npy layout, read without NumPy's own loader.

A header is believed only when it adds up: number type from a short list, and header length plus
the product of the shape times the item size, in exact integers, equal to the length of the file.
Nothing is allocated before that, and nothing is ever unpickled.
"""

from __future__ import annotations

import math
import os
import re
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn, Protocol
from zipfile import BadZipFile

import numpy as np

from scoring.contract import Problem
from scoring.errors import PredictionFormatError
from scoring.readers.base import (
    CHUNK_BYTES,
    AnyArray,
    ArraySource,
    MemorySource,
    ProblemLog,
    rows_per_chunk,
)
from scoring.readers.checks import check_dtype

MAGIC = b"\x93NUMPY"
HEADER_LIMIT = 4096
MAX_AXES = 32
# Fortran order cannot be cut along the first axis without reading all of it.
FORTRAN_LIMIT_BYTES = 256 * 2**20
# Up to here memory is taken before the bytes are there, which saves copying them.
READ_AT_ONCE = 16 * 2**20

_DESCR = re.compile(r"'descr'\s*:\s*'([<>|=]?[fiub][0-9]{1,2})'")
_ORDER = re.compile(r"'fortran_order'\s*:\s*(True|False)")
_SHAPE = re.compile(r"'shape'\s*:\s*\(([0-9, ]{0,700})\)")
_LENGTH = re.compile(r"[0-9]{1,19}")
_REST = re.compile(r"\{[\s,]*\}\s*")
_DAMAGE = (BadZipFile, zlib.error, EOFError)


class ByteStream(Protocol):
    """What is needed of a file: the next bytes."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """What a .npy header says, once it has been found to add up."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool
    length: int  # bytes before the first value

    @property
    def body_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def open_array(handle: BinaryIO, log: ProblemLog, *, where: str) -> ArraySource | None:
    """Return the array of a .npy file, or None after noting what is wrong with it."""
    size = handle.seek(0, 2)
    handle.seek(0)
    header = read_header(handle, log, size=size, where=where)
    if header is None:
        return None

    def start() -> ByteStream:
        handle.seek(header.length)
        return handle

    return source_of(header, start, where=where)


def read_header(
    stream: ByteStream, log: ProblemLog, *, size: int, where: str
) -> ArrayHeader | None:
    """Read and check a .npy header; `size` is the length of the whole file or zip member."""
    try:
        found = _header_text(stream)
    except _DAMAGE:
        note_damage(log, where)
        return None
    if found is None:
        log.add(
            "NOT_NPY",
            f"{where} is not an array in .npy format",
            where=where,
            remedy="write it with numpy.save or numpy.savez",
        )
        return None
    text, length = found
    return _parse(text, log, length=length, size=size, where=where)


def source_of(header: ArrayHeader, start: Callable[[], ByteStream], *, where: str) -> ArraySource:
    """Return a source over the values behind a header; `start` opens a stream at the values."""
    source = StreamSource(header, start, where=where)
    if header.fortran_order and len(header.shape) > 1:
        return MemorySource(source.read())
    return source


class StreamSource:
    """An array that is read from a stream each time it is asked for, in C order."""

    def __init__(self, header: ArrayHeader, start: Callable[[], ByteStream], *, where: str) -> None:
        self._header = header
        self._start = start
        self._where = where

    @property
    def shape(self) -> tuple[int, ...]:
        return self._header.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._header.dtype

    def read(self) -> AnyArray:
        values = self._take(self._start(), math.prod(self.shape))
        shape = self.shape[::-1] if self._header.fortran_order else self.shape
        whole: AnyArray = values.reshape(shape)
        return whole.T if self._header.fortran_order else whole

    def chunks(self, max_bytes: int = CHUNK_BYTES) -> Iterator[AnyArray]:
        if not self.shape:
            yield self.read()
            return
        row_shape = self.shape[1:]
        step = rows_per_chunk(self.shape, itemsize=self.dtype.itemsize, max_bytes=max_bytes)
        stream = self._start()
        for first in range(0, self.shape[0] if math.prod(self.shape) else 0, step):
            rows = min(step, self.shape[0] - first)
            yield self._take(stream, rows * math.prod(row_shape)).reshape(rows, *row_shape)

    def flat(self) -> ValueStream:
        """Return the values in C order, read into one buffer that is used again."""
        if self._header.fortran_order and len(self.shape) > 1:
            raise ValueError("values in Fortran order cannot be streamed in C order")
        return ValueStream(self._start(), self.dtype, where=self._where)

    def _take(self, stream: ByteStream, count: int) -> AnyArray:
        wanted = count * self.dtype.itemsize
        try:
            taken = read_exactly(stream, wanted)
        except _DAMAGE:
            raise_damage(self._where)
        if len(taken) != wanted:
            raise_damage(self._where)
        if self.dtype.kind == "b":
            # A byte other than 0 and 1 is no valid bool in memory.
            return np.frombuffer(taken, dtype=np.uint8).astype(np.bool_)
        return np.frombuffer(taken, dtype=self.dtype)


class ValueStream:
    """The values behind a header, one after the other, without a new allocation for each piece."""

    def __init__(self, stream: ByteStream, dtype: np.dtype[Any], *, where: str) -> None:
        self._stream = stream
        self._dtype = dtype
        self._where = where
        self._buffer = np.empty(0, dtype=np.uint8)
        self._ahead = _ReadAhead(stream)

    def take(self, count: int, /) -> AnyArray:
        """Return the next `count` values; they are overwritten by the next call."""
        wanted = count * self._dtype.itemsize
        if wanted > len(self._buffer):
            self._buffer = np.empty(wanted, dtype=np.uint8)
        piece = self._buffer[:wanted]
        begun = time.perf_counter()
        try:
            filled = _fill(self._stream, piece)
        except _DAMAGE:
            raise_damage(self._where)
        if filled != wanted:
            raise_damage(self._where)
        self._ahead.passed(wanted, seconds=time.perf_counter() - begun)
        # A byte other than 0 and 1 is no valid bool in memory.
        return piece.astype(np.bool_) if self._dtype.kind == "b" else piece.view(self._dtype)


def _fill(stream: ByteStream, piece: AnyArray) -> int:
    """Read into an array of bytes until it is full or nothing comes; return how many came."""
    readinto: Callable[[memoryview], int | None] | None = getattr(stream, "readinto", None)
    filled = 0
    with memoryview(piece.data) as view:
        while filled < len(piece):
            if readinto is not None:
                found = readinto(view[filled:]) or 0
            else:
                read = stream.read(len(piece) - filled)
                found = len(read)
                view[filled : filled + found] = read
            if not found:
                break
            filled += found
    return filled


class _ReadAhead:
    """Tells the system which bytes come next; about halves the time where the disk must work."""

    _WINDOW = 8 * 2**20
    # No disk is as fast as this: what came so was in memory already, and needs nobody told.
    _MEMORY_BYTES_PER_S = 1.5e9

    def __init__(self, stream: ByteStream) -> None:
        self._descriptor = -1  # of a stream that is no file of the system: there is nobody to tell
        self._position = self._told = 0
        if not hasattr(os, "posix_fadvise"):
            return
        with suppress(AttributeError, OSError, ValueError):
            self._position = self._told = stream.tell()  # type: ignore[attr-defined]
            self._descriptor = stream.fileno()  # type: ignore[attr-defined]
            self._advise(self._position, 0, os.POSIX_FADV_SEQUENTIAL)

    def passed(self, count: int, *, seconds: float) -> None:
        """Note that `count` more bytes were read in so long; speak every half window."""
        if self._descriptor < 0:
            return
        self._position += count
        if count > seconds * self._MEMORY_BYTES_PER_S:
            self._told = max(self._told, self._position)
        elif self._position + self._WINDOW // 2 > self._told:
            self._advise(self._told, self._WINDOW, os.POSIX_FADV_WILLNEED)
            self._told += self._WINDOW

    def _advise(self, start: int, length: int, advice: int) -> None:
        with suppress(OSError):
            os.posix_fadvise(self._descriptor, start, length, advice)


def read_exactly(stream: ByteStream, wanted: int) -> bytearray:
    """Read `wanted` bytes, or as many as there are; beyond a limit memory grows as they come."""
    readinto = getattr(stream, "readinto", None)
    if readinto is not None and wanted <= READ_AT_ONCE:
        return _read_at_once(readinto, wanted)
    taken = bytearray()
    while len(taken) < wanted:
        piece = stream.read(min(wanted - len(taken), 2**20))
        if not piece:
            break
        taken += piece
    return taken


def _read_at_once(readinto: Callable[[memoryview], int | None], wanted: int) -> bytearray:
    taken = bytearray(wanted)
    filled = 0
    with memoryview(taken) as view:
        while filled < wanted:
            found = readinto(view[filled:])
            if not found:
                break
            filled += found
    del taken[filled:]
    return taken


def damage(where: str) -> Problem:
    """Return the problem of an array whose bytes end early or do not match their checksum."""
    return Problem(
        code="DAMAGED",
        message=f"{where} is damaged: its bytes end early or fail their checksum",
        where=where,
        remedy="save the file again and upload the new one",
    )


def note_damage(log: ProblemLog, where: str) -> None:
    """Note that an array is damaged."""
    log.append(damage(where))


def raise_damage(where: str) -> NoReturn:
    """Raise that an array is damaged, found while its values were being read."""
    raise PredictionFormatError((damage(where),)) from None


def _header_text(stream: ByteStream) -> tuple[str, int] | None:
    """Return the header's text and the length of everything before the values."""
    head = bytes(read_exactly(stream, 8))
    if head[:6] != MAGIC or len(head) < 8:
        return None
    size_format = {1: "<H", 2: "<I", 3: "<I"}.get(head[6])
    if size_format is None:
        return None
    width = struct.calcsize(size_format)
    field = bytes(read_exactly(stream, width))
    if len(field) != width:
        return None
    (length,) = struct.unpack(size_format, field)
    if length > HEADER_LIMIT:
        return None
    raw = bytes(read_exactly(stream, length))
    if len(raw) != length or not raw.isascii():
        return None
    return raw.decode("ascii"), 8 + width + length


def _parse(text: str, log: ProblemLog, *, length: int, size: int, where: str) -> ArrayHeader | None:
    order, descr = _ORDER.search(text), _DESCR.search(text)
    shape = _shape(text)
    if order is None or shape is None:
        log.add(
            "NOT_NPY",
            f"{where} has a damaged .npy header",
            where=where,
            remedy="write it with numpy.save or numpy.savez",
        )
        return None
    dtype = _plain_dtype(text, descr, log, where=where)
    if dtype is None or not check_dtype(log, dtype, where=where):
        return None
    header = ArrayHeader(shape, dtype, order[1] == "True", length)
    return header if _adds_up(header, log, size=size, where=where) else None


def _shape(text: str) -> tuple[int, ...] | None:
    """Return the header's shape; None if it is not a tuple of sane numbers."""
    found = _SHAPE.search(text)
    if found is None:
        return None
    words = [word.strip() for word in found[1].split(",")]
    if not words[-1]:
        words.pop()
    if len(words) > MAX_AXES or not all(_LENGTH.fullmatch(word) for word in words):
        return None
    return tuple(int(word) for word in words)


def _plain_dtype(
    text: str, descr: re.Match[str] | None, log: ProblemLog, *, where: str
) -> np.dtype[Any] | None:
    rest = text
    for pattern in (_DESCR, _ORDER, _SHAPE):
        rest = pattern.sub("", rest, count=1)
    try:
        if descr is not None and _REST.fullmatch(rest):
            return np.dtype(descr[1])
    except TypeError:
        pass
    log.add(
        "BAD_DTYPE",
        f"{where} does not hold one array of plain numbers",
        where=where,
        remedy="save one array of float64 or float32 values: no objects, no records, no text",
    )
    return None


def _adds_up(header: ArrayHeader, log: ProblemLog, *, size: int, where: str) -> bool:
    expected = header.length + header.body_bytes
    if expected != size:
        log.add(
            "BAD_LENGTH",
            f"{where}: the header promises {expected} bytes, there are {size}",
            where=where,
            remedy="the file is cut off or was changed after saving; save it again",
        )
        return False
    if header.fortran_order and len(header.shape) > 1 and header.body_bytes > FORTRAN_LIMIT_BYTES:
        log.add(
            "FORTRAN_ORDER",
            f"{where} is stored in Fortran order and too large to be reordered",
            where=where,
            remedy="save numpy.ascontiguousarray(array) instead",
        )
        return False
    return True
