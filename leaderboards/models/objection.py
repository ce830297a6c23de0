"""What somebody holds against a declared input, and what a steward rules."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import LineageEdge
from challenges.models import Round


class LineageObjection(models.Model):
    """An objection to one edge of a round's lineage: open, or ruled with published reasons."""

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for a ruling")
        UPHELD = "upheld", _("The input stands")
        REJECTED = "rejected", _("The input is struck")

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="lineage_objections")
    edge = models.ForeignKey(LineageEdge, on_delete=models.PROTECT, related_name="objections")
    reason = models.TextField(max_length=2000)
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="lineage_objections"
    )
    raised_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    ruling = models.TextField(max_length=2000, blank=True)
    ruled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ruled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["raised_at", "id"]
        constraints = [
            # Reasons are heard together: a ruling is on the edge, so there is one for a round.
            models.UniqueConstraint(
                fields=["round", "edge"], name="lineage_objection_once_in_a_round"
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="lineage_objection_has_a_reason"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", ruling="", ruled_at__isnull=True)
                | (
                    ~models.Q(state="open")
                    & ~models.Q(ruling="")
                    & models.Q(ruled_at__isnull=False)
                ),
                name="lineage_objection_ruled_with_reasons",
            ),
        ]

    def __str__(self) -> str:
        return f"objection to {self.edge}"
