"""Revisions of what may be shown before the reveal.

Old code: cannot write revisions once `sheet` is there: stop its workers before. Boards are
then as old as the upgrade takes, and the new workers bring them up to date.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leaderboards", "0003_standing_run"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="boardrevision",
            name="revision_number_once",
        ),
        migrations.AddField(
            model_name="board",
            name="current_public",
            field=models.ForeignKey(
                help_text="What everyone sees before the reveal, where that is not the whole board.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="leaderboards.boardrevision",
            ),
        ),
        migrations.AddField(
            model_name="boardrevision",
            name="sheet",
            field=models.CharField(
                choices=[
                    ("whole", "Whole"),
                    ("public", "Public: what may be known before the reveal"),
                ],
                default="whole",
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="boardrevision",
            constraint=models.UniqueConstraint(
                fields=("board", "sheet", "number"), name="revision_number_once"
            ),
        ),
    ]
