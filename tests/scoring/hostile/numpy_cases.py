# ruff: noqa: E501 - a table: one case, one line
"""Hostile .npy and .npz files, and hostile archives."""

from __future__ import annotations

import io
import os
import struct
import warnings
import zipfile
import zlib
from functools import partial
from pathlib import Path

import numpy as np

from tests.scoring.files import npy_bytes, npy_claim, npy_header, npz_bytes, zip_bytes
from tests.scoring.hostile.case import TARGETS, Case

_ONE = npy_bytes(1.0)
_FIELD = TARGETS[1:]


class Pickled:
    def __reduce__(self):
        return os.system, ("echo a pickle was run >&2; kill -9 $PPID",)


def _objects(folder: Path) -> bytes:
    array = np.empty((4, 3), dtype=object)
    array[:] = Pickled()
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def _stream_of_zeros(size: int) -> bytes:
    """Return a deflate stream of zeros, made without holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = bytes(2**20)
    return b"".join(packer.compress(piece) for _ in range(size // 2**20)) + packer.flush()


def _bomb(folder: Path) -> bytes:
    """An archive of 1 MB whose one member unpacks to 1 GB, as its entry says."""
    head = npy_claim("<f8", f"({2**27},)")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH) + _stream_of_zeros(2**30)
    return _entry("a.npy", packed, size=len(head) + 2**30)


def _entry(name: str, packed: bytes, *, size: int) -> bytes:
    raw = name.encode()
    common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, len(packed), size, len(raw), 0)
    local = b"PK\x03\x04" + common + raw + packed
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + bytes(14) + raw
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


def _liar(folder: Path) -> bytes:
    """A member that says 224 bytes and unpacks to 256 MB."""
    whole = npy_bytes(np.zeros((4, 3)))
    return _entry("a.npy", _stream_of_zeros(2**28), size=len(whole))


def _duplicates(folder: Path) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return zip_bytes([("p.npy", _ONE), ("p.npy", npy_bytes(2.0))])


def _overlapping(folder: Path) -> bytes:
    """Two entries of the directory that lead to the same stored bytes."""
    content = bytearray(zip_bytes([("p.npy", _ONE), ("a.npy", npy_bytes(np.ones((4, 3))))]))
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    return bytes(content)


def _encrypted(folder: Path) -> bytes:
    content = bytearray(zip_bytes([("p.npy", _ONE)]))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    return bytes(content)


def _many(folder: Path) -> bytes:
    return zip_bytes([(f"{i}.npy", b"") for i in range(100_000)])


def _named(name: str, folder: Path) -> bytes:
    return zip_bytes([(name, _ONE)])


def _packed_by(method: int, folder: Path) -> bytes:
    return zip_bytes([("p.npy", _ONE)], method=method)


def _fixed(content: bytes, folder: Path) -> bytes:
    return content


def _npz(title, make, *codes):
    return Case("Archive", title, "npz", make, frozenset(codes))


def _npy(title, content, *codes):
    make = content if callable(content) else partial(_fixed, content)
    return Case("NumPy", title, "npy", make, frozenset(codes), _FIELD)


def _text(shape: str) -> str:
    return f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"


_FLAGGED_NAN = np.frombuffer(struct.pack("<Q", 0x7FF8DEADBEEF0001), "<f8")

CASES = (
    _npz("0 bytes", partial(_fixed, b""), "NOT_ZIP"),
    _npz("1 MB that unpacks to 1 GB", _bomb, "BAD_SHAPE"),
    _npz("a member that lies about its size (256 MB)", _liar, "DAMAGED", "NOT_NPY"),
    *(
        _npz(f"a member named {name}", partial(_named, name), "BAD_NAME")
        for name in ("../p.npy", "/p.npy", "C:\\p.npy", "a\\p.npy")
    ),
    _npz("100 000 members", _many, "TOO_MANY_MEMBERS"),
    _npz("two members of one name", _duplicates, "DUPLICATE_TARGET"),
    _npz("entries that overlap", _overlapping, "DAMAGED"),
    _npz("an encrypted member", _encrypted, "ENCRYPTED"),
    _npz("packed by bzip2", partial(_packed_by, zipfile.ZIP_BZIP2), "BAD_COMPRESSION"),
    _npz("packed by LZMA", partial(_packed_by, zipfile.ZIP_LZMA), "BAD_COMPRESSION"),
    _npz("cut in the middle", partial(_fixed, npz_bytes({"p": 1.0})[:150]), "NOT_ZIP"),
    _npz("a script before the archive", partial(_fixed, b"#!/bin/sh\n" + npz_bytes({"p": 1.0})), "NOT_ZIP"),
    _npz("a member with a header of 60 kB", lambda folder: zip_bytes([("p.npy", npy_header("x" * 60_000))]), "NOT_NPY"),
    _npy("0 bytes", b"", "NOT_NPY"),
    _npy("an array of pickled objects", _objects, "BAD_DTYPE"),
    _npy("a header of 1e12 values and no body", npy_claim("<f8", "(1000000000000,)"), "BAD_LENGTH"),
    _npy("a shape whose product overflows", npy_claim("<f8", "(4611686018427387904, 8)"), "BAD_LENGTH"),
    _npy("items of no bytes, 1e15 of them", npy_claim("|V0", "(1000000000000000,)"), "BAD_DTYPE"),
    _npy("a negative length", npy_header(_text("(-1,)")), "NOT_NPY"),
    _npy("a shape of floats", npy_header(_text("(4.0, 3)")), "NOT_NPY"),
    _npy("a header of 400 kB", npy_header(" " * 400_000, version=2), "NOT_NPY"),
    _npy("a header of 4 GB, as it says", b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "NOT_NPY"),
    _npy("a header of 3000 brackets", npy_header("(" * 3000), "NOT_NPY"),
    _npy("a header that calls a function", npy_header(_text("(4, 3)")[:-1] + "'x': exit()}"), "BAD_DTYPE"),
    _npy("complex numbers", npy_bytes(np.ones((4, 3), complex)), "BAD_DTYPE"),
    _npy("NaN with a message in it", npy_bytes(np.broadcast_to(_FLAGGED_NAN, (4, 3)).copy()), "NOT_FINITE"),
    _npy("denormal numbers", npy_bytes(np.full((4, 3), 5e-324))),
    _npy("Fortran order", npy_bytes(np.asfortranarray(np.ones((4, 3))))),
    _npy("transposed", npy_bytes(np.ones((3, 4))), "BAD_SHAPE"),
)  # fmt: skip
