"""Tokens are kept in the keyring where there is one, else in a file of their owner's only."""

from __future__ import annotations

import json

import pytest

from heldout import credentials

URL = "https://heldout.example"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("HELDOUT_URL", "HELDOUT_TOKEN", "HELDOUT_KEYRING"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def no_keyring(home, monkeypatch):
    monkeypatch.setenv("HELDOUT_KEYRING", "0")
    return home


@pytest.fixture
def keyring_file(home, monkeypatch):
    keyring = pytest.importorskip("keyring", reason="pip install 'heldout[keyring]'")
    from tests.heldout.file_keyring import FileKeyring

    monkeypatch.setenv("TEST_KEYRING", str(home / "keyring.json"))
    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring())
    yield home / "keyring.json"
    keyring.set_keyring(before)


def test_without_a_keyring_the_token_is_in_a_file_that_only_its_owner_reads(no_keyring):
    assert credentials.keep(URL, "hld_x") == str(credentials.credentials_path())
    assert credentials.credentials_path().stat().st_mode & 0o777 == 0o600
    assert credentials.credentials_path().parent.stat().st_mode & 0o077 == 0
    assert credentials.server() == (URL, "hld_x")
    credentials.forget(URL)
    assert credentials.server() == (URL, "")


def test_a_file_left_behind_open_to_all_does_not_lend_its_permissions(no_keyring):
    path = credentials.credentials_path()
    path.parent.mkdir()
    left_behind = path.with_name(path.name + ".new")
    left_behind.write_text("{}")
    left_behind.chmod(0o644)
    credentials.keep(URL, "hld_x")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_is_told_with_what_to_do(no_keyring):
    credentials.keep(URL, "hld_x")
    credentials.credentials_path().write_text("{")
    with pytest.raises(ValueError, match="sign in again"):
        credentials.server()


def test_with_a_keyring_the_token_is_in_no_file_of_ours(keyring_file):
    assert credentials.keep(URL, "hld_x") == "keyring"
    assert "hld_x" not in credentials.credentials_path().read_text()
    assert json.loads(keyring_file.read_text()) == {f"heldout {URL}": "hld_x"}
    assert credentials.server() == (URL, "hld_x")
    credentials.forget(URL)
    assert json.loads(keyring_file.read_text()) == {}
    assert credentials.server() == (URL, "")


def test_signing_in_with_a_keyring_takes_an_older_token_out_of_the_file(keyring_file, monkeypatch):
    monkeypatch.setenv("HELDOUT_KEYRING", "0")
    credentials.keep(URL, "hld_old")
    monkeypatch.delenv("HELDOUT_KEYRING")
    credentials.keep(URL, "hld_new")
    assert "hld_old" not in credentials.credentials_path().read_text()
    assert credentials.server() == (URL, "hld_new")


def test_the_environment_goes_before_what_is_kept(no_keyring, monkeypatch):
    credentials.keep(URL, "hld_x")
    monkeypatch.setenv("HELDOUT_TOKEN", "hld_script")
    monkeypatch.setenv("HELDOUT_URL", "https://other.example/")
    assert credentials.server() == ("https://other.example", "hld_script")
