"""Objections to declared inputs, and the rulings on them."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0003_statements_and_claims"),
        ("challenges", "0010_disclosure_of_results"),
        ("leaderboards", "0005_parts_of_entries"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LineageObjection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.TextField(max_length=2000)),
                ("raised_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Waiting for a ruling"),
                            ("upheld", "The input stands"),
                            ("rejected", "The input is struck"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("ruling", models.TextField(blank=True, max_length=2000)),
                ("ruled_at", models.DateTimeField(null=True)),
                (
                    "edge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="objections",
                        to="catalog.lineageedge",
                    ),
                ),
                (
                    "raised_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lineage_objections",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lineage_objections",
                        to="challenges.round",
                    ),
                ),
                (
                    "ruled_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["raised_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("round", "edge"), name="lineage_objection_once_in_a_round"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="lineage_objection_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ruled_at__isnull", True), ("ruling", ""), ("state", "open")),
                            models.Q(
                                models.Q(("state", "open"), _negated=True),
                                models.Q(("ruling", ""), _negated=True),
                                ("ruled_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="lineage_objection_ruled_with_reasons",
                    ),
                ],
            },
        ),
    ]
