import numpy as np
import pytest

from scoring.contract import TargetSpec
from scoring.errors import PredictionFormatError, ReaderOptionError
from scoring.readers.number_text import NumberError, parse_number
from tests.scoring.files import codes_of, problems_of, read

TARGETS = (TargetSpec("p1"), TargetSpec("p2", low=0.0), TargetSpec("p3"))


def values_of(content, **options):
    sources = read("csv", content, TARGETS, **options).sources
    return {slug: float(source.read()) for slug, source in sources.items()}


@pytest.mark.parametrize(
    "content",
    [
        b"target,value\np1,1.5\np2,2e3\n",
        b"\xef\xbb\xbftarget,value\r\np1,1.5\r\np2,2e3",
        b"value,target\n 1.5 ,p1\n\n+2.E+3,p2\n\n",
        b'"target","value"\n"p1","1.5"\np2,2000.\n',
    ],
)
def test_plain_tables_are_read(content):
    assert values_of(content) == {"p1": 1.5, "p2": 2000.0}


def test_column_names_and_delimiter_are_options():
    content = b"id\tmethod\tlogP\np1\tx\t1\n"
    options = {"id_column": "id", "value_columns": ["logP"], "delimiter": "\t"}
    assert values_of(content, extra_columns="ignore", **options) == {"p1": 1.0}
    (found,) = problems_of("csv", content, TARGETS, **options)
    assert (found.code, found.where) == ("UNKNOWN_COLUMN", "row 1 (header)")


def test_several_value_columns_make_a_vector():
    target = TargetSpec("v", (2,))
    content = b"target,y,x\nv,2,1\n"
    source = read("csv", content, [target], value_columns=["x", "y"]).sources["v"]
    assert source.read().tolist() == [1.0, 2.0]


def test_value_columns_that_do_not_fit_the_target_are_the_organizers_fault():
    with pytest.raises(ReaderOptionError, match="number of values"):
        read("csv", b"", [TargetSpec("v", (3,))], value_columns=["x", "y"])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "MISSING_VALUE"),
        (" ", "MISSING_VALUE"),
        ("NaN", "MISSING_VALUE"),
        ("n/a", "MISSING_VALUE"),
        ("1_000", "NOT_A_NUMBER"),
        ("\u0661\u0662", "NOT_A_NUMBER"),
        ("\uff11\uff12", "NOT_A_NUMBER"),
        ("1e400", "NOT_FINITE"),
        ("-1e400", "NOT_FINITE"),
        ("inf", "NOT_FINITE"),
        ("-Infinity", "NOT_FINITE"),
        ("1e-400", "NOT_A_NUMBER"),
        ("0x10", "NOT_A_NUMBER"),
        ("1.5f", "NOT_A_NUMBER"),
        ("1 2", "NOT_A_NUMBER"),
        ("--1", "NOT_A_NUMBER"),
        ("1e", "NOT_A_NUMBER"),
        (".", "NOT_A_NUMBER"),
        ("9" * 500, "NOT_A_NUMBER"),
        ("1.5**", "NOT_A_NUMBER"),
    ],
)
def test_what_is_no_finite_number_is_refused_with_row_and_column(text, code):
    (found,) = problems_of("csv", f"target,value\np1,{text}\n".encode(), TARGETS)
    assert (found.code, found.where) == (code, "row 2, column value")
    assert found.remedy
    assert len(found.message) < 200


def test_decimal_comma_is_explained():
    with pytest.raises(NumberError) as caught:
        parse_number("1,5")
    assert "point" in caught.value.remedy


def test_zero_in_any_notation_is_zero():
    assert [parse_number(text) for text in ("0", "-0.0", "0e9", ".0")] == [0, 0, 0, 0]


def test_all_problems_of_a_table_are_told_in_order():
    content = (
        b"target,value\np1,1\np1,2\nP2,3\np3\np2,-1\np2,,\n"
        + "p3,ä\n".encode("latin-1")
        + b'p3,"1\n'
    )
    found = problems_of("csv", content, TARGETS)
    assert [(p.code, p.where) for p in found] == [
        ("DUPLICATE_TARGET", "row 3"),
        ("UNKNOWN_TARGET", "row 4, column target"),
        ("BAD_ROW", "row 5"),
        ("OUT_OF_RANGE", "row 6, column value"),
        ("BAD_ROW", "row 7"),
        ("BAD_ENCODING", "line 8"),
        ("BAD_QUOTES", "row 9"),
    ]
    assert "first in row 2" in found[0].message
    assert "Did you mean 'p2'?" in found[1].message
    assert all(p.remedy for p in found)


@pytest.mark.parametrize("name", ["p1 ", " p1", "P1", "p1\u200b"])
def test_target_names_are_compared_without_silent_change(name):
    (found,) = problems_of("csv", f"target,value\n{name},1\n".encode(), TARGETS)
    assert found.code == "UNKNOWN_TARGET"
    assert "Did you mean 'p1'?" in found.message


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY_FILE"),
        (b"\xef\xbb\xbf\n\n", "EMPTY_FILE"),
        (b"p1,1\n", "BAD_HEADER"),
        (b"Target,value\np1,1\n", "BAD_HEADER"),
        (b"target;value\np1;1\n", "BAD_HEADER"),
        (b"target,value,value\np1,1,2\n", "BAD_HEADER"),
        ("target,value\np1,1\n".encode("utf-16"), "BAD_ENCODING"),
        (b"target,value\np1,1\x00\n", "CONTROL_CHARACTER"),
        (b"target,value\np1,1\x1b[2J\n", "CONTROL_CHARACTER"),
        (b"target,value\rp1,1\r", "CONTROL_CHARACTER"),
        (b"target,value\np1," + b"1" * 70_000, "LINE_TOO_LONG"),
    ],
)
def test_files_that_are_no_such_table_are_refused(content, code):
    assert codes_of("csv", content, TARGETS)[0] == code


def test_problems_are_listed_to_a_limit_and_counted_beyond():
    content = b"target,value\n" + b"x,1\n" * 90
    with pytest.raises(PredictionFormatError) as caught:
        read("csv", content, TARGETS)
    assert len(caught.value.problems) == 50
    assert caught.value.left_out == 40


def test_endless_table_is_given_up():
    content = b"target,value\n" + b"x,1\n" * 5000
    with pytest.raises(PredictionFormatError) as caught:
        read("csv", content, TARGETS)
    assert caught.value.left_out < 1100


def test_unanswered_targets_are_told_when_all_are_required():
    found = problems_of("csv", b"target,value\np2,1\n", TARGETS, require_all=True)
    assert [p.where for p in found] == ["target p1", "target p3"]


def test_numbers_survive_text_exactly():
    generator = np.random.default_rng(7)
    numbers = np.ldexp(generator.standard_normal(300), generator.integers(-1000, 1000, 300))
    assert [parse_number(repr(float(number))) for number in numbers] == numbers.tolist()
