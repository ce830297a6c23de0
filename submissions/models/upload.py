"""An upload that may be broken off and gone on with, until a submission is made of it."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.db import models

from accounts.models import Team
from challenges.models import Round
from submissions.models.submission import Submission


def new_upload_code() -> str:
    """Return a public id that nobody guesses."""
    return secrets.token_hex(16)


class ResumableUpload(models.Model):
    """A file on its way, or arrived and waiting to be submitted.

    `received_bytes` is what is known to be on the disk: bytes beyond it are received again.
    """

    code = models.CharField(max_length=32, unique=True, default=new_upload_code, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads"
    )
    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="uploads")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="uploads")
    entry_kind = models.CharField(
        max_length=12,
        choices=Submission.EntryKind.by_people(),
        default=Submission.EntryKind.PARTICIPANT,
    )
    file_name = models.CharField(max_length=200)
    metadata = models.TextField(blank=True, help_text="As the sender wrote it.")
    size_bytes = models.PositiveBigIntegerField()
    received_bytes = models.PositiveBigIntegerField(default=0)
    announced_sha256 = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of what arrived, once known.")
    key = models.CharField(max_length=200, help_text="Where it is kept.")
    multipart_id = models.CharField(
        max_length=400, blank=True, help_text="Of the object store, where parts go to it directly."
    )
    begun_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(db_index=True)
    submission = models.OneToOneField(
        Submission, null=True, blank=True, on_delete=models.CASCADE, related_name="upload"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(received_bytes__lte=models.F("size_bytes")),
                name="upload_not_longer_than_announced",
            ),
            models.CheckConstraint(
                condition=models.Q(finished_at__isnull=True)
                | models.Q(received_bytes=models.F("size_bytes")),
                name="upload_finished_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(submission__isnull=True) | models.Q(finished_at__isnull=False),
                name="upload_submitted_is_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"upload {self.code[:8]}: {self.received_bytes} of {self.size_bytes} bytes"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None

    @property
    def counts_from(self) -> datetime:
        """The moment that deadlines look at.

        Who announces the SHA-256 at the start has made the file by then. Otherwise the bytes
        could be made up after the deadline, so the moment they were all there counts.
        """
        if self.announced_sha256 or self.finished_at is None:
            return self.begun_at
        return self.finished_at
