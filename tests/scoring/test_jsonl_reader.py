import json

import numpy as np
import pytest

from scoring.contract import TargetSpec
from scoring.errors import ReaderOptionError
from scoring.readers import get_reader
from tests.scoring.files import codes_of, problems_of, read

TARGETS = (TargetSpec("p1"), TargetSpec("p2", low=0.0), TargetSpec("v", (2, 2)))


def test_numbers_and_arrays_are_read():
    content = (
        b'\xef\xbb\xbf{"target": "p1", "value": -1.5e2}\r\n\n'
        b'{"value": 3, "target": "p2"}\n{"target":"v","values":[[1,2],[3,4.5]]}'
    )
    sources = read("jsonl", content, TARGETS).sources
    assert {slug: source.read().tolist() for slug, source in sources.items()} == {
        "p1": -150.0,
        "p2": 3.0,
        "v": [[1.0, 2.0], [3.0, 4.5]],
    }


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('{"target": "p1", "value": 1, "value": 2}', "DUPLICATE_KEY"),
        ('{"target": "p1", "value": NaN}', "NOT_FINITE"),
        ('{"target": "p1", "value": -Infinity}', "NOT_FINITE"),
        ('{"target": "p1", "value": 1e999}', "NOT_FINITE"),
        ('{"target": "p1", "value": 1e-999}', "NOT_A_NUMBER"),
        ('{"target": "p1", "value": ' + "9" * 5000 + "}", "NOT_FINITE"),
        ('{"target": "p1", "value": 0.' + "0" * 5000 + "}", "NOT_A_NUMBER"),
        ('{"target": "p1", "value": "1"}', "NOT_A_NUMBER"),
        ('{"target": "p1", "value": true}', "NOT_A_NUMBER"),
        ('{"target": "p1", "value": null}', "MISSING_VALUE"),
        ('{"target": "p1", "value": [1]}', "BAD_SHAPE"),
        ('{"target": "v", "values": [[1, 2], [3]]}', "BAD_SHAPE"),
        ('{"target": "v", "values": [[1, 2], [3, {}]]}', "NOT_A_NUMBER"),
        ('{"target": "v", "values": [[1, 2], [3, NaN]]}', "NOT_FINITE"),
        ('{"target": "p2", "value": -1}', "OUT_OF_RANGE"),
        ('{"target": "p1"}', "BAD_LINE"),
        ('{"target": "p1", "value": 1, "values": 1}', "BAD_LINE"),
        ('{"target": 1, "value": 1}', "BAD_LINE"),
        ('["p1", 1]', "BAD_LINE"),
        ('{"target": "p1", "value": 1, "note": ""}', "UNKNOWN_KEY"),
        ('{"target": "P1", "value": 1}', "UNKNOWN_TARGET"),
        ('{"target": "\\ud800", "value": 1}', "UNKNOWN_TARGET"),
        ('{"target": "p1", "value": 1', "BAD_JSON"),
        ("{'target': 'p1'}", "BAD_JSON"),
        ('{"target": "p1", "value": 01}', "BAD_JSON"),
        ("[" * 60_000, "TOO_DEEP"),
        ("[" * 30_000 + "]" * 30_000, "TOO_DEEP"),
    ],
)
def test_lines_that_cannot_be_meant_are_refused_with_their_place(line, code):
    (found,) = problems_of("jsonl", b"\n" + line.encode() + b"\n", TARGETS)
    assert found.code == code
    assert found.where.startswith("line 2")
    assert found.remedy
    assert len(found.message) < 300


def test_all_problems_are_told_and_the_good_lines_still_count():
    content = b'{"target": "p1", "value": 1}\n{"target": "p1", "value": 2}\nx\n'
    found = problems_of("jsonl", content, TARGETS, require_all=True)
    assert [(p.code, p.where) for p in found] == [
        ("DUPLICATE_TARGET", "line 2"),
        ("BAD_JSON", "line 3"),
        ("MISSING_TARGET", "target p2"),
        ("MISSING_TARGET", "target v"),
    ]


def test_further_keys_may_be_declared_harmless():
    content = b'{"target": "p1", "value": 1, "note": [[]]}\n'
    assert read("jsonl", content, TARGETS, extra_keys="ignore").answered == ("p1",)


def test_line_of_a_large_target_is_read_without_further_ado():
    target = TargetSpec("big", (300, 300))
    line = json.dumps({"target": "big", "values": np.ones((300, 300)).tolist()})
    assert len(line) > 64 * 2**10
    assert read("jsonl", line.encode(), [target]).sources["big"].shape == (300, 300)


def test_line_beyond_the_limit_is_refused():
    target = TargetSpec("list", (None,))
    line = b'{"target": "list", "values": [' + b"1," * 40_000 + b"1]}"
    assert read("jsonl", line, [target]).sources["list"].shape == (40_001,)
    assert codes_of("jsonl", line, [target], max_line_bytes=2**16) == ["LINE_TOO_LONG"]


def test_empty_list_is_an_array_of_free_length_without_elements():
    content = b'{"target": "list", "values": []}'
    assert read("jsonl", content, [TargetSpec("list", (None, 2))]).sources["list"].shape == (0, 2)


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_empty_file_is_told(content):
    assert codes_of("jsonl", content, TARGETS) == ["EMPTY_FILE"]


def test_endless_files_are_cut():
    content = b'{"target": "zz", "value": 1}\n' * 5000
    found = codes_of("jsonl", content, TARGETS)
    assert set(found) == {"UNKNOWN_TARGET"}  # as many as are told one by one


@pytest.mark.parametrize("length", [1, 2**40])
def test_absurd_line_lengths_are_refused_at_set_up(length):
    with pytest.raises(ReaderOptionError, match="max_line_bytes"):
        get_reader("jsonl").complete({"max_line_bytes": length})
