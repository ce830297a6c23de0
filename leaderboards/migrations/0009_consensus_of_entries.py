"""The consensus of a round's entries, and how it stands against the first of them.

Columns that are null where a release before this one writes the row.
"""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("challenges", "0012_topics_and_words"),
        ("leaderboards", "0008_changes_of_what_is_shown"),
        ("submissions", "0009_consensus_on_the_way_back"),
    ]

    operations = [
        migrations.AddField(
            model_name="board",
            name="consensus_mark",
            field=models.CharField(
                editable=False,
                help_text="The watermark up to which the consensus of the entries is made.",
                max_length=120,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="board",
            name="consensus_until",
            field=models.DateTimeField(
                editable=False,
                help_text="A worker makes the consensus, until then at most.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="standing",
            name="against_first",
            field=models.JSONField(
                blank=True,
                help_text="Of a consensus: its value against that of the first entry, and by how much it is better over draws of the targets.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="Consensus",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        blank=True,
                        choices=[("median", "median"), ("mean", "mean"), ("vote", "majority vote")],
                        help_text="Empty: there is no way for this round.",
                        max_length=6,
                    ),
                ),
                (
                    "sources",
                    models.JSONField(
                        default=list, help_text="Codes of the submissions it is made of."
                    ),
                ),
                (
                    "combined_from",
                    models.PositiveIntegerField(default=0, help_text="How many entries."),
                ),
                (
                    "left_out",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Targets without a consensus, each with the reason.",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("too_few", "fewer than two entries are ranked"),
                            ("undeclared", "a metric does not say what its predictions mean"),
                            (
                                "order",
                                "the metrics look at the order alone, so entries need have no common scale",
                            ),
                            ("disagreement", "the metrics take predictions for different things"),
                            ("free_shape", "predictions may be of any length"),
                            (
                                "frame",
                                "each prediction is in a frame of its own, as coordinates are",
                            ),
                            (
                                "set",
                                "the elements of a prediction have no order: draws, members, peaks, objects",
                            ),
                            (
                                "names",
                                "labels only tell instances apart, and each entry has its own",
                            ),
                            ("sequence", "predictions are sequences without fixed places"),
                            ("logarithm", "predictions are logarithms of probabilities"),
                            ("no_file", "no file in the format of the round comes out of it"),
                            ("too_large", "the entries are larger than may be read together"),
                            ("failed", "combining the files failed"),
                        ],
                        max_length=14,
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=200)),
                ("is_current", models.BooleanField(default=True)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consensuses",
                        to="challenges.round",
                    ),
                ),
                (
                    "submission",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consensus",
                        to="submissions.submission",
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consensuses",
                        to="challenges.track",
                    ),
                ),
            ],
            options={
                "ordering": ["round", "track", "way", "-made_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True), ("track__isnull", False)),
                        fields=("round", "track", "way"),
                        name="consensus_once_in_a_track",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True), ("track__isnull", True)),
                        fields=("round", "way"),
                        name="consensus_once_without_tracks",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("combined_from__gte", 2),
                                ("reason", ""),
                                ("submission__isnull", False),
                                models.Q(("way", ""), _negated=True),
                            ),
                            models.Q(
                                ("submission__isnull", True),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="consensus_is_an_entry_or_a_reason",
                    ),
                ],
            },
        ),
    ]
