"""The quota ledger: reserve, commit, refund. What is left is counted, never stored."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from challenges.models import Round
from submissions.models.submission import Submission


class QuotaEntry(models.Model):
    """One line of the ledger. A reservation counts until a refund with a reason cancels it."""

    class Act(models.TextChoices):
        RESERVE = "reserve", _("Reserved")
        COMMIT = "commit", _("Used")
        REFUND = "refund", _("Refunded")
        GRANT = "grant", _("Granted extra")

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="quota_entries")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="quota_entries")
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, null=True, blank=True, related_name="quota_entries"
    )
    act = models.CharField(max_length=10, choices=Act)
    day = models.DateField(help_text="The UTC day it counts for.")
    amount = models.PositiveIntegerField(default=1)
    reason = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "quota entries"
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "act"],
                condition=models.Q(submission__isnull=False),
                name="quota_act_once_per_submission",
            ),
            models.CheckConstraint(
                condition=models.Q(act="grant", submission__isnull=True)
                | (~models.Q(act="grant") & models.Q(submission__isnull=False)),
                name="quota_submission_unless_grant",
            ),
            models.CheckConstraint(
                condition=models.Q(act__in=["reserve", "commit"]) | ~models.Q(reason=""),
                name="quota_refund_and_grant_have_reason",
            ),
        ]
        indexes = [models.Index(fields=["team", "round", "day"], name="quota_by_team_and_day")]

    def __str__(self) -> str:
        return f"{self.get_act_display()} {self.amount} for {self.team}"
