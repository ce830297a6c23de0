"""Writing arrays as HDF5, NetCDF and zipped Zarr, one at a time in memory."""

from __future__ import annotations

import gzip
import json
import math
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np

from scoring.harmonize.array_files import Part, plain
from scoring.harmonize.array_trees import NETCDF_DIMENSION
from scoring.readers.base import CHUNK_BYTES, AnyArray, rows_per_chunk


def save_hdf5(out: BinaryIO, parts: Sequence[Part]) -> None:
    """Write an HDF5 file; the library needs to read what it has written."""
    import h5py

    with h5py.File(out, "w") as file:
        for part in parts:
            _dataset(file, part)


def save_netcdf4(out: BinaryIO, parts: Sequence[Part], *, dimensions: bool) -> None:
    """Write a NetCDF-4 file: HDF5 in which every axis has a dimension.

    A dimension is a dataset of its own; without any, libraries make up names for the axes.
    """
    import h5py

    with h5py.File(out, "w", track_order=True) as file:
        file.attrs["_NCProperties"] = f"version=2,h5py={h5py.__version__}"
        there: dict[int, Any] = {}
        variables = [_dataset(file, part, track_order=True) for part in parts]
        for made in variables:
            for axis, length in enumerate(made.shape if dimensions else ()):
                if length not in there:
                    there[length] = _dimension(file, length, number=len(there))
                made.dims[axis].attach_scale(there[length])


def _dimension(file: Any, length: int, *, number: int) -> Any:
    name = f"dim_{length}"
    while name in file:
        name += "_"
    made = file.create_dataset(name, shape=(length,), dtype=">f4", track_order=True)
    made.make_scale(f"{NETCDF_DIMENSION} {length:10d}")
    made.attrs["_Netcdf4Dimid"] = np.int32(number)
    return made


def _dataset(file: Any, part: Part, **how: Any) -> Any:
    made = file.create_dataset(part.name, data=plain(part.read()), **how)
    if part.unit:
        made.attrs["units"] = part.unit
    return made


# The tags of a classic header, and its number types; the later ones are of CDF-5 only.
_DIMENSIONS, _VARIABLES, _ATTRIBUTES, _TEXT = 10, 11, 12, 2
_CLASSIC = {"i1": 1, "i2": 3, "i4": 4, "f4": 5, "f8": 6}
_WIDE = {"u1": 7, "u2": 8, "u4": 9, "i8": 10, "u8": 11}
_LARGE = 2**32 - 4  # bytes of a variable


def save_classic(out: BinaryIO, parts: Sequence[Part]) -> None:
    """Write a classic NetCDF file: CDF-2, or CDF-5 where a number type or a size asks for it."""
    described = [_described(part) for part in parts]
    wide = any(code in _WIDE or size > _LARGE for _, code, size in described)
    header = _ClassicHeader(wide=wide)
    length = len(header.content(parts, described, begin=0))
    out.write(header.content(parts, described, begin=length))
    for part in parts:
        values = _classic(part.read())
        out.write(values.tobytes())
        out.write(bytes(-values.nbytes % 4))


def _described(part: Part) -> tuple[tuple[int, ...], str, int]:
    """Return shape, type and padded size of an array."""
    values = _classic(part.read())
    return values.shape, values.dtype.str[1:], values.nbytes + -values.nbytes % 4


def _classic(array: AnyArray) -> AnyArray:
    """Return an array in big-endian order and a type that the format has."""
    kind = array.dtype.str[1:]
    code = {"f2": "f4", "b1": "i1"}.get(kind, kind)
    return np.ascontiguousarray(array, dtype=f">{code}").reshape(array.shape)


class _ClassicHeader:
    """The header of a classic file, as its place in the file lets it be written."""

    def __init__(self, *, wide: bool) -> None:
        self._wide = wide
        self._count = ">q" if wide else ">i"

    def content(
        self,
        parts: Sequence[Part],
        described: Sequence[tuple[tuple[int, ...], str, int]],
        *,
        begin: int,
    ) -> bytes:
        lengths = list(dict.fromkeys(n for shape, _, _ in described for n in shape))
        dimensions = [self._text(f"dim_{n}") + self._number(n) for n in lengths]
        variables = []
        for part, (shape, code, size) in zip(parts, described, strict=True):
            axes = b"".join(self._number(lengths.index(n)) for n in shape)
            kind = struct.pack(">i", (_CLASSIC | _WIDE)[code])
            variables.append(
                self._text(part.name)
                + self._number(len(shape))
                + axes
                + self._list(_ATTRIBUTES, self._attributes(part))
                + kind
                + self._number(size if self._wide or size <= _LARGE else -1)
                + struct.pack(">q", begin)
            )
            begin += size
        return (
            (b"CDF\x05" if self._wide else b"CDF\x02")
            + self._number(0)  # no records
            + self._list(_DIMENSIONS, dimensions)
            + self._list(_ATTRIBUTES, [])
            + self._list(_VARIABLES, variables)
        )

    def _attributes(self, part: Part) -> list[bytes]:
        if not part.unit:
            return []
        return [self._text("units") + struct.pack(">i", _TEXT) + self._text(part.unit)]

    def _list(self, tag: int, entries: Sequence[bytes]) -> bytes:
        tag = tag if entries else 0
        return struct.pack(">i", tag) + self._number(len(entries)) + b"".join(entries)

    def _text(self, text: str) -> bytes:
        raw = text.encode("utf-8")
        return self._number(len(raw)) + raw + bytes(-len(raw) % 4)

    def _number(self, number: int) -> bytes:
        return struct.pack(self._count, number)


def save_zarr(out: BinaryIO, parts: Sequence[Part]) -> None:
    """Write a Zarr v3 group in a zip archive, cut along the first axis and packed with gzip."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for group in _groups(part.name for part in parts):
            archive.writestr(f"{group}zarr.json", _json({"node_type": "group"}))
        for part in parts:
            _zarr_array(archive, part)


def _groups(names: Iterable[str]) -> list[str]:
    """Return the groups above all arrays, the root first, each with its slash."""
    groups = {""}
    for name in names:
        parts = name.split("/")
        groups |= {"/".join(parts[:depth]) + "/" for depth in range(1, len(parts))}
    return sorted(groups)


def _json(said: Mapping[str, Any]) -> str:
    return json.dumps({"zarr_format": 3, **said})


def _zarr_array(archive: zipfile.ZipFile, part: Part) -> None:
    array = plain(part.read())
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    chunk = _chunk(array)
    said = {
        "node_type": "array",
        "shape": array.shape,
        "data_type": array.dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": False if array.dtype.kind == "b" else 0,
        "codecs": [
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "gzip", "configuration": {"level": 5}},
        ],
        "attributes": {"units": part.unit} if part.unit else {},
    }
    archive.writestr(f"{part.name}/zarr.json", _json(said))
    if not math.prod(array.shape):
        return
    tail = ["0"] * (array.ndim - 1)
    for place in range(-(-array.shape[0] // chunk[0]) if array.ndim else 1):
        block = little[place * chunk[0] : (place + 1) * chunk[0]] if array.ndim else little
        key = "/".join(["c", *([str(place), *tail] if array.ndim else [])])
        archive.writestr(f"{part.name}/{key}", _packed(block, chunk))


def _chunk(array: AnyArray) -> tuple[int, ...]:
    if not array.ndim:
        return ()
    rows = rows_per_chunk(array.shape, itemsize=array.dtype.itemsize, max_bytes=CHUNK_BYTES)
    return (max(1, min(rows, array.shape[0])), *(max(1, length) for length in array.shape[1:]))


def _packed(block: AnyArray, chunk: tuple[int, ...]) -> bytes:
    """Return a chunk in its full shape, the last one filled up."""
    whole = block
    if block.shape != chunk:
        whole = np.zeros(chunk, block.dtype)
        whole[: len(block)] = block
    return gzip.compress(whole.tobytes(), 5, mtime=0)
