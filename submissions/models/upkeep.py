"""What the site notes about its own work: tallies, checks of stored files, uploads on their way."""

from __future__ import annotations

from django.db import models

from accounts.models import Team
from submissions.models.upload import ResumableUpload


class Tally(models.Model):
    """How often something has happened, and when last. Never reset: a reader takes differences."""

    name = models.CharField(max_length=60, primary_key=True)
    count = models.PositiveBigIntegerField()
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.name}: {self.count}"


class FileCheck(models.Model):
    """The last look at a stored file: are its bytes still those that were taken in?"""

    class State(models.TextChoices):
        # Set before the file is read: a check that does not come to its end has proved nothing.
        UNPROVED = "unproved", "Unproved"
        SOUND = "sound", "Sound"
        DAMAGED = "damaged", "Damaged"
        MISSING = "missing", "Missing"

    kind = models.CharField(max_length=60, help_text="The model whose row names the file.")
    object_id = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.UNPROVED)
    begun_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id"], name="file_check_once_per_file")
        ]
        indexes = [
            models.Index(
                fields=["state"],
                condition=~models.Q(state="sound"),
                name="file_check_not_sound",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}: {self.state}"


class UploadSlot(models.Model):
    """A team's upload on its way. One that outlived its web process stops counting by itself."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()
    upload = models.ForeignKey(
        ResumableUpload,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="If it can be gone on with: then it takes one place, however often it breaks.",
    )

    def __str__(self) -> str:
        return f"upload of {self.team_id} until {self.until}"
