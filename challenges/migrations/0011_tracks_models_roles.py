"""Tracks, several models, and the roles of assessors and providers.

Old code: cannot make rounds or targets once these columns are there, for it does not fill
them; the new tables are not known to it. Organizers wait until the new release serves the pages.
"""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_shares_sum_held_by_triggers"),
        ("challenges", "0010_disclosure_of_results"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TargetWindow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "opens_at",
                    models.DateTimeField(
                        blank=True, help_text="UTC. Empty: as elsewhere.", null=True
                    ),
                ),
                (
                    "closes_at",
                    models.DateTimeField(
                        blank=True, help_text="UTC. Empty: as elsewhere.", null=True
                    ),
                ),
            ],
            options={
                "ordering": ["track", "target"],
            },
        ),
        migrations.CreateModel(
            name="Track",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "slug",
                    models.SlugField(
                        help_text="The name used in the API, like server.", max_length=40
                    ),
                ),
                ("title", models.CharField(max_length=80)),
                (
                    "summary",
                    models.CharField(
                        blank=True,
                        help_text="Who enters it, and what is allowed there.",
                        max_length=300,
                    ),
                ),
                (
                    "opens_at",
                    models.DateTimeField(
                        blank=True, help_text="UTC. Empty: with the round.", null=True
                    ),
                ),
                (
                    "closes_at",
                    models.DateTimeField(
                        blank=True, help_text="UTC. Empty: with the round.", null=True
                    ),
                ),
                (
                    "target_hours",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="A target closes so many hours after its release in this track, like 72; empty: with its own deadline or the track's.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(8784),
                        ],
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0)),
            ],
            options={
                "ordering": ["position", "slug"],
            },
        ),
        migrations.AddField(
            model_name="round",
            name="assessors_see_names_at",
            field=models.DateTimeField(
                blank=True,
                help_text="UTC. Until then assessors see entries under code names. Empty: until the round is revealed.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="model_basis",
            field=models.CharField(
                choices=[
                    ("first", "Model 1 alone"),
                    ("best", "The best of the models, for each target and metric"),
                ],
                default="first",
                help_text="Which of the models of a team count on the board.",
                max_length=5,
                verbose_name="ranked by",
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="models_per_target",
            field=models.PositiveSmallIntegerField(
                default=1,
                help_text="How many models, 1 being its first choice, a team may hand in for a target.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(100),
                ],
            ),
        ),
        migrations.AddField(
            model_name="round",
            name="upload_replaces",
            field=models.CharField(
                choices=[
                    ("entry", "All that was handed in before: the last file counts, whole"),
                    ("answers", "The answers it holds: of each target the last answer counts"),
                ],
                default="entry",
                help_text="What a team's next file replaces. Where targets have windows of their own, no file can hold all of them: then each answer is replaced by itself.",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="roundfile",
            name="released_at",
            field=models.DateTimeField(
                blank=True,
                help_text="UTC. For what comes at a later stage; empty: with its target or the round.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="target",
            name="providers",
            field=models.ManyToManyField(
                blank=True,
                help_text="Who provided it: they may store its answer and commentary, see no other target before its release, and cannot be ranked on it.",
                related_name="provided_targets",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="target",
            name="unit_of",
            field=models.CharField(
                blank=True,
                help_text="What it is one evaluation unit of, like T1104 for its domain T1104-D1. The weight of each unit is divided by how many units of it count.",
                max_length=60,
                validators=[django.core.validators.RegexValidator("^[A-Za-z0-9][A-Za-z0-9_-]*$")],
            ),
        ),
        migrations.AlterField(
            model_name="challengerole",
            name="role",
            field=models.CharField(
                choices=[("owner", "Owner"), ("organizer", "Organizer"), ("assessor", "Assessor")],
                default="organizer",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="round",
            name="grace_minutes",
            field=models.PositiveIntegerField(
                default=0,
                help_text="An upload that starts so long after a deadline, of the round, of a track or of a target, still counts. Stated to everyone.",
                validators=[django.core.validators.MaxValueValidator(10080)],
            ),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.CheckConstraint(
                condition=models.Q(("models_per_target__gte", 1)),
                name="round_takes_a_model",
                violation_error_message="A team hands in one model or more for a target.",
            ),
        ),
        migrations.AddField(
            model_name="targetwindow",
            name="target",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="windows",
                to="challenges.target",
            ),
        ),
        migrations.AddField(
            model_name="track",
            name="round",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tracks",
                to="challenges.round",
            ),
        ),
        migrations.AddField(
            model_name="targetwindow",
            name="track",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="windows",
                to="challenges.track",
            ),
        ),
        migrations.AddConstraint(
            model_name="track",
            constraint=models.UniqueConstraint(
                fields=("round", "slug"),
                name="track_slug_once",
                violation_error_message="The round has a track with this slug already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="track",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("opens_at__isnull", True),
                    ("closes_at__isnull", True),
                    ("opens_at__lt", models.F("closes_at")),
                    _connector="OR",
                ),
                name="track_opens_before_it_closes",
                violation_error_message="A track opens before it closes.",
            ),
        ),
        migrations.AddConstraint(
            model_name="targetwindow",
            constraint=models.UniqueConstraint(
                fields=("target", "track"),
                name="target_window_once",
                violation_error_message="The target has its dates in this track already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="targetwindow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("opens_at__isnull", False), ("closes_at__isnull", False), _connector="OR"
                ),
                name="target_window_says_something",
                violation_error_message="Give a release, a deadline, or both.",
            ),
        ),
        migrations.AddConstraint(
            model_name="targetwindow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("opens_at__isnull", True),
                    ("closes_at__isnull", True),
                    ("opens_at__lt", models.F("closes_at")),
                    _connector="OR",
                ),
                name="target_window_opens_before_it_closes",
                violation_error_message="A target opens before it closes.",
            ),
        ),
    ]
