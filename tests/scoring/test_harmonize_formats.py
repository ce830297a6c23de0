"""A right file, made wrong in a way a machine can see, comes back bit for bit in its format."""

import io
import json
import tempfile
import zipfile
from decimal import Decimal
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from netCDF4 import Dataset
from scipy.io import netcdf_file

from scoring.cage import check_in_cage
from scoring.cage.records import CageLimits
from scoring.contract import PredictionFormat, TargetSpec
from scoring.engine import check
from scoring.harmonize import Decisions
from scoring.harmonize.array_files import UnreadableError
from tests.scoring.array_files import folder_zip
from tests.scoring.files import npz_bytes, zip_bytes
from tests.scoring.harmonizing import mend, values_of

# Nothing of time: a first example may wait for a library.
SOME = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = ["mol-01", "mol-02", "mol-03"]
NUMBERS = [TargetSpec(name) for name in NAMES]
JSONL, PARQUET = PredictionFormat("jsonl"), PredictionFormat("parquet")
ENERGY = {"unit": "kcal/mol", "accepts": {"kJ/mol": 0.25}}
KNOWN = {"synonyms": {"value": ["dG"]}, "units": ENERGY}


def lines(records):
    return "".join(f"{json.dumps(record)}\n" for record in records).encode()


def parquet(columns):
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def table(reader, rows):
    """Return rows of {column: cell} as a file."""
    if reader == "jsonl":
        return lines(rows)
    return parquet({name: [row[name] for row in rows] for name in rows[0]})


def right(reader, values):
    return table(
        reader,
        [{"target": name, "value": value} for name, value in zip(NAMES, values, strict=True)],
    )


@pytest.mark.parametrize("reader", ["jsonl", "parquet"])
@SOME
@given(
    values=st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=3, max_size=3),
    spelling=st.sampled_from(["{}", " {} ", "\u201c{}\u201d", "MOL_{}"]),
    names=st.sampled_from([("target", "value"), ("Molecule ID", "y_pred"), ("Name", "dG")]),
    as_text=st.sampled_from([None, repr, lambda value: f" {value!r} "]),
    order=st.permutations(range(3)),
    unit=st.sampled_from(["", "bracket", "field"]),
)
def test_table_with_slips_equals_the_right_one(
    reader, values, spelling, names, as_text, order, unit
):
    declared = PredictionFormat(reader, KNOWN)
    factor = 0.25 if unit else 1.0
    key = f"{names[1]} [kJ/mol]" if unit == "bracket" else names[1]
    rows = []
    for i in order:
        name = spelling.format(NAMES[i]).replace("_mol", "")
        row = {names[0]: name, key: as_text(values[i]) if as_text else values[i]}
        rows.append(row | ({"unit": "kJ/mol"} if unit == "field" else {}))
    wanted = right(reader, [value * factor for value in values])
    content, mendings = mend(table(reader, rows), declared, NUMBERS)
    found = wanted if content is None else content
    assert values_of(found, declared, NUMBERS) == values_of(wanted, declared, NUMBERS)
    assert all(not mending.decide for mending in mendings.values())
    assert mend(found, declared, NUMBERS) == (None, {})


@pytest.mark.parametrize("reader", ["jsonl", "parquet"])
@pytest.mark.parametrize("kind", [int, str])
def test_names_counted_from_zero_and_names_that_are_numbers(reader, kind):
    targets = [TargetSpec(str(number)) for number in (1, 2, 3)]
    rows = [{"id": kind(number), "value": number + 0.5} for number in (0, 1, 2)]
    declared = PredictionFormat(reader)
    content, mendings = mend(table(reader, rows), declared, targets)
    assert mendings["INDEX_BASE"].decide == "--accept INDEX_BASE"
    agreed = Decisions(accept=frozenset({"INDEX_BASE"}))
    content, mendings = mend(table(reader, rows), declared, targets, agreed)
    assert set(mendings) == {"COLUMN_NAME", "INDEX_BASE"} | ({"ID_TYPE"} if kind is int else set())
    assert values_of(content, declared, targets) == {"1": 0.5, "2": 1.5, "3": 2.5}


def test_json_arrays_nested_lists_and_lines_of_two_kinds():
    targets = [TargetSpec("a"), TargetSpec("b", (2, 2))]
    said = [{"name": "A", "pred": "1,5"}, {"name": "b", "pred": [["1", "2,25"], [3, 4]]}]
    content, mendings = mend(json.dumps(said, indent=1).encode(), JSONL, targets)
    assert set(mendings) == {"JSON_ARRAY", "COLUMN_NAME", "ID_SPELLING", "DECIMAL_COMMA"}
    found = values_of(content, JSONL, targets)
    np.testing.assert_array_equal(found["b"], [[1.0, 2.25], [3.0, 4.0]])
    assert found["a"] == 1.5
    assert json.loads(content.splitlines()[1])["values"] == [[1.0, 2.25], [3.0, 4.0]]
    mixed = lines([{"target": "A", "value": 1}, {"target": "b", "values": [[1, 2], [3, 4]]}])
    content, mendings = mend(mixed, JSONL, targets)
    assert set(mendings) == {"ID_SPELLING"}
    assert content.splitlines()[1] == mixed.splitlines()[1], "a line in order stays as it is"


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        (b'{"target": "mol-02", "value": NaN}', ["NOT_FINITE"]),
        (b'{"target": "mol-02", "value": "abc"}', ["NOT_A_NUMBER"]),
        (b'{"target": "mol-02", "value": null}', ["MISSING_VALUE"]),
        (b'{"target": "mol-02", "value": 1, "values": [1]}', ["BAD_LINE"]),
        (b'{"target": "mol-02", "value": 1', ["BAD_JSON"]),
        (b'{"target": "mol-02", "target": "mol-03", "value": 1}', ["DUPLICATE_KEY"]),
        (b'{"target": "MOL 01", "value": 1}', ["UNKNOWN_TARGET"]),
        (b"[" * 5000, ["TOO_DEEP"]),
    ],
)
def test_json_line_beyond_help_stays_for_the_reader_to_tell(line, codes):
    file = lines([{"id": "mol-01", "pred": "2"}]).replace(b"id", b"target", 1) + line + b"\n"
    content, _ = mend(file.replace(b"pred", b"value"), JSONL, NUMBERS)
    assert [
        problem.code for problem in check(io.BytesIO(content), JSONL, NUMBERS).problems
    ] == codes


@pytest.mark.parametrize("reader", ["jsonl", "parquet"])
def test_units_that_disagree_or_are_unknown_keep_a_table_from_being_mended(reader):
    declared = PredictionFormat(reader, {"units": ENERGY})
    for units in (["kJ/mol", "kcal/mol"], ["furlong", "furlong"], ["kJ/mol", None]):
        pairs = zip(("MOL-01", "mol-02"), units, strict=True)
        rows = [{"target": name, "value": 1.0, "unit": unit} for name, unit in pairs]
        content, mendings = mend(table(reader, rows), declared, NUMBERS)
        assert content is None
        assert mendings["UNKNOWN_UNIT"].decide == "--accept UNKNOWN_UNIT"


def test_parquet_of_decimals_bytes_and_more_columns_than_asked_for():
    columns = {
        "target": pa.array([b"mol-01", b"MOL-02"], pa.binary()),
        "value": pa.array([Decimal("1.10"), Decimal("-2.25")], pa.decimal128(10, 2)),
        "__index_level_0__": [0, 1],
        "note": ["x", "y"],
    }
    content, mendings = mend(parquet(columns), PARQUET, NUMBERS)
    assert set(mendings) == {"EXTRA_COLUMNS", "ID_TYPE", "NUMBER_TYPE", "ID_SPELLING"}
    assert values_of(content, PARQUET, NUMBERS) == {"mol-01": 1.1, "mol-02": -2.25}
    assert pq.read_table(io.BytesIO(content)).column_names == ["target", "value"]
    ignoring = PredictionFormat("parquet", {"extra_columns": "ignore"})
    fine = parquet({"target": ["mol-01"], "value": [1.0], "note": ["x"]})
    assert mend(fine, ignoring, NUMBERS) == (None, {})
    _, mendings = mend(parquet(columns), ignoring, NUMBERS)
    assert "EXTRA_COLUMNS" in mendings, "what is left out is told"


@pytest.mark.parametrize(
    "columns",
    [
        {"target": ["mol-01"], "value": [True]},
        {"target": ["mol-01"], "value": [[1.0]]},
        {"target": ["MOL-01"], "value": pa.array([0], pa.timestamp("s"))},
        {"target": ["MOL-01"] * 1100, "value": [1.0] * 1100},
        {f"c{i}": [1] for i in range(1100)},
    ],
)
def test_parquet_that_is_no_table_of_the_round_is_left_alone(columns):
    assert mend(parquet(columns), PARQUET, NUMBERS) == (None, {})


SECTIONS = PredictionFormat(
    "sections",
    {
        "encodings": ["utf-8", "cp1252"],
        "sections": {
            "predictions": {"keys": ["Predictions"], "kind": "table"},
            "name": {"keys": ["Name"], "kind": "line", "required": True},
            "method": {"keys": ["Method"]},
        },
        "other_columns": {"sem": 3},
        "synonyms": {"predictions": ["Results"], "value": ["dG"]},
        "units": ENERGY,
    },
)


@SOME
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3),
    mark=st.sampled_from(",;|\t"),
    key=st.sampled_from(["Predictions:", "PREDICTIONS", "Results:"]),
    title=st.sampled_from(["", "ID,dG,sem\n", "Molecule,value [kJ/mol]\n"]),
    spelling=st.sampled_from(["mol-0", "MOL_0", "mol "]),
    comma=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-16", "cp1252"]),
)
def test_sections_with_slips_equal_the_right_ones(
    values, mark, key, title, spelling, comma, encoding
):
    rows = "".join(f"{name},{value!r},0.5\n" for name, value in zip(NAMES, values, strict=True))
    frame = "# by hand\n{}\n{}\nName:\nA \u00e9\n{}\nSoftware, and Results of it.\n"
    right_file = frame.format("Predictions:", rows, "Method:").encode()
    swapped = str.maketrans({",": mark} | ({".": ","} if comma and mark != "," else {}))
    slipped = (title + rows).replace("mol-0", spelling).translate(swapped)
    file = frame.format(key, slipped, "METHOD :").encode(encoding)
    agreed = Decisions(accept=frozenset({"DECIMAL_COMMA"}))
    content, _ = mend(file, SECTIONS, NUMBERS, agreed)
    found = values_of(file if content is None else content, SECTIONS, NUMBERS)
    factor = 0.25 if "kJ" in title else 1.0
    wanted = values_of(right_file, SECTIONS, NUMBERS)
    assert found == {slug: value * factor for slug, value in wanted.items()}
    if content is not None:
        assert mend(content, SECTIONS, NUMBERS) == (None, {})


def test_lines_of_sections_that_are_in_order_stay_as_they_are():
    file = b"Predictions\r\n mol-01 , 1.50\r\nMOL-02,2\r\nmol-03,abc\r\n\r\nName:\r\nMine\r\n"
    content, mendings = mend(file, SECTIONS, NUMBERS)
    assert set(mendings) == {"SECTION_KEY", "ID_SPELLING"}
    assert content.split(b"\n") == [
        *(
            b"Predictions:",
            b" mol-01 , 1.50",
            b"mol-02,2",
            b"mol-03,abc",
            b"",
            b"Name:",
            b"Mine",
            b"",
        ),
    ]
    # Two lines that could be the key are none, nor is a word of a text the key of an optional one.
    for text in (b"Results\nRESULTS\nmol-01,1\nName: x\n", b"Predictions:\nName: x\nMethod\n"):
        assert "SECTION_KEY" not in mend(text, SECTIONS, NUMBERS)[1]


# Files of named arrays.
METRES = {"units": {"unit": "m", "accepts": {"km": 1000.0}}, "synonyms": {"u-01": ["velocity"]}}
TARGETS = [TargetSpec("u-01", (3, 5)), TargetSpec("u-02", (2, 3, 5)), TargetSpec("s")]
FIELD = np.arange(15.0).reshape(3, 5) / 7
GOOD = {"u-01": FIELD, "u-02": np.stack([FIELD, -FIELD]), "s": np.float64(2.5)}
FORMS = ["hdf5", "netcdf", "classic", "zarr"]


def reader_of(form):
    return "netcdf" if form == "classic" else form


def arrays_file(form, arrays, *, unit=""):
    """Write arrays with the format's own library, each with an attribute `units`."""
    if form == "hdf5":
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            for name, array in arrays.items():
                made = file.create_dataset(name, data=array)
                made.attrs.update({"units": unit} if unit else {})
        return buffer.getvalue()
    if form == "zarr":
        with tempfile.TemporaryDirectory() as folder:
            group = zarr.create_group(folder, zarr_format=3)
            for name, array in arrays.items():
                made = group.create_array(name, data=np.asarray(array))
                made.attrs.update({"units": unit} if unit else {})
            return folder_zip(Path(folder))
    kind = "NETCDF3_64BIT_OFFSET" if form == "classic" else "NETCDF4"
    file = Dataset("in-memory.nc", "w", memory=1024, format=kind)
    for name, array in arrays.items():
        axes = [f"{name.replace('/', '-')}-{axis}" for axis in range(np.ndim(array))]
        for axis, length in zip(axes, np.shape(array), strict=True):
            file.createDimension(axis, length)
        made = file.createVariable(name, np.asarray(array).dtype.newbyteorder("="), axes)
        made[...] = array
        if unit:
            made.units = unit
    return bytes(file.close())


def same(found, wanted):
    assert set(found) == set(wanted)
    for slug, values in wanted.items():
        np.testing.assert_array_equal(found[slug], values)
        assert found[slug].shape == np.shape(values)


@pytest.mark.parametrize("form", FORMS)
@settings(SOME, max_examples=12)
@given(
    turned=st.booleans(),
    longer=st.booleans(),
    spelling=st.sampled_from([{}, {"u-01": "U_1", "u-02": "u 02"}, {"u-01": "velocity"}]),
    order=st.sampled_from("<>"),
    kind=st.sampled_from(["f8", "f4"]),
    unit=st.sampled_from(["", "m", "km"]),
    extra=st.booleans(),
)
def test_arrays_with_slips_equal_the_right_ones(
    form, turned, longer, spelling, order, kind, unit, extra
):
    declared = PredictionFormat(reader_of(form), METRES)
    good = {slug: np.asarray(array, f"{order}{kind}") for slug, array in GOOD.items()}
    arrays = {
        "u-01": good["u-01"].T if turned else good["u-01"],
        "u-02": good["u-02"].transpose(1, 2, 0) if turned else good["u-02"],
        "s": good["s"].reshape(1, 1) if longer else good["s"],
    }
    arrays = {spelling.get(slug, slug): array for slug, array in arrays.items()}
    arrays |= {"time": np.arange(4.0)} if extra else {}
    content, mendings = mend(arrays_file(form, arrays, unit=unit), declared, TARGETS)
    factor = np.float64(1000.0) if unit == "km" else 1
    wanted = {slug: array.astype(np.float64) * factor for slug, array in good.items()}
    assert all(not mending.decide for mending in mendings.values())
    assert ("UNIT" in mendings) == (unit == "km")
    assert ("AXES" in mendings) == turned
    if content is None:
        assert not any((turned, longer, spelling, unit == "km"))
        content = arrays_file(form, {slug: good[slug] for slug in good})
    same(values_of(content, declared, TARGETS), wanted)
    assert mend(content, declared, TARGETS) == (None, {})


@pytest.mark.parametrize("form", FORMS)
def test_written_file_is_one_of_its_format_for_its_own_library(form):
    declared = PredictionFormat(reader_of(form), METRES)
    file = arrays_file(form, {"u-01": FIELD.T / 1000, "s": 0.5}, unit="km")
    content, _ = mend(file, declared, TARGETS)
    if form == "hdf5":
        with h5py.File(io.BytesIO(content)) as read:
            found, unit = read["u-01"][()], read["u-01"].attrs["units"]
    elif form == "zarr":
        with tempfile.TemporaryDirectory() as folder:
            zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
            array = zarr.open_group(folder, mode="r")["u-01"]
            found, unit = array[...], array.attrs["units"]
    else:
        read = Dataset("in-memory.nc", memory=content)
        assert read.data_model == ("NETCDF4" if form == "netcdf" else "NETCDF3_64BIT_OFFSET")
        variable = read["u-01"]
        found, unit = np.asarray(variable[...]), variable.units
        assert variable.dimensions == ("dim_3", "dim_5")
        read.close()
    if form == "classic":
        with netcdf_file(io.BytesIO(content), mmap=False) as read:
            np.testing.assert_array_equal(read.variables["u-01"][:], found)
    np.testing.assert_array_equal(found, FIELD / 1000 * 1000)
    assert unit == "m"


@pytest.mark.parametrize("form", ["hdf5", "netcdf", "zarr"])
def test_arrays_in_another_place_are_put_where_the_round_asks_for_them(form):
    declared = PredictionFormat(
        reader_of(form), {"path": "{target}/velocity", "synonyms": {"velocity": ["vel"]}}
    )
    targets = [TargetSpec(name, (3, 5)) for name in ("a", "b", "c")]
    arrays = {"A/vel": FIELD, "A/pressure": FIELD * 0, "b/velocity": FIELD.T, "c": FIELD + 1}
    if form != "netcdf":
        arrays["b/u"] = FIELD * 0
    content, mendings = mend(arrays_file(form, arrays), declared, targets)
    assert set(mendings) <= {"FOLDER", "ID_SPELLING", "AXES", "EXTRA_ARRAYS"}
    same(values_of(content, declared, targets), {"a": FIELD, "b": FIELD, "c": FIELD + 1})


@pytest.mark.parametrize("form", FORMS)
def test_only_array_of_a_shape_is_the_one_that_is_meant(form):
    declared = PredictionFormat(reader_of(form), {"path": "{target}"})
    file = arrays_file(form, {"field": FIELD.T, "x": np.arange(3.0), "t": np.arange(5.0)})
    content, mendings = mend(file, declared, TARGETS[:1])
    assert {code: mending.decide for code, mending in mendings.items()} == dict.fromkeys(
        ("ONLY_FIT", "EXTRA_ARRAYS", "AXES"), ""
    )
    same(values_of(content, declared, TARGETS[:1]), {"u-01": FIELD})
    # With several targets it is a guess, and two arrays of one shape are none at all.
    _, mendings = mend(file, declared, TARGETS)
    assert mendings["ONLY_FIT"].decide == "--accept ONLY_FIT"
    file = arrays_file(form, {"field": FIELD, "other": FIELD})
    assert "ONLY_FIT" not in mend(file, declared, TARGETS[:1])[1]


def test_npz_has_the_rules_of_the_other_archives():
    declared = PredictionFormat("npz", METRES)
    content, mendings = mend(npz_bytes({"velocity": FIELD.T}), declared, TARGETS)
    assert set(mendings) == {"ARRAY_NAME", "AXES"}
    same(values_of(content, declared, TARGETS), {"u-01": FIELD})


@pytest.mark.parametrize("form", FORMS)
def test_unit_of_an_array_that_nobody_declared_stays_beside_it(form):
    declared = PredictionFormat(reader_of(form), METRES)
    content, mendings = mend(
        arrays_file(form, {"u-01": FIELD.T}, unit="furlong"), declared, TARGETS
    )
    assert set(mendings) == {"AXES"}
    assert b"furlong" in content
    same(values_of(content, declared, TARGETS), {"u-01": FIELD})


def test_arrays_in_units_that_disagree_are_left_to_the_person():
    for units in ({"u-01": "km", "u-02": "m"}, {"u-01": "km"}):
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            for slug in ("u-01", "u-02"):
                made = file.create_dataset(slug, data=GOOD[slug])
                made.attrs.update({"units": units[slug]} if slug in units else {})
        declared = PredictionFormat("hdf5", METRES)
        content, mendings = mend(buffer.getvalue(), declared, TARGETS)
        assert content is None
        assert mendings["UNKNOWN_UNIT"].decide == "--accept UNKNOWN_UNIT"


def test_zarr_store_that_was_zipped_with_its_folder_is_put_at_the_top():
    store = zipfile.ZipFile(io.BytesIO(arrays_file("zarr", GOOD)))
    members = [(f"p.zarr/{name}", store.read(name)) for name in store.namelist()]
    file = zip_bytes([*members, ("__MACOSX/._p.zarr", b"x")])
    declared = PredictionFormat("zarr")
    assert not check(io.BytesIO(file), declared, TARGETS).ok
    content, mendings = mend(file, declared, TARGETS)
    assert set(mendings) == {"FOLDER"}
    same(values_of(content, declared, TARGETS), GOOD)


@pytest.mark.parametrize("form", ["hdf5", "zarr"])
def test_array_cannot_take_the_place_of_a_group_that_stays(form):
    arrays = {"u-01/data": FIELD, "u-01/other": FIELD[0]}
    declared = PredictionFormat(form, {"path": "{target}", "synonyms": {"u-01": ["data"]}})
    content, mendings = mend(arrays_file(form, arrays), declared, TARGETS)
    assert content is None
    assert mendings["EXTRA_ARRAYS"].decide == "--accept EXTRA_ARRAYS"
    agreed = Decisions(accept=frozenset({"EXTRA_ARRAYS"}))
    content, _ = mend(arrays_file(form, arrays), declared, TARGETS, agreed)
    same(values_of(content, declared, TARGETS), {"u-01": FIELD})


def test_array_that_cannot_be_read_is_told_of_when_it_is_written_and_not_left_out():
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("u-01", data=FIELD.T)
        file.create_dataset("U-02", data=GOOD["u-02"], chunks=(1, 3, 5), compression="lzf")
    with pytest.raises(UnreadableError, match="array U-02 is packed by a filter"):
        mend(buffer.getvalue(), PredictionFormat("hdf5"), TARGETS)


def test_links_foreign_values_and_text_are_never_followed_in_mending():
    def hostile(file):
        file["u-01"] = h5py.ExternalLink("/etc/hostname", "/x")
        file["U-02"] = h5py.SoftLink("/u-01")
        file["text"] = "words"

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        hostile(file)
    assert mend(buffer.getvalue(), PredictionFormat("hdf5"), TARGETS) == (None, {})


@pytest.mark.parametrize("form", ["jsonl", "parquet", *FORMS])
def test_cage_tells_how_to_mend_every_form(form):
    """The page and the API show what the cage says."""
    limits = CageLimits(memory_bytes=512 * 2**20, wall_s=60)
    declared = PredictionFormat(reader_of(form), {"require_all": True})
    if form in ("jsonl", "parquet"):
        file, targets = table(form, [{"id": "MOL-01", "value": "1.5"}]), NUMBERS[:1]
        codes = ["COLUMN_NAME", "ID_SPELLING", "NUMBER_TEXT"]
    else:
        file, targets = arrays_file(form, {"U-01": FIELD.T}), TARGETS[:1]
        codes = ["ID_SPELLING", "AXES"]
    report = check_in_cage(io.BytesIO(file), declared, targets, limits=limits)
    assert [mending.code for mending in report.suggestions] == codes
