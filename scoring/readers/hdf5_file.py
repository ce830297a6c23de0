"""An HDF5 file as a tree of arrays, of which the HDF5 library reads the directory only.

Links that leave the file, and datasets whose values lie in other files, are refused before they
are followed. The values themselves are read from the open file at the places that the directory
names, within the bounds that the shape sets, so that neither the library's allocations nor its
filters decide what a file costs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from scoring.contract import Problem
from scoring.errors import PredictionFormatError
from scoring.readers.array_tree import ATTRIBUTE_LENGTH
from scoring.readers.base import AnyArray, ArraySource, MemorySource, ProblemLog
from scoring.readers.byte_codecs import CodecError, inflate, unshuffle, without_fletcher32
from scoring.readers.checks import shown
from scoring.readers.chunk_grid import ChunkedSource, ChunkGrid, check_bands
from scoring.readers.npy_format import (
    ArrayHeader,
    ByteStream,
    StreamSource,
    note_damage,
    raise_damage,
    read_exactly,
)

if TYPE_CHECKING:
    import h5py

SIGNATURE = b"\x89HDF\r\n\x1a\n"
# What the library raises on a damaged file; its texts are never shown.
FAULTS = (
    OSError,
    RuntimeError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
)
_ATTRIBUTE_BYTES = 4096
_DEFLATE, _SHUFFLE, _FLETCHER32 = 1, 2, 3


def open_hdf5(handle: BinaryIO, log: ProblemLog) -> Hdf5Tree | None:
    """Open an HDF5 file, or return None after noting why it is not opened."""
    import h5py

    try:
        file = h5py.File(handle, "r")
    except FAULTS:
        log.add(
            "NOT_HDF5",
            "the file is not an HDF5 file, or it is cut off or damaged",
            remedy="write it with h5py or another HDF5 library, close it, and upload it unchanged",
        )
        return None
    return Hdf5Tree(file, handle)


class Hdf5Tree:
    """The groups and datasets of an open HDF5 file."""

    def __init__(self, file: h5py.File, handle: BinaryIO) -> None:
        self._file = file
        self._handle = handle

    def names(self, group: tuple[str, ...], log: ProblemLog, *, limit: int) -> Sequence[str]:
        try:
            node = self._walk(group)
            if node is None or not hasattr(node, "keys"):
                return ()
            if len(node) <= limit:
                return sorted(node.keys())
        except (_LinkError, *FAULTS):
            return ()  # told where the arrays are looked up
        log.add(
            "TOO_MANY_MEMBERS",
            f"there are more than {limit} names where the arrays should stand",
            remedy="save one array for each target of the round and nothing else",
        )
        return ()

    def holds(self, path: tuple[str, ...]) -> bool:
        try:
            return self._walk(path) is not None
        except (_LinkError, *FAULTS):
            return True  # there is something, which is looked at where it can be told

    def find(self, path: tuple[str, ...], log: ProblemLog, *, where: str) -> Hdf5Array | None:
        import h5py

        try:
            node = self._walk(path)
            if node is None:
                return None
            if not isinstance(node, h5py.Dataset):
                log.add(
                    "NOT_AN_ARRAY",
                    f"{where} is a group, not a dataset",
                    where=where,
                    remedy="save the array itself under this name",
                )
                return None
            return Hdf5Array.opened(node, self._handle, log=log, where=where)
        except _LinkError as fault:
            log.add(
                "OUTSIDE_REFERENCE",
                f"{where}: {shown(fault.name)} is a link, not the thing itself",
                where=where,
                remedy="save the array in this file; soft and external links are not followed",
            )
        except FAULTS:
            note_damage(log, where)
        return None

    def _walk(self, path: Sequence[str]) -> Any:
        """Follow a path one name at a time, and hard links only; None if a name is not there."""
        import h5py

        node: Any = self._file
        for name in path:
            if not isinstance(node, h5py.Group):
                return None
            # Not of a whole path: the library would follow links in the middle of it.
            link = node.get(name, getlink=True)
            if link is None:
                return None
            if not isinstance(link, h5py.HardLink):
                raise _LinkError(name)
            node = node[name]
        return node


class _LinkError(Exception):
    """A name on the way is a link that may lead out of the file."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


class Hdf5Array:
    """A dataset with a plain type, kept inside the file."""

    def __init__(self, dataset: h5py.Dataset, handle: BinaryIO, *, dtype: np.dtype[Any]) -> None:
        self.dataset = dataset  # keeps the file open
        self.dtype = dtype
        self.shape: tuple[int, ...] = tuple(int(n) for n in dataset.id.shape)
        self._handle = handle
        self._plist = dataset.id.get_create_plist()

    @classmethod
    def opened(
        cls, dataset: h5py.Dataset, handle: BinaryIO, *, log: ProblemLog, where: str
    ) -> Hdf5Array | None:
        """Return a dataset if its values are plain numbers inside this file."""
        import h5py

        plist = dataset.id.get_create_plist()
        if plist.get_external_count() or plist.get_layout() == h5py.h5d.VIRTUAL:
            log.add(
                "OUTSIDE_REFERENCE",
                f"{where} keeps its values in other files or datasets",
                where=where,
                remedy="save the values themselves: file.create_dataset(name, data=array)",
            )
            return None
        dtype = _plain_dtype(dataset.id.get_type())
        if dtype is None:
            log.add(
                "BAD_DTYPE",
                f"{where} does not hold plain numbers",
                where=where,
                remedy="convert it to float64 or float32 before saving, e.g. "
                "array.astype('float64')",
            )
            return None
        if dataset.id.get_space().get_simple_extent_type() == h5py.h5s.NULL:
            _note_unwritten(log, where)
            return None
        return cls(dataset, handle, dtype=dtype)

    @property
    def value_bytes(self) -> int:
        return self.dtype.itemsize

    def text_attribute(self, name: str) -> str:
        from h5py import h5a

        try:
            if not h5a.exists(self.dataset.id, name.encode()):
                return ""
            attribute = h5a.open(self.dataset.id, name.encode())
            if attribute.shape not in ((), (1,)) or attribute.get_storage_size() > _ATTRIBUTE_BYTES:
                return ""
            said = self.dataset.attrs[name]
        except FAULTS:
            return ""
        said = said.item() if isinstance(said, np.ndarray) else said
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return text[:ATTRIBUTE_LENGTH] if isinstance(text, str) else ""

    def source(self, log: ProblemLog, *, where: str) -> ArraySource | None:
        try:
            return self._source(log, where=where)
        except FAULTS:
            note_damage(log, where)
            return None

    def _source(self, log: ProblemLog, *, where: str) -> ArraySource | None:
        import h5py

        if 0 in self.shape:
            return MemorySource(np.empty(self.shape, self.dtype))
        layout = self._plist.get_layout()
        if layout == h5py.h5d.CHUNKED:
            return self._chunked(log, where=where)
        if layout == h5py.h5d.COMPACT:  # within the header of the dataset, 64 kB at most
            return MemorySource(self.dataset[()])
        header = ArrayHeader(self.shape, self.dtype, False, 0)
        if self.dataset.id.get_storage_size() < header.body_bytes:
            _note_unwritten(log, where)
            return None
        start = partial(self._at, self.dataset.id.get_offset())
        return StreamSource(header, start, where=where)

    def _at(self, offset: int) -> ByteStream:
        self._handle.seek(offset)
        return self._handle

    def _chunked(self, log: ProblemLog, *, where: str) -> ArraySource | None:
        chunk = tuple(int(n) for n in self._plist.get_chunk())
        grid = ChunkGrid(self.shape, chunk, self.dtype)
        filters = [self._plist.get_filter(i)[0] for i in range(self._plist.get_nfilters())]
        unknown = set(filters) - {_DEFLATE, _SHUFFLE, _FLETCHER32}
        if unknown or len(set(filters)) < len(filters):
            log.add(
                "BAD_COMPRESSION",
                f"{where} is packed by a filter that is not accepted",
                where=where,
                remedy="use compression='gzip' (with shuffle and fletcher32, if you like) or none",
            )
            return None
        if not check_bands(log, grid, where=where):
            return None
        if self.dataset.id.get_num_chunks() < math.prod(grid.counts):
            _note_unwritten(log, where)
            return None
        return ChunkedSource(grid, partial(self._load, grid=grid, filters=filters, where=where))

    def _load(
        self, place: tuple[int, ...], *, grid: ChunkGrid, filters: Sequence[int], where: str
    ) -> AnyArray:
        """Read and unpack one chunk."""
        corner = tuple(i * step for i, step in zip(place, grid.chunk, strict=True))
        try:
            stored = self.dataset.id.get_chunk_info_by_coord(corner)
            if stored.byte_offset is None:
                raise PredictionFormatError((_unwritten(where),))
            if stored.size > grid.packed_limit:
                raise CodecError
            self._handle.seek(stored.byte_offset)
            packed = bytes(read_exactly(self._handle, stored.size))
            content = _unfiltered(packed, filters, skipped=stored.filter_mask, grid=grid)
        except (CodecError, *_READ_FAULTS):
            raise_damage(where)
        if self.dtype.kind == "b":
            # A byte other than 0 and 1 is no valid bool in memory.
            return np.frombuffer(content, np.uint8).astype(np.bool_).reshape(grid.chunk)
        return np.frombuffer(content, self.dtype).reshape(grid.chunk)


# `PredictionFormatError` is a ValueError, and must pass.
_READ_FAULTS = (OSError, RuntimeError, LookupError, TypeError, OverflowError)


def _unfiltered(packed: bytes, filters: Sequence[int], *, skipped: int, grid: ChunkGrid) -> bytes:
    """Undo the filters of a chunk from the last to the first."""
    content = packed
    for position in reversed(range(len(filters))):
        if skipped >> position & 1:
            continue
        if filters[position] == _DEFLATE:
            # A checksum taken before packing is inside.
            inside = _FLETCHER32 in filters[:position] and not (
                skipped >> filters.index(_FLETCHER32) & 1
            )
            content = inflate(content, grid.chunk_bytes + 4 * inside)
        elif filters[position] == _SHUFFLE:
            content = unshuffle(content, width=grid.dtype.itemsize)
        else:
            content = without_fletcher32(content)
    if len(content) != grid.chunk_bytes:
        raise CodecError
    return content


@cache
def _type_table() -> tuple[tuple[Any, np.dtype[Any]], ...]:
    """Return HDF5's own plain types; one of another layout may look alike to NumPy."""
    from h5py import h5t

    order = (("LE", "<"), ("BE", ">"))
    kinds = [("IEEE_F", "f", (16, 32, 64)), ("STD_I", "i", (8, 16, 32, 64))]
    kinds.append(("STD_U", "u", (8, 16, 32, 64)))
    return tuple(
        (getattr(h5t, f"{name}{bits}{end}"), np.dtype(f"{mark}{kind}{bits // 8}"))
        for name, kind, widths in kinds
        for bits in widths
        for end, mark in order
    )


def _plain_dtype(type_id: Any) -> np.dtype[Any] | None:
    from h5py import h5t

    if isinstance(type_id, h5t.TypeEnumID):
        names = [type_id.get_member_name(i) for i in range(min(type_id.get_nmembers(), 3))]
        values = [type_id.get_member_value(i) for i in range(len(names))]
        is_bool = names == [b"FALSE", b"TRUE"] and values == [0, 1]
        return np.dtype(np.bool_) if is_bool and type_id.get_size() == 1 else None
    return next((dtype for plain, dtype in _type_table() if type_id.equal(plain)), None)


def _unwritten(where: str) -> Problem:
    return Problem(
        code="MISSING_VALUE",
        message=f"{where} has parts that were never written",
        where=where,
        remedy="write every value of the array, and close the file before uploading it",
    )


def _note_unwritten(log: ProblemLog, where: str) -> None:
    log.append(_unwritten(where))
