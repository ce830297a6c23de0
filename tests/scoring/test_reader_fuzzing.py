"""Good files, damaged at random: a reader tells problems, or reads the file, and nothing else.

Readers in Python are called directly. Those that hand bytes to a library in C are called in the
cage, where a crash of the library would be seen as what it is and would end no worker.
"""

import io
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.cage.calls import check_in_cage
from scoring.cage.client import stop_zygote
from scoring.cage.records import CageLimits
from scoring.contract import PredictionFormat, TargetSpec
from scoring.engine import check
from tests.scoring.array_files import (
    ZARR_GROUP,
    hdf5_of,
    netcdf_bytes,
    zarr_member,
)
from tests.scoring.files import npy_bytes, npz_bytes, zip_bytes

TARGETS = (TargetSpec("a", (4,)), TargetSpec("b", (4,)))
SCALARS = (TargetSpec("a"), TargetSpec("b"))
LIMITS = CageLimits(memory_bytes=512 * 2**20, wall_s=60.0)
ROW = np.arange(4.0)
BOUNDED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def classic(file):
    file.createDimension("t", None)
    file.createDimension("x", 4)
    file.createVariable("a", "f8", ("x",))[:] = ROW
    file.createVariable("b", "f4", ("t",))[:] = ROW


def parquet_bytes():
    buffer = io.BytesIO()
    pq.write_table(pa.table({"target": ["a", "b"], "value": [1.0, 2.0]}), buffer)
    return buffer.getvalue()


@cache
def good_file(name):
    if name == "hdf5":
        return hdf5_of({"a": ROW, "b": ROW})
    if name == "packed hdf5":
        storage = {"chunks": (2,), "compression": "gzip", "shuffle": True, "fletcher32": True}
        return hdf5_of({"a": ROW, "b": ROW}, **storage)
    makers = {
        "npy": lambda: npy_bytes(np.ones((2, 4))),
        "npz": lambda: npz_bytes({"a": ROW, "b": ROW}, compressed=True),
        "csv": lambda: b"target,value\na,1.5\nb,-2e3\n",
        "jsonl": lambda: b'{"target": "a", "value": 1}\n{"target": "b", "value": 2.5}\n',
        "sections": lambda: b"Predictions:\na, 1\nb, 2\n",
        "parquet": parquet_bytes,
        "netcdf": lambda: netcdf_bytes(classic),
        "zarr": lambda: zip_bytes([ZARR_GROUP, zarr_member("a"), ("a/c/0", ROW.tobytes())]),
    }
    return makers[name]()


def format_of(name):
    if name == "npy":
        return PredictionFormat("npy", {"stack": ["a", "b"]})
    return PredictionFormat(name.split()[-1])


def targets_of(name):
    return SCALARS if name in ("csv", "jsonl", "sections", "parquet") else TARGETS


@st.composite
def damaged(draw, name):
    """Return a good file after some flips, a cut, and a splice of its own bytes."""
    content = bytearray(good_file(name))
    places = st.integers(0, len(content) - 1)
    for place in draw(st.lists(places, max_size=6)):
        content[place] = draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
    if draw(st.booleans()):
        start, end, to = draw(places), draw(places), draw(places)
        content[to:to] = content[min(start, end) : max(start, end)]
    if draw(st.booleans()):
        del content[draw(places) :]
    return bytes(content)


@pytest.fixture(scope="module", autouse=True)
def _zygote():
    yield
    stop_zygote()


@pytest.mark.parametrize("name", ["npy", "npz", "csv", "jsonl", "sections", "netcdf", "zarr"])
def test_damaged_file_is_read_or_told_of(name):
    @BOUNDED
    @given(damaged(name))
    def holds(content):
        report = check(io.BytesIO(content), format_of(name), targets_of(name))
        assert all(problem.code and problem.message for problem in report.problems)

    holds()


@pytest.mark.parametrize("name", ["hdf5", "packed hdf5", "parquet"])
def test_damaged_file_of_a_library_in_c_is_read_or_told_of(name):
    @BOUNDED
    @given(damaged(name))
    def holds(content):
        report = check_in_cage(
            io.BytesIO(content), format_of(name), targets_of(name), limits=LIMITS
        )
        assert all(problem.code and problem.message for problem in report.problems)

    holds()


@pytest.mark.parametrize(
    "name", ["npy", "npz", "csv", "jsonl", "sections", "netcdf", "zarr", "hdf5", "packed hdf5"]
)
def test_files_to_be_damaged_are_good(name):
    report = check(io.BytesIO(good_file(name)), format_of(name), targets_of(name))
    assert report.problems == ()
