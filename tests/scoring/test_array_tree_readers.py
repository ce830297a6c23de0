"""HDF5, NetCDF and Zarr: what is common to files of named arrays."""

import io

import h5py
import numpy as np
import pytest
from netCDF4 import Dataset
from zarr.codecs import (
    BloscCodec,
    Crc32cCodec,
    GzipCodec,
    TransposeCodec,
    ZstdCodec,
)

from scoring.contract import TargetSpec
from scoring.errors import ReaderOptionError
from scoring.readers import get_reader
from scoring.readers.chunk_grid import BAND_LIMIT_BYTES
from tests.scoring.array_files import hdf5_bytes, hdf5_of, netcdf_bytes, zarr_bytes
from tests.scoring.files import codes_of, problems_of, read

FIELD = np.random.default_rng(7).normal(size=(20, 5, 3))
TARGETS = (TargetSpec("a", (20, 5, 3)), TargetSpec("s"))
CHUNKS = [(3, 4, 2), (20, 5, 3), (1, 5, 3), (20, 1, 1)]


def assert_same(prediction, dtype="f8"):
    assert prediction.answered == ("a", "s")
    field = FIELD.astype(dtype)
    source = prediction.sources["a"]
    assert (source.shape, source.dtype.str[1:]) == (field.shape, np.dtype(dtype).str[1:])
    np.testing.assert_array_equal(source.read(), field)
    for max_bytes in (1, 100, 10**6):
        np.testing.assert_array_equal(np.concatenate(list(source.chunks(max_bytes))), field)
    assert [block.tolist() for block in prediction.sources["s"].chunks()] == [1.5]


def bytes_of(slug, folder, arrays):
    if slug == "zarr":
        return zarr_bytes(folder, {k: np.asarray(v, np.float64) for k, v in arrays.items()})
    if slug == "netcdf":
        return netcdf4_bytes(arrays)
    return hdf5_of(arrays)


def netcdf4_bytes(arrays):
    file = Dataset("in-memory.nc", "w", memory=1024, format="NETCDF4")
    for name, array in arrays.items():
        names = [f"{name}{axis}" for axis in range(np.ndim(array))]
        for axis, length in zip(names, np.shape(array), strict=True):
            file.createDimension(axis, length)
        file.createVariable(name, "f8", names)[...] = array
    return bytes(file.close())


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", ">f2"])
@pytest.mark.parametrize("chunks", [None, *CHUNKS])
@pytest.mark.parametrize("block", [0, 1024])
def test_hdf5_arrays_are_read_back_exactly(dtype, chunks, block):
    def write(file):
        file.create_dataset("a", data=FIELD.astype(dtype), chunks=chunks)
        file["s"] = 1.5

    assert_same(read("hdf5", hdf5_bytes(write, userblock_size=block), TARGETS), dtype)


@pytest.mark.parametrize("dtype", ["<f8", ">f4"])
@pytest.mark.parametrize("chunks", CHUNKS)
@pytest.mark.parametrize(
    "filters",
    [
        {"compression": "gzip"},
        {"shuffle": True},
        {"fletcher32": True},
        {"compression": "gzip", "shuffle": True, "fletcher32": True},
    ],
)
def test_packed_hdf5_chunks_are_read_back_exactly(dtype, chunks, filters):
    content = hdf5_of({"a": FIELD.astype(dtype), "s": 1.5}, chunks=chunks, **filters)
    assert_same(read("hdf5", content, TARGETS), dtype)


@pytest.mark.parametrize("packing", [None, GzipCodec(), ZstdCodec(), BloscCodec(cname="lz4")])
@pytest.mark.parametrize("chunks", CHUNKS)
def test_zarr_arrays_are_read_back_exactly(tmp_path, packing, chunks):
    content = zarr_bytes(tmp_path, {"a": FIELD, "s": 1.5}, chunks=chunks, compressors=packing)
    assert_same(read("zarr", content, TARGETS))


@pytest.mark.parametrize(
    "storage",
    [
        {"chunks": (2, 5, 1), "shards": (4, 5, 3)},
        {"chunks": (3, 4, 2), "filters": [TransposeCodec(order=(2, 0, 1))]},
        {"chunks": (3, 4, 2), "compressors": [ZstdCodec(), Crc32cCodec()]},
        {"chunks": (3, 4, 2), "compressors": BloscCodec(cname="zstd", shuffle="bitshuffle")},
        {"chunks": (3, 4, 2), "chunk_key_encoding": {"name": "v2", "separator": "."}},
    ],
)
def test_zarr_shards_axis_orders_checksums_and_key_names_are_read(tmp_path, storage):
    assert_same(read("zarr", zarr_bytes(tmp_path, {"a": FIELD, "s": 1.5}, **storage), TARGETS))


def test_zarr_chunks_that_are_not_stored_hold_the_fill_value(tmp_path):
    field = np.zeros((4, 2))
    field[3] = 5.0
    content = zarr_bytes(tmp_path, {"a": field}, chunks=(1, 2))
    assert content.count(b"a/c/") == 2  # its entry and its place in the directory
    source = read("zarr", content, [TargetSpec("a", (4, 2))]).sources["a"]
    np.testing.assert_array_equal(source.read(), field)


def test_netcdf_4_arrays_are_read_back_exactly():
    assert_same(read("netcdf", netcdf4_bytes({"a": FIELD, "s": 1.5}), TARGETS))


@pytest.mark.parametrize("kind", ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET"])
@pytest.mark.parametrize("others", [0, 1])
def test_classic_netcdf_arrays_are_read_back_exactly_with_and_without_records(kind, others):
    file = Dataset("in-memory.nc", "w", memory=1024, format=kind)
    file.createDimension("t", None)
    file.createDimension("x", 5)
    file.createDimension("y", 3)
    file.history = "made for a test"
    file.createVariable("a", "f4", ("t", "x", "y"))[:] = FIELD
    for number in range(others):
        file.createVariable(f"o{number}", "i1", ("t",))[:] = np.arange(20)
    file.createVariable("s", "f8", ())[...] = 1.5
    file.createVariable("fixed", "i2", ("x", "y"))[:] = np.arange(15).reshape(5, 3)
    content = bytes(file.close())
    assert content[:3] == b"CDF"
    targets = (*TARGETS, TargetSpec("fixed", (5, 3)))
    prediction = read("netcdf", content, targets)
    np.testing.assert_array_equal(prediction.sources["fixed"].read().ravel(), np.arange(15))
    assert prediction.sources["s"].read() == 1.5
    np.testing.assert_array_equal(prediction.sources["a"].read(), FIELD.astype("f4"))
    blocks = list(prediction.sources["a"].chunks(120))
    np.testing.assert_array_equal(np.concatenate(blocks), FIELD.astype("f4"))


def test_lone_record_variable_of_small_values_is_not_padded():
    def write(file):
        file.createDimension("t", None)
        file.createVariable("a", "i1", ("t",))[:] = np.arange(20)

    source = read("netcdf", netcdf_bytes(write), [TargetSpec("a", (20,))]).sources["a"]
    assert source.read().tolist() == list(range(20))


def test_netcdf_5_is_read_as_the_netcdf_library_writes_it():
    file = Dataset("in-memory.nc", "w", memory=1024, format="NETCDF3_64BIT_DATA")
    file.createDimension("x", 3)
    file.createVariable("a", "u8", ("x",))[:] = [1, 2, 2**60]
    content = bytes(file.close())
    assert content[:4] == b"CDF\x05"
    source = read("netcdf", content, [TargetSpec("a", (3,))]).sources["a"]
    assert source.read().tolist() == [1, 2, 2**60]


@pytest.mark.parametrize("kind", ["NETCDF4", "NETCDF3_CLASSIC"])
def test_packed_netcdf_values_are_scaled_as_the_netcdf_library_does(kind):
    file = Dataset("in-memory.nc", "w", memory=1024, format=kind)
    file.createDimension("x", 3)
    variable = file.createVariable("a", "i2", ("x",), fill_value=-9)
    variable.scale_factor, variable.add_offset = 0.5, 10.0
    variable[:] = [10.0, 10.5, 20.0]
    expected = np.asarray(variable[:])
    source = read("netcdf", bytes(file.close()), [TargetSpec("a", (3,))]).sources["a"]
    np.testing.assert_array_equal(source.read(), expected)
    assert source.dtype == np.float64


@pytest.mark.parametrize("kind", ["NETCDF4", "NETCDF3_CLASSIC"])
@pytest.mark.parametrize("fill", [None, -9.0])
def test_netcdf_fill_values_are_missing_values(kind, fill):
    file = Dataset("in-memory.nc", "w", memory=1024, format=kind)
    file.createDimension("x", 3)
    variable = file.createVariable("a", "f4", ("x",), fill_value=fill)
    variable[0:2] = [1.0, 2.0] if fill is None else [1.0, fill]
    (found,) = problems_of("netcdf", bytes(file.close()), [TargetSpec("a", (3,))])
    place = "array a, index (2)" if fill is None else "array a, index (1)"
    assert (found.code, found.where) == ("NOT_FINITE", place)


def test_netcdf_attribute_that_is_no_number_is_refused():
    file = Dataset("in-memory.nc", "w", memory=1024)
    file.createVariable("a", "f8", ())[...] = 1.0
    file.variables["a"].scale_factor = "two"
    content = bytes(file.close())
    assert codes_of("netcdf", content, [TargetSpec("a")]) == ["BAD_ATTRIBUTE"]


def test_netcdf_coordinates_beside_the_targets_do_not_matter_unless_declared_so():
    content = netcdf4_bytes({"a": FIELD, "lat": np.arange(5.0)})
    assert read("netcdf", content, TARGETS).answered == ("a",)
    found = codes_of("netcdf", content, TARGETS, extra_arrays="refuse")
    assert set(found) == {"UNKNOWN_TARGET"}


@pytest.mark.parametrize("slug", ["hdf5", "netcdf", "zarr"])
def test_all_problems_of_a_tree_are_told_at_once_with_place_and_remedy(tmp_path, slug):
    content = bytes_of(slug, tmp_path, {"a": FIELD.transpose(1, 0, 2), "s": np.nan, "S2": 1.0})
    found = problems_of(slug, content, TARGETS, extra_arrays="refuse")
    by_code = {problem.code: problem for problem in found}
    assert {"BAD_SHAPE", "NOT_FINITE", "UNKNOWN_TARGET"} == set(by_code)
    assert "expected 20 x 5 x 3, found 5 x 20 x 3" in by_code["BAD_SHAPE"].message
    assert by_code["NOT_FINITE"].where == "array s"
    assert all(problem.where and problem.remedy for problem in found)


@pytest.mark.parametrize("slug", ["hdf5", "netcdf", "zarr"])
def test_unanswered_targets_matter_only_where_the_round_says_so(tmp_path, slug):
    content = bytes_of(slug, tmp_path, {"s": 1.5})
    assert read(slug, content, TARGETS).answered == ("s",)
    assert codes_of(slug, content, TARGETS, require_all=True) == ["MISSING_TARGET"]


@pytest.mark.parametrize("slug", ["hdf5", "netcdf", "zarr"])
def test_file_with_none_of_the_arrays_is_refused(tmp_path, slug):
    content = bytes_of(slug, tmp_path, {"other": 1.0})
    found = codes_of(slug, content, TARGETS, extra_arrays="ignore")
    assert found == ["NO_ARRAYS"]


@pytest.mark.parametrize("slug", ["hdf5", "zarr"])
def test_arrays_stand_at_the_declared_path(tmp_path, slug):
    content = bytes_of(slug, tmp_path, {"run/a/u": FIELD, "run/s/u": 1.5})
    assert_same(read(slug, content, TARGETS, path="run/{target}/u"))
    (found,) = problems_of(slug, content, TARGETS, path="run/{target}", require_all=True)[:1]
    assert found.code == ("NOT_AN_ARRAY")


def test_one_target_may_stand_at_a_path_without_its_name(tmp_path):
    content = hdf5_of({"prediction": FIELD})
    assert read("hdf5", content, TARGETS[:1], path="prediction").answered == ("a",)
    with pytest.raises(ReaderOptionError, match="several targets"):
        read("hdf5", content, TARGETS, path="prediction")


@pytest.mark.parametrize(
    "path", ["", "/a", "a/", "../{target}", "{target}/./u", "{target}{target}", "{x}", "a\\b", 3]
)
def test_paths_that_cannot_be_meant_are_refused_at_set_up(path):
    with pytest.raises(ReaderOptionError):
        get_reader("hdf5").complete({"path": path})


@pytest.mark.parametrize("slug", ["hdf5", "netcdf", "zarr"])
def test_axes_of_free_length_are_as_long_as_the_file_makes_them(tmp_path, slug):
    target = TargetSpec("a", (None, 2))
    content = bytes_of(slug, tmp_path, {"a": np.ones((7, 2))})
    assert read(slug, content, [target]).sources["a"].shape == (7, 2)
    assert codes_of(slug, content, [TargetSpec("a", (None, 3))]) == ["BAD_SHAPE"]


def test_array_of_free_length_beyond_the_limit_is_refused_before_it_is_read():
    content = hdf5_bytes(
        lambda file: file.create_dataset("a", (2**40,), "f8", chunks=(1024,), maxshape=(None,))
    )
    assert codes_of("hdf5", content, [TargetSpec("a", (None,))]) == ["TOO_LARGE"]


def test_empty_arrays_are_read_where_the_length_is_free():
    content = hdf5_of({"a": np.empty((0, 2))})
    source = read("hdf5", content, [TargetSpec("a", (None, 2))]).sources["a"]
    assert source.read().shape == (0, 2)
    assert list(source.chunks()) == []


def test_chunks_across_the_first_axis_that_would_fill_memory_are_refused():
    rows = BAND_LIMIT_BYTES // 8 // 100 + 100
    content = hdf5_bytes(lambda file: file.create_dataset("a", (rows, 100), "f8", chunks=(rows, 1)))
    found = problems_of("hdf5", content, [TargetSpec("a", (rows, 100))])
    assert [problem.code for problem in found] == ["BAD_CHUNKS"]
    assert "few steps of the first axis" in found[0].remedy


def test_hdf5_booleans_are_numbers_and_other_enumerations_are_not():
    def write(file):
        file["b"] = np.array([True, False])
        kind = h5py.enum_dtype({"RED": 0, "BLUE": 1}, basetype="i1")
        file.create_dataset("e", (2,), dtype=kind)[:] = [0, 1]

    content = hdf5_bytes(write)
    targets = (TargetSpec("b", (2,)), TargetSpec("e", (2,)))
    found = problems_of("hdf5", content, targets)
    assert [(p.code, p.where) for p in found] == [("BAD_DTYPE", "array e")]
    assert read("hdf5", content, targets[:1], extra_arrays="ignore").sources[
        "b"
    ].read().tolist() == [True, False]


def test_scoring_reads_a_large_hdf5_field_in_pieces():
    content = hdf5_of({"a": np.ones((64, 1000, 10))}, chunks=(8, 100, 10), compression="gzip")
    source = read("hdf5", content, [TargetSpec("a", (64, 1000, 10))]).sources["a"]
    blocks = list(source.chunks(80_000 * 3))
    assert max(block.nbytes for block in blocks) <= 80_000 * 3
    assert sum(len(block) for block in blocks) == 64


def test_handle_is_read_wherever_it_stands():
    handle = io.BytesIO(hdf5_of({"s": 1.5}))
    handle.seek(100)
    assert get_reader("hdf5").read(handle, targets=TARGETS).answered == ("s",)
