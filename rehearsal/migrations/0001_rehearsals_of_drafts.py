"""Rehearsals of drafts that organizers ask for on the site.

Old code: does not know this table, and removing a draft with a rehearsal is refused until the new
release serves the pages.
"""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("challenges", "0011_tracks_models_roles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RoundRehearsal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "bundle_sha256",
                    models.CharField(
                        blank=True,
                        help_text="Digest of the draft that was rehearsed.",
                        max_length=64,
                    ),
                ),
                ("report", models.JSONField(blank=True, null=True)),
                (
                    "places",
                    models.JSONField(
                        default=list, help_text="Where each finding is mended in the forms."
                    ),
                ),
                (
                    "note",
                    models.CharField(blank=True, help_text="Why it has no report.", max_length=300),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rehearsals",
                        to="challenges.round",
                    ),
                ),
            ],
            options={
                "ordering": ["-asked_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("round",),
                        name="rehearsal_one_open",
                        violation_error_message="A rehearsal of this round is being held.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True),
                            ("report__isnull", False),
                            models.Q(("note", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="rehearsal_ends_with_report_or_note",
                        violation_error_message="A rehearsal ends with a report or a reason.",
                    ),
                ],
            },
        ),
    ]
