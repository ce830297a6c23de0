import gzip
import io
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scoring.contract import PredictionFormat, TargetSpec
from scoring.engine import check
from scoring.harmonize import Decisions, suggestions
from scoring.harmonize.axes import Change, ways
from tests.scoring.files import npy_bytes, npz_bytes, zip_bytes
from tests.scoring.harmonizing import mend, values_of

NPZ, NPY = PredictionFormat("npz"), PredictionFormat("npy")
TARGETS = [TargetSpec("u-01", (3, 5)), TargetSpec("u-02", (2, 3, 5))]
FIELD = np.arange(15.0).reshape(3, 5)
GOOD = {"u-01": FIELD, "u-02": np.stack([FIELD, -FIELD])}
ONE = [TargetSpec("u", (3, 5))]
STACK = [TargetSpec(name, (3, 5)) for name in "abc"]
STACKED = PredictionFormat("npy", {"stack": list("abc")})
CUBE = np.stack([FIELD, FIELD + 20, FIELD + 40])


def same(found, wanted):
    assert set(found) == set(wanted)
    for slug, values in wanted.items():
        np.testing.assert_array_equal(found[slug], values)


BROKEN = {
    "AXES": npz_bytes({"u-01": FIELD.T, "u-02": GOOD["u-02"].transpose(2, 0, 1)}),
    "SINGLETON_AXES": npz_bytes({"u-01": FIELD[None, :, None], "u-02": GOOD["u-02"][..., None]}),
    "NUMBER_TYPE": npz_bytes({slug: a.astype(np.longdouble) for slug, a in GOOD.items()}),
    "ID_SPELLING": npz_bytes({"U_01": FIELD, "u 2": GOOD["u-02"]}),
    "FOLDER": zip_bytes([(f"out/{slug}.npy", npy_bytes(a)) for slug, a in GOOD.items()]),
    "EXTRA_ARRAYS": npz_bytes({**GOOD, "times": np.arange(3.0)}),
    "GZIP": gzip.compress(npz_bytes(GOOD)),
}


@pytest.mark.parametrize("code", BROKEN)
def test_broken_archive_is_refused_told_mended_and_then_equal_to_the_good_one(code):
    assert not check(io.BytesIO(BROKEN[code]), NPZ, TARGETS).ok
    content, mendings = mend(BROKEN[code], NPZ, TARGETS)
    assert {code: mendings[code].decide for code in mendings} == {code: ""}
    same(values_of(content, NPZ, TARGETS), GOOD)


@pytest.mark.parametrize(
    "arrays",
    [
        GOOD,
        {slug: array.astype(">f8") for slug, array in GOOD.items()},
        {slug: np.asfortranarray(array, dtype="f4") for slug, array in GOOD.items()},
        {"u-01": FIELD.astype("f2")},
    ],
)
def test_what_readers_take_has_nothing_to_mend(arrays):
    assert check(io.BytesIO(npz_bytes(arrays)), NPZ, TARGETS).ok
    assert mend(npz_bytes(arrays), NPZ, TARGETS) == (None, {})


def test_mended_file_is_in_plain_order_and_keeps_its_packing_and_precision():
    arrays = {"u-01": np.asfortranarray(FIELD.T, dtype=">f4")}
    content, _ = mend(npz_bytes(arrays, compressed=True), NPZ, TARGETS)
    with np.load(io.BytesIO(content)) as written:
        array = written["u-01"]
        assert (array.dtype.str, array.flags.c_contiguous) == (np.dtype("f4").str, True)
        np.testing.assert_array_equal(array, FIELD)
        assert written.zip.infolist()[0].compress_type != 0


@given(shape=st.lists(st.integers(1, 4), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_a_unique_order_of_axes_is_undone_and_an_unclear_one_is_told(shape, seed):
    order = np.random.default_rng(seed).permutation(len(shape))
    array = np.arange(float(np.prod(shape))).reshape(shape)
    turned = array.transpose(order)
    assume(turned.shape != array.shape)
    targets = [TargetSpec("u", tuple(shape))]
    content, mendings = mend(npy_bytes(turned), NPY, targets)
    long = sorted(length for length in shape if length > 1)
    if len(set(long)) == len(long):
        same(values_of(content, NPY, targets), {"u": array})
    elif "AXES" in mendings:
        assert mendings["AXES"].decide.startswith("--axes ")
        back = tuple(int(axis) for axis in np.argsort(order))
        content, _ = mend(npy_bytes(turned), NPY, targets, Decisions(axes=back))
        same(values_of(content, NPY, targets), {"u": array})


@pytest.mark.parametrize(
    ("have", "want"), [((4, 3), (3, 4)), ((5, 2, 1, 3), (2, 3, 5)), ((7, 1), (1, 7))]
)
def test_every_way_found_gives_the_wanted_shape(have, want):
    array = np.arange(float(np.prod(have))).reshape(have)
    (way,) = ways(have, want)
    assert way.apply(array).shape == want


def test_ways_are_all_orders_that_fit():
    found = {way.axes for way in ways((4, 3, 4, 4), (3, 4, 4, 4))}
    assert found == {order for order in permutations(range(4)) if order[0] == 1}


def test_axes_of_any_length_are_matched_by_the_fixed_ones():
    assert [way.axes for way in ways((2, 9), (None, 2))] == [(1, 0)]
    assert ways((2, 2), (None, 2)) == []
    assert ways((3, 9), (None, 2)) == []


def test_square_array_is_turned_only_if_a_person_says_so():
    targets = [TargetSpec("u", (3, 3))]
    square = np.arange(9.0).reshape(3, 3)
    assert mend(npy_bytes(square), NPY, targets) == (None, {})
    content, mendings = mend(npy_bytes(square), NPY, targets, Decisions(axes=(1, 0)))
    assert set(mendings) == {"AXES"}
    same(values_of(content, NPY, targets), {"u": square.T})


def test_axes_that_do_not_fit_change_nothing():
    assert mend(npy_bytes(FIELD), NPY, ONE, Decisions(axes=(1, 0))) == (None, {})


def test_reshape_is_a_guess_until_somebody_agrees():
    flat = npy_bytes(FIELD.ravel())
    content, mendings = mend(flat, NPY, ONE)
    assert content is None
    assert mendings["RESHAPE"].decide == "--accept RESHAPE"
    assert mendings["RESHAPE"].changes == (("the array: 15", "the array: 3 x 5"),)
    content, _ = mend(flat, NPY, ONE, Decisions(accept=frozenset({"RESHAPE"})))
    same(values_of(content, NPY, ONE), {"u": FIELD})
    assert ways((2, 6), (3, 4))[0].change is Change.RESHAPE


def test_array_of_another_size_has_no_way():
    assert mend(npy_bytes(FIELD[:2]), NPY, ONE) == (None, {})


def test_archive_in_place_of_an_array_and_the_other_way_round():
    content, mendings = mend(npz_bytes({"anything": FIELD}), NPY, ONE)
    assert set(mendings) == {"CONTAINER"}
    same(values_of(content, NPY, ONE), {"u": FIELD})
    content, mendings = mend(npy_bytes(FIELD), NPZ, ONE)
    assert set(mendings) == {"CONTAINER"}
    same(values_of(content, NPZ, ONE), {"u": FIELD})


def test_archive_in_place_of_a_stack_is_stacked_by_name():
    arrays = {"c": CUBE[2], "a": CUBE[0], "b": CUBE[1]}
    content, mendings = mend(npz_bytes(arrays), STACKED, STACK)
    assert set(mendings) == {"CONTAINER"}
    same(values_of(content, STACKED, STACK), dict(zip("abc", CUBE, strict=True)))


def test_stack_with_the_targets_last_is_turned():
    content, mendings = mend(npy_bytes(np.moveaxis(CUBE, 0, 1)[:, :, :4]), STACKED, STACK)
    assert (content, mendings) == (None, {})
    wide = [TargetSpec(name, (4, 5)) for name in "abc"]
    cube = np.arange(60.0).reshape(3, 4, 5)
    content, _ = mend(npy_bytes(cube.transpose(1, 2, 0)), STACKED, wide)
    same(values_of(content, STACKED, wide), dict(zip("abc", cube, strict=True)))


@pytest.mark.parametrize("content", [npy_bytes(CUBE), npz_bytes(dict(arr_0=0, arr_1=1, arr_2=2))])
def test_arrays_without_names_are_taken_in_the_rounds_order_only_if_agreed(content):
    targets = STACK if content[:2] != b"PK" else [TargetSpec(name) for name in "abc"]
    mended, mendings = mend(content, NPZ, targets)
    assert mended is None
    assert mendings["TARGET_ORDER"].decide == "--accept TARGET_ORDER"
    mended, _ = mend(content, NPZ, targets, Decisions(accept=frozenset({"TARGET_ORDER"})))
    wanted = CUBE if content[:2] != b"PK" else range(3)
    same(values_of(mended, NPZ, targets), dict(zip("abc", wanted, strict=True)))


def test_only_array_of_a_round_with_one_target_gets_its_name():
    buffer = io.BytesIO()
    np.savez(buffer, FIELD.T)
    content, mendings = mend(buffer.getvalue(), NPZ, ONE)
    assert set(mendings) == {"NAMES", "AXES"}
    same(values_of(content, NPZ, ONE), {"u": FIELD})


def test_array_of_another_name_is_left_out_only_if_no_target_waits_for_it():
    file = npz_bytes({"u-01": FIELD, "second": GOOD["u-02"]})
    content, mendings = mend(file, NPZ, TARGETS)
    assert content is None
    assert mendings["EXTRA_ARRAYS"].decide == "--accept EXTRA_ARRAYS"
    agreed = Decisions(accept=frozenset({"EXTRA_ARRAYS"}))
    same(values_of(mend(file, NPZ, TARGETS, agreed)[0], NPZ, TARGETS), {"u-01": FIELD})


def test_array_names_counted_from_zero_are_changed_only_if_agreed():
    targets = [TargetSpec(f"u{i}", (5,)) for i in (1, 2, 3)]
    file = npz_bytes({f"u{i}": FIELD[i] for i in range(3)})
    assert mend(file, NPZ, targets)[0] is None
    content, _ = mend(file, NPZ, targets, Decisions(accept=frozenset({"INDEX_BASE"})))
    same(values_of(content, NPZ, targets), {f"u{i + 1}": FIELD[i] for i in range(3)})


UNITS = {"units": {"unit": "m", "accepts": {"km": 1000.0}}}
BOUNDED = [TargetSpec("u", (3, 5), low=0.0, high=1000.0)]


def test_unit_saved_along_with_the_arrays_is_converted_and_left_out():
    declared = PredictionFormat("npz", UNITS)
    file = npz_bytes({"u": FIELD / 1000, "unit": np.array("km")})
    content, mendings = mend(file, declared, BOUNDED)
    assert set(mendings) == {"UNIT"}
    np.testing.assert_allclose(values_of(content, declared, BOUNDED)["u"], FIELD)


def test_the_rounds_own_unit_saved_along_is_only_left_out():
    declared = PredictionFormat("npz", UNITS)
    content, mendings = mend(npz_bytes({"u": FIELD, "units": np.array("m")}), declared, BOUNDED)
    assert set(mendings) == {"TEXT_ARRAYS"}
    same(values_of(content, declared, BOUNDED), {"u": FIELD})


@pytest.mark.parametrize("options", [UNITS, {}])
def test_unit_saved_along_that_nobody_declared_keeps_the_file_from_being_mended(options):
    declared = PredictionFormat("npz", options)
    file = npz_bytes({"u": FIELD.T, "unit": np.array("furlong")})
    content, mendings = mend(file, declared, BOUNDED)
    assert content is None
    assert mendings["UNKNOWN_UNIT"].decide == "--accept UNKNOWN_UNIT"
    agreed = Decisions(accept=frozenset({"UNKNOWN_UNIT"}))
    same(values_of(mend(file, declared, BOUNDED, agreed)[0], declared, BOUNDED), {"u": FIELD})


@pytest.mark.parametrize("reader", ["npz", "npy"])
def test_arrays_in_range_only_in_another_unit_are_hinted_at(reader):
    declared = PredictionFormat(reader, {"units": {"unit": "km", "accepts": {"m": 0.001}}})
    file = npz_bytes({"u": FIELD * 1000}) if reader == "npz" else npy_bytes(FIELD * 1000)
    content, mendings = mend(file, declared, BOUNDED)
    assert content is None
    assert mendings["UNIT_GUESS"].decide == "--unit m"
    content, _ = mend(file, declared, BOUNDED, Decisions(unit="m"))
    np.testing.assert_allclose(values_of(content, declared, BOUNDED)["u"], FIELD)


def test_range_of_each_target_in_a_stack_counts_on_its_own():
    options = {"stack": ["a", "b"], "units": {"unit": "m", "accepts": {"cm": 0.01}}}
    declared = PredictionFormat("npy", options)
    targets = [TargetSpec("a", (2,), high=1.0), TargetSpec("b", (2,), high=100.0)]
    _, mendings = mend(npy_bytes([[50.0, 60.0], [70.0, 80.0]]), declared, targets)
    assert set(mendings) == {"UNIT_GUESS"}
    assert mend(npy_bytes([[0.5, 0.6], [70.0, 80.0]]), declared, targets) == (None, {})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 no archive",
        b"\x93NUMPY\x01\x00\x10\x00{not a header....}",
        npy_bytes(FIELD)[:-8],
        npz_bytes({"u": FIELD})[:-30],
        gzip.compress(npy_bytes(FIELD))[:-12],
        zip_bytes([("u.npy", b"text")]),
        npz_bytes({"u": np.array([(1, 2)], dtype=[("a", "i4"), ("b", "i4")])}),
        npz_bytes({"u": np.array([1 + 2j])}),
    ],
)
@pytest.mark.parametrize("declared", [NPZ, NPY])
def test_file_beyond_help_has_no_mendings(content, declared):
    mended, mendings = mend(content, declared, ONE)
    assert mended is None
    assert set(mendings) <= {"GZIP"}


def test_pickled_objects_are_never_loaded():
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    assert mend(buffer.getvalue(), NPY, ONE) == (None, {})


def test_values_of_a_large_file_are_not_looked_into_for_suggestions(monkeypatch):
    declared = PredictionFormat("npy", {"units": {"unit": "km", "accepts": {"m": 0.001}}})
    file = npy_bytes(FIELD.T * 1000)
    codes = [each.code for each in suggestions(io.BytesIO(file), declared, BOUNDED)]
    assert codes == ["AXES", "UNIT_GUESS"]
    monkeypatch.setattr("scoring.harmonize.door.SUGGESTION_BYTES", 64)
    codes = [each.code for each in suggestions(io.BytesIO(file), declared, BOUNDED)]
    assert codes == ["AXES"]


def test_packed_file_that_unpacks_beyond_the_limit_is_left_alone(monkeypatch):
    monkeypatch.setattr("scoring.harmonize.door.SUGGESTION_BYTES", 2000)
    bomb = gzip.compress(bytes(100_000))
    assert len(bomb) < 2000
    assert suggestions(io.BytesIO(bomb), NPY, ONE) == ()
