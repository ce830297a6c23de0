"""`make demo` as a newcomer runs it, twice: held once, picked up the second time."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import free_port

KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


def run_demo(home: Path) -> str:
    """Run the demo on the embedded default, with nothing of this test process about it."""
    environ = {name: os.environ[name] for name in KEPT if name in os.environ}
    environ |= {"HELDOUT_HOME": str(home), "SERVE": "0", "PORT": str(free_port())}
    ended = subprocess.run(
        [sys.executable, "-m", "demo"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def counts(home: Path) -> dict[str, int]:
    """Count what a second demo must not make again."""
    tables = {
        "people": "accounts_user",
        "rounds": "challenges_round",
        "artifacts": "catalog_artifact",
        "submissions": "submissions_submission",
        "scores": "submissions_score",
        "credit": "leaderboards_creditentry",
    }
    with sqlite3.connect(home / "heldout.sqlite3") as database:
        return {
            name: database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]  # noqa: S608
            for name, table in tables.items()
        }


@pytest.mark.worker
@pytest.mark.timeout(1700)
def test_the_demo_holds_a_round_to_its_credit_and_goes_on_where_it_ended(home: Path) -> None:
    first = run_demo(home)
    assert first.count(": scored") == 12
    assert "Models by score: burgers-1d/2026" in first
    assert "Datasets by credit: burgers-1d/2026" in first
    assert "1 book recomputed, no difference." in first
    assert re.search(r"^1 +\[1, \d\] +1 ", first, flags=re.MULTILINE)
    made = counts(home)
    # Twelve of people; median and mean of the held round are made and scored as entries too.
    assert made["submissions"] == 12 + 2
    # Nine entries and two of all on twelve targets under eight metrics, three on ten under one.
    assert made["scores"] == (9 + 2) * 12 * 8 + 3 * 10

    second = run_demo(home)
    assert ": scored" not in second
    assert counts(home) == made
    boards = [text[text.index("Models by score") :] for text in (first, second)]
    addresses = re.compile(r"http://\S+|in \d+ s")
    assert addresses.sub("", boards[0]) == addresses.sub("", boards[1])
