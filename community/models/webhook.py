"""An address of a person's program that is told what happens."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from community.models.event import CHOOSABLE, Kind
from submissions.models.submission import new_code


def new_salt() -> str:
    """Return what, with the site's key, makes the secret of a webhook."""
    return secrets.token_hex(16)


def all_kinds() -> list[str]:
    """Return every kind that a webhook may be told of."""
    return [kind.value for kind in CHOOSABLE]


class Webhook(models.Model):
    """Where to, and of what. Its secret is worked out of the salt and the site's secret key."""

    code = models.CharField(max_length=12, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks"
    )
    url = models.CharField(max_length=500)
    kinds = models.JSONField(default=all_kinds)
    salt = models.CharField(max_length=32, default=new_salt)
    old_salt = models.CharField(max_length=32, blank=True)
    rotated_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(default=timezone.now)
    is_active = models.BooleanField(default=True)
    off_reason = models.CharField(max_length=200, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="Attempts in a row that failed.")
    given_up = models.PositiveIntegerField(default=0, help_text="Deliveries in a row given up.")
    paused_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["made_at", "id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(url=""), name="webhook_has_an_address"),
            models.CheckConstraint(
                condition=models.Q(is_active=False) | models.Q(off_reason=""),
                name="webhook_off_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"webhook {self.code}"

    def get_absolute_url(self) -> str:
        return reverse("pages:webhook", args=[self.code])

    def kind_labels(self) -> list[str]:
        """Return the kinds in words."""
        return [str(Kind(kind).label) for kind in self.kinds]
