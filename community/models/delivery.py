"""One event on its way to one person by one way."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from community.models.event import Event
from community.models.webhook import Webhook


class Channel(models.TextChoices):
    SITE = "site", _("Site and feed")
    EMAIL = "email", _("E-mail")
    WEBHOOK = "webhook", _("Webhook")


class DeliveryState(models.TextChoices):
    LATER = "later", _("For the daily mail")
    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("On its way")
    DELIVERED = "delivered", _("Delivered")
    GIVEN_UP = "given-up", _("Given up")
    DROPPED = "dropped", _("Not wanted any more")


UNFINISHED = (DeliveryState.QUEUED, DeliveryState.SENDING)


class Delivery(models.Model):
    """Who hears of an event by which way, once; the row is the outbox."""

    code = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="deliveries"
    )
    channel = models.CharField(max_length=8, choices=Channel)
    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, null=True, related_name="deliveries"
    )
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    give_up_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(default=timezone.now)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    gathered_in = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        related_name="gathered",
        help_text="The daily mail that tells of it.",
    )
    last_error = models.CharField(max_length=300, blank=True)
    log = models.JSONField(default=list, help_text="Each attempt: when, how it ended.")

    class Meta:
        ordering = ["-made_at", "-id"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["event", "recipient", "channel"],
                condition=models.Q(webhook__isnull=True),
                name="delivery_once_per_person_and_channel",
            ),
            models.UniqueConstraint(
                fields=["event", "webhook"],
                condition=models.Q(webhook__isnull=False),
                name="delivery_once_per_webhook",
            ),
            models.CheckConstraint(
                condition=models.Q(channel="webhook", webhook__isnull=False)
                | (~models.Q(channel="webhook") & models.Q(webhook__isnull=True)),
                name="delivery_webhook_iff_channel",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="sending")
                | (models.Q(lease_until__isnull=False) & ~models.Q(lease_token="")),
                name="delivery_sending_has_lease",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["later", "queued", "sending"])
                | models.Q(finished_at__isnull=False),
                name="delivery_finished_has_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["attempts", "next_attempt_at"],
                condition=models.Q(state__in=["queued", "sending"]),
                name="delivery_unfinished",
            ),
            models.Index(
                fields=["made_at"],
                condition=models.Q(state="later"),
                name="delivery_for_daily_mail",
            ),
            models.Index(fields=["recipient", "channel", "made_at"], name="delivery_of_person"),
            models.Index(fields=["webhook", "made_at"], name="delivery_of_webhook"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.code}"
