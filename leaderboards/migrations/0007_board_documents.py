"""Documents that boards are read from, and what makes them out of date."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("challenges", "0012_topics_and_words"),
        ("leaderboards", "0006_lineage_objections"),
    ]

    operations = [
        migrations.CreateModel(
            name="ShownChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="challenges.round",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BoardDocument",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(help_text="What decides what may be shown.", max_length=120),
                ),
                (
                    "start",
                    models.PositiveIntegerField(help_text="How many lines come before these."),
                ),
                ("total", models.PositiveIntegerField(help_text="How many lines the board has.")),
                ("head", models.TextField(help_text="The revision's own part of the document.")),
                ("lines", models.TextField(help_text="A line of JSON for each line of the board.")),
                (
                    "board",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="documents",
                        to="leaderboards.board",
                    ),
                ),
            ],
            options={
                "ordering": ["board", "start"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("board", "key", "start"), name="board_document_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("start__lt", models.F("total"))),
                        name="board_document_has_lines",
                    ),
                ],
            },
        ),
    ]
