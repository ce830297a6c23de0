"""What happened: found in the rows that are the truth, and written down once."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from challenges.models import Round
from submissions.models import Submission


class Kind(models.TextChoices):
    """Kinds of happenings; the values stand in the API and in webhooks and never change."""

    SCORED = "submission.scored", _("My submission is scored")
    REJECTED = "submission.rejected", _("My submission is rejected")
    FAILED = "submission.failed", _("Scoring my submission failed")
    DEADLINE = "round.deadline", _("A deadline comes in 24 hours")
    OPENED = "round.opened", _("A round opens")
    CLOSED = "round.closed", _("A round closes")
    REVEALED = "round.revealed", _("A round is revealed")
    FINAL = "round.final", _("A round is final")
    ANNOUNCED = "round.announced", _("Organizers announce something")
    AMENDED = "round.amended", _("Rules are amended")
    REVISED = "round.revised", _("Answers or metrics are corrected")
    TEST = "test", _("A test of a webhook")
    DAILY = "daily", _("The daily mail")


# What a person may choose: a test comes when it is asked for, and the daily mail of what is in it.
CHOOSABLE = tuple(kind for kind in Kind if kind not in {Kind.TEST, Kind.DAILY})


class Event(models.Model):
    """One thing that happened. The key names it, so that no second row can tell it again."""

    kind = models.CharField(max_length=24, choices=Kind)
    key = models.CharField(max_length=120, unique=True)
    at = models.DateTimeField(help_text="When it happened.")
    recorded_at = models.DateTimeField(default=timezone.now, db_index=True)
    round = models.ForeignKey(Round, on_delete=models.CASCADE, null=True, related_name="+")
    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, null=True, related_name="+"
    )
    note = models.CharField(
        max_length=500, blank=True, help_text="Public words that belong to it: a title, a reason."
    )

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["test", "daily"]) | models.Q(round__isnull=False),
                name="event_is_of_a_round",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind__startswith="submission.")
                | models.Q(submission__isnull=False),
                name="event_of_a_submission_names_it",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Mark(models.Model):
    """How far the search for happenings has come. What was before its start is told to nobody."""

    name = models.CharField(max_length=20, primary_key=True)
    started_at = models.DateTimeField()
    reached_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.reached_at:%Y-%m-%d %H:%M:%S}"
