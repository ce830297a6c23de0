"""The `heldout` command against a running site: sign in, download, submit, wait, read the board."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from challenges.models import Round
from challenges.services.files import add_round_file
from submissions.models import Submission
from tests.factories import (
    make_artifact,
    make_challenge,
    make_round,
    make_team,
    make_user,
    npz_bytes,
    organizer_of,
)
from tests.servers import WorkerProcesses


class Command:
    """Runs `heldout` in a process of its own, with a home of its own."""

    def __init__(self, server: str, home: Path) -> None:
        self.environ = {**os.environ, "HELDOUT_URL": server, "XDG_CONFIG_HOME": str(home)}

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "heldout.cli", *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture
def heldout(live_site: str, tmp_path: Path) -> Command:
    return Command(live_site, tmp_path / "config")


@pytest.fixture
def signed_in(heldout: Command, tmp_path: Path) -> Command:
    make_team(make_user("ann"), name="Anns", slug="anns")
    (tmp_path / "password").write_text("correct horse\n")
    ended = heldout("login", "ann", "--password-file", str(tmp_path / "password"))
    assert ended.returncode == 0, ended.stderr
    return heldout


@pytest.fixture
def round_(transactional_db: None) -> Round:
    made = make_round(make_challenge(slug="tides"), slug="spring", published=False)
    add_round_file(
        made, name="inputs.csv", content=io.BytesIO(b"a,b\n1,2\n"), by=organizer_of(made.challenge)
    )
    Round.objects.filter(pk=made.pk).update(published_at=made.opens_at, design_sha256="0" * 64)
    return made


def test_from_login_to_the_board(
    signed_in: Command, celery_worker: WorkerProcesses, round_: Round, tmp_path: Path
) -> None:
    make_artifact(slug="gauges")
    prediction = tmp_path / "mine.npz"
    prediction.write_bytes(npz_bytes({"t1": 1.5, "t2": 2.0, "t3": 3.0}))

    assert "tides/spring" in signed_in("rounds").stdout
    assert "t1" in signed_in("round", "tides/spring").stdout
    assert signed_in("download", "tides/spring", "--to", str(tmp_path)).returncode == 0
    assert (tmp_path / "inputs.csv").read_text() == "a,b\n1,2\n"

    submit = ["submit", "tides/spring", str(prediction), "--method", "Moon", "--wait"]
    ended = signed_in(*submit, "--built-on", "gauges", "--json")
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert answer["state"] == "scored"
    assert answer["scores"][0]["value"] == 0.5

    shown = signed_in("status", answer["code"], "--wait")
    assert f"submission {answer['code']}: scored" in shown.stdout
    submission = Submission.objects.get(code=answer["code"])
    assert [edge.parent.slug for edge in submission.method.parent_edges.all()] == ["gauges"]


def test_the_format_of_a_round_lets_a_file_be_mended_offline(
    signed_in: Command, round_: Round, tmp_path: Path
) -> None:
    declared, wrong, mended = (tmp_path / name for name in ("format.json", "w.npz", "m.npz"))
    declared.write_text(signed_in("format", "tides/spring").stdout)
    wrong.write_bytes(npz_bytes({"T1": 1.5, "t2": [2.0], "t3": 3.0}))
    validate = ["validate", str(wrong), "--format", str(declared)]
    assert signed_in(*validate).returncode == 3
    ended = signed_in(*validate, "--fix", str(mended))
    assert ended.returncode == 0, ended.stderr
    assert "3 of 3 targets answered" in ended.stdout


def test_a_wrong_file_tells_every_problem_and_exits_3(
    signed_in: Command, round_: Round, tmp_path: Path
) -> None:
    prediction = tmp_path / "wrong.npz"
    prediction.write_bytes(npz_bytes({"t1": float("nan"), "nonsense": 1.0}))
    ended = signed_in("submit", "tides/spring", str(prediction), "--method", "Moon")
    assert ended.returncode == 3
    assert "NaN" in ended.stderr
    assert "nonsense" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_token_is_kept_for_its_owner_only_and_logout_revokes_it(
    signed_in: Command, round_: Round, tmp_path: Path
) -> None:
    kept = tmp_path / "config" / "heldout" / "credentials.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert signed_in("logout").returncode == 0
    prediction = tmp_path / "mine.npz"
    prediction.write_bytes(npz_bytes({"t1": 1.0}))
    ended = signed_in("submit", "tides/spring", str(prediction), "--method", "Moon")
    assert ended.returncode == 3
    assert "heldout login" in ended.stderr


def test_a_server_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    ended = Command("http://127.0.0.1:9", tmp_path)("rounds")
    assert ended.returncode == 4
    assert "No answer from http://127.0.0.1:9" in ended.stderr
    assert "Traceback" not in ended.stderr
