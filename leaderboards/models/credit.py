"""The credit ledger: append-only, in whole micro-points, recomputable from its own export."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Artifact
from challenges.models import Round


class CreditBook(models.Model):
    """One closing of a round's books: the inputs it was computed from and its totals.

    A correction is a new book whose entries reverse the old ones and post the new.
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="credit_books")
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    reason = models.CharField(max_length=300)
    export = models.TextField(help_text="All that the rule looks at, and its books; public.")
    facts_sha256 = models.CharField(max_length=64, help_text="Digest of the facts alone.")
    minted_micropoints = models.PositiveBigIntegerField()
    open_micropoints = models.PositiveBigIntegerField(help_text="Head-room nobody has reached yet.")
    unmet = models.JSONField(default=list, help_text="Validity conditions not met: nothing minted.")

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="book_number_once"),
        ]

    def __str__(self) -> str:
        return f"book {self.number} of {self.round}"


class CreditEntry(models.Model):
    """One line: who received how much, through which result and path."""

    class Kind(models.TextChoices):
        METHOD = "method", _("Method")
        DATA = "data", _("Data")
        TARGETS = "targets", _("Targets")
        COMMONS = "commons", _("Commons")

    book = models.ForeignKey(CreditBook, on_delete=models.PROTECT, related_name="entries")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="credit_entries")
    kind = models.CharField(max_length=10, choices=Kind)
    account = models.ForeignKey(
        Artifact,
        on_delete=models.PROTECT,
        null=True,
        related_name="credit_entries",
        help_text="The artifact version credited; empty for the commons.",
    )
    result = models.CharField(
        max_length=12, blank=True, help_text="Code of the submission it came through."
    )
    unit = models.CharField(
        max_length=60, blank=True, help_text="The scoring unit; empty for the targets' pot."
    )
    path = models.JSONField(help_text="From the result to the account, artifact by artifact.")
    micropoints = models.BigIntegerField()
    self_use = models.BooleanField(default=False)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reversed_by"
    )

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "credit entries"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="commons", account__isnull=True)
                | (~models.Q(kind="commons") & models.Q(account__isnull=False)),
                name="credit_account_unless_commons",
            ),
            models.CheckConstraint(
                condition=models.Q(reverses__isnull=True, micropoints__gte=0)
                | models.Q(reverses__isnull=False, micropoints__lte=0),
                name="credit_negative_only_to_reverse",
            ),
        ]
        indexes = [models.Index(fields=["account", "round"], name="credit_by_account")]

    def __str__(self) -> str:
        return f"{self.micropoints} micropoints to {self.account or 'the commons'}"
