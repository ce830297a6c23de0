"""`heldout credit recompute`: the books of a round again, from its public export alone."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from heldout.cli import main
from scoring.credit import settle
from scoring.credit.export import to_canonical_json
from tests.scoring.credit_rounds import worked_example


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "credit.json"
    round_ = worked_example()
    path.write_text(to_canonical_json(round_, settle(round_)), encoding="utf-8")
    return path


def test_an_export_is_computed_again_to_the_last_micropoint(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["credit", "recompute", str(export)]) == 0
    out = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "A method 118.750000" in lines
    assert "D2 data 70.312500" in lines
    assert "commons commons 25.000000" in lines
    assert "all 700.000000" in lines
    assert "head-room still open 300.000000" in lines
    assert out.rstrip().endswith("no difference.")


def test_an_altered_amount_is_found_and_told_with_its_path(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(export.read_text(encoding="utf-8"))
    document["books"]["postings"][0]["micropoints"] += 1
    export.write_text(json.dumps(document), encoding="utf-8")
    assert main(["credit", "recompute", "--json", str(export)]) == 3
    (told,) = json.loads(capsys.readouterr().out)
    assert told["agrees"] is False
    (difference,) = told["differences"]
    assert "claimed 118750001" in difference
    assert "computed 118750000" in difference
    assert told["accounts"]["A"] == 118_750_000


def test_a_round_that_mints_nothing_agrees_and_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    round_ = replace(worked_example(), answers_committed_at=None)
    folder = tmp_path / "records" / "round-1"
    folder.mkdir(parents=True)
    path = folder / "credit-1.json"
    path.write_text(to_canonical_json(round_, settle(round_)), encoding="utf-8")
    assert main(["credit", "recompute", str(tmp_path)]) == 0
    assert "were not committed by hash" in capsys.readouterr().out


def test_facts_that_contradict_each_other_are_told_as_the_books_tell_them(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(export.read_text(encoding="utf-8"))
    document["round"]["results"][0]["inputs"] = ["nowhere"]
    export.write_text(json.dumps(document), encoding="utf-8")
    assert main(["credit", "recompute", str(export)]) == 3
    assert "nowhere is not among the nodes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "this is not JSON"), ("{}", "this is not a credit export")],
)
def test_what_is_no_export_is_refused_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(text, encoding="utf-8")
    assert main(["credit", "recompute", str(path)]) == 2
    assert f"{path}: {told}" in capsys.readouterr().err


def test_an_export_may_come_on_standard_input(
    export: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(export.read_text(encoding="utf-8")))
    assert main(["credit", "recompute", "-"]) == 0
    assert "standard input" in capsys.readouterr().out


def test_no_django_is_needed_to_compute_credit_again(export: Path) -> None:
    code = (
        "import sys; from heldout.cli import main; "
        f"code = main(['credit', 'recompute', {str(export)!r}]); "
        "sys.exit(code or any(name.split('.')[0] == 'django' for name in sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
