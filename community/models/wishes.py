"""What a person wants to hear of, and by which way."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from challenges.models import Challenge
from community.models.delivery import Channel
from community.models.event import Kind


class Pace(models.TextChoices):
    """When something is told."""

    NOW = "now", _("At once")
    DAILY = "daily", _("Once a day")
    NEVER = "never", _("Never")


class Preference(models.Model):
    """A choice that differs from the default, or says it aloud."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_choices"
    )
    kind = models.CharField(max_length=24, choices=Kind)
    channel = models.CharField(max_length=8, choices=Channel)
    is_on = models.BooleanField()
    is_daily = models.BooleanField(
        default=False, db_default=False, help_text="By mail: with the rest of the day."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "channel"], name="preference_once_per_kind_and_channel"
            ),
            models.CheckConstraint(
                condition=models.Q(channel__in=["site", "email"]),
                name="preference_of_site_or_email",
            ),
            models.CheckConstraint(
                condition=models.Q(is_daily=False) | models.Q(channel="email", is_on=True),
                name="preference_daily_is_mail",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.channel}: {self.pace.value}"

    @property
    def pace(self) -> Pace:
        """When it is told."""
        if not self.is_on:
            return Pace.NEVER
        return Pace.DAILY if self.is_daily else Pace.NOW


class Follow(models.Model):
    """A person who wants the news of a challenge without having entered it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follows"
    )
    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="follows")
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["challenge__title"]
        constraints = [
            models.UniqueConstraint(fields=["user", "challenge"], name="follow_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} follows {self.challenge_id}"


class FeedAddress(models.Model):
    """A secret address for a person's own feed and calendar; only its digest is kept."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feed_address"
    )
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"feed of {self.user_id}"
