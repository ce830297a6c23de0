"""Announcements refuse changes and deletions in the database itself.

Old code: knows no announcements, so the triggers meet none of its rows.
"""

from django.db import migrations

TABLE = "challenges_announcement"
TOLD = "announcements_are_append_only"


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for act in ("UPDATE", "DELETE"):
            schema_editor.execute(
                f"CREATE TRIGGER {TABLE}_no_{act.lower()} BEFORE {act} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{TOLD}'); END"
            )
        return
    schema_editor.execute(
        f"CREATE FUNCTION {TOLD}() RETURNS trigger AS $$ BEGIN "
        f"RAISE EXCEPTION '{TOLD}' USING ERRCODE = 'check_violation'; END $$ LANGUAGE plpgsql"
    )
    schema_editor.execute(
        f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE} "
        f"FOR EACH ROW EXECUTE FUNCTION {TOLD}()"
    )


def leave(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for act in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER {TABLE}_no_{act}")
        return
    schema_editor.execute(f"DROP TRIGGER {TABLE}_append_only ON {TABLE}")
    schema_editor.execute(f"DROP FUNCTION {TOLD}()")


class Migration(migrations.Migration):
    dependencies = [("challenges", "0008_announcements")]
    operations = [migrations.RunPython(guard, leave)]
