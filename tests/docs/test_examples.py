import json
import os
import subprocess
import sys
import tomllib

import pytest

from tests.docs import examples
from tests.docs.places import ROOT, SCORING_PAGE


def test_the_examples_of_the_engine_and_its_page_run():
    assert examples.problems() == []


def test_a_wrong_example_is_told_with_what_it_gave(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Sums:\n\n```pycon\n>>> 2 + 2\n5\n```\n", encoding="utf-8")
    (problem,) = examples.of_page(page)
    assert "1 of 1 examples failed" in problem
    assert "line 4" in problem


def test_a_page_without_examples_is_told(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1)\n```\n", encoding="utf-8")
    assert examples.of_page(page) == ["page.md: there is no example to run"]


@pytest.fixture
def package(tmp_path):
    """The package that the page shows, laid out as an installer would."""
    files = examples.files_of_page(SCORING_PAGE)
    assert set(files) == {"heldout_decile.py", "heldout_lines.py", "pyproject.toml"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    project = tomllib.loads(files["pyproject.toml"])["project"]
    installed = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    installed.mkdir()
    about = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (installed / "METADATA").write_text(about, encoding="utf-8")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in points.items())
        for group, points in project["entry-points"].items()
    ]
    (installed / "entry_points.txt").write_text("\n".join(groups), encoding="utf-8")
    return tmp_path


def _heldout(package, *arguments):
    path = os.pathsep.join([str(package), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-m", "heldout.cli", *arguments],
        env=os.environ | {"PYTHONPATH": path},
        cwd=package,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_metric_that_the_page_adds_is_listed_and_explained(package):
    done = _heldout(package, "metrics", "ninth_decile_error", "--json")
    assert done.returncode == 0, done.stderr
    assert "Ninth decile of the absolute error" in done.stdout


def test_the_reader_that_the_page_adds_reads_and_lists_all_problems(package):
    (package / "good.txt").write_text("water = 1.5\nethanol=-2\n", encoding="utf-8")
    (package / "bad.txt").write_text("water = x\nethanl = 1\nwater = 2\n", encoding="utf-8")
    order = ["validate", "--reader", "lines", "--target", "water", "--target", "ethanol", "--json"]
    good = _heldout(package, *order, "good.txt")
    assert good.returncode == 0, good.stderr
    bad = _heldout(package, *order, "bad.txt")
    assert bad.returncode == 3
    codes = [problem["code"] for problem in json.loads(bad.stdout)["problems"]]
    assert codes == ["NOT_A_NUMBER", "UNKNOWN_TARGET", "DUPLICATE_TARGET"]


def test_the_metric_that_the_page_adds_scores_what_its_reader_reads(package):
    code = (
        "import io\n"
        "from scoring.contract import Aggregate, MetricChoice, PredictionFormat, TargetSpec\n"
        "from scoring.engine import score\n"
        "from scoring.readers import MemorySource\n"
        "names = 'abc'\n"
        "report = score(\n"
        "    io.BytesIO(b'a = 1\\nb = 2\\nc = 9\\n'),\n"
        "    PredictionFormat('lines'),\n"
        "    [TargetSpec(name) for name in names],\n"
        "    {name: MemorySource(0.0) for name in names},\n"
        "    [MetricChoice('m', 'ninth_decile_error', aggregate=Aggregate.POOLED)],\n"
        ")\n"
        "assert [round(row.value, 9) for row in report.rows] == [7.6], report\n"
    )
    path = os.pathsep.join([str(package), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
