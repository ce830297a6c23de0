"""Lines made of several submissions, and the targets that a team provided.

Old code: cannot write standings once these columns are there: stop its workers before. Boards
are then as old as the upgrade takes, and the new workers bring them up to date.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leaderboards", "0004_public_sheets"),
    ]

    operations = [
        migrations.AddField(
            model_name="standing",
            name="insider_of",
            field=models.JSONField(
                blank=True, default=list, help_text="Targets that someone in the team provided."
            ),
        ),
        migrations.AddField(
            model_name="standing",
            name="part_runs",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Target to the scoring runs whose answers count for this line, where it is not the line's own run alone.",
            ),
        ),
    ]
