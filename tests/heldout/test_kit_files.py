"""Predictions are written in the form a round wants; notebooks and tables are what they claim."""

from __future__ import annotations

import json

import numpy as np
import pytest

from heldout.display import Listing, html_table
from heldout.notebooks import start_notebook
from heldout.prediction_files import (
    UnwritableFormat,
    file_name,
    template_values,
    write_predictions,
)
from heldout.site import Board, Round, Submission, check_file

NUMBERS = [{"slug": "t1", "shape": [], "low": 2, "high": 5}, {"slug": "t2", "shape": []}]
FIELDS = [{"slug": "u1", "shape": [2, 3]}, {"slug": "u2", "shape": [2, 3], "high": -1}]
PEAKS = [{"slug": "p", "shape": [None, 2]}]
SECTIONS = {
    "sections": {
        "predictions": {"keys": ["Predictions"], "kind": "table", "required": True},
        "name": {"keys": ["Name"], "kind": "text", "required": True},
    },
    "other_columns": {"sem": 3},
}
FORMATS = [
    {"reader": "npz", "options": {"require_all": True}, "targets": FIELDS},
    {"reader": "npz", "options": {}, "targets": PEAKS},
    {"reader": "npy", "options": {"stack": ["u2", "u1"]}, "targets": FIELDS},
    {"reader": "npy", "options": {}, "targets": FIELDS[:1]},
    {"reader": "csv", "options": {"delimiter": ";", "id_column": "id"}, "targets": NUMBERS},
    {
        "reader": "csv",
        "options": {"value_columns": ["a", "b"]},
        "targets": [{"slug": "v", "shape": [2]}],
    },
    {"reader": "tsv", "options": {}, "targets": NUMBERS},
    {"reader": "jsonl", "options": {}, "targets": [*NUMBERS, *FIELDS]},
    {"reader": "sections", "options": SECTIONS, "targets": NUMBERS},
]


@pytest.mark.parametrize("declared", FORMATS, ids=lambda each: each["reader"])
def test_a_template_of_every_writable_format_is_in_order(tmp_path, declared):
    path = tmp_path / file_name(declared, stem="template")
    write_predictions(path, template_values(declared), declared)
    found = check_file(path, declared)
    assert found, found
    assert len(found.answered) == found.targets == len(declared["targets"])


def test_what_is_written_is_read_back_to_the_last_bit(tmp_path):
    value = 0.1 + 0.2
    for declared in FORMATS[4], FORMATS[6], FORMATS[7]:
        text = write_predictions(tmp_path / "x", {"t2": value}, declared).read_text()
        assert "0.30000000000000004" in text
    whole = np.random.default_rng(1).standard_normal((2, 3))
    write_predictions(tmp_path / "x.npz", {"u1": whole}, FORMATS[0])
    with np.load(tmp_path / "x.npz") as back:
        assert np.array_equal(back["u1"], whole)


def test_a_wrong_name_shape_or_format_is_told_before_anything_is_written(tmp_path):
    path = tmp_path / "x.npz"
    with pytest.raises(ValueError, match="'u9' is not a target of this round: u1, u2"):
        write_predictions(path, {"u9": 1.0}, FORMATS[0])
    with pytest.raises(ValueError, match=r"u1: the array has shape \[3\], wanted is \[2, 3\]"):
        write_predictions(path, {"u1": np.zeros(3)}, FORMATS[0])
    with pytest.raises(UnwritableFormat, match="template"):
        write_predictions(path, {"u1": 1.0}, {"reader": "pdb", "targets": FIELDS})
    assert not path.exists()


def test_a_notebook_has_the_form_that_jupyter_asks_for():
    nbformat = pytest.importorskip("nbformat")
    text = start_notebook(title="T", look="1", method="It's")
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert len({cell["id"] for cell in json.loads(text)["cells"]}) == 9


EVIL = "<script>alert(1)</script>"


def test_nothing_that_comes_from_a_server_is_html_in_a_notebook():
    line = {
        "rank": 1,
        "team": {"name": EVIL},
        "method": {"title": EVIL},
        "value": 1.0,
        "answered": 1,
        "offered": 1,
    }
    round_ = {
        "challenge": EVIL,
        "slug": EVIL,
        "title": EVIL,
        "state": EVIL,
        "closes_at": EVIL,
        "task": EVIL,
    }
    score = {"target": EVIL, "metric": EVIL, "status": EVIL, "value": None}
    submission = {"code": EVIL, "state": EVIL, "reason": EVIL, "scores": [score], "url": EVIL}
    shown = [
        Board({"standings": [line], "columns": [{"label": EVIL}]}),
        Round(None, round_),
        Submission(None, submission),
        Listing([1], heads=[EVIL], rows=[[EVIL]]),
    ]
    for each in shown:
        text = each._repr_html_()
        assert "<script" not in text
        assert "&lt;script&gt;" in text


def test_a_long_table_tells_how_much_is_left_out():
    assert "... and 40 more" in html_table(["a"], [["x"]] * 100)
