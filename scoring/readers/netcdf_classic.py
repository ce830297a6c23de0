"""The classic NetCDF layouts (CDF-1, CDF-2, CDF-5), read without a library.

A header is a list of dimensions, attributes and variables; see the NetCDF Users' Guide, "File
Format Specifications". Counts and offsets are believed only as far as the file is long.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy as np

from scoring.readers.array_tree import ATTRIBUTE_LENGTH
from scoring.readers.base import AnyArray, ArraySource, MemorySource, ProblemLog
from scoring.readers.chunk_grid import ChunkedSource, ChunkGrid, check_bands
from scoring.readers.npy_format import (
    ArrayHeader,
    ByteStream,
    StreamSource,
    note_damage,
    raise_damage,
    read_exactly,
)

_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 10, 11, 12
_ENTRIES = 10_000
_TEXT = 64 * 2**10
_AXES = 32
_HEADER = 16 * 2**20
_TYPES = {1: ">i1", 2: "S1", 3: ">i2", 4: ">i4", 5: ">f4", 6: ">f8"}
_WIDE_TYPES = {7: ">u1", 8: ">u2", 9: ">u4", 10: ">i8", 11: ">u8"}  # CDF-5 only


class _HeaderError(Exception):
    """The header does not add up."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: its axes, its type, where its values begin."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attributes: Mapping[str, AnyArray | str]
    begin: int
    by_record: bool  # cut along its first axis, the records of all variables interleaved


@dataclass(frozen=True, slots=True)
class Header:
    """What a classic file holds."""

    variables: Mapping[str, Variable]
    record_bytes: int


def read_classic_header(handle: BinaryIO) -> Header | None:
    """Return the header of a classic NetCDF file; None if it does not add up."""
    size = handle.seek(0, 2)
    handle.seek(0)
    try:
        return _Cursor(handle.read(min(size, _HEADER)), size).header()
    except (_HeaderError, struct.error, UnicodeDecodeError, ValueError):
        return None


class _Cursor:
    """Reads a header from its first byte to its last."""

    def __init__(self, content: bytes, size: int) -> None:
        self._content = content
        self._size = size
        self._place = 4
        version = content[3] if content[:3] == b"CDF" and len(content) > 3 else 0
        if version not in (1, 2, 5):
            raise _HeaderError
        self._count_format = ">q" if version == 5 else ">i"
        self._offset_format = ">i" if version == 1 else ">q"
        self._types = _TYPES | (_WIDE_TYPES if version == 5 else {})

    def header(self) -> Header:
        records = self._number(self._count_format, negative=True)
        dimensions = [self._dimension() for _ in range(self._list(_DIMENSIONS))]
        self._attributes()
        count = self._list(_VARIABLES)
        variables: dict[str, Variable] = {}
        for _ in range(count):
            name, variable = self._variable(dimensions, records)
            if name in variables:
                raise _HeaderError
            variables[name] = variable
        return Header(variables, _record_bytes(variables.values()))

    def _variable(self, dimensions: Sequence[int], records: int) -> tuple[str, Variable]:
        name = self._name()
        axes = self._count(_AXES)
        ids = [self._count(max(len(dimensions) - 1, 0)) for _ in range(axes)]
        attributes = self._attributes()
        dtype = self._dtype()
        self._number(self._count_format, negative=True)  # its size, which the axes tell as well
        begin = self._number(self._offset_format)
        if any(index >= len(dimensions) for index in ids):
            raise _HeaderError
        lengths = [dimensions[index] for index in ids]
        by_record = bool(lengths) and lengths[0] == 0
        if 0 in lengths[1:] or begin > self._size:
            raise _HeaderError
        if by_record and records < 0:  # still being written to
            raise _HeaderError
        if by_record:
            lengths[0] = records
        variable = Variable(tuple(lengths), dtype, attributes, begin, by_record)
        return name, variable

    def _attributes(self) -> dict[str, AnyArray | str]:
        return dict(self._attribute() for _ in range(self._list(_ATTRIBUTES)))

    def _attribute(self) -> tuple[str, AnyArray | str]:
        name = self._name()
        dtype = self._dtype()
        count = self._count(_TEXT)
        raw = self._padded(count * dtype.itemsize)
        if dtype.kind == "S":
            return name, raw.decode("latin-1")
        return name, np.frombuffer(raw, dtype)

    def _dimension(self) -> int:
        self._name()
        return self._number(self._count_format)

    def _dtype(self) -> np.dtype[Any]:
        kind = self._number(">i")
        if kind not in self._types:
            raise _HeaderError
        return np.dtype(self._types[kind])

    def _list(self, tag: int) -> int:
        """Return the length of the list that begins here; an absent one is empty."""
        found, count = self._number(">i"), self._count(_ENTRIES)
        if found != tag and (found, count) != (0, 0):
            raise _HeaderError
        return count

    def _name(self) -> str:
        return self._padded(self._count(_TEXT)).decode("utf-8")

    def _padded(self, length: int) -> bytes:
        content = self._take(length)
        self._take(-length % 4)
        return content

    def _count(self, most: int) -> int:
        count = self._number(self._count_format)
        if count > most:
            raise _HeaderError
        return count

    def _number(self, layout: str, *, negative: bool = False) -> int:
        (number,) = struct.unpack(layout, self._take(struct.calcsize(layout)))
        if number < 0 and not negative:
            raise _HeaderError
        return int(number)

    def _take(self, length: int) -> bytes:
        content = self._content[self._place : self._place + length]
        self._place += length
        if len(content) < length:
            raise _HeaderError
        return content


def _record_bytes(variables: Iterable[Variable]) -> int:
    """Return the bytes of one record of all variables; a lone one is not padded."""
    sizes = [
        math.prod(variable.shape[1:]) * variable.dtype.itemsize
        for variable in variables
        if variable.by_record
    ]
    return sizes[0] if len(sizes) == 1 else sum(size + -size % 4 for size in sizes)


class ClassicArray:
    """A variable of a classic file."""

    def __init__(self, variable: Variable, header: Header, *, handle: BinaryIO) -> None:
        self._variable = variable
        self._record_bytes = header.record_bytes
        self._handle = handle

    @property
    def shape(self) -> tuple[int, ...]:
        return self._variable.shape

    @property
    def value_bytes(self) -> int:
        return self._variable.dtype.itemsize

    def text_attribute(self, name: str) -> str:
        said = self._variable.attributes.get(name, "")
        return said.strip("\0")[:ATTRIBUTE_LENGTH] if isinstance(said, str) else ""

    def source(self, log: ProblemLog, *, where: str) -> ArraySource | None:
        variable = self._variable
        if 0 in variable.shape:
            return MemorySource(np.empty(variable.shape, variable.dtype))
        row_bytes = math.prod(variable.shape[1:]) * variable.dtype.itemsize
        step = self._record_bytes if variable.by_record else row_bytes
        last = (variable.shape[0] - 1) * step if variable.shape else 0
        if variable.begin + last + row_bytes > self._handle.seek(0, 2):
            note_damage(log, where)
            return None
        if not variable.by_record:
            whole = ArrayHeader(variable.shape, variable.dtype, False, 0)
            return StreamSource(whole, partial(self._at, variable.begin), where=where)
        grid = ChunkGrid(variable.shape, (1, *variable.shape[1:]), variable.dtype)
        if not check_bands(log, grid, where=where):
            return None
        return ChunkedSource(grid, partial(self._load, grid=grid, where=where))

    def _at(self, offset: int) -> ByteStream:
        self._handle.seek(offset)
        return self._handle

    def _load(self, place: tuple[int, ...], *, grid: ChunkGrid, where: str) -> AnyArray:
        """Read one record of the variable."""
        stream = self._at(self._variable.begin + place[0] * self._record_bytes)
        content = read_exactly(stream, grid.chunk_bytes)
        if len(content) < grid.chunk_bytes:
            raise_damage(where)
        return np.frombuffer(content, grid.dtype).reshape(grid.chunk)
