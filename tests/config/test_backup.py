"""The drill of docs/operators.md: copy, lose everything, restore, and find all as it was."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import connection

from config import environment
from leaderboards.services.ledger import post_book
from leaderboards.services.refresh import refresh_board
from submissions.models import Submission
from tests import factories
from tests.leaderboards.test_ledger import Worked
from tests.servers import postgres_programs

BOOKS = ("leaderboards", "submissions.score", "submissions.quotaentry", "catalog.contribution")
AREAS = ("default", "uploads", "references")


def manage(home: Path, *arguments: str, database: str = "") -> str:
    environ = {
        **os.environ,
        "HELDOUT_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "x" * 50,
        "BROKER_URL": "memory://",
    }
    environ.pop("DATABASE_URL", None)
    if database:
        environ["DATABASE_URL"] = database
    done = subprocess.run(
        [sys.executable, str(environment.BASE_DIR / "manage.py"), *arguments],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return done.stdout


def copy_database(folder: Path) -> Path:
    """Copy the test's database while it is open, as the guide says."""
    if connection.vendor == "sqlite":
        copy = folder / "copy.sqlite3"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(copy)])
        return copy
    copy = folder / "copy.dump"
    dump = [str(postgres_programs() / "pg_dump"), "--format=custom", f"--file={copy}"]
    subprocess.run([*dump, postgres_url(str(connection.settings_dict["NAME"]))], check=True)
    return copy


def restore_database(copy: Path, home: Path) -> str:
    """Put the copy where a new site looks for it; return its DATABASE_URL, if it has one."""
    if connection.vendor == "sqlite":
        shutil.copy(copy, home / "heldout.sqlite3")
        return ""
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS restored")
        cursor.execute("CREATE DATABASE restored")
    url = postgres_url("restored")
    restore = [str(postgres_programs() / "pg_restore"), "--no-owner", f"--dbname={url}"]
    subprocess.run([*restore, str(copy)], check=True)
    return url


def postgres_url(name: str) -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    return parts._replace(path=f"/{name}").geturl()


def wipe_files() -> None:
    for area in AREAS:
        shutil.rmtree(storages[area].location, ignore_errors=True)


@pytest.mark.django_db(transaction=True)
def test_restored_site_has_every_file_score_board_and_book_of_the_lost_one(tmp_path: Path) -> None:
    wipe_files()
    worked = Worked()
    for submission in Submission.objects.all():  # the example writes made-up hashes
        content = Path(submission.file.path).read_bytes()
        submission.sha256 = hashlib.sha256(content).hexdigest()
        submission.save(update_fields=["sha256"])
    refresh_board(worked.round)
    post_book(worked.round, reason="revealed")
    factories.make_submission()
    number = Submission.objects.count()
    before = tmp_path / "before.json"
    call_command("dumpdata", *BOOKS, output=str(before))

    kept = tmp_path / "backup"
    kept.mkdir()
    copy = copy_database(kept)
    for area in AREAS:
        folder = Path(storages[area].location)
        if folder.is_dir():
            shutil.copytree(folder, kept / "files" / folder.name)
    wipe_files()

    home = tmp_path / "home"
    shutil.copytree(kept / "files", home / "files")
    database = restore_database(copy, home)
    manage(home, "migrate", "--check", database=database)
    assert "all sound" in manage(home, "check_files", database=database)
    assert "1 book recomputed, no difference" in manage(
        home, "recompute_credit", "--check", database=database
    )
    after = manage(home, "dumpdata", *BOOKS, database=database)
    assert after.strip() == before.read_text(encoding="utf-8").strip()
    assert '"leaderboards.boardrevision"' in after
    assert number > 1
    damaged = next((home / "files" / "uploads").rglob("*.bin"))
    damaged.write_bytes(damaged.read_bytes() + b"!")
    with pytest.raises(AssertionError, match="1 of"):
        manage(home, "check_files", database=database)
    assert home != settings.HELDOUT_HOME
