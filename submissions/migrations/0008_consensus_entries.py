"""A kind of entry that the platform makes of the others. The database keeps no list of kinds.

Old code: the column is as it was, but its web processes cannot show a board that has such an
entry. Start the new web processes before the new workers, which make the first one.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0007_found_by_their_end"),
    ]

    operations = [
        migrations.AlterField(
            model_name="submission",
            name="entry_kind",
            field=models.CharField(
                choices=[
                    ("participant", "Participant"),
                    ("baseline", "Baseline"),
                    ("reference", "Reference"),
                    ("late", "Late"),
                    ("organizer", "Organizer"),
                    ("consensus", "Consensus"),
                ],
                db_index=True,
                default="participant",
                max_length=12,
            ),
        ),
    ]
