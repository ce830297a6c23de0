"""The first thing that runs on a fresh machine."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from config import environment


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load bootstrap.py, working on a folder of its own."""
    spec = importlib.util.spec_from_file_location(
        "bootstrap", environment.BASE_DIR / "bootstrap.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "requirements").mkdir()
    for name in ("server.txt", "dev.txt", "peers.txt"):
        (tmp_path / "requirements" / name).write_text(f"# {name}\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / ".heldout.json")
    return module


def stamp(bootstrap: ModuleType, lock: str) -> None:
    """Note that a lock was installed, as a finished call does."""
    program: Path = bootstrap.python()
    program.parent.mkdir(parents=True, exist_ok=True)
    program.touch()
    bootstrap.STAMP.write_text(json.dumps(bootstrap.state_of(lock)))


def test_environment_for_tests_also_serves_the_site(bootstrap: ModuleType) -> None:
    assert not bootstrap.is_ready("server")
    stamp(bootstrap, "server.txt")
    assert bootstrap.is_ready("server")
    assert not bootstrap.is_ready("dev")
    stamp(bootstrap, "dev.txt")
    assert bootstrap.is_ready("server")
    assert bootstrap.is_ready("dev")
    assert not bootstrap.is_ready("peers")
    stamp(bootstrap, "peers.txt")
    assert bootstrap.is_ready("dev")


@pytest.mark.parametrize("changed", ["requirements/dev.txt", "pyproject.toml"])
def test_changed_lock_or_project_file_is_installed_anew(
    bootstrap: ModuleType, changed: str
) -> None:
    stamp(bootstrap, "dev.txt")
    with (bootstrap.ROOT / changed).open("a") as file:
        file.write("# changed\n")
    assert not bootstrap.is_ready("dev")


def test_moved_checkout_starts_anew(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp(bootstrap, "dev.txt")
    (tmp_path / ".venv").rename(tmp_path / "elsewhere")
    monkeypatch.setattr(bootstrap, "ENVIRONMENT", tmp_path / "elsewhere")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "elsewhere" / ".heldout.json")
    assert bootstrap.python().exists()
    assert not bootstrap.is_ready("dev")


def test_environment_whose_python_is_gone_is_not_usable(bootstrap: ModuleType) -> None:
    stamp(bootstrap, "dev.txt")
    bootstrap.python().unlink()
    bootstrap.python().symlink_to("/nowhere/python3")
    assert not bootstrap.is_ready("dev")
    assert not bootstrap.is_usable()


def test_old_python_is_refused_with_the_way_out(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    with pytest.raises(bootstrap.SetupError, match=r"3\.11 or newer is needed; .* is 3\.9\.2"):
        bootstrap.refuse_old_python()


def test_missing_venv_module_is_named_with_its_package(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(bootstrap.SetupError, match="apt install python3-venv"):
        bootstrap.refuse_old_python()


def test_sources_of_pip_are_told_to_uv_and_its_own_settings_win(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in bootstrap.UV_NAMES.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.example/simple")
    told = bootstrap.uv_environ(
        {
            "index-url": "https://pip.example/simple",
            "extra-index-url": "\nhttps://one.example/simple\nhttps://two.example/simple",
            "find-links": "/wheels /more-wheels",
            "timeout": "60",
        }
    )
    assert told == {
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_FIND_LINKS": "/wheels,/more-wheels",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_failed_command_shows_what_it_said(bootstrap: ModuleType) -> None:
    program = "import sys; print('the reason'); sys.exit(3)"
    with pytest.raises(bootstrap.SetupError, match="the reason"):
        bootstrap.run([sys.executable, "-c", program])


def test_wrong_call_says_how_it_is_used() -> None:
    done = subprocess.run(
        [sys.executable, str(environment.BASE_DIR / "bootstrap.py"), "everything"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "usage: python3 bootstrap.py server|dev\n"


def test_every_target_of_the_makefile_is_explained_and_names_no_address() -> None:
    text = (environment.BASE_DIR / "Makefile").read_text(encoding="utf-8")
    assert "https://" not in text
    done = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=environment.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    for target in ("demo", "serve", "test", "lint", "bench", "docs", "lock", "replay"):
        assert target in done.stdout
