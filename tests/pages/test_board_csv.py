"""A spreadsheet that opens the board runs nothing."""

# ruff: noqa: RUF001
from __future__ import annotations

import csv
import io

import pytest
from django.test import Client

from leaderboards.services.refresh import refresh_board
from pages.board_csv import plain
from tests.factories import make_method, make_round, make_scored, make_team

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1",
    "＋1",
    "－1",
    "＠A1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert plain(text) == f"'{text}"


def test_other_text_stays_as_it_is() -> None:
    assert [plain(text) for text in ("", "Wave", "a=1")] == ["", "Wave", "a=1"]


@pytest.mark.django_db
def test_no_cell_of_an_exported_board_is_a_formula(client: Client) -> None:
    round_ = make_round()
    team = make_team(name='=HYPERLINK("x")', slug="-2")
    method = make_method(team, title="@SUM(1)", slug="-3")
    values = {"t1": -1.0, "t2": -1.0, "t3": -1.0}
    sent = make_scored(round_, values, team=team, method=method)
    refresh_board(round_)
    text = client.get(f"{round_.get_absolute_url()}board.csv").content.decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert '\'=HYPERLINK("x")' in rows[1]
    line = dict(zip(rows[0], rows[1], strict=True))
    assert (line["submission"], line["submissions_used"]) == (sent.code, "1")
    for cell in rows[1]:
        assert not cell.startswith(("=", "+", "@"))
        assert not cell.startswith("-") or float(cell) < 0
