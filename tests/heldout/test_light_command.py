"""What talks to a server needs no Django, NumPy or SciPy; and shells complete the command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.docs.places import ROOT

BARE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"numpy", "scipy", "django"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
from heldout.cli import main
sys.exit(main(sys.argv[1:]))
"""


def bare(tmp_path, *words):
    return subprocess.run(
        [sys.executable, "-c", BARE, *words],
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "HELDOUT_KEYRING": "0"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("words", [("rounds",), ("status", "x"), ("leaderboard", "a/b")])
def test_a_server_is_talked_to_without_django_numpy_and_scipy(tmp_path, words):
    ended = bare(tmp_path, *words, "--server", "http://127.0.0.1:9")
    assert ended.returncode == 4, ended.stderr
    assert "No answer from http://127.0.0.1:9" in ended.stderr


def test_a_command_that_needs_the_engine_says_what_is_missing(tmp_path):
    ended = bare(tmp_path, "score", "--bundle", "x", "y.npz")
    assert ended.returncode == 2
    assert ended.stderr.strip() == "heldout score needs one more package: pip install numpy"
    assert bare(tmp_path, "--help").returncode == 0


def test_bash_completes_the_commands(run, tmp_path):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    code, script, _ = run("completion", "bash")
    assert code == 0
    (tmp_path / "completion").write_text(script)
    ask = (
        f"source {tmp_path}/completion; COMP_WORDS=(heldout le); COMP_CWORD=1; "
        "_shtab_heldout; echo ${COMPREPLY[@]}"
    )
    done = subprocess.run([bash, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["leaderboard"]


def test_zsh_is_told_the_commands(run):
    code, script, _ = run("completion", "zsh")
    assert code == 0
    assert script.startswith("#compdef heldout")
    assert "leaderboard" in script
