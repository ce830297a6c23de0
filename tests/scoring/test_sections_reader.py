"""Reader `sections`: what real files look like, and what must never be guessed."""

from __future__ import annotations

import math
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.contract import Problem, TargetSpec
from scoring.errors import PredictionFormatError, ReaderOptionError
from scoring.readers import Prediction, get_reader

TARGETS = (TargetSpec("M01", low=-20, high=20), TargetSpec("M02"), TargetSpec("M03"))
VALUES = {"M01": 4.19, "M02": -3.8, "M03": 0.25}
OPTIONS = {
    "encodings": ["utf-8", "cp1252"],
    "sections": {
        "predictions": {"keys": ["Predictions", "Values"], "kind": "table"},
        "name": {"keys": ["Name"], "kind": "line", "required": True},
        "software": {"keys": ["Software"], "kind": "lines"},
        "method": {"keys": ["Method", "Method description"]},
    },
    "other_columns": {"sem": 3, "uncertainty": 4},
}
PLAIN = """\
# Anything behind a hash is a comment, even Predictions:
Predictions:
M01,4.19,0.13,0.5
M02,-3.8,0,0.5
M03,.25,0,0.5

# the name
Name:
A method

Software:
Alpha 1.2
Beta

Method:
First paragraph.

Second, with Software: named.
"""


def read(text: str | bytes, **options: object) -> Prediction:
    content = text.encode() if isinstance(text, str) else text
    return get_reader("sections").read(
        BytesIO(content), options={**OPTIONS, **options}, targets=TARGETS
    )


def values(prediction: Prediction) -> dict[str, float]:
    return {slug: float(source.read()) for slug, source in prediction.sources.items()}


def problems(text: str | bytes, **options: object) -> tuple[Problem, ...]:
    with pytest.raises(PredictionFormatError) as caught:
        read(text, **options)
    return caught.value.problems


def codes(text: str | bytes, **options: object) -> list[str]:
    return [problem.code for problem in problems(text, **options)]


def test_plain_file_gives_values_and_what_it_says_of_itself() -> None:
    prediction = read(PLAIN)
    assert values(prediction) == VALUES
    assert prediction.metadata == {
        "encoding": "utf-8",
        "name": "A method",
        "software": ["Alpha 1.2", "Beta"],
        "method": "First paragraph.\n\nSecond, with Software: named.",
        "other_columns": {
            "sem": {"M01": "0.13", "M02": "0", "M03": "0"},
            "uncertainty": {"M01": "0.5", "M02": "0.5", "M03": "0.5"},
        },
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"),
        ("\n", "\r"),
        ("M01,4.19", "M01,   4.19"),
        ("M01,4.19,0.13,0.5", "M01,\t4.19,\t0.13,\t0.5 \t"),
        ("M01,4.19,0.13,0.5", "M01,4.19"),
        ("M01,4.19,0.13,0.5", ' "M01", "4.19",0.13,'),
        ("M01,4.19,0.13,0.5", "M01,4.19,,"),
        ("M01,4.19", "  M01,+4.19e0"),
        ("M01,4.19", "M01\u00a0,4.19"),
        ("Predictions:\n", "Predictions: \t\n"),
        ("Predictions:\n", "Predictions:,,,\n"),
        ("Predictions:\n", '"Predictions:",,,\n'),
        ("Predictions:\n", "PREDICTIONS :\n\n \n"),
        ("Predictions:\nM01", "Predictions: M01"),
        ("Predictions:", "Values:"),
        ("M03,.25,0,0.5\n\n# the name\n", "M03,.25,0,0.5\n"),
        ("# Anything", '"# Anything, as a spreadsheet saves it",,,\n# Anything'),
        ("Name:\nA method", "Name:A method"),
        ("Name:\nA method", "Name: A method,,,"),
        ("Name:\nA method", "Name:\n\n\nA method"),
        ("Name:\nA method", "Name:\nA\nmethod"),
        ("\nSoftware:\nAlpha 1.2", "Software:\nAlpha 1.2,,,"),
        ("Method:\nFirst", "Method: First"),
        ("Method:", "Method  description:"),
    ],
)
def test_irregular_but_clear_file_reads_like_the_plain_one(old: str, new: str) -> None:
    assert old in PLAIN
    prediction = read(PLAIN.replace(old, new).encode())
    assert values(prediction) == VALUES
    assert prediction.metadata["name"] == "A method"
    assert prediction.metadata["software"] == ["Alpha 1.2", "Beta"]
    assert str(prediction.metadata["method"]).startswith("First paragraph.\n\nSecond")


def test_byte_order_mark_is_not_part_of_the_first_line() -> None:
    assert values(read(b"\xef\xbb\xbfPredictions:\nM01,1\nName: x\n")) == {"M01": 1.0}


def test_encodings_are_tried_in_the_declared_order() -> None:
    content = PLAIN.replace("A method", "M\u00fcller \u2013 5 \u20ac")
    assert read(content.encode("utf-8")).metadata["name"] == "M\u00fcller \u2013 5 \u20ac"
    prediction = read(content.encode("cp1252"))
    assert prediction.metadata["name"] == "M\u00fcller \u2013 5 \u20ac"
    assert prediction.metadata["encoding"] == "cp1252"


def test_bytes_in_no_declared_encoding_are_refused_with_their_line() -> None:
    content = PLAIN.encode().replace(b"A method", b"M\xfcller")
    (problem,) = problems(content, encodings=["utf-8"])
    assert (problem.code, problem.where) == ("BAD_ENCODING", "line 9")
    assert "UTF-8" in problem.remedy


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-32"])
def test_wide_encodings_are_refused(codec: str) -> None:
    assert codes(PLAIN.encode(codec))[0] in ("BAD_ENCODING", "NOT_TEXT")


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"PK\x03\x04\x14\0\x06\0", b"M01\0,1\n"]
)
def test_files_that_are_not_text_are_refused(content: bytes) -> None:
    assert codes(content) == ["NOT_TEXT"]


@pytest.mark.parametrize("content", [b"", b"\n \r\n\t"])
def test_empty_file_is_refused(content: bytes) -> None:
    assert codes(content) == ["EMPTY_FILE"]


def test_unfilled_template_is_told_which_sections_are_empty() -> None:
    text = "Predictions:\n\n\n# NAME\nName:\n\n\nSoftware:\n\nMethod:\n\n"
    assert [(p.code, p.where) for p in problems(text)] == [
        ("EMPTY_TABLE", "line 1"),
        ("EMPTY_SECTION", "line 5"),
    ]


def test_every_problem_is_listed_with_its_line() -> None:
    text = (
        "Predictions:\n"
        "M01,4,19,0,13\n"  # line 2: decimal commas
        "M02,nan\n"
        "M2,1.0\n"
        "M03,\n"
        "M03,1e999\n"
        "M02,1_000\n"
        ",5\n"
        '"M01,4.19"\n'
        'M01,"4.19\n'  # line 10: an open quotation mark
        "M01,-4.19\n"
        "M01,4.19\n"
        "Name: x\n"
    )
    found = problems(text)
    assert [(p.code, p.where.split(",")[0]) for p in found] == [
        ("BAD_ROW", "line 2"),
        ("MISSING_VALUE", "line 3"),
        ("UNKNOWN_TARGET", "line 4"),
        ("BAD_ROW", "line 5"),
        ("NOT_FINITE", "line 6"),
        ("NOT_A_NUMBER", "line 7"),
        ("DUPLICATE_TARGET", "line 7"),
        ("MISSING_NAME", "line 8"),
        ("BAD_ROW", "line 9"),
        ("BAD_QUOTES", "line 10"),
        ("DUPLICATE_TARGET", "line 12"),
    ]
    assert all(problem.remedy for problem in found)
    assert "decimal commas" in found[0].message
    assert "Did you mean 'M02'" in found[2].message
    assert "quotation marks" in found[8].message


@pytest.mark.parametrize(
    "cell", ["NaN", "inf", "-Infinity", "1e400", "1_0", "\u0664", "\u22121.5", "0x1", "1,5", "1 2"]
)
def test_a_value_is_never_guessed(cell: str) -> None:
    text = f'Predictions:\nM01,"{cell}"\nName: x\n'
    (problem,) = problems(text)
    assert problem.code in ("MISSING_VALUE", "NOT_FINITE", "NOT_A_NUMBER")
    assert problem.where == "line 2, column 2"


def test_value_outside_the_targets_range_is_refused() -> None:
    (problem,) = problems("Predictions:\nM01,419\nName: x\n")
    assert (problem.code, problem.where) == ("OUT_OF_RANGE", "line 2")


def test_unanswered_target_matters_only_where_all_are_required() -> None:
    text = "Predictions:\nM01,1\nName: x\n"
    assert read(text).answered == ("M01",)
    assert codes(text, require_all=True) == ["MISSING_TARGET", "MISSING_TARGET"]


def test_target_with_an_unreadable_value_is_not_called_missing_as_well() -> None:
    text = "Predictions:\nM01,1\nM02,?\nM03,x\nName: x\n"
    assert codes(text, require_all=True) == ["MISSING_VALUE", "NOT_A_NUMBER"]


def test_case_of_ids_is_ignored_only_where_declared() -> None:
    text = "Predictions:\nm01,1\nName: x\n"
    (problem,) = problems(text)
    assert "Did you mean 'M01'" in problem.message
    assert values(read(text, ids_ignore_case=True)) == {"M01": 1.0}
    assert codes("Predictions:\nm01,1\nM01,1\nName: x\n", ids_ignore_case=True) == [
        "DUPLICATE_TARGET"
    ]


def test_misspelled_key_is_pointed_at() -> None:
    text = PLAIN.replace("Predictions:\n", "Prediction:\n")
    found = problems(text, stray_text="ignore")
    assert [problem.code for problem in found] == ["MISSING_SECTION"]
    assert found[0].where == "line 2"
    assert "'Prediction:'" in found[0].message


@pytest.mark.parametrize("line", ["Name", "Nane:", "Methode: text"])
def test_table_row_that_reads_like_a_key_is_told_so(line: str) -> None:
    found = problems(f"Name: x\nPredictions:\nM01,1\n{line}\n")
    assert [(problem.code, problem.where) for problem in found] == [("BAD_ROW", "line 4")]
    assert "Did you mean the section key" in found[0].message


def test_missing_section_is_named() -> None:
    (problem,) = problems("Predictions:\nM01,1\n")
    assert problem.code == "MISSING_SECTION"
    assert "Name:" in problem.message


def test_second_table_is_refused() -> None:
    text = PLAIN + "Predictions:\nM01,5\n"
    (problem,) = problems(text)
    assert (problem.code, problem.where) == ("DUPLICATE_SECTION", "line 19")


def test_key_within_a_description_is_text() -> None:
    text = PLAIN + "Software: none of it\nPredictions: see above\nName: the same\n"
    prediction = read(text)
    assert values(prediction) == VALUES
    assert str(prediction.metadata["method"]).endswith("\nName: the same")
    assert prediction.metadata["software"] == ["Alpha 1.2", "Beta"]


def test_key_that_comes_again_in_a_list_is_an_entry_of_it_only_with_text() -> None:
    text = "Predictions:\nM01,1\nName: x\nSoftware:\nName: y\nName:\n"
    (problem,) = problems(text)
    assert (problem.code, problem.where) == ("DUPLICATE_SECTION", "line 6")


def test_text_before_the_first_key_is_refused_or_ignored_as_declared() -> None:
    text = "Submission of group seven,,,\n,,,\n" + PLAIN
    (problem,) = problems(text)
    assert (problem.code, problem.where) == ("TEXT_OUTSIDE_SECTION", "line 1")
    assert values(read(text, stray_text="ignore")) == VALUES


def test_unknown_keys_within_a_description_are_text() -> None:
    text = PLAIN + "REF1: someone\nSHORT_TITLE: x\n\n\n"
    assert str(read(text).metadata["method"]).endswith("REF1: someone\nSHORT_TITLE: x")


def test_quoted_blocks_of_a_spreadsheet_stay_in_the_description() -> None:
    text = PLAIN + '"Table 1\nM01\n-1,041.55\n \n"\n"M02\n3,24"\n'
    prediction = read(text)
    assert values(prediction) == VALUES
    assert '"M02\n3,24"' in str(prediction.metadata["method"])


def test_comma_at_the_end_of_a_sentence_stays() -> None:
    text = PLAIN.replace("First paragraph.", "One,\ntwo,,,")
    assert str(read(text).metadata["method"]).startswith("One,\ntwo\n")


def test_control_and_direction_characters_do_not_reach_the_page() -> None:
    name = read("Predictions:\nM01,1\nName: a\x1b[31m\u202eb\n").metadata["name"]
    assert name == "a\ufffd[31m\ufffdb"


def test_column_titles_are_ignored_where_declared() -> None:
    text = "Predictions:\nMolecule,  Value ,,\nM01,1\nName: x\n"
    assert codes(text) == ["UNKNOWN_TARGET", "NOT_A_NUMBER"]
    assert values(read(text, ignored_rows=["molecule,value"])) == {"M01": 1.0}


def test_columns_and_delimiters_are_as_declared() -> None:
    text = "Predictions:\nrun 1; 1.5; M01\nrun 2\t2.5\tM02\nName: x\n"
    prediction = read(
        text, delimiters=[";", "\t"], id_column=3, value_column=2, other_columns={"run": 1}
    )
    assert values(prediction) == {"M01": 1.5, "M02": 2.5}
    assert prediction.metadata["other_columns"] == {"run": {"M01": "run 1", "M02": "run 2"}}


def test_more_columns_are_accepted_only_where_declared() -> None:
    text = "Predictions:\nM01,1,2,3,4\nName: x\n"
    assert codes(text) == ["BAD_ROW"]
    assert values(read(text, max_columns=5)) == {"M01": 1.0}


def test_keys_without_a_suffix_stand_alone() -> None:
    text = "[Values]\nM01,1\n[Name]\nx [Values]\n"
    sections = {
        "table": {"keys": ["[Values]"], "kind": "table"},
        "name": {"keys": ["[Name]"], "kind": "line"},
    }
    prediction = read(text, sections=sections, key_suffix="")
    assert values(prediction) == {"M01": 1.0}
    assert prediction.metadata["name"] == "x [Values]"


def test_keys_are_told_apart_by_case_where_declared() -> None:
    assert codes(PLAIN.replace("Name:", "NAME:"), keys_case_sensitive=True) == [
        "MISSING_SECTION",
        "BAD_ROW",
        "BAD_ROW",
    ]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"max_bytes": 100}, "TOO_LARGE"),
        ({"max_lines": 5}, "TOO_MANY_LINES"),
        ({"max_line_length": 20}, "LINE_TOO_LONG"),
    ],
)
def test_size_is_bounded(options: dict[str, int], code: str) -> None:
    assert code in codes(PLAIN, **options)


def test_reading_stops_one_byte_beyond_the_limit() -> None:
    class Endless(BytesIO):
        asked = 0

        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert size >= 0
            self.asked += size
            return b"x" * size

    handle = Endless()
    with pytest.raises(PredictionFormatError, match="larger than"):
        get_reader("sections").read(handle, options={**OPTIONS, "max_bytes": 1000}, targets=TARGETS)
    assert handle.asked == 1001


def test_many_problems_are_counted_beyond_the_limit() -> None:
    text = "Predictions:\n" + "X,1\n" * 500 + "Name: x\n"
    with pytest.raises(PredictionFormatError) as caught:
        read(text)
    assert len(caught.value.problems) + caught.value.left_out == 500


def test_messages_quote_bounded_and_escaped_text_only() -> None:
    text = f"Predictions:\n{'y' * 5000}\u202e,1\nName: x\n"
    (problem,) = problems(text)
    assert problem.message.isascii()
    assert len(problem.message) < 300


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sections": {"name": {"kind": "line"}}}, "kind 'table'"),
        ({"sections": {"a": {"kind": "table"}, "b": {"kind": "table"}}}, "kind 'table'"),
        ({"sections": {"a": {"kind": "tables"}}}, "must be one of"),
        ({"sections": {"a": {"kind": "table", "key": "A"}}}, "declared by"),
        ({"sections": {"a": {"kind": "table", "keys": []}}}, "needs a list of keys"),
        ({"sections": {"encoding": {"kind": "table"}}}, "cannot be the name"),
        (
            {"sections": {"a": {"kind": "table", "keys": ["X"]}, "b": {"keys": ["x"]}}},
            "two sections",
        ),
        ({"encodings": ["utf-16"]}, "encodings"),
        ({"encodings": []}, "encodings"),
        ({"delimiters": [" "]}, "delimiters"),
        ({"id_column": 0}, "columns"),
        ({"value_column": 1}, "columns"),
        ({"other_columns": {"sem": "3"}}, "columns"),
        ({"stray_text": "drop"}, "must be one of"),
        ({"colour": "red"}, "no option"),
    ],
)
def test_wrong_declaration_is_the_organizers_to_mend(options: dict, said: str) -> None:
    with pytest.raises(ReaderOptionError, match=said):
        read(PLAIN, **options)


def test_array_targets_are_refused() -> None:
    with pytest.raises(ReaderOptionError, match="single number"):
        get_reader("sections").read(
            BytesIO(PLAIN.encode()), options=OPTIONS, targets=[TargetSpec("M01", (3,))]
        )


def test_targets_that_differ_by_case_only_are_refused_where_case_is_ignored() -> None:
    with pytest.raises(ReaderOptionError, match="case only"):
        get_reader("sections").read(
            BytesIO(PLAIN.encode()),
            options={**OPTIONS, "ids_ignore_case": True},
            targets=[TargetSpec("M01"), TargetSpec("m01")],
        )


PIECES = st.one_of(
    st.sampled_from(
        ["M01", "M02", ",", "\t", "1.5", "-2e3", '"', "\n", "\r\n", "#", ":", "Name", "Predictions"]
    ),
    st.text(max_size=8),
)


@given(st.lists(PIECES, max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_as_finite_values_of_known_targets_or_refused(pieces: list[str]) -> None:
    content = "Name: x\nPredictions:\n" + "".join(pieces)
    try:
        found = values(read(content.encode("utf-8", "surrogatepass")))
    except PredictionFormatError:
        return
    assert found
    assert found.keys() <= VALUES.keys()
    assert all(math.isfinite(value) for value in found.values())


@given(st.dictionaries(st.sampled_from(["M01", "M02", "M03"]), st.floats(-20, 20), min_size=1))
@settings(max_examples=100, deadline=None)
def test_written_numbers_come_back_exactly(expected: dict[str, float]) -> None:
    rows = "".join(f"{slug}, {value!r}\n" for slug, value in expected.items())
    assert values(read(f"Predictions:\n{rows}Name: x\n")) == expected
