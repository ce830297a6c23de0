import gzip
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.contract import PredictionFormat, TargetSpec
from scoring.engine import check
from scoring.harmonize import DecisionError, Decisions
from tests.scoring.harmonizing import mend, values_of

CSV = PredictionFormat("csv")
NAMES = ["mol-01", "mol-02", "mol-03"]
TARGETS = [TargetSpec(name) for name in NAMES]
GOOD = "target,value\nmol-01,1.5\nmol-02,-20.25\nmol-03,3e-4\n"
ENERGY = {"unit": "kcal/mol", "accepts": {"kJ/mol": 0.25, "eV": 23.0}}
BOUNDED = [TargetSpec(name, low=-10.0, high=10.0) for name in NAMES]


def replaced(*pairs):
    text = GOOD
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


BROKEN = {
    "GZIP": gzip.compress(GOOD.encode()),
    "ENCODING utf-16": GOOD.encode("utf-16"),
    "ENCODING utf-16-le": GOOD.encode("utf-16-le"),
    "ENCODING utf-16-be": GOOD.encode("utf-16-be"),
    "ENCODING utf-32": GOOD.encode("utf-32"),
    "LINE_ENDS": replaced(("\n", "\r")),
    "INVISIBLE": replaced(("mol-02", "mol\x00-02")) + b"\x1a",
    "COMMENTS": b"# made by a program\n" + GOOD.encode(),
    "HEADER_COMMENT": b"# target,value\n" + GOOD.encode().split(b"\n", 1)[1],
    "DELIMITER semicolon": replaced((",", ";")),
    "DELIMITER tab": replaced((",", "\t")),
    "DELIMITER bar": replaced((",", "|")),
    "DELIMITER blanks": replaced((",", "   ")),
    "NO_HEADER": GOOD.encode().split(b"\n", 1)[1],
    "COLUMN_NAME case": replaced(("target,value", "Target, VALUE ")),
    "COLUMN_NAME usual": replaced(("target,value", "Molecule ID,y_pred")),
    "COLUMN_NAME quoted": replaced(("target,value", "'target','value'")),
    "EXTRA_COLUMNS": b",target,value\n0,mol-01,1.5\n1,mol-02,-20.25\n2,mol-03,3e-4\n",
    "TRAILING_CELLS": replaced(("1.5", "1.5,,"), ("3e-4", "3e-4,")),
    "ID_SPELLING blanks": replaced(("mol-01", " mol-01 "), ("mol-02", "mol-02\u00a0")),
    "ID_SPELLING case": replaced(("mol-01", "MOL-01")),
    "ID_SPELLING dash": replaced(("mol-01", "mol\u201301"), ("mol-03", "mol\u201103")),
    "ID_SPELLING quotes": replaced(("mol-01", "\u2018mol-01\u2019")),
    "ID_SPELLING separator": replaced(("mol-01", "mol_01"), ("mol-02", "mol 02")),
    "ID_SPELLING zeros": replaced(("mol-0", "mol-")),
    "DECIMAL_COMMA": replaced((",", ";"), (".", ",")),
    "NUMBER_FORM": replaced(("-20.25", "\u221220.25"), ("3e-4", "3D-04")),
}
# Each of these is mended together with something else that it brings along.
ALSO = {"DECIMAL_COMMA": {"DELIMITER"}}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_table_is_told_mended_and_then_equal_to_the_good_one(name):
    content, mendings = mend(BROKEN[name], CSV, TARGETS)
    code = name.split()[0]
    assert set(mendings) == {code} | ALSO.get(code, set())
    assert all(not mending.decide for mending in mendings.values())
    assert values_of(content, CSV, TARGETS) == values_of(GOOD.encode(), CSV, TARGETS)


@pytest.mark.parametrize("name", BROKEN)
def test_every_broken_table_is_one_that_the_reader_refuses(name):
    assert not check(io.BytesIO(BROKEN[name]), CSV, TARGETS).ok


def test_good_table_has_nothing_to_mend():
    assert mend(GOOD.encode(), CSV, TARGETS) == (None, {})
    assert mend(b"\xef\xbb\xbf" + replaced(("\n", "\r\n")), CSV, TARGETS) == (None, {})


def test_mended_table_is_mended_already():
    content, _ = mend(BROKEN["DECIMAL_COMMA"], CSV, TARGETS)
    assert mend(content, CSV, TARGETS) == (None, {})


def test_all_at_once_is_mended_at_once():
    text = GOOD.replace("target,value", "MOLECULE,Prediction").replace("mol-0", " Mol_")
    text = text.replace(",", ";").replace(".", ",").replace("\n", "\r\n")
    content, mendings = mend(gzip.compress(text.encode("utf-16")), CSV, TARGETS)
    assert list(mendings) == [
        *("GZIP", "ENCODING", "DELIMITER", "COLUMN_NAME", "ID_SPELLING", "DECIMAL_COMMA"),
    ]
    assert content == GOOD.encode()


@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3),
    delimiter=st.sampled_from(";\t|"),
    order=st.permutations(range(3)),
    comma=st.booleans(),
)
def test_any_table_broken_in_known_ways_comes_back(values, delimiter, order, comma):
    rows = [f"{NAMES[i]},{values[i]!r}" for i in order]
    good = "\n".join(["target,value", *rows, ""])
    broken = good.replace(",", delimiter).replace("mol-0", "MOL ")
    if comma:
        broken = broken.replace(".", ",")
    agreed = Decisions(accept=frozenset({"DECIMAL_COMMA"}))
    content, _ = mend(broken.encode("utf-16"), CSV, TARGETS, agreed)
    assert values_of(content, CSV, TARGETS) == values_of(good.encode(), CSV, TARGETS)


def test_declared_synonym_names_a_column_of_several():
    declared = PredictionFormat(
        "csv", {"value_columns": ["low", "high"], "synonyms": {"high": ["q95"], "low": ["q05"]}}
    )
    targets = [TargetSpec("a", (2,))]
    content, mendings = mend(b"target,q95,q05\na,2,1\n", declared, targets)
    assert mendings["COLUMN_NAME"].changes == (("q95", "high"), ("q05", "low"))
    np.testing.assert_array_equal(values_of(content, declared, targets)["a"], [1.0, 2.0])


def test_two_columns_that_could_be_meant_are_left_to_the_person():
    content, mendings = mend(b"target,pred,output\nmol-01,1,2\n", CSV, TARGETS)
    assert content is None
    assert mendings["COLUMN_UNCLEAR"].decide == "rename the right one to value"
    agreed = Decisions(accept=frozenset({"COLUMN_UNCLEAR"}))
    assert mend(b"target,pred,output\nmol-01,1,2\n", CSV, TARGETS, agreed)[0] is None


def test_names_that_two_targets_could_mean_stay_as_they_are():
    targets = [TargetSpec("A-1"), TargetSpec("a-1")]
    assert mend(b"target,value\nA_1,2\n", CSV, targets) == (None, {})


def test_two_spellings_of_one_name_are_not_both_taken():
    assert mend(b"target,value\nMOL-01,2\nMol-01,3\n", CSV, TARGETS) == (None, {})


@pytest.mark.parametrize(("first", "base"), [(0, 1), (2, 1), (1, 0)])
def test_names_counted_from_another_number_are_changed_only_if_agreed(first, base):
    targets = [TargetSpec(f"u{base + i}") for i in range(4)]
    rows = "".join(f"u{first + i},{i}.5\n" for i in range(4))
    file = f"target,value\n{rows}".encode()
    content, mendings = mend(file, CSV, targets)
    assert content is None
    assert mendings["INDEX_BASE"].decide == "--accept INDEX_BASE"
    assert mendings["INDEX_BASE"].changes[0] == (f"u{first}", f"u{base}")
    agreed = Decisions(accept=frozenset({"INDEX_BASE"}))
    content, mendings = mend(file, CSV, targets, agreed)
    assert not mendings["INDEX_BASE"].decide
    assert values_of(content, CSV, targets) == {f"u{base + i}": i + 0.5 for i in range(4)}


def test_comma_that_may_stand_between_thousands_is_asked_about():
    file = b"target;value\nmol-01;1,234\n"
    content, mendings = mend(file, CSV, TARGETS)
    assert mendings["DECIMAL_COMMA"].decide == "--accept DECIMAL_COMMA"
    assert b"1,234" in content
    agreed = Decisions(accept=frozenset({"DECIMAL_COMMA"}))
    assert values_of(mend(file, CSV, TARGETS, agreed)[0], CSV, TARGETS) == {"mol-01": 1.234}


@pytest.mark.parametrize(
    ("cells", "value"),
    [("1.234,5", 1234.5), ('"1,234.5"', 1234.5), ("1.234.567,5", 1234567.5)],
)
def test_number_with_both_marks_says_which_is_which(cells, value):
    delimiter = "," if cells.startswith('"') else ";"
    file = f"target{delimiter}value\nmol-01{delimiter}{cells}\n".encode()
    content, _ = mend(file, CSV, TARGETS)
    assert values_of(content, CSV, TARGETS) == {"mol-01": value}


def test_point_beside_a_comma_is_never_guessed():
    file = b"target;value\nmol-01;1.234\nmol-02;5,5\n"
    content, mendings = mend(file, CSV, TARGETS)
    assert "DECIMAL_COMMA" not in mendings
    assert not check(io.BytesIO(content), CSV, TARGETS).ok


def with_units(units=ENERGY, **options):
    return PredictionFormat("csv", {"units": units, **options})


@pytest.mark.parametrize(
    "text",
    [
        "target,value [kJ/mol]\nmol-01,8\nmol-02,-4.0\n",
        "name,prediction (kJ/mol)\nmol-01,8\nmol-02,-4.0\n",
        "# Unit: kJ/mol\ntarget,value\nmol-01,8\nmol-02,-4.0\n",
    ],
)
def test_unit_that_the_file_names_is_converted_by_the_declared_factor(text):
    declared = with_units()
    content, mendings = mend(text.encode(), declared, BOUNDED)
    assert mendings["UNIT"].changes == (("8 kJ/mol", "2 kcal/mol"),)
    assert values_of(content, declared, BOUNDED) == {"mol-01": 2.0, "mol-02": -1.0}


def test_unit_with_an_offset_and_angles_in_degrees():
    kelvin = with_units({"unit": "K", "accepts": {"degC": {"factor": 1, "offset": 273.15}}})
    content, _ = mend(b"target,value [degC]\nmol-01,26.85\n", kelvin, TARGETS)
    assert values_of(content, kelvin, TARGETS) == {"mol-01": pytest.approx(300.0)}
    angle = with_units({"unit": "rad", "accepts": {"deg": 0.017453292519943295}})
    content, _ = mend(b"target,value [deg]\nmol-01,180\n", angle, TARGETS)
    assert values_of(content, angle, TARGETS) == {"mol-01": pytest.approx(np.pi)}


def test_the_rounds_own_unit_in_a_header_is_only_a_name():
    content, mendings = mend(b"target,value [kcal/mol]\nmol-01,2\n", with_units(), BOUNDED)
    assert set(mendings) == {"COLUMN_NAME"}
    assert values_of(content, CSV, TARGETS) == {"mol-01": 2.0}


@pytest.mark.parametrize("units", [ENERGY, {}])
def test_unit_that_nobody_declared_is_not_dropped_silently(units):
    for file in (b"target,value [furlong]\nmol-01,2\n", b"#unit=furlong\ntarget,value\nmol-01,2\n"):
        content, mendings = mend(file, with_units(units), TARGETS)
        assert content is None
        assert mendings["UNKNOWN_UNIT"].decide == "--accept UNKNOWN_UNIT"
        agreed = Decisions(accept=frozenset({"UNKNOWN_UNIT"}))
        content, _ = mend(file, with_units(units), TARGETS, agreed)
        assert values_of(content, CSV, TARGETS) == {"mol-01": 2.0}


def test_values_that_fit_their_range_in_another_unit_only_are_hinted_at():
    file = b"target,value\nmol-01,32\nmol-02,-4\n"
    declared = with_units()
    content, mendings = mend(file, declared, BOUNDED)
    assert content is None
    assert mendings["UNIT_GUESS"].decide == "--unit kJ/mol"
    content, mendings = mend(file, declared, BOUNDED, Decisions(unit="kJ/mol"))
    assert set(mendings) == {"UNIT"}
    assert values_of(content, declared, BOUNDED) == {"mol-01": 8.0, "mol-02": -1.0}


def test_values_in_range_are_not_taken_for_another_unit():
    assert mend(b"target,value\nmol-01,3\n", with_units(), BOUNDED) == (None, {})


@pytest.mark.parametrize("declared", [with_units(), CSV])
def test_unit_the_round_does_not_convert_is_refused_with_those_it_does(declared):
    with pytest.raises(DecisionError, match=r"the units it declares: (kcal/mol, kJ/mol|none)"):
        mend(b"target,value\nmol-01,3\n", declared, TARGETS, Decisions(unit="furlong"))


def test_what_cannot_be_mended_stays_for_the_reader_to_tell():
    file = b"target;value\nmol-01;abc\nother;1\nmol-02\n"
    content, mendings = mend(file, CSV, TARGETS)
    assert set(mendings) == {"DELIMITER"}
    codes = [problem.code for problem in check(io.BytesIO(content), CSV, TARGETS).problems]
    assert codes == ["NOT_A_NUMBER", "UNKNOWN_TARGET", "BAD_ROW"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x00", b"\xff\xfe\xff", b"a" * 9000, b'"\n,'])
def test_file_that_is_no_table_has_no_mended_one_that_reads(content):
    mended, _ = mend(content, CSV, TARGETS)
    assert mended is None or not check(io.BytesIO(mended), CSV, TARGETS).ok
