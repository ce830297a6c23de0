"""Migrations: the code of before goes on working on the new schema, and every step leads back.

A release is rolled out while workers of the one before still run. So a migration only adds: a
column that the old code does not know must fill itself. What cannot be so (dropping a column, a
release later) says in the migration's own docstring, in a line that begins with `Old code:`, why
it is safe or what has to be stopped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from config import environment

OUR_APPS = ("accounts", "catalog", "challenges", "submissions", "leaderboards")
NOTE = "Old code:"
# Its triggers and constraints are the first release's own, not a change under running code.
FIRST_RELEASE = {
    "accounts": "0001_initial",
    "catalog": "0002_shares_sum_held_by_triggers",
    "challenges": "0003_amendments_primers_grace",
    "submissions": "0001_initial",
    "leaderboards": "0002_ledger_append_only",
}
BREAKING = (
    operations.RemoveField,
    operations.DeleteModel,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterField,
    operations.AlterModelTable,
    operations.AddConstraint,
    operations.RunSQL,
    operations.RunPython,
)


def later_migrations() -> list[tuple[str, str]]:
    loader = MigrationLoader(None)
    return [
        (app, name)
        for app, name in sorted(loader.disk_migrations)
        if app in OUR_APPS and name > FIRST_RELEASE[app]
    ]


def breaks_old_code(operation: Operation) -> bool:
    if isinstance(operation, operations.AddField):
        field = operation.field
        return not (field.null or field.many_to_many or field.has_db_default())
    return isinstance(operation, BREAKING)


@pytest.mark.parametrize("key", later_migrations(), ids="-".join)
def test_migration_only_adds_or_says_why_old_code_survives_it(key: tuple[str, str]) -> None:
    migration = MigrationLoader(None).disk_migrations[key]
    breaking = [op.describe() for op in migration.operations if breaks_old_code(op)]
    module = sys.modules[type(migration).__module__]
    has_note = NOTE in (module.__doc__ or "")
    assert not breaking or has_note, (
        f"{'.'.join(key)} may break the release before, which still runs: {'; '.join(breaking)}. "
        f"Add only, with null=True or db_default; or say in its docstring, after {NOTE!r}, why "
        "that is safe."
    )


@pytest.mark.parametrize("key", later_migrations(), ids="-".join)
def test_migration_leads_back(key: tuple[str, str]) -> None:
    migration = MigrationLoader(None).disk_migrations[key]
    assert [op.describe() for op in migration.operations if not op.reversible] == []


def noted_tables() -> set[str]:
    """Return the tables that migrations with a note touch: a person has judged those."""
    found = set()
    loader = MigrationLoader(None)
    for key in later_migrations():
        migration = loader.disk_migrations[key]
        module = sys.modules[type(migration).__module__]
        if NOTE in (module.__doc__ or ""):
            for op in migration.operations:
                name = getattr(op, "model_name", None) or getattr(op, "name", "")
                found.add(f"{key[0]}_{str(name).lower()}")
    return found


@pytest.mark.django_db
def test_rows_of_the_first_release_can_still_be_written_by_its_own_code() -> None:
    state = MigrationLoader(None).project_state(list(FIRST_RELEASE.items()))
    judged = noted_tables()
    for model in state.apps.get_models():
        table = model._meta.db_table
        if model._meta.app_label not in OUR_APPS or table in judged:
            continue
        with connection.cursor() as cursor:
            columns = {
                column.name: column
                for column in connection.introspection.get_table_description(cursor, table)
            }
        known = {field.column for field in model._meta.local_concrete_fields}
        assert known <= columns.keys(), f"{table} has lost a column that old code reads"
        for name in columns.keys() - known:
            fills_itself = columns[name].null_ok or columns[name].default is not None
            assert fills_itself, f"old code cannot insert into {table}: {name} is not filled"


def migrate(environ: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        [
            *(sys.executable, str(environment.BASE_DIR / "manage.py"), "migrate"),
            *("--no-input", "--verbosity", "0", *arguments),
        ],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    environ = {
        **os.environ,
        "HELDOUT_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "x" * 50,
    }
    environ.pop("DATABASE_URL", None)
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        yield from _database_of_its_own(server, environ)
    else:
        yield environ


def _database_of_its_own(server: str, environ: dict[str, str]) -> Iterator[dict[str, str]]:
    import psycopg

    with psycopg.connect(server, autocommit=True) as session:
        session.execute("CREATE DATABASE to_zero_and_back")
    url = server.rsplit("/", 1)[0] + "/to_zero_and_back"
    yield {**environ, "DATABASE_URL": url, "BROKER_URL": "memory://"}
    with psycopg.connect(server, autocommit=True) as session:
        session.execute("DROP DATABASE to_zero_and_back")


@pytest.mark.timeout(1200)  # every migration forward, back and forward again
def test_schema_goes_to_zero_and_back(empty_database: dict[str, str]) -> None:
    migrate(empty_database)
    for app in ("leaderboards", "submissions", "challenges", "catalog"):
        assert apps.is_installed(app)
        migrate(empty_database, app, "zero")
    migrate(empty_database)
