"""Events, deliveries, wishes, webhooks."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import community.models.webhook
import submissions.models.submission


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("challenges", "0011_tracks_models_roles"),
        ("submissions", "0006_track_and_model"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField()),
                ("reached_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("submission.scored", "My submission is scored"),
                            ("submission.rejected", "My submission is rejected"),
                            ("submission.failed", "Scoring my submission failed"),
                            ("round.deadline", "A deadline comes in 24 hours"),
                            ("round.opened", "A round opens"),
                            ("round.closed", "A round closes"),
                            ("round.revealed", "A round is revealed"),
                            ("round.final", "A round is final"),
                            ("round.announced", "Organizers announce something"),
                            ("round.amended", "Rules are amended"),
                            ("round.revised", "Answers or metrics are corrected"),
                            ("test", "A test of a webhook"),
                        ],
                        max_length=24,
                    ),
                ),
                ("key", models.CharField(max_length=120, unique=True)),
                ("at", models.DateTimeField(help_text="When it happened.")),
                (
                    "recorded_at",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True,
                        help_text="Public words that belong to it: a title, a reason.",
                        max_length=500,
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="challenges.round",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="submissions.submission",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="FeedAddress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feed_address",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Follow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "challenge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="follows",
                        to="challenges.challenge",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="follows",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["challenge__title"],
            },
        ),
        migrations.CreateModel(
            name="Preference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("submission.scored", "My submission is scored"),
                            ("submission.rejected", "My submission is rejected"),
                            ("submission.failed", "Scoring my submission failed"),
                            ("round.deadline", "A deadline comes in 24 hours"),
                            ("round.opened", "A round opens"),
                            ("round.closed", "A round closes"),
                            ("round.revealed", "A round is revealed"),
                            ("round.final", "A round is final"),
                            ("round.announced", "Organizers announce something"),
                            ("round.amended", "Rules are amended"),
                            ("round.revised", "Answers or metrics are corrected"),
                            ("test", "A test of a webhook"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("site", "Site and feed"),
                            ("email", "E-mail"),
                            ("webhook", "Webhook"),
                        ],
                        max_length=8,
                    ),
                ),
                ("is_on", models.BooleanField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notification_choices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        default=submissions.models.submission.new_code,
                        editable=False,
                        max_length=12,
                        unique=True,
                    ),
                ),
                ("url", models.CharField(max_length=500)),
                ("kinds", models.JSONField(default=community.models.webhook.all_kinds)),
                (
                    "salt",
                    models.CharField(default=community.models.webhook.new_salt, max_length=32),
                ),
                ("old_salt", models.CharField(blank=True, max_length=32)),
                ("rotated_at", models.DateTimeField(null=True)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("is_active", models.BooleanField(default=True)),
                ("off_reason", models.CharField(blank=True, max_length=200)),
                (
                    "failures",
                    models.PositiveIntegerField(
                        default=0, help_text="Attempts in a row that failed."
                    ),
                ),
                (
                    "given_up",
                    models.PositiveIntegerField(
                        default=0, help_text="Deliveries in a row given up."
                    ),
                ),
                ("paused_until", models.DateTimeField(null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhooks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["made_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("site", "Site and feed"),
                            ("email", "E-mail"),
                            ("webhook", "Webhook"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("sending", "On its way"),
                            ("delivered", "Delivered"),
                            ("given-up", "Given up"),
                            ("dropped", "Not wanted any more"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("give_up_at", models.DateTimeField()),
                ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_token", models.CharField(blank=True, max_length=32)),
                ("lease_until", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("last_error", models.CharField(blank=True, max_length=300)),
                (
                    "log",
                    models.JSONField(default=list, help_text="Each attempt: when, how it ended."),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="community.event",
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="community.webhook",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ["-made_at", "-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "test"), ("round__isnull", False), _connector="OR"),
                name="event_is_of_a_round",
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__startswith", "submission."), _negated=True),
                    ("submission__isnull", False),
                    _connector="OR",
                ),
                name="event_of_a_submission_names_it",
            ),
        ),
        migrations.AddConstraint(
            model_name="follow",
            constraint=models.UniqueConstraint(fields=("user", "challenge"), name="follow_once"),
        ),
        migrations.AddConstraint(
            model_name="preference",
            constraint=models.UniqueConstraint(
                fields=("user", "kind", "channel"), name="preference_once_per_kind_and_channel"
            ),
        ),
        migrations.AddConstraint(
            model_name="preference",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["site", "email"])),
                name="preference_of_site_or_email",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(("url", ""), _negated=True), name="webhook_has_an_address"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_active", False), ("off_reason", ""), _connector="OR"),
                name="webhook_off_for_a_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ["queued", "sending"])),
                fields=["attempts", "next_attempt_at"],
                name="delivery_unfinished",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["recipient", "channel", "made_at"], name="delivery_of_person"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["webhook", "made_at"], name="delivery_of_webhook"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("webhook__isnull", True)),
                fields=("event", "recipient", "channel"),
                name="delivery_once_per_person_and_channel",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("webhook__isnull", False)),
                fields=("event", "webhook"),
                name="delivery_once_per_webhook",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("channel", "webhook"), ("webhook__isnull", False)),
                    models.Q(
                        models.Q(("channel", "webhook"), _negated=True), ("webhook__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="delivery_webhook_iff_channel",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "sending"), _negated=True),
                    models.Q(
                        ("lease_until__isnull", False), models.Q(("lease_token", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="delivery_sending_has_lease",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["queued", "sending"]),
                    ("finished_at__isnull", False),
                    _connector="OR",
                ),
                name="delivery_finished_has_time",
            ),
        ),
    ]
