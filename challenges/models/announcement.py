"""What organizers tell everybody about a round while it runs."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from challenges.models.round import Round


class Announcement(models.Model):
    """A notice of a round. Rows are only ever added: what was wrong is corrected by another."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="announcements")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    text = models.TextField(max_length=10_000, help_text="Markdown.")
    posted_at = models.DateTimeField(default=timezone.now)
    posted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrections"
    )

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="announcement_number_once"),
            models.CheckConstraint(
                condition=~models.Q(title="") & ~models.Q(text=""),
                name="announcement_says_something",
            ),
        ]

    def __str__(self) -> str:
        return f"announcement {self.number} of {self.round}"
