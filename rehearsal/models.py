"""Rehearsals of drafts that were asked for on the site, with what they found."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from challenges.models import Round
from rehearsal.steps import Step


class RoundRehearsal(models.Model):
    """One rehearsal of a draft, as it stood when somebody asked for it."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="rehearsals")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(
        null=True, blank=True, help_text="A worker that is alive puts this off again and again."
    )
    step = models.CharField(max_length=20, choices=Step, blank=True, default="", db_default="")
    step_detail = models.CharField(max_length=200, blank=True, default="", db_default="")
    step_done = models.PositiveIntegerField(default=0, db_default=0)
    step_total = models.PositiveIntegerField(default=0, db_default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    bundle_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Digest of the draft that was rehearsed."
    )
    report = models.JSONField(null=True, blank=True)
    places = models.JSONField(default=list, help_text="Where each finding is mended in the forms.")
    note = models.CharField(max_length=300, blank=True, help_text="Why it has no report.")

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["round"],
                condition=models.Q(ended_at__isnull=True),
                name="rehearsal_one_open",
                violation_error_message="A rehearsal of this round is being held.",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True)
                | models.Q(report__isnull=False)
                | ~models.Q(note=""),
                name="rehearsal_ends_with_report_or_note",
                violation_error_message="A rehearsal ends with a report or a reason.",
            ),
        ]

    def __str__(self) -> str:
        return f"rehearsal of {self.round}"
