"""From which distance on two entries count as one player of credit.

Rounds that are there already get 0, so only identical files count as one in them: that is how
they were frozen, and what they said so far. New rounds begin with 1 %.

Old code: cannot make rounds once this column is there, for it does not fill it; everything else
goes on. Organizers wait until the new release serves the pages.
"""

import django.core.validators
from django.db import migrations, models

HELP = (
    "Entries of different teams count as one player of credit if they are closer to each other "
    "than this, in percent of what the better of both lacks to the perfect value, in the primary "
    "metric. 0: only identical files do."
)


def field(default):
    return models.FloatField(
        default=default,
        help_text=HELP,
        validators=[
            django.core.validators.MinValueValidator(0.0),
            django.core.validators.MaxValueValidator(20.0),
        ],
    )


class Migration(migrations.Migration):
    dependencies = [
        ("challenges", "0012_topics_and_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="round",
            name="near_duplicate_percent",
            field=field(0.0),
        ),
        migrations.AlterField(
            model_name="round",
            name="near_duplicate_percent",
            field=field(1.0),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("near_duplicate_percent__gte", 0), ("near_duplicate_percent__lte", 20)
                ),
                name="round_near_duplicates_within_reason",
                violation_error_message="Near duplicates are closer than 0 to 20 percent.",
            ),
        ),
    ]
