"""Statements with their history, claims of shares, and where a contributor worked."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.identifiers
import catalog.roles


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_shares_sum_held_by_triggers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="contribution",
            name="affiliation",
            field=models.CharField(
                blank=True, help_text="At the time of the work.", max_length=200, null=True
            ),
        ),
        migrations.AddField(
            model_name="contribution",
            name="ror",
            field=models.CharField(
                blank=True,
                help_text="Of the affiliation, like https://ror.org/05dxps055.",
                max_length=25,
                null=True,
                validators=[accounts.identifiers.validate_ror],
                verbose_name="ROR id",
            ),
        ),
        migrations.CreateModel(
            name="ShareClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        blank=True,
                        help_text="As it stands among the contributors; may be empty.",
                        max_length=120,
                    ),
                ),
                (
                    "roles",
                    models.JSONField(
                        blank=True, default=list, validators=[catalog.roles.validate_credit_roles]
                    ),
                ),
                (
                    "evidence",
                    models.TextField(
                        help_text="How a steward can tell that it is so.", max_length=2000
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Waiting for a steward"),
                            ("confirmed", "Confirmed"),
                            ("declined", "Declined"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "made_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "artifact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="claims",
                        to="catalog.artifact",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="share_claims",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-made_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("artifact", "person"),
                        name="share_claim_open_once",
                        violation_error_message="Your claim is waiting for a steward already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("state", "open")),
                            models.Q(
                                models.Q(("state", "open"), _negated=True),
                                ("decided_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="share_claim_decided_or_open",
                        violation_error_message="A decided claim says when it was decided.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "answers",
                    models.JSONField(
                        default=dict, help_text="By field (catalog/statements/fields.py)."
                    ),
                ),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "published_at",
                    models.DateTimeField(blank=True, help_text="Empty: a draft.", null=True),
                ),
                (
                    "artifact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="statements",
                        to="catalog.artifact",
                    ),
                ),
                (
                    "saved_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["artifact", "-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("artifact", "number"),
                        name="statement_number_once",
                        violation_error_message="This statement has been saved meanwhile.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("published_at__isnull", True)),
                        fields=("artifact",),
                        name="statement_one_draft",
                        violation_error_message="There is a draft of this statement already.",
                    ),
                ],
            },
        ),
    ]
