"""What changed in the rules of a published round: dated, signed with a reason, in a chain."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from challenges.models.round import Round


class RoundAmendment(models.Model):
    """One change of a frozen design. Rows are only ever added; each names the hash before it."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="amendments")
    number = models.PositiveIntegerField()
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, help_text="Shown to everyone.")
    changes = models.JSONField(help_text="Where, before and after, for each changed rule.")
    design = models.JSONField(help_text="All rules as they stand from here on.")
    design_sha256 = models.CharField(max_length=64)
    previous_sha256 = models.CharField(max_length=64, help_text="Of the rules before.")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="amendment_number_once"),
            models.CheckConstraint(
                condition=~models.Q(design_sha256=models.F("previous_sha256")),
                name="amendment_changes_something",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="amendment_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"amendment {self.number} of {self.round}"
