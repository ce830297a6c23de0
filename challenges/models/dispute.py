"""What entrants hold against a target, and what its organizers answer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from challenges.models.correction import Correction
from challenges.models.target import Target


class Dispute(models.Model):
    """An entrant's objection to a target: open, answered, or accepted and led to a correction."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ANSWERED = "answered", _("Answered")
        ACCEPTED = "accepted", _("Accepted")

    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="disputes")
    text = models.TextField(max_length=2000)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="disputes"
    )
    opened_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    answer = models.TextField(max_length=2000, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)
    correction = models.ForeignKey(
        Correction, on_delete=models.PROTECT, null=True, related_name="disputes"
    )

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(text=""), name="dispute_says_something"),
            models.CheckConstraint(
                condition=models.Q(state="open", answer="")
                | (~models.Q(state="open") & ~models.Q(answer="")),
                name="dispute_answered_with_words",
            ),
        ]

    def __str__(self) -> str:
        return f"dispute of {self.target.slug} by {self.opened_by.public_name}"
