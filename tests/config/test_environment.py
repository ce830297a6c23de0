"""Environment variables: a good value works, a bad one stops the start with a sentence."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config import environment

PRODUCTION = {
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "k" * 60,
}


def load_settings(home: Path, *, show: str = "", **variables: str) -> subprocess.CompletedProcess:
    """Load the settings in a process of its own and print one of them."""
    plain = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", f"from config import settings; print(settings.{show or 'DEBUG'})"],
        cwd=environment.BASE_DIR,
        env={**plain, "HELDOUT_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DEBUG": "perhaps"}, "DEBUG='perhaps' is neither yes nor no; write 1 or 0."),
        ({"SCORING_WALL_S": "soon"}, "SCORING_WALL_S='soon' is not a whole number."),
        ({"SCORING_LEASE_S": "1"}, "SCORING_LEASE_S=1 is below 2, the least that makes sense."),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL='LOUD' is not a level; write INFO or DEBUG."),
        ({"STORAGE_URL": "files"}, "STORAGE_URL must be file:///an/absolute/folder or s3://"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL must be redis://host:6379/0"),
        ({"REDIS_URL": "redis://host/first"}, "the logical database must be a number"),
        (
            {**PRODUCTION, "DATABASE_URL": "mysql://host/name"},
            "DATABASE_URL must begin with sqlite:// or postgres://.",
        ),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE='/nowhere/key' cannot be read"),
        ({**PRODUCTION, "SECRET_KEY": ""}, "SECRET_KEY (or SECRET_KEY_FILE) must be set"),
        ({**PRODUCTION, "REDIS_URL": ""}, "REDIS_URL must be set with DATABASE_URL."),
        (
            {**PRODUCTION, "DATABASE_URL": "postgres://host"},
            "DATABASE_URL names no database after the last slash.",
        ),
    ],
)
def test_bad_value_stops_the_start_with_a_sentence(
    tmp_path: Path, variables: dict[str, str], sentence: str
) -> None:
    done = load_settings(tmp_path, **variables)
    assert done.returncode != 0
    last_line = done.stderr.strip().splitlines()[-1]
    assert last_line.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert sentence in last_line


def test_production_cookies_are_secure_and_debug_is_off(tmp_path: Path) -> None:
    show = "DEBUG, settings.SESSION_COOKIE_SECURE, settings.SECURE_SSL_REDIRECT"
    done = load_settings(tmp_path, show=show, **PRODUCTION)
    assert done.stdout.strip() == "False True True"


def test_embedded_secret_key_is_kept_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    key = environment.embedded_secret_key(tmp_path / "home")
    assert len(key) >= 50
    assert environment.embedded_secret_key(tmp_path / "home") == key
    assert stat.S_IMODE((tmp_path / "home" / "secret.key").stat().st_mode) == 0o600


def test_secret_comes_from_the_file_it_is_named_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("from a file\n")
    monkeypatch.setenv("SECRET_KEY", "from the variable")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert environment.secret("SECRET_KEY") == "from a file"


def test_sqlite_waits_for_its_turn_instead_of_failing_under_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    odd = tmp_path / "a folder? with #odd% signs"
    settings = environment.database(odd)
    assert settings["NAME"] == str(odd / "heldout.sqlite3")
    assert settings["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize(
    ("redis", "broker", "cache"),
    [
        ("", "memory://", ""),
        ("redis://host:6379/0", "redis://host:6379/0", "redis://host:6379/1"),
        ("redis://host:6379", "redis://host:6379", "redis://host:6379/1"),
        ("rediss://:pw@host/3", "rediss://:pw@host/3", "rediss://:pw@host/4"),
        ("unix:///run/a.sock", "redis+socket:///run/a.sock", "unix:///run/a.sock?db=1"),
    ],
)
def test_broker_and_cache_use_one_server_but_never_one_logical_database(
    monkeypatch: pytest.MonkeyPatch, redis: str, broker: str, cache: str
) -> None:
    monkeypatch.delenv("BROKER_URL", raising=False)
    monkeypatch.delenv("CACHE_URL", raising=False)
    assert environment.broker_url(redis) == broker
    assert environment.cache_url(redis) == cache


def test_note_of_a_running_site_is_believed_only_while_its_lock_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    lock = tmp_path / environment.LOCK_NAME
    lock.write_text(json.dumps({"pid": "1", "redis_url": "unix:///run/a.sock"}))
    assert environment.redis_url(tmp_path) == ""
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert environment.redis_url(tmp_path) == "unix:///run/a.sock"


def test_bucket_settings_come_from_the_address_and_each_area_has_a_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_URL", "s3://bucket/site?endpoint=http://127.0.0.1:9&region=eu")
    options = environment.storage(tmp_path, area="references")["OPTIONS"]
    assert options["bucket_name"] == "bucket"
    assert options["location"] == "site/references"
    assert options["endpoint_url"] == "http://127.0.0.1:9"
    assert options["region_name"] == "eu"
