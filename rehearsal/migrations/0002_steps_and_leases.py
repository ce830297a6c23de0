"""The step that a rehearsal is at, and until when its worker must be heard of.

Old code: goes on as it was; the database fills the new columns.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rehearsal", "0001_rehearsals_of_drafts"),
    ]

    operations = [
        migrations.AddField(
            model_name="roundrehearsal",
            name="lease_until",
            field=models.DateTimeField(
                blank=True,
                help_text="A worker that is alive puts this off again and again.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="roundrehearsal",
            name="step",
            field=models.CharField(
                blank=True,
                choices=[
                    ("write", "The draft is written as a bundle"),
                    ("start", "A process and a database of its own begin"),
                    ("import", "The bundle is imported"),
                    ("check", "Targets, dates, answers and files are checked"),
                    ("publish", "The round is published"),
                    ("hand-in", "Teams hand in"),
                    ("score", "Entries are scored"),
                    ("close", "The round closes: late files come, the last entries are scored"),
                    ("reveal", "Scores are revealed, credit is posted"),
                    ("report", "What was seen is judged and reported"),
                ],
                db_default="",
                default="",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="roundrehearsal",
            name="step_detail",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="roundrehearsal",
            name="step_done",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="roundrehearsal",
            name="step_total",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
