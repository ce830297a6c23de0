import io
import pickle
import struct
import zipfile

import numpy as np
import pytest

from scoring.contract import TargetSpec
from scoring.errors import PredictionFormatError
from tests.scoring.files import (
    codes_of,
    npy_bytes,
    npy_claim,
    npy_header,
    npz_bytes,
    problems_of,
    read,
    zip_bytes,
)

FIELD = TargetSpec("u01", (4, 3))
SCALAR = TargetSpec("u02")
TARGETS = (FIELD, SCALAR)
GOOD = np.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", ">f2", "<i4", ">u2", "|i1"])
@pytest.mark.parametrize("compressed", [False, True])
def test_every_plain_number_type_is_read_back_exactly(dtype, compressed):
    content = npz_bytes({"u01": GOOD.astype(dtype)}, compressed=compressed)
    source = read("npz", content, TARGETS).sources["u01"]
    np.testing.assert_array_equal(source.read(), GOOD)
    np.testing.assert_array_equal(np.concatenate(list(source.chunks(1))), GOOD)
    assert [len(block) for block in source.chunks(1)] == [1, 1, 1, 1]


def test_booleans_are_read_as_true_and_false_whatever_the_byte():
    content = zip_bytes([("b.npy", npy_claim("|b1", "(3,)", b"\x00\x01\x02"))])
    source = read("npz", content, [TargetSpec("b", (3,))]).sources["b"]
    assert source.read().tolist() == [False, True, True]


def test_fortran_order_is_read_right():
    content = npz_bytes({"u01": np.asfortranarray(GOOD)})
    source = read("npz", content, TARGETS).sources["u01"]
    np.testing.assert_array_equal(np.concatenate(list(source.chunks(30))), GOOD)


def test_scalar_target_takes_a_zero_dimensional_array():
    source = read("npz", npz_bytes({"u02": np.float32(1.5)}), TARGETS).sources["u02"]
    assert source.read() == 1.5
    assert [block.shape for block in source.chunks()] == [()]


def test_unanswered_target_is_no_problem_by_itself():
    assert read("npz", npz_bytes({"u02": 1.0}), TARGETS).answered == ("u02",)


def test_unanswered_target_is_a_problem_when_all_are_required():
    found = problems_of("npz", npz_bytes({"u02": 1.0}), TARGETS, require_all=True)
    assert [(p.code, p.where) for p in found] == [("MISSING_TARGET", "target u01")]


def test_all_problems_are_told_at_once_with_place_and_remedy():
    content = npz_bytes({"u01": GOOD.T, "u2": 1.0, "u02": np.nan})
    found = problems_of("npz", content, TARGETS)
    assert {p.code for p in found} == {"BAD_SHAPE", "UNKNOWN_TARGET", "NOT_FINITE"}
    by_code = {p.code: p for p in found}
    assert "expected 4 x 3, found 3 x 4" in by_code["BAD_SHAPE"].message
    assert "another order" in by_code["BAD_SHAPE"].remedy
    assert "Did you mean 'u02'?" in by_code["UNKNOWN_TARGET"].message
    assert all(p.where and p.remedy for p in found)


def test_not_finite_values_are_counted_and_the_first_is_placed():
    field = GOOD.copy()
    field[2, 1] = np.inf
    field[3, 0] = np.nan
    (found,) = problems_of("npz", npz_bytes({"u01": field}), TARGETS)
    assert found.code == "NOT_FINITE"
    assert found.message.startswith("array u01: 2 values are not finite")
    assert found.where == "array u01, index (2, 1)"


def test_values_outside_the_declared_range_are_refused():
    target = TargetSpec("t", (3,), low=0.0, high=1.0)
    (found,) = problems_of("npz", npz_bytes({"t": [0.5, 1.0, 1.5]}), [target])
    assert (found.code, found.where) == ("OUT_OF_RANGE", "array t, index (2)")


class Bomb:
    def __reduce__(self):
        return exec, ("raise SystemExit('a pickle was run')",)


def test_object_arrays_are_refused_and_never_unpickled():
    pickled = np.empty((), dtype=object)
    pickled[()] = Bomb()
    buffer = io.BytesIO()
    np.save(buffer, pickled, allow_pickle=True)
    assert codes_of("npz", zip_bytes([("u02.npy", buffer.getvalue())]), TARGETS) == ["BAD_DTYPE"]


def test_bare_pickle_is_refused_and_never_unpickled():
    content = pickle.dumps(Bomb())
    assert codes_of("npz", content, TARGETS) == ["NOT_ZIP"]
    assert codes_of("npz", zip_bytes([("u02.npy", content)]), TARGETS) == ["NOT_NPY"]


@pytest.mark.parametrize("descr", ["|V0", "|S0", "<U5", "<c16", "<M8[s]", "|O", "<f16", "<f3"])
def test_other_types_are_refused_before_the_body_is_looked_at(descr):
    content = zip_bytes([("u02.npy", npy_claim(descr, "(1000000000000000,)"))])
    assert codes_of("npz", content, TARGETS) == ["BAD_DTYPE"]


def test_record_types_are_refused():
    records = np.zeros(3, dtype=[("a", "<f8"), ("b", "<i4")])
    content = zip_bytes([("u02.npy", npy_bytes(records))])
    assert codes_of("npz", content, TARGETS) == ["BAD_DTYPE"]


@pytest.mark.parametrize("shape", ["(1000000000000,)", "(4611686018427387904, 8)", "(2, 2)"])
def test_header_that_promises_other_than_there_is_costs_nothing(shape):
    content = zip_bytes([("u01.npy", npy_claim("<f8", shape, b"\x00" * 16))])
    assert codes_of("npz", content, TARGETS) == ["BAD_LENGTH"]


@pytest.mark.parametrize(
    "member",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\xff",
        b"\x93NUMPY\x09\x00\x10\x00" + b" " * 16,
        npy_header("{}"),
        npy_header("[" * 3000),
        npy_header("x" * 60000),
        npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\xff"),
        npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"),
        npy_header(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({'9' * 999},), }}"),
        npy_header(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({'9' * 600},), }}"),
        npy_header(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({'1,' * 33}), }}"),
        npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,,2), }"),
        npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1 2), }"),
    ],
)
def test_damaged_npy_headers_are_refused(member):
    assert codes_of("npz", zip_bytes([("u01.npy", member)]), TARGETS) == ["NOT_NPY"]


def test_header_with_something_hidden_behind_the_fields_is_refused():
    text = "{'descr': '<f8', 'fortran_order': False, 'shape': (), 'more': __import__('os')}"
    content = zip_bytes([("u02.npy", npy_header(text) + b"\x00" * 8)])
    assert codes_of("npz", content, TARGETS) == ["BAD_DTYPE"]


def test_compressed_bomb_is_refused_by_its_shape_before_it_is_unpacked():
    bomb = npy_bytes(np.zeros((2000, 2000)))
    content = zip_bytes([("u01.npy", bomb)], method=zipfile.ZIP_DEFLATED)
    assert len(content) < 100_000
    assert codes_of("npz", content, TARGETS) == ["BAD_SHAPE"]


def test_member_that_lies_about_its_size_is_refused():
    honest = npy_bytes(GOOD)
    content = bytearray(
        zip_bytes([("u01.npy", honest + b"\x00" * 2**20)], method=zipfile.ZIP_DEFLATED)
    )
    true_size = struct.pack("<I", len(honest) + 2**20)
    assert content.count(true_size) == 2
    content = content.replace(true_size, struct.pack("<I", len(honest)))
    assert codes_of("npz", bytes(content), TARGETS) == ["DAMAGED"]


def test_member_that_promises_more_than_it_holds_is_refused():
    whole, short = npy_bytes(GOOD), npy_bytes(GOOD)[:-8]
    content = zip_bytes([("u01.npy", short)], method=zipfile.ZIP_DEFLATED)
    content = content.replace(struct.pack("<I", len(short)), struct.pack("<I", len(whole)))
    assert codes_of("npz", content, TARGETS) == ["DAMAGED"]


def test_flipped_bit_in_the_values_is_found_by_the_checksum():
    content = bytearray(zip_bytes([("u01.npy", npy_bytes(GOOD))]))
    content[30 + len("u01.npy") + 128 + 5] ^= 1
    assert codes_of("npz", bytes(content), TARGETS) == ["DAMAGED"]


def test_flipped_bit_in_packed_values_is_found():
    packed = bytearray(zip_bytes([("u01.npy", npy_bytes(GOOD))], method=zipfile.ZIP_DEFLATED))
    packed[60] ^= 0xFF
    assert set(codes_of("npz", bytes(packed), TARGETS)) <= {"DAMAGED", "NOT_NPY", "BAD_LENGTH"}


def test_two_members_of_one_name_are_refused():
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = zip_bytes([("u02.npy", npy_bytes(1.0)), ("u02.npy", npy_bytes(2.0))])
    assert codes_of("npz", content, TARGETS) == ["DUPLICATE_TARGET"]


@pytest.mark.parametrize(
    "name", ["../../u02.npy", "/etc/u02.npy", "a/u02.npy", "u02", "u02.txt", "u 02.npy", "ü.npy"]
)
def test_strange_member_names_are_refused(name):
    assert codes_of("npz", zip_bytes([(name, npy_bytes(1.0))]), TARGETS) == ["BAD_NAME"]


def test_member_name_cut_at_a_nul_is_refused():
    content = zip_bytes([("u02.npyX.npy", npy_bytes(1.0))]).replace(b"npyX", b"npy\x00")
    assert codes_of("npz", content, TARGETS) == ["BAD_NAME"]


def test_too_many_members_are_refused_before_they_are_listed():
    content = zip_bytes([(f"m{i}.npy", b"") for i in range(200)])
    assert codes_of("npz", content, TARGETS) == ["TOO_MANY_MEMBERS"]


def test_directory_that_claims_few_members_but_holds_many_is_refused():
    content = bytearray(zip_bytes([(f"member{i:05d}.npy", b"") for i in range(2000)]))
    content[-14:-10] = struct.pack("<HH", 2, 2)
    assert codes_of("npz", bytes(content), TARGETS) == ["TOO_MANY_MEMBERS"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_is_refused(method):
    content = zip_bytes([("u02.npy", npy_bytes(1.0))], method=method)
    assert codes_of("npz", content, TARGETS) == ["BAD_COMPRESSION"]


def test_encrypted_member_is_refused():
    content = bytearray(zip_bytes([("u02.npy", npy_bytes(1.0))]))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    assert codes_of("npz", bytes(content), TARGETS) == ["ENCRYPTED"]


@pytest.mark.parametrize("extra", [b"tail", b"\x00" * 30])
def test_archive_with_something_behind_its_end_is_refused(extra):
    assert codes_of("npz", npz_bytes({"u02": 1.0}) + extra, TARGETS) == ["NOT_ZIP"]


def test_archive_with_something_before_its_start_is_refused():
    assert codes_of("npz", b"#!/bin/sh\n" + npz_bytes({"u02": 1.0}), TARGETS) == ["NOT_ZIP"]


@pytest.mark.parametrize("length", [0, 10, 60])
def test_cut_archive_is_refused(length):
    assert codes_of("npz", npz_bytes({"u02": 1.0})[:length], TARGETS) == ["NOT_ZIP"]


def test_zip64_locator_that_contradicts_the_directory_is_refused():
    content = npz_bytes({"u02": 1.0})
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, 0, 1)
    end = content[-22:]
    assert codes_of("npz", content[:-22] + b"\x00" * 56 + locator + end, TARGETS) == ["NOT_ZIP"]


def test_zip64_directory_is_read():
    content = npz_bytes({"u02": 1.0})
    _, _, _, entries, _, length, offset, _ = struct.unpack("<4sHHHHIIH", content[-22:])
    record_at = offset + length
    record = struct.pack(
        "<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, length, offset
    )
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, record_at, 1)
    wide = content[:record_at] + record + locator + content[-22:]
    assert read("npz", wide, TARGETS).sources["u02"].read() == 1.0


@pytest.mark.parametrize("seed", range(40))
def test_damage_to_an_archive_is_told_as_problems_or_does_not_matter(seed):
    generator = np.random.default_rng(seed)
    content = bytearray(npz_bytes({"u01": GOOD, "u02": 2.0}, compressed=bool(seed % 2)))
    for position in generator.integers(0, len(content), 4):
        content[position] = generator.integers(0, 256)
    try:
        prediction = read("npz", bytes(content), TARGETS)
    except PredictionFormatError as error:
        assert error.problems  # noqa: PT017 - either outcome is right, another error is not
    else:
        assert set(prediction.answered) <= {"u01", "u02"}
