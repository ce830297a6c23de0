"""Arrays of .npy and .npz files, read more leniently than readers do, and never unpickled."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tokenize import TokenError
from typing import Any, BinaryIO, cast

import numpy as np

from scoring.errors import ScoringError
from scoring.readers.archive import UNREADABLE, open_archive
from scoring.readers.base import AnyArray, ProblemLog
from scoring.readers.npy_format import MAGIC, read_exactly

_HEADER_LIMIT = 4096
_KINDS = "fiubU"  # numbers, and text for a unit that is saved along
MAX_MEMBERS = 10_000
# What NumPy raises over a header that it cannot parse.
_NO_HEADER = (ValueError, KeyError, TypeError, SyntaxError, TokenError, RecursionError)


class UnreadableError(ScoringError, ValueError):
    """A file that is no archive of plain arrays, so nothing can be said about it."""

    def __init__(
        self, reason: str = "the file is damaged, or holds something else than arrays of numbers"
    ) -> None:
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class LooseArray:
    """An array as it stands in a file; `read` gives its values."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool
    read: Callable[[], AnyArray]
    unit: str = ""  # what the file itself says of its values

    @property
    def size_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """All arrays of a file; a .npy file has one, without a name."""

    arrays: tuple[LooseArray, ...]
    kind: str  # the reader whose files are like it
    is_compressed: bool = False
    is_classic: bool = False  # a NetCDF file that is no HDF5 file


@dataclass(frozen=True, slots=True)
class Part:
    """One array of the mended file."""

    name: str
    read: Callable[[], AnyArray]
    unit: str = ""


def load(handle: BinaryIO) -> ArrayFile:
    """Return the arrays of a .npy or .npz file.

    Raises
    ------
    UnreadableError
        If it is neither, or an array is not one of plain numbers.
    """
    handle.seek(0)
    start = handle.read(len(MAGIC))
    handle.seek(0)
    if start == MAGIC:
        size = handle.seek(0, 2)

        @contextmanager
        def opened() -> Iterator[BinaryIO]:
            handle.seek(0)
            yield handle

        return ArrayFile((_array("", opened, size=size),), kind="npy")
    if start[:2] != b"PK":
        raise UnreadableError
    archive = open_archive(handle, ProblemLog(), max_members=MAX_MEMBERS)
    if archive is None:
        raise UnreadableError
    try:
        return _archive(archive)
    except UNREADABLE:
        raise UnreadableError from None


def _archive(archive: zipfile.ZipFile) -> ArrayFile:
    members = [member for member in archive.infolist() if not member.is_dir()]
    members = [member for member in members if not member.filename.startswith("__MACOSX/")]
    packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
    return ArrayFile(tuple(_member(archive, member) for member in members), "npz", packed)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> LooseArray:
    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        with archive.open(member) as stream:
            yield cast(BinaryIO, stream)

    name = member.filename.removesuffix(".npy")
    return _array(name, opened, size=member.file_size)


def _array(name: str, opened: Callable[[], Any], *, size: int) -> LooseArray:
    with opened() as stream:
        shape, fortran_order, dtype = _header(stream)
        length = stream.tell()
    array_bytes = math.prod(shape) * dtype.itemsize
    if dtype.kind not in _KINDS or dtype.fields is not None or length + array_bytes != size:
        raise UnreadableError

    def read() -> AnyArray:
        try:
            with opened() as stream:
                read_exactly(stream, length)
                content = read_exactly(stream, array_bytes)
        except UNREADABLE:
            raise UnreadableError from None
        if len(content) != array_bytes:
            raise UnreadableError
        values = np.frombuffer(content, dtype=dtype)
        return values.reshape(shape, order="F" if fortran_order else "C")

    return LooseArray(name, shape, dtype, fortran_order, read)


def _header(stream: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        read = readers[np.lib.format.read_magic(stream)]
        header: tuple[tuple[int, ...], bool, np.dtype[Any]] = read(
            stream, max_header_size=_HEADER_LIMIT
        )
    except _NO_HEADER:
        raise UnreadableError from None
    return header


def save_npy(out: BinaryIO, parts: Sequence[Part]) -> None:
    """Write the only array as a .npy file."""
    (part,) = parts
    np.lib.format.write_array(out, plain(part.read()), allow_pickle=False)


def save_npz(out: BinaryIO, parts: Sequence[Part], *, compress: bool) -> None:
    """Write arrays as a .npz archive; one at a time in memory."""
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", method) as target:
        for part in parts:
            with target.open(f"{part.name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, plain(part.read()), allow_pickle=False)


def plain(array: AnyArray) -> AnyArray:
    """Return the array in C order and the machine's own byte order."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("=")).reshape(array.shape)
