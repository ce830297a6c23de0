"""A past round held again: API, real worker, board, compared number by number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import stats

from demo.cases import Case, read_case
from demo.replay import Comparison, description_of, hold_again, report
from demo.stage import stage_case
from heldout.client import Client
from tests.cases.real import case_folder
from tests.servers import WorkerProcesses

MOLECULES = {"M1": 1.25, "M2": -0.5, "M3": 3.75, "M4": 2.0, "M5": 0.125}
ENTRIES = {
    "aaaaa": {"M1": 1.0, "M2": 0.0, "M3": 3.5, "M4": 2.5, "M5": 0.5},
    "bbbbb": {"M1": 2.0, "M2": 1.0, "M3": 2.0, "M4": 1.0, "M5": 1.5},
    "NULL0": dict.fromkeys(MOLECULES, 2.0),
}


def published_row(values: dict[str, float]) -> dict[str, float]:
    """Compute a published row with SciPy, independently of the engine."""
    truth = np.array(list(MOLECULES.values()))
    guess = np.array([values[name] for name in MOLECULES])
    constant = np.ptp(guess) == 0
    return {
        "RMSE": float(np.sqrt(np.mean((truth - guess) ** 2))),
        "MAE": float(np.mean(np.abs(truth - guess))),
        "ME": float(np.mean(truth - guess)),
        "R2": 0.0 if constant else float(stats.pearsonr(truth, guess)[0] ** 2),
        "m": 0.0 if constant else float(stats.linregress(truth, guess).slope),
        "kendall_tau": 0.0 if constant else float(stats.kendalltau(truth, guess)[0]),
    }


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Write the files of a small round as its organizers published them, and read them back."""
    folder = tmp_path / "small"
    (folder / "submission_files").mkdir(parents=True)
    for name, values in ENTRIES.items():
        rows = "\n".join(f"{molecule}, {value}, 0.1, 0.2" for molecule, value in values.items())
        text = f"# as received\r\nPredictions:\r\n{rows}\r\nName: {name}\nMethod:\nGuessed.\n"
        path = folder / "submission_files" / f"{name}-1559-logP-group-1.csv"
        path.write_text(text, encoding="utf-8", newline="")
    answers = "\n".join(f"{molecule},{value}" for molecule, value in MOLECULES.items())
    (folder / "logP_experimental_values.csv").write_text(f"Molecule ID,logP mean\n{answers}\n")
    lines = {name: published_row(values) for name, values in ENTRIES.items()}
    ordered = sorted(lines, key=lambda name: lines[name]["RMSE"])
    columns = list(lines["aaaaa"])
    table = [",".join(["ID", *columns])]
    table += [",".join([name, *(repr(lines[name][each]) for each in columns)]) for name in ordered]
    (folder / "statistics.csv").write_text("\n".join(table) + "\n")
    declared = yaml.safe_load(description_of(_named(tmp_path)).read_text(encoding="utf-8"))
    declared["round"]["targets"]["slugs"] = list(MOLECULES)
    declared["submissions"]["expected_count"] = len(ENTRIES)
    declared.pop("user_map")
    description = tmp_path / "case.yaml"
    description.write_text(yaml.safe_dump(declared), encoding="utf-8")
    return read_case(description, folder)


def _named(tmp_path: Path) -> Path:
    """Return a folder that bears the name of the described case, to find its description."""
    folder = tmp_path / "sampl6-logp"
    folder.mkdir()
    return folder


@pytest.fixture
def replayed(live_site: str, celery_worker: WorkerProcesses) -> Callable[[Case], Comparison]:
    def replay(case: Case) -> Comparison:
        name = stage_case(case, username="replay", password="a long password")
        with Client(live_site) as client:
            client.sign_in("replay", "a long password", organize=True)
            return hold_again(case, client, name)

    return replay


def test_every_number_and_the_order_agree_with_the_published_table(
    case: Case, replayed: Callable[[Case], Comparison]
) -> None:
    comparison = replayed(case)
    assert comparison.differences == []
    assert (comparison.rows, comparison.values) == (3, 18)
    assert max(comparison.worst.values()) < 1e-12
    assert "Every number and the order of all rows agree." in report(case, comparison)


def test_a_changed_answer_is_noticed(case: Case, replayed: Callable[[Case], Comparison]) -> None:
    other = replace(case, references={**case.references, "M1": 1.5})
    comparison = replayed(other)
    assert any("aaaaa rmse" in difference for difference in comparison.differences)


def test_sampl6_logp_as_received(replayed: Callable[[Case], Comparison]) -> None:
    """Hold the real round again, where its published files are at hand."""
    folder = case_folder("sampl6-logp")
    case = read_case(description_of(folder), folder)
    comparison = replayed(case)
    assert comparison.differences == []
