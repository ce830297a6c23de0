"""Audit trail, password tries, scopes of tokens, and names that do not look alike.

Old code: web servers of the release before must be stopped, as they cannot insert into these
tables any more; workers and scheduler write to none of them and may go on.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.names import skeleton

TRAIL = "accounts_auditevent"


def fill_keys(apps, schema_editor):
    """Give names their skeletons; of names that look alike the oldest has it, all others none."""
    for model, name in (("User", "username"), ("Team", "name")):
        taken = set()
        rows = apps.get_model("accounts", model).objects
        for row in rows.order_by("pk").iterator():
            key = skeleton(getattr(row, name))
            if key not in taken:
                taken.add(key)
                rows.filter(pk=row.pk).update(name_key=key)


def guard_trail(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for act in ("UPDATE", "DELETE"):
            schema_editor.execute(
                f"CREATE TRIGGER {TRAIL}_no_{act.lower()} BEFORE {act} ON {TRAIL} "
                "BEGIN SELECT RAISE(ABORT, 'audit_trail_is_append_only'); END"
            )
        return
    schema_editor.execute(
        "CREATE FUNCTION audit_trail_is_append_only() RETURNS trigger AS $$ BEGIN "
        "RAISE EXCEPTION 'audit_trail_is_append_only' USING ERRCODE = 'check_violation'; "
        "END $$ LANGUAGE plpgsql"
    )
    schema_editor.execute(
        f"CREATE TRIGGER {TRAIL}_append_only BEFORE UPDATE OR DELETE ON {TRAIL} "
        "FOR EACH ROW EXECUTE FUNCTION audit_trail_is_append_only()"
    )


def leave_trail(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for act in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER {TRAIL}_no_{act}")
        return
    schema_editor.execute(f"DROP TRIGGER {TRAIL}_append_only ON {TRAIL}")
    schema_editor.execute("DROP FUNCTION audit_trail_is_append_only()")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("seq", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("publish", "Published a round"),
                            ("close", "Closed a round"),
                            ("reveal", "Revealed a round"),
                            ("finalize", "Made a round final"),
                            ("amend", "Amended the rules of a round"),
                            ("cancel", "Cancelled a target"),
                            ("set-reference", "Stored an answer"),
                            ("open-references", "Opened answers"),
                            ("grant", "Granted submissions"),
                            ("refund", "Gave a submission back"),
                            ("rescore", "Had a submission scored again"),
                            ("withdraw", "Withdrew a submission"),
                            ("role", "Gave or took a role"),
                            ("admin", "Changed a row in the admin"),
                            ("token", "Made a token to organize with"),
                            ("sign-in", "Signed in as staff"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "subject",
                    models.CharField(help_text="On what: kind and number.", max_length=120),
                ),
                (
                    "challenge",
                    models.PositiveBigIntegerField(
                        db_index=True,
                        help_text="The number of the challenge it belongs to.",
                        null=True,
                    ),
                ),
                (
                    "before",
                    models.CharField(
                        help_text="SHA-256 of how it was; empty: nothing.", max_length=64
                    ),
                ),
                (
                    "after",
                    models.CharField(
                        help_text="SHA-256 of how it is; empty: nothing.", max_length=64
                    ),
                ),
                ("reason", models.TextField()),
                ("request_id", models.CharField(max_length=64)),
                ("previous_hash", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
            ],
            options={
                "ordering": ["-seq"],
            },
        ),
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seq", models.PositiveBigIntegerField(default=0)),
                (
                    "hash",
                    models.CharField(
                        default="0000000000000000000000000000000000000000000000000000000000000000",
                        max_length=64,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SignInTry",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("last_at", models.DateTimeField(db_index=True)),
                ("blocked_until", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="apitoken",
            name="last_used_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="scopes",
            field=models.CharField(
                db_default="read submit",
                default="read submit",
                help_text="What it may do.",
                max_length=60,
            ),
        ),
        migrations.AddField(
            model_name="team",
            name="name_key",
            field=models.CharField(
                editable=False, help_text="What the name looks like.", max_length=300, null=True
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="name_key",
            field=models.CharField(
                editable=False, help_text="What the username looks like.", max_length=300, null=True
            ),
        ),
        migrations.RunPython(fill_keys, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="team",
            constraint=models.UniqueConstraint(
                condition=models.Q(("name_key__isnull", False)),
                fields=("name_key",),
                name="team_name_key_once",
                violation_error_message="Another team's name looks like this one.",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                condition=models.Q(("name_key__isnull", False)),
                fields=("name_key",),
                name="user_name_key_once",
                violation_error_message="Another person's username looks like this one.",
            ),
        ),
        migrations.RunPython(guard_trail, leave_trail),
    ]
