"""The credit ledger refuses changes and deletions in the database itself."""

from django.db import migrations

TABLES = ("leaderboards_creditentry", "leaderboards_creditbook")


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in TABLES:
            for act in ("UPDATE", "DELETE"):
                schema_editor.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'credit_ledger_is_append_only'); END"
                )
        return
    schema_editor.execute(
        "CREATE FUNCTION credit_ledger_is_append_only() RETURNS trigger AS $$ BEGIN "
        "RAISE EXCEPTION 'credit_ledger_is_append_only' USING ERRCODE = 'check_violation'; "
        "END $$ LANGUAGE plpgsql"
    )
    for table in TABLES:
        schema_editor.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION credit_ledger_is_append_only()"
        )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in TABLES:
            for act in ("update", "delete"):
                schema_editor.execute(f"DROP TRIGGER {table}_no_{act}")
        return
    for table in TABLES:
        schema_editor.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    schema_editor.execute("DROP FUNCTION credit_ledger_is_append_only()")


class Migration(migrations.Migration):
    dependencies = [("leaderboards", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
