"""How large the pages of a Parquet file become when unpacked, by their own headers.

A footer says what its writer likes. The size that counts stands before each page, in Thrift's
compact protocol, and a reader allocates what it says; so it is looked at first.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

# Type numbers of Thrift's compact protocol.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_INTEGERS = (_I16, _I32, _I64)
_UNPACKED, _PACKED = 2, 3  # field numbers of PageHeader
_DATA_PAGES = ((5, 2), (8, 4))  # where a page of either version tells its encoding
# All but DELTA_BYTE_ARRAY, in which a few bytes repeat a long text as often as they like.
_ENCODINGS = frozenset({0, 2, 3, 4, 5, 6, 8, 9})
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
        said = header.struct()
        unpacked, packed = said.get(_UNPACKED, -1), said.get(_PACKED, -1)
        encodings = {said.get(page, {}).get(field, 0) for page, field in _DATA_PAGES}
        if unpacked < 0 or packed < 0 or not encodings <= _ENCODINGS:
            raise PageError
        total, largest = total + unpacked, max(largest, unpacked)
        place += header.place + packed
    if place != end:
        raise PageError
    return total, largest


class _Compact:
    """A cursor over Thrift's compact protocol; it keeps integers and structs only."""

    def __init__(self, content: bytes) -> None:
        self._stream = io.BytesIO(content)

    @property
    def place(self) -> int:
        return self._stream.tell()

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Read a struct; return its fields that are integers or structs, by number."""
        if depth > _DEPTH:
            raise PageError
        found: dict[int, Any] = {}
        field = 0
        while kind_and_step := self._byte():
            kind, step = kind_and_step & 15, kind_and_step >> 4
            field = field + step if step else _signed(self._varint())
            if kind in _INTEGERS:
                found[field] = _signed(self._varint())
            elif kind == _STRUCT:
                found[field] = self.struct(depth + 1)
            elif kind not in (_TRUE, _FALSE):  # a field's truth is in its kind
                self._skip(kind, depth)
        return found

    def _skip(self, kind: int, depth: int) -> None:
        if kind in (_TRUE, _FALSE, _BYTE):
            self._byte()
        elif kind in _INTEGERS:
            self._varint()
        elif kind == _DOUBLE:
            self._take(8)
        elif kind == _BINARY:
            self._take(self._varint())
        elif kind in (_LIST, _SET):
            self._skip_list(depth)
        elif kind == _STRUCT:
            self.struct(depth + 1)
        else:  # no page header has a map
            raise PageError

    def _skip_list(self, depth: int) -> None:
        if depth > _DEPTH:
            raise PageError
        size_and_kind = self._byte()
        size = size_and_kind >> 4
        for _ in range(self._varint() if size == 15 else size):
            self._skip(size_and_kind & 15, depth + 1)

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
        content = self._stream.read(length)
        if len(content) < length:
            raise PageError
        return content


def _signed(zigzag: int) -> int:
    return zigzag >> 1 ^ -(zigzag & 1)
