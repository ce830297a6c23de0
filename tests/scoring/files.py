"""Prediction files for tests, good and hostile, made byte by byte where a library would refuse."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scoring.contract import Problem, TargetSpec
from scoring.errors import PredictionFormatError
from scoring.readers import Prediction, get_reader


def npy_bytes(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npz_bytes(arrays: Mapping[str, Any], *, compressed: bool = False) -> bytes:
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def zip_bytes(members: Sequence[tuple[str, bytes]], *, method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def npy_header(text: str, *, version: int = 1) -> bytes:
    raw = text.encode() + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(raw))
    return b"\x93NUMPY" + bytes([version, 0]) + size + raw


def npy_claim(descr: str, shape: str, body: bytes = b"") -> bytes:
    return npy_header(f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}") + body


def read(reader: str, content: bytes, targets: Sequence[TargetSpec], **options: Any) -> Prediction:
    return get_reader(reader).read(io.BytesIO(content), options=options, targets=targets)


def problems_of(
    reader: str, content: bytes, targets: Sequence[TargetSpec], **options: Any
) -> tuple[Problem, ...]:
    """Return the problems a reader finds; fails if it accepts the file."""
    try:
        read(reader, content, targets, **options)
    except PredictionFormatError as error:
        return error.problems
    raise AssertionError("the reader accepted the file")


def codes_of(
    reader: str, content: bytes, targets: Sequence[TargetSpec], **options: Any
) -> list[str]:
    return [problem.code for problem in problems_of(reader, content, targets, **options)]
