"""How large the pages of a Parquet file become when unpacked, by their own headers.

A footer says what its writer likes. The size that counts stands before each page, in Thrift's
compact protocol, and a reader allocates what it says; so it is looked at first. Where the pages
are is read here as well: asked for it, the library ends the process on some damaged footers.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

# Type numbers of Thrift's compact protocol.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _, _STRUCT = range(1, 13)
_INTEGERS = (_I16, _I32, _I64)
_UNPACKED, _PACKED = 2, 3  # field numbers of PageHeader
_DATA_PAGES = ((5, 2), (8, 4))  # where a page of either version tells its encoding
# All but DELTA_BYTE_ARRAY, in which a few bytes repeat a long text as often as they like.
_ENCODINGS = (0, 2, 3, 4, 5, 6, 8, 9)
_HEADER_BYTES = 64 * 2**10
_DEPTH = 16


class PageError(Exception):
    """A page header cannot be read, or contradicts the column it stands in."""


def unpacked_bytes(handle: BinaryIO, *, start: int, length: int) -> tuple[int, int]:
    """Return the sum and the largest of the unpacked page sizes of one stored column.

    Raises
    ------
    PageError
        If the pages do not fill the column exactly, or are encoded in a way that is not read.
    """
    total = largest = 0
    place, end = start, start + length
    while place < end:
        handle.seek(place)
        header = _Compact(handle.read(min(_HEADER_BYTES, end - place)))
        unpacked, packed = _sizes(header.struct())
        total, largest = total + unpacked, max(largest, unpacked)
        place += header.place + packed
    if place != end:
        raise PageError
    return total, largest


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """Where one column of one row group is stored."""

    name: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Some rows of the table: how many, and their columns."""

    rows: int
    columns: tuple[StoredColumn, ...]


def read_row_groups(handle: BinaryIO, *, most_bytes: int) -> list[RowGroup]:
    """Return what the footer says of the row groups.

    Raises
    ------
    PageError
        If it does not add up, is longer than `most_bytes`, or names places outside the file.
    """
    size = handle.seek(0, 2)
    handle.seek(max(size - 8, 0))
    length = int.from_bytes(handle.read(4), "little")
    if not 0 < length <= min(size - 12, most_bytes):
        raise PageError
    handle.seek(size - 8 - length)
    try:
        footer = _Compact(handle.read(length)).struct()
        return [_row_group(group, size=size) for group in footer.get(4, [])]
    except (AttributeError, TypeError, LookupError, UnicodeDecodeError) as error:
        raise PageError from error  # a field of another kind than Parquet's


def _row_group(said: Mapping[int, Any], *, size: int) -> RowGroup:
    rows = said[3]
    if rows < 0:
        raise PageError
    # The places of a group without rows mean nothing.
    columns = [_column(column, size=size) for column in said[1]] if rows else []
    return RowGroup(rows, tuple(columns))


def _column(said: Mapping[int, Any], *, size: int) -> StoredColumn:
    if 1 in said:  # the values of another file
        raise PageError
    told = said[3]
    start, length = told[9], told[7]
    if told.get(11, 0) > 0:  # a dictionary stands before the values
        start = min(start, told[11])
    if start < 4 or length < 0 or start + length > size:
        raise PageError
    return StoredColumn(b".".join(told[3]).decode(), start, length)


def _sizes(header: Mapping[int, Any]) -> tuple[int, int]:
    """Return the unpacked and the packed size that a page header tells."""
    sizes: list[Any] = [header.get(_UNPACKED), header.get(_PACKED)]
    pages = [(header.get(page, {}), field) for page, field in _DATA_PAGES]
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise PageError
    if not all(isinstance(page, dict) for page, _ in pages):
        raise PageError
    if not all(page.get(field, 0) in _ENCODINGS for page, field in pages):
        raise PageError
    return sizes[0], sizes[1]


class _Compact:
    """A cursor over Thrift's compact protocol: structs as dicts by field number."""

    def __init__(self, content: bytes) -> None:
        self._length = len(content)
        self._stream = io.BytesIO(content)

    @property
    def place(self) -> int:
        return self._stream.tell()

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Read a struct; return its fields by number."""
        if depth > _DEPTH:
            raise PageError
        found: dict[int, Any] = {}
        field = 0
        while kind_and_step := self._byte():
            kind, step = kind_and_step & 15, kind_and_step >> 4
            field = field + step if step else _signed(self._varint())
            # The truth of a field is in its kind.
            found[field] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (_TRUE, _FALSE, _BYTE):
            return self._byte()
        if kind in _INTEGERS:
            return _signed(self._varint())
        if kind == _BINARY:
            return self._take(self._varint())
        if kind == _DOUBLE:
            return self._take(8)
        if kind in (_LIST, _SET):
            return self._list(depth + 1)
        if kind == _STRUCT:
            return self.struct(depth + 1)
        raise PageError  # Parquet has no maps

    def _list(self, depth: int) -> list[Any]:
        if depth > _DEPTH:
            raise PageError
        size_and_kind = self._byte()
        size = size_and_kind >> 4
        count = self._varint() if size == 15 else size
        return [self._value(size_and_kind & 15, depth) for _ in range(count)]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise PageError

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, length: int) -> bytes:
        if length > self._length:  # before it is read: it may be longer than any text can be
            raise PageError
        content = self._stream.read(length)
        if len(content) < length:
            raise PageError
        return content


def _signed(zigzag: int) -> int:
    return zigzag >> 1 ^ -(zigzag & 1)
