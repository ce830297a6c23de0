"""The held-out answers: private, versioned, committed to by hash."""

from __future__ import annotations

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.utils import timezone

from challenges.models.round import Round
from challenges.models.target import Target, validate_shape


def reference_storage() -> Storage:
    """Return the storage area that no participant-readable path leads to."""
    return storages["references"]


class Reference(models.Model):
    """One version of one target's answer; challenges/services/references.py alone opens it."""

    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="references")
    version = models.PositiveIntegerField(default=1)
    file = models.FileField(storage=reference_storage, max_length=200, editable=False)
    size_bytes = models.PositiveBigIntegerField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    shape = models.JSONField(default=list, editable=False, validators=[validate_shape])
    salt = models.CharField(max_length=64, editable=False)
    commitment = models.CharField(
        max_length=64, editable=False, help_text="Salted hash, public from the opening on."
    )
    reason = models.CharField(
        max_length=300, blank=True, help_text="Why it replaced the one before."
    )
    is_current = models.BooleanField(default=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        ordering = ["target", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["target", "version"],
                name="reference_version_once",
                violation_error_message="This version of the answer exists already.",
            ),
            models.UniqueConstraint(
                fields=["target"],
                condition=models.Q(is_current=True),
                name="reference_one_current",
                violation_error_message="A target has one current answer.",
            ),
            models.CheckConstraint(
                condition=models.Q(version__gte=1),
                name="reference_version_from_one",
                violation_error_message="Versions begin with 1.",
            ),
            models.CheckConstraint(
                condition=models.Q(version=1) | ~models.Q(reason=""),
                name="reference_revised_with_reason",
                violation_error_message="Say why the answer was replaced.",
            ),
        ]

    def __str__(self) -> str:
        return f"reference {self.pk} (version {self.version})"


class ReferenceAccess(models.Model):
    """Who opened which references, when and what for."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="reference_accesses")
    references = models.ManyToManyField(Reference, related_name="accesses")
    purpose = models.CharField(max_length=40)
    subject = models.CharField(max_length=80, blank=True, help_text="The submission or the person.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at"]
        verbose_name_plural = "reference accesses"

    def __str__(self) -> str:
        return f"{self.purpose} {self.subject} at {self.at:%Y-%m-%d %H:%M:%S}"
