"""Whatever changes what boards show beside their revisions is noted, by the database itself.

Old code: writes as before; the triggers refuse nothing, and add rows to a table of their own.
"""

from django.db import migrations

NOTED = "leaderboards_shownchange"
ROUNDS_OF = "SELECT DISTINCT round_id FROM submissions_submission WHERE {}"
BUILT_ON = "SELECT child_id FROM catalog_lineageedge WHERE parent_id = NEW.id"
OF_REVISION = "SELECT round_id FROM leaderboards_board WHERE id = {}"
# Name, table, act, the columns that are shown, and the rounds in which they are.
TRIGGERS = [
    ("team", "accounts_team", "UPDATE", ("name", "slug"), ROUNDS_OF.format("team_id = NEW.id")),
    (
        "artifact",
        "catalog_artifact",
        "UPDATE",
        ("kind", "slug", "version", "title", "disclosure"),
        ROUNDS_OF.format(f"method_id = NEW.id OR method_id IN ({BUILT_ON})"),
    ),
    ("input", "catalog_lineageedge", "INSERT", (), ROUNDS_OF.format("method_id = NEW.child_id")),
    ("no_input", "catalog_lineageedge", "DELETE", (), ROUNDS_OF.format("method_id = OLD.child_id")),
    (
        "other_input",
        "catalog_lineageedge",
        "UPDATE",
        ("child_id", "parent_id"),
        ROUNDS_OF.format("method_id IN (OLD.child_id, NEW.child_id)"),
    ),
    (
        "submission",
        "submissions_submission",
        "UPDATE",
        ("code", "entry_kind", "team_id", "method_id", "track_id", "round_id"),
        "SELECT NEW.round_id",
    ),
    ("track", "challenges_track", "UPDATE", ("slug", "title"), "SELECT NEW.round_id"),
    # Revisions stay as they were written; whoever mends one by hand is noted too.
    (
        "revision",
        "leaderboards_boardrevision",
        "UPDATE",
        ("number", "created_at", "inputs_sha256", "rule", "columns", "target_slugs"),
        OF_REVISION.format("NEW.board_id"),
    ),
    (
        "standing",
        "leaderboards_standing",
        "UPDATE",
        (),
        OF_REVISION.format(
            "(SELECT board_id FROM leaderboards_boardrevision WHERE id = NEW.revision_id)"
        ),
    ),
]


def create(apps, schema_editor):
    sqlite = schema_editor.connection.vendor == "sqlite"
    differs = "OLD.{0} IS NOT NEW.{0}" if sqlite else "OLD.{0} IS DISTINCT FROM NEW.{0}"
    for name, table, act, columns, rounds in TRIGGERS:
        of = f" OF {', '.join(columns)}" if columns else ""
        when = " OR ".join(differs.format(each) for each in columns)
        head = f"AFTER {act}{of} ON {table} FOR EACH ROW {f'WHEN ({when})' if when else ''}"
        note = f"INSERT INTO {NOTED} (round_id) {rounds};"
        if sqlite:
            schema_editor.execute(f"CREATE TRIGGER shown_{name} {head} BEGIN {note} END")
            continue
        schema_editor.execute(
            f"CREATE FUNCTION shown_{name}() RETURNS trigger AS $$ BEGIN {note} RETURN NULL; "
            "END $$ LANGUAGE plpgsql"
        )
        schema_editor.execute(f"CREATE TRIGGER shown_{name} {head} EXECUTE FUNCTION shown_{name}()")


def drop(apps, schema_editor):
    for name, table, *_ in TRIGGERS:
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.execute(f"DROP TRIGGER shown_{name}")
            continue
        schema_editor.execute(f"DROP TRIGGER shown_{name} ON {table}")
        schema_editor.execute(f"DROP FUNCTION shown_{name}()")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_teams"),
        ("catalog", "0003_statements_and_claims"),
        ("challenges", "0012_topics_and_words"),
        ("leaderboards", "0007_board_documents"),
        ("submissions", "0007_found_by_their_end"),
    ]
    operations = [migrations.RunPython(create, drop)]
