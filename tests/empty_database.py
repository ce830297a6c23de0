"""The empty, migrated test database, kept from one run to the next.

Making it from the migrations costs each start of pytest some twenty seconds, a copy a moment.
A kept one belongs to exactly these migrations and this Django: its name holds their digest.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from config import environment
from rehearsal.launch import keep_copy, template_path
from tests.servers import Missing, postgres_programs

FOLDER = environment.BASE_DIR / "var" / "test-databases"


def kept(suffix: str) -> Path:
    """Return where the database of these migrations is kept, whether it is there or not."""
    return FOLDER / template_path().with_suffix(suffix).name


def fill(database: Mapping[str, Any]) -> bool:
    """Fill the test database from the kept one; False where there is none."""
    if database["ENGINE"].endswith("sqlite3"):
        source = kept(".sqlite3")
        if source.is_file():
            shutil.copyfile(source, database["TEST"]["NAME"])
        return source.is_file()
    source, name = kept(".dump"), f"test_{database['NAME']}"
    if not source.is_file():
        return False
    # Where it is there already, createdb fails and the run begins as it would without this.
    try:
        _run("createdb", database, name)
        _run("pg_restore", database, "--no-owner", "--exit-on-error", "--dbname", name, str(source))
    except (Missing, OSError, subprocess.CalledProcessError):
        return False
    return True


def put_into(home: Path) -> None:
    """Give an embedded site its empty database, so that its first start migrates nothing.

    How a site starts from nothing at all is seen in the walk through the demo.
    """
    home.mkdir(mode=0o700, exist_ok=True)
    source = kept(".sqlite3")
    if source.is_file():
        shutil.copyfile(source, home / "heldout.sqlite3")


def keep(database: Mapping[str, Any], name: str) -> None:
    """Keep a copy of a test database just made; without it the next run only takes longer."""
    if database["ENGINE"].endswith("sqlite3"):
        keep_copy(Path(name), kept(".sqlite3"))
        return
    target = kept(".dump")
    made = target.with_suffix(f".{os.getpid()}")
    with suppress(Missing, OSError, subprocess.CalledProcessError):
        target.parent.mkdir(parents=True, exist_ok=True)
        _run("pg_dump", database, "--format=custom", "--no-owner", f"--file={made}", name)
        made.rename(target)


def _run(program: str, database: Mapping[str, Any], *arguments: str) -> None:
    at = {
        "PGHOST": database["HOST"],
        "PGPORT": str(database["PORT"]),
        "PGUSER": database["USER"],
        "PGPASSWORD": database["PASSWORD"],
    }
    environ = os.environ | {name: value for name, value in at.items() if value}
    subprocess.run(
        [str(postgres_programs() / program), *arguments],
        env=environ,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
