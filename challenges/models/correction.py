"""Corrections: what would be scored against other answers or metric versions, before it is."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from challenges.models.reference import Reference
from challenges.models.round import Round


class Correction(models.Model):
    """New answers or metric versions of a published round that are not in force yet.

    All entries are scored under them aside; the organizers see who moves, and put them in force
    or withdraw them.
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="corrections")
    reason = models.CharField(max_length=500, help_text="Shown to everyone once it is in force.")
    references = models.ManyToManyField(Reference, related_name="corrections", blank=True)
    metric_versions = models.JSONField(default=dict, help_text="Metric key to its new version.")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)
    in_force_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["round"],
                condition=models.Q(in_force_at__isnull=True, withdrawn_at__isnull=True),
                name="correction_one_open",
                violation_error_message="The round has an open correction already.",
            ),
            models.CheckConstraint(
                condition=models.Q(in_force_at__isnull=True) | models.Q(withdrawn_at__isnull=True),
                name="correction_in_force_or_withdrawn",
                violation_error_message="What is in force is not withdrawn.",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""),
                name="correction_has_a_reason",
                violation_error_message="Say why.",
            ),
        ]

    def __str__(self) -> str:
        return f"correction of {self.round}: {self.reason}"

    @property
    def is_open(self) -> bool:
        return self.in_force_at is None and self.withdrawn_at is None
