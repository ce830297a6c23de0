"""Near duplicates among the entries of a round, and the search for them.

Columns that are null where a release before this one writes the row.

Old code: does not know the new tables, which the constraints are on; everything else goes on.
"""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("challenges", "0013_near_duplicates"),
        ("leaderboards", "0009_consensus_of_entries"),
        ("submissions", "0009_consensus_on_the_way_back"),
    ]

    operations = [
        migrations.AddField(
            model_name="board",
            name="duplicates_mark",
            field=models.CharField(
                editable=False,
                help_text="The watermark up to which near duplicates are looked for.",
                max_length=120,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="board",
            name="duplicates_until",
            field=models.DateTimeField(
                editable=False,
                help_text="A worker looks for near duplicates, until then.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="DuplicateSearch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "inputs_sha256",
                    models.CharField(
                        help_text="Digest of the rule, the pairs to measure and their files.",
                        max_length=64,
                    ),
                ),
                ("percent", models.FloatField(help_text="The round's threshold.")),
                (
                    "measured",
                    models.PositiveIntegerField(
                        default=0, help_text="Pairs whose files were read."
                    ),
                ),
                (
                    "unmeasured",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Pairs that the metric, the limits or the files let nobody measure.",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[("failed", "comparing the files failed")],
                        max_length=10,
                    ),
                ),
                ("is_current", models.BooleanField(default=True)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="duplicate_searches",
                        to="challenges.round",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "duplicate searches",
                "ordering": ["round", "-made_at"],
            },
        ),
        migrations.CreateModel(
            name="NearDuplicate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "distance",
                    models.FloatField(help_text="Of both, in the unit of the primary metric."),
                ),
                (
                    "gap",
                    models.FloatField(help_text="What the better of both lacks, in the same unit."),
                ),
                (
                    "one",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="submissions.submission",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="submissions.submission",
                    ),
                ),
                (
                    "search",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pairs",
                        to="leaderboards.duplicatesearch",
                    ),
                ),
            ],
            options={
                "ordering": ["search", "one", "other"],
            },
        ),
        migrations.AddConstraint(
            model_name="duplicatesearch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True)),
                fields=("round",),
                name="duplicate_search_one_current",
            ),
        ),
        migrations.AddConstraint(
            model_name="nearduplicate",
            constraint=models.UniqueConstraint(
                fields=("search", "one", "other"), name="near_duplicate_pair_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="nearduplicate",
            constraint=models.CheckConstraint(
                condition=models.Q(("one", models.F("other")), _negated=True),
                name="near_duplicate_of_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="nearduplicate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("distance__gte", 0), ("distance__lte", models.F("gap")), ("gap__gt", 0)
                ),
                name="near_duplicate_nearer_than_its_gap",
            ),
        ),
    ]
