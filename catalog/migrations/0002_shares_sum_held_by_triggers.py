"""The database holds that sealed shares sum to 10,000: a sum over rows needs triggers.

Sealing checks the sum; while an artifact is sealed its contributions' shares cannot change.
The same two rules in the dialects of SQLite and PostgreSQL.
"""

from django.db import migrations

SQLITE = [
    """
    CREATE TRIGGER catalog_seal_needs_whole BEFORE UPDATE OF shares_sealed ON catalog_artifact
    WHEN NEW.shares_sealed AND
      (SELECT COALESCE(SUM(share_bp), 0) FROM catalog_contribution WHERE artifact_id = NEW.id) <> 10000
    BEGIN SELECT RAISE(ABORT, 'artifact_shares_sum_to_10000'); END
    """,
    """
    CREATE TRIGGER catalog_insert_not_sealed BEFORE INSERT ON catalog_artifact WHEN NEW.shares_sealed
    BEGIN SELECT RAISE(ABORT, 'artifact_shares_sum_to_10000'); END
    """,
    """
    CREATE TRIGGER catalog_sealed_no_insert BEFORE INSERT ON catalog_contribution
    WHEN (SELECT shares_sealed FROM catalog_artifact WHERE id = NEW.artifact_id)
    BEGIN SELECT RAISE(ABORT, 'artifact_shares_are_sealed'); END
    """,
    """
    CREATE TRIGGER catalog_sealed_no_update BEFORE UPDATE OF share_bp, artifact_id ON catalog_contribution
    WHEN (NEW.share_bp <> OLD.share_bp OR NEW.artifact_id <> OLD.artifact_id) AND EXISTS
      (SELECT 1 FROM catalog_artifact WHERE id IN (OLD.artifact_id, NEW.artifact_id) AND shares_sealed)
    BEGIN SELECT RAISE(ABORT, 'artifact_shares_are_sealed'); END
    """,
    """
    CREATE TRIGGER catalog_sealed_no_delete BEFORE DELETE ON catalog_contribution
    WHEN (SELECT shares_sealed FROM catalog_artifact WHERE id = OLD.artifact_id)
    BEGIN SELECT RAISE(ABORT, 'artifact_shares_are_sealed'); END
    """,
]
SQLITE_DROP = [
    f"DROP TRIGGER {name}"
    for name in (
        "catalog_seal_needs_whole",
        "catalog_insert_not_sealed",
        "catalog_sealed_no_insert",
        "catalog_sealed_no_update",
        "catalog_sealed_no_delete",
    )
]

POSTGRESQL = [
    """
    CREATE FUNCTION catalog_seal_needs_whole() RETURNS trigger AS $$ BEGIN
      IF NEW.shares_sealed AND (TG_OP = 'INSERT' OR
        (SELECT COALESCE(SUM(share_bp), 0) FROM catalog_contribution WHERE artifact_id = NEW.id) <> 10000)
      THEN RAISE EXCEPTION 'artifact_shares_sum_to_10000' USING ERRCODE = 'check_violation'; END IF;
      RETURN NEW; END $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER catalog_seal_needs_whole BEFORE INSERT OR UPDATE OF shares_sealed ON catalog_artifact
    FOR EACH ROW EXECUTE FUNCTION catalog_seal_needs_whole()
    """,
    # The row lock makes a concurrent seal wait, so a share cannot slip in between.
    """
    CREATE FUNCTION catalog_sealed_is_fixed() RETURNS trigger AS $$ BEGIN
      IF TG_OP = 'UPDATE' AND NEW.share_bp = OLD.share_bp AND NEW.artifact_id = OLD.artifact_id
      THEN RETURN NEW; END IF;
      IF TG_OP <> 'DELETE' THEN
        PERFORM 1 FROM catalog_artifact WHERE id = NEW.artifact_id FOR SHARE;
        IF (SELECT shares_sealed FROM catalog_artifact WHERE id = NEW.artifact_id)
        THEN RAISE EXCEPTION 'artifact_shares_are_sealed' USING ERRCODE = 'check_violation'; END IF;
      END IF;
      IF TG_OP <> 'INSERT' THEN
        PERFORM 1 FROM catalog_artifact WHERE id = OLD.artifact_id FOR SHARE;
        IF (SELECT shares_sealed FROM catalog_artifact WHERE id = OLD.artifact_id)
        THEN RAISE EXCEPTION 'artifact_shares_are_sealed' USING ERRCODE = 'check_violation'; END IF;
      END IF;
      IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
      RETURN NEW; END $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER catalog_sealed_is_fixed BEFORE INSERT OR UPDATE OR DELETE ON catalog_contribution
    FOR EACH ROW EXECUTE FUNCTION catalog_sealed_is_fixed()
    """,
]
POSTGRESQL_DROP = [
    "DROP TRIGGER catalog_sealed_is_fixed ON catalog_contribution",
    "DROP FUNCTION catalog_sealed_is_fixed()",
    "DROP TRIGGER catalog_seal_needs_whole ON catalog_artifact",
    "DROP FUNCTION catalog_seal_needs_whole()",
]


def _run(schema_editor, sqlite, postgresql):
    for statement in sqlite if schema_editor.connection.vendor == "sqlite" else postgresql:
        schema_editor.execute(statement)


def create(apps, schema_editor):
    _run(schema_editor, SQLITE, POSTGRESQL)


def drop(apps, schema_editor):
    _run(schema_editor, SQLITE_DROP, POSTGRESQL_DROP)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
