# ruff: noqa: E501 - a table: one case, one line
"""Hostile Parquet files."""

from __future__ import annotations

import io
import pickle
import struct
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

from tests.scoring.hostile.case import TARGETS, Case
from tests.scoring.hostile.numpy_cases import Pickled


def _case(title: str, make, *codes: str) -> Case:
    return Case("Parquet", title, "parquet", make, frozenset(codes), TARGETS[:1])


def _table(columns: Any, **settings: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, **settings)
    return buffer.getvalue()


def _fixed(content: bytes, folder: Path) -> bytes:
    return content


def _rows(folder: Path) -> bytes:
    """Many rows in a few bytes, by run lengths."""
    count = 2**22
    names = pa.DictionaryArray.from_arrays(np.zeros(count, "i4"), ["p"])
    return _table({"target": names, "value": np.zeros(count)}, compression="zstd")


def _names(folder: Path) -> bytes:
    """One name of 64 MB in every row."""
    names = pa.DictionaryArray.from_arrays(np.zeros(900, "i4"), ["x" * 2**26])
    return _table({"target": names, "value": np.zeros(900)}, compression="zstd")


def _prefixes(folder: Path) -> bytes:
    """Names that repeat a long beginning, by the encoding that stores it once."""
    names = ["x" * 2**18 + str(i) for i in range(100)]
    settings = {"use_dictionary": False, "column_encoding": {"target": "DELTA_BYTE_ARRAY"}}
    return _table({"target": names, "value": np.zeros(100)}, **settings)


def _extension(folder: Path) -> bytes:
    """A column that asks to be rebuilt from a pickle."""
    marks = {
        b"ARROW:extension:name": b"arrow.py_extension_type",
        b"ARROW:extension:metadata": pickle.dumps(Pickled()),
    }
    fields = [pa.field("target", pa.string()), pa.field("value", pa.float64(), metadata=marks)]
    return _table(pa.table([["p"], [1.0]], schema=pa.schema(fields)).to_batches()[0])


def _feather(folder: Path) -> bytes:
    buffer = io.BytesIO()
    feather.write_feather(pa.table({"target": ["p"], "value": [1.0]}), buffer)
    return buffer.getvalue()


def _page_of_2_gb(folder: Path) -> bytes:
    """A page whose header says that it unpacks to 2 GB."""
    content = _table({"target": ["p"], "value": [1.0]}, use_dictionary=False, compression="zstd")
    head = content.index(b"\x15\x00\x15")  # a data page, then its unpacked size in zigzag
    return content[: head + 3] + b"\x7e" + content[head + 4 :]


CASES = (
    _case("0 bytes", partial(_fixed, b""), "NOT_PARQUET"),
    _case("4 million rows by run lengths", _rows, "TOO_MANY_ROWS"),
    _case("900 names of 64 MB in 10 kB", _names, "TOO_LARGE"),
    _case("names that share a beginning of 256 kB", _prefixes, "DAMAGED"),
    _case("a page that says another size", _page_of_2_gb, "DAMAGED"),
    _case("a column that asks to be rebuilt from a pickle", _extension),
    _case("junk for a footer", partial(_fixed, b"PAR1" + b"\x99" * 500 + struct.pack("<I", 400) + b"PAR1"), "DAMAGED"),
    _case("a footer of 4 GB, as it says", partial(_fixed, b"PAR1" + bytes(20) + b"\xf0\xff\xff\xffPAR1"), "NOT_PARQUET"),
    _case("a Feather file", _feather, "NOT_PARQUET"),
    _case("text for numbers", lambda folder: _table({"target": ["p"], "value": ["1"]}), "BAD_DTYPE"),
    _case("no value", lambda folder: _table({"target": ["p"], "value": pa.array([None], pa.float64())}), "MISSING_VALUE"),
    _case("NaN", lambda folder: _table({"target": ["p"], "value": [float("nan")]}), "NOT_FINITE"),
    _case("cut off", lambda folder: _table({"target": ["p"], "value": [1.0]})[:-20], "NOT_PARQUET"),
)  # fmt: skip
