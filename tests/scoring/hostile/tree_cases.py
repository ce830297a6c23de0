# ruff: noqa: E501 - a table: one case, one line
"""Hostile files of named arrays: HDF5, NetCDF, Zarr."""

from __future__ import annotations

import io
import zipfile
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numcodecs import blosc, zstd

from scoring.contract import TargetSpec
from tests.scoring.array_files import ZARR_GROUP, hdf5_bytes, hdf5_of, netcdf_bytes, zarr_member
from tests.scoring.files import zip_bytes
from tests.scoring.hostile.case import SECRET, Case

_P = (TargetSpec("p", (4,)),)
_SECRET_LENGTH = len(SECRET)


def _hdf5(title: str, write, *codes: str, targets=_P, **options: Any) -> Case:
    return Case("HDF5", title, "hdf5", partial(_written, write), frozenset(codes), targets, options)


def _written(write, folder: Path) -> bytes:
    return hdf5_bytes(lambda file: write(file, folder))


def _outside(folder: Path) -> Path:
    with h5py.File(folder / "secret.h5", "w") as file:
        file["p"] = np.full(4, 0.73125)
    return folder / "secret.h5"


def _external_link(file, folder):
    file["p"] = h5py.ExternalLink(str(_outside(folder)), "/p")


def _link_on_the_way(file, folder):
    file["g"] = h5py.ExternalLink(str(_outside(folder)), "/")


def _raw_storage(file, folder):
    stored = [(str(folder / "secret.csv"), 0, _SECRET_LENGTH)]
    file.create_dataset("p", (_SECRET_LENGTH,), "u1", external=stored)


def _virtual(file, folder):
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource(str(_outside(folder)), "p", (4,))
    file.create_virtual_dataset("p", layout)


def _soft_loop(file, folder):
    file["p"], file["q"] = h5py.SoftLink("/q"), h5py.SoftLink("/p")


def _hard_cycle(file, folder):
    file["p"] = np.ones(4)
    file.create_group("g")["up"] = file["/"]


def _never_written(file, folder):
    file.create_dataset("p", (2**33,), "f8", chunks=(2**20,), compression="gzip", fillvalue=1.0)


def _huge_chunk(file, folder):
    """One chunk that should hold 32 bytes and inflates to 256 MB."""
    made = file.create_dataset("p", (4,), "f8", chunks=(4,), compression="gzip")
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(256)) + packer.flush()
    made.id.write_direct_chunk((0,), packed)


def _references(folder: Path) -> bytes:
    with h5py.File(folder / "made.h5", "w") as file:
        file["x"] = np.arange(3.0)
        file.create_dataset("p", (4,), dtype=h5py.ref_dtype)[0] = file["x"].ref
    return (folder / "made.h5").read_bytes()


def _lengths(file, folder):
    file.create_dataset("p", (4,), dtype=h5py.vlen_dtype(np.float64))[0] = [1.0, 2.0]


def _groups(file, folder):
    for number in range(20_000):
        file.create_group(f"g{number}")


def _text(file, folder):
    file["p"] = "not numbers"


def _records(file, folder):
    file["p"] = np.zeros(4, dtype=[("a", "f8"), ("b", "i4")])


def _lzf(file, folder):
    file.create_dataset("p", data=np.zeros(4), chunks=(4,), compression="lzf")


def _unknown_filter(folder: Path) -> bytes:
    content = bytearray(hdf5_of({"p": np.ones(4)}, chunks=(4,), compression="gzip"))
    place = content.index(b"deflate\0")
    content[place - 8 : place - 6] = b"\x39\x30"  # the number before the name: filter 12345
    return bytes(content)


def _cut(folder: Path) -> bytes:
    return hdf5_of({"p": np.ones(4)})[:-8]


def _flipped_chunk(folder: Path) -> bytes:
    content = hdf5_of({"p": np.arange(4.0)}, chunks=(4,), fletcher32=True)
    return content.replace(np.arange(4.0).tobytes(), np.array([0.0, 1.0, 2.0, 4.0]).tobytes())


def _fixed(content: bytes, folder: Path) -> bytes:
    return content


_MINIMAL = b"CDF\x01" + bytes(4)


def _netcdf(title: str, content, *codes: str) -> Case:
    make = content if callable(content) else partial(_fixed, content)
    return Case("NetCDF", title, "netcdf", make, frozenset(codes), _P)


def _many_records(folder: Path) -> bytes:
    def write(file):
        file.createDimension("t", None)
        file.createVariable("p", "f8", ("t",))[:] = np.ones(4)

    content = bytearray(netcdf_bytes(write))
    content[4:8] = (2**31 - 1).to_bytes(4, "big")
    return bytes(content)


def _past_the_end(folder: Path) -> bytes:
    def write(file):
        file.createDimension("x", 4)
        file.createVariable("p", "f8", ("x",))[:] = np.ones(4)

    return netcdf_bytes(write)[:-8]


def _zarr(title: str, members, *codes: str, targets=_P) -> Case:
    make = members if callable(members) else partial(_store, members)
    return Case("Zarr", title, "zarr", make, frozenset(codes), targets)


def _store(members, folder: Path) -> bytes:
    return zip_bytes([ZARR_GROUP, *members])


def _codec(name: str, **settings: Any) -> dict[str, Any]:
    raw = {"name": "bytes", "configuration": {"endian": "little"}}
    return {"codecs": [raw, {"name": name, "configuration": settings}]}


def _symlink(folder: Path) -> bytes:
    buffer = io.BytesIO()
    entry = zipfile.ZipInfo("p/c/0")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in (ZARR_GROUP, zarr_member("p")):
            archive.writestr(name, content)
        archive.writestr(entry, str(folder / "secret.csv"))
    return buffer.getvalue()


def _zeros(pack) -> bytes:
    return bytes(pack(bytes(2**28)))


def _blosc_bomb(folder: Path) -> bytes:
    packed = _zeros(lambda content: blosc.compress(content, b"lz4", 9, 1))
    return _store([zarr_member("p", **_codec("blosc")), ("p/c/0", packed)], folder)


def _zstd_bomb(folder: Path) -> bytes:
    packed = _zeros(lambda content: zstd.compress(content, 3))
    return _store([zarr_member("p", **_codec("zstd")), ("p/c/0", packed)], folder)


_CHUNKS_OF_ONE = {"name": "regular", "configuration": {"chunk_shape": [1]}}
_WIDE = {"name": "regular", "configuration": {"chunk_shape": [2**40]}}
_NAN_BODY = ("p/c/0", np.array([1.0, np.nan, 1.0, 1.0]).tobytes())

CASES = (
    _hdf5("an external link", _external_link, "OUTSIDE_REFERENCE"),
    _hdf5("an external link on the way", _link_on_the_way, "OUTSIDE_REFERENCE", path="g/{target}"),
    _hdf5("raw storage in another file", _raw_storage, "OUTSIDE_REFERENCE"),
    _hdf5("a virtual dataset", _virtual, "OUTSIDE_REFERENCE"),
    _hdf5("soft links in a circle", _soft_loop, "OUTSIDE_REFERENCE", extra_arrays="ignore"),
    _hdf5("a group that holds its parent", _hard_cycle, extra_arrays="ignore"),
    _hdf5("64 GB promised, nothing written", _never_written, "BAD_SHAPE"),
    _hdf5("64 GB promised where the length is free", _never_written, "TOO_LARGE", targets=(TargetSpec("p", (None,)),)),
    _hdf5("64 GB promised where the shape fits", _never_written, "MISSING_VALUE", targets=(TargetSpec("p", (2**33,)),)),
    _hdf5("a chunk that inflates to 256 MB", _huge_chunk, "DAMAGED"),
    Case("HDF5", "references to objects", "hdf5", _references, frozenset({"BAD_DTYPE", "UNKNOWN_TARGET"}), _P),
    _hdf5("lists of free length in one array", _lengths, "BAD_DTYPE"),
    _hdf5("text", _text, "BAD_DTYPE"),
    _hdf5("records", _records, "BAD_DTYPE"),
    _hdf5("20 000 groups", _groups, "TOO_MANY_MEMBERS"),
    _hdf5("packed by lzf", _lzf, "BAD_COMPRESSION"),
    Case("HDF5", "an unknown filter", "hdf5", _unknown_filter, frozenset({"BAD_COMPRESSION", "DAMAGED"}), _P),
    Case("HDF5", "cut off", "hdf5", _cut, frozenset({"NOT_HDF5"}), _P),
    Case("HDF5", "a changed value under a checksum", "hdf5", _flipped_chunk, frozenset({"DAMAGED"}), _P),
    Case("HDF5", "0 bytes", "hdf5", partial(_fixed, b""), frozenset({"NOT_HDF5"}), _P),
    _netcdf("0 bytes", b"", "NOT_NETCDF"),
    _netcdf("2^31 dimensions, as it says", _MINIMAL + b"\0\0\0\x0a\x7f\xff\xff\xff", "NOT_NETCDF"),
    _netcdf("a name of 2 GB, as it says", _MINIMAL + b"\0\0\0\x0a\0\0\0\x01\x7f\xff\xff\xff", "NOT_NETCDF"),
    _netcdf("2^31 records, as it says", _many_records, "BAD_SHAPE"),
    _netcdf("cut off in the values", _past_the_end, "DAMAGED"),
    _netcdf("an HDF5 file with a link outside", partial(_written, _external_link), "OUTSIDE_REFERENCE"),
    _zarr("a chunk that is a symbolic link", _symlink, "LINK_NOT_ALLOWED"),
    _zarr("a store of version 2", [("p/.zarray", b"{}")], "NO_ARRAYS"),
    _zarr("no store at all", lambda folder: zip_bytes([("p", b"")]), "NOT_ZARR"),
    _zarr("the codec pickle", [zarr_member("p", **_codec("numcodecs.pickle"))], "BAD_COMPRESSION"),
    _zarr("objects", [zarr_member("p", data_type="object")], "BAD_DTYPE"),
    _zarr("a Blosc chunk of 256 MB", _blosc_bomb, "DAMAGED"),
    _zarr("a Zstandard chunk of 256 MB", _zstd_bomb, "DAMAGED"),
    _zarr("1e12 values, none stored, length free", [zarr_member("p", shape=[10**12], chunk_grid=_WIDE)], "TOO_LARGE", targets=(TargetSpec("p", (None,)),)),
    _zarr("chunks of one value, none stored", [zarr_member("p", shape=[2**24], chunk_grid=_CHUNKS_OF_ONE)], "BAD_CHUNKS", targets=(TargetSpec("p", (2**24,)),)),
    _zarr("one chunk of 8 TB", [zarr_member("p", chunk_grid=_WIDE)], "BAD_CHUNKS"),
    _zarr("a shape of negative numbers", [zarr_member("p", shape=[-4])], "BAD_METADATA"),
    _zarr("metadata nested 30 000 deep", [("p/zarr.json", b"[" * 30_000)], "BAD_METADATA"),
    _zarr("a member that leads upwards", [("../p/zarr.json", b"")], "BAD_NAME"),
    _zarr("NaN", [zarr_member("p"), _NAN_BODY], "NOT_FINITE"),
    _zarr("a chunk that is too short", [zarr_member("p"), ("p/c/0", b"x")], "DAMAGED"),
    _zarr("cut off", lambda folder: _store([zarr_member("p")], folder)[:-9], "NOT_ZIP"),
)  # fmt: skip
