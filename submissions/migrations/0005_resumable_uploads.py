"""Uploads that go on after a cut.

Old code: knows no resumable uploads, so the constraints meet none of its rows.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import submissions.models.upload


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_sitesec"),
        ("challenges", "0007_disputes"),
        ("submissions", "0004_fairness"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ResumableUpload",
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
                        default=submissions.models.upload.new_upload_code,
                        editable=False,
                        max_length=32,
                        unique=True,
                    ),
                ),
                (
                    "entry_kind",
                    models.CharField(
                        choices=[
                            ("participant", "Participant"),
                            ("baseline", "Baseline"),
                            ("reference", "Reference"),
                            ("late", "Late"),
                            ("organizer", "Organizer"),
                        ],
                        default="participant",
                        max_length=12,
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("metadata", models.TextField(blank=True, help_text="As the sender wrote it.")),
                ("size_bytes", models.PositiveBigIntegerField()),
                ("received_bytes", models.PositiveBigIntegerField(default=0)),
                ("announced_sha256", models.CharField(blank=True, max_length=64)),
                (
                    "sha256",
                    models.CharField(
                        blank=True, help_text="Of what arrived, once known.", max_length=64
                    ),
                ),
                ("key", models.CharField(help_text="Where it is kept.", max_length=200)),
                (
                    "multipart_id",
                    models.CharField(
                        blank=True,
                        help_text="Of the object store, where parts go to it directly.",
                        max_length=400,
                    ),
                ),
                ("begun_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uploads",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uploads",
                        to="challenges.round",
                    ),
                ),
                (
                    "submission",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="upload",
                        to="submissions.submission",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uploads",
                        to="accounts.team",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="uploadslot",
            name="upload",
            field=models.ForeignKey(
                help_text="If it can be gone on with: then it takes one place, however often it breaks.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="submissions.resumableupload",
            ),
        ),
        migrations.AddConstraint(
            model_name="resumableupload",
            constraint=models.CheckConstraint(
                condition=models.Q(("received_bytes__lte", models.F("size_bytes"))),
                name="upload_not_longer_than_announced",
            ),
        ),
        migrations.AddConstraint(
            model_name="resumableupload",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("finished_at__isnull", True),
                    ("received_bytes", models.F("size_bytes")),
                    _connector="OR",
                ),
                name="upload_finished_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="resumableupload",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("submission__isnull", True), ("finished_at__isnull", False), _connector="OR"
                ),
                name="upload_submitted_is_finished",
            ),
        ),
    ]
