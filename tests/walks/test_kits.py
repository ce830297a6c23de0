"""From a starter kit to the board in two or three commands, and uploads that are cut off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from challenges.models import Round
from demo.bundles import BURGERS, DIGITS
from demo.cast import PEOPLE
from demo.stage import stage_demo
from submissions.models import ResumableUpload, Submission
from tests.docs.places import ROOT
from tests.factories import make_challenge, make_round, make_team, make_user, npz_bytes
from tests.servers import WorkerProcesses, wait_until

CUT_OFF = """
import os, signal, sys
from heldout import credentials
from heldout.client import Client

def progress(sent, size):
    if sent > size * 0.6:
        os.kill(os.getpid(), signal.SIGKILL)

address, token = credentials.server()
Client(address, token=token).submit(sys.argv[1], sys.argv[2], method="Wide", progress=progress)
"""

RUN_NOTEBOOK = """
import nbformat, sys
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
for cell in notebook.cells:
    for output in cell.get("outputs", []):
        print(output.get("text", "") or output.get("data", {}).get("text/plain", ""))
"""


class Person:
    """Somebody with a home, who runs `heldout` and Python."""

    def __init__(self, server: str, home: Path) -> None:
        self.home = home
        self.environ = {
            **os.environ,
            "HELDOUT_URL": server,
            "HELDOUT_KEYRING": "0",
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"),
            "PYTHONPATH": str(ROOT),
        }

    def run(self, *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            env=self.environ,
            cwd=folder or self.home,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )

    def heldout(self, *words: str, folder: Path | None = None) -> str:
        ended = self.run("-m", "heldout.cli", *words, folder=folder)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def login(self, username: str) -> None:
        (self.home / "password").write_text("correct horse", encoding="utf-8")
        self.heldout("login", username, "--password-file", str(self.home / "password"))


@pytest.fixture
def person(live_site: str, tmp_path: Path) -> Person:
    home = tmp_path / "home"
    home.mkdir()
    return Person(live_site, home)


@pytest.fixture
def ann(person: Person) -> Person:
    make_team(make_user("ann"), name="Anns", slug="anns")
    person.login("ann")
    return person


def test_a_generic_kit_goes_from_init_to_the_board(
    ann: Person, celery_worker: WorkerProcesses
) -> None:
    make_round(make_challenge(slug="tides"), slug="spring")
    assert "tides/spring" in ann.heldout("challenges")
    made = json.loads(ann.heldout("init", "tides/spring", "--json"))
    kit = ann.home / made["folder"]
    assert kit.name == "tides-spring"
    assert {"README.md", "baseline.py", "start.ipynb", "template.npz"} <= set(made["files"])

    assert "3 of 3 targets" in ann.heldout("validate", "template.npz", folder=kit)
    assert "3 of 3" in ann.heldout(
        "validate", "template.npz", "--round", "tides/spring", folder=kit
    )
    assert ann.run("baseline.py", folder=kit).returncode == 0
    words = ("submit", "tides/spring", "predictions.npz", "--method", "Zeros", "--wait", "--json")
    answer = json.loads(ann.heldout(*words, folder=kit))
    assert answer["state"] == "scored"
    assert answer["scores"][0]["value"] == 1.0  # the answer is 1
    assert "quota" in answer
    # Boards follow scores by a moment.
    wait_until(lambda: "Zeros" in ann.heldout("leaderboard", "tides/spring"), what="the board")


def test_a_folder_with_something_in_it_is_left_alone(ann: Person) -> None:
    make_round(make_challenge(slug="tides"), slug="spring")
    (ann.home / "mine").mkdir()
    (ann.home / "mine" / "notes").write_text("dear diary")
    ended = ann.run("-m", "heldout.cli", "init", "tides/spring", "mine")
    assert ended.returncode == 2
    assert "not empty" in ended.stderr
    assert [path.name for path in (ann.home / "mine").iterdir()] == ["notes"]


def test_a_format_that_is_no_arrays_gets_a_kit_that_says_so(ann: Person) -> None:
    make_round(make_challenge(slug="folds"), slug="one", reader="pdb")
    made = json.loads(ann.heldout("init", "folds/one", "--json"))
    assert made["baseline"] is None
    assert "no template" in (ann.home / "folds-one" / "README.md").read_text()


@pytest.mark.timeout(1700)
@pytest.mark.parametrize(
    ("round_", "file", "value_range"),
    [
        (f"{BURGERS}/open", "predictions.npz", (0.01, 2)),
        (f"{DIGITS}/2002", "predictions.csv", (9, 30)),
    ],
)
def test_the_notebook_of_a_demo_kit_ends_with_a_score(
    person: Person,
    celery_worker: WorkerProcesses,
    tmp_path: Path,
    round_: str,
    file: str,
    value_range: tuple[float, float],
) -> None:
    stage_demo(tmp_path / "bundles", {each.username: "correct horse" for each in PEOPLE})
    guest = PEOPLE[-1].username
    make_team(make_user("zoe"), name="Zoes", slug="zoes")
    assert guest != "zoe"
    person.login("zoe")
    kit = person.home / "kit"
    person.heldout("init", round_, "kit")
    assert person.run("baseline.py", folder=kit).returncode == 0
    assert "The file is in order" in person.heldout("validate", file, folder=kit)

    pytest.importorskip("nbclient", reason="make peers installs what runs notebooks")
    pytest.importorskip("ipykernel", reason="make peers installs what runs notebooks")
    ended = person.run("-c", RUN_NOTEBOOK, "start.ipynb", folder=kit)
    assert ended.returncode == 0, ended.stderr[-3000:]
    submission = Submission.objects.get(team__slug="zoes")
    assert f"submission {submission.code}: scored" in ended.stdout
    # The board follows a score by some seconds.
    wait_until(lambda: line_of(person, round_, "zoes"), what="the line on the board")
    line = line_of(person, round_, "zoes")
    low, high = value_range
    assert low < line["value"] < high


def line_of(person: Person, round_: str, team: str) -> dict[str, Any]:
    board = json.loads(person.heldout("leaderboard", round_, "--json"))
    return next((each for each in board["standings"] if each["team"]["slug"] == team), {})


@pytest.fixture
def wide(transactional_db: None) -> Round:
    return make_round(
        make_challenge(slug="tides"), slug="wide", shape=(10**6,), upload_limit_bytes=10**8
    )


def test_an_upload_whose_process_is_killed_goes_on_where_it_ended(
    ann: Person, celery_worker: WorkerProcesses, wide: Round
) -> None:
    prediction = ann.home / "wide.npz"
    prediction.write_bytes(npz_bytes({f"t{n}": np.full(10**6, n + 0.5) for n in (1, 2, 3)}))
    ended = ann.run("-c", CUT_OFF, "tides/wide", str(prediction))
    assert ended.returncode == -9
    upload = ResumableUpload.objects.get()
    assert 0 < upload.received_bytes < upload.size_bytes
    (note,) = (ann.home / "state" / "heldout" / "uploads").iterdir()
    assert note.stat().st_mode & 0o777 == 0o600
    begun_at = upload.begun_at

    words = ("submit", "tides/wide", str(prediction), "--method", "Wide", "--wait", "--json")
    answer = json.loads(ann.heldout(*words))
    assert answer["state"] == "scored"
    upload = ResumableUpload.objects.get()  # no second one was begun
    assert upload.begun_at == begun_at
    assert upload.submission.code == answer["code"]
    assert not note.exists()


def test_a_large_file_that_is_wrong_leaves_no_upload_behind(ann: Person, wide: Round) -> None:
    prediction = ann.home / "wrong.npz"
    prediction.write_bytes(npz_bytes({f"x{n}": np.zeros(10**6) for n in (1, 2)}))
    ended = ann.run("-m", "heldout.cli", "submit", "tides/wide", str(prediction), "--method", "W")
    assert ended.returncode == 3
    assert "x1" in ended.stderr
    assert not ResumableUpload.objects.exists()
    assert not list((ann.home / "state" / "heldout" / "uploads").iterdir())


def test_a_token_made_on_the_site_signs_in_and_a_wrong_one_is_refused(
    person: Person, ann: Person, live_site: str
) -> None:
    kept = json.loads((ann.home / "config/heldout/credentials.json").read_text())
    token = kept["tokens"][live_site]
    (ann.home / "config/heldout/credentials.json").unlink()
    login = [sys.executable, "-m", "heldout.cli", "login", "--with-token"]
    for said, code in (("hld_nonsense", 3), (token, 0)):
        ended = subprocess.run(
            login,
            env=ann.environ,
            cwd=ROOT,
            input=f"{said}\n",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == code, ended.stderr
    kept = ann.home / "config/heldout/credentials.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text())["tokens"] == {live_site: token}
