"""Which entries of a round were found to be near duplicates, and what was looked at for it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from challenges.models import Round
from submissions.models import Submission


class DuplicateSearch(models.Model):
    """One comparison of a closed round's final entries with each other.

    When other entries or scores count, it is made anew: the row stays, and is current no more.
    """

    class Reason(models.TextChoices):
        """Why nothing came of it, so that only identical files count as one."""

        FAILED = "failed", _("comparing the files failed")

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="duplicate_searches")
    inputs_sha256 = models.CharField(
        max_length=64, help_text="Digest of the rule, the pairs to measure and their files."
    )
    percent = models.FloatField(help_text="The round's threshold.")
    measured = models.PositiveIntegerField(default=0, help_text="Pairs whose files were read.")
    unmeasured = models.PositiveIntegerField(
        default=0, help_text="Pairs that the metric, the limits or the files let nobody measure."
    )
    reason = models.CharField(max_length=10, choices=Reason, blank=True)
    is_current = models.BooleanField(default=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["round", "-made_at"]
        verbose_name_plural = "duplicate searches"
        constraints = [
            models.UniqueConstraint(
                fields=["round"],
                condition=models.Q(is_current=True),
                name="duplicate_search_one_current",
            ),
        ]

    def __str__(self) -> str:
        return f"near duplicates of {self.round}"


class NearDuplicate(models.Model):
    """Two entries that share their mistakes: closer to each other than to the answers by far."""

    search = models.ForeignKey(DuplicateSearch, on_delete=models.PROTECT, related_name="pairs")
    one = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="+")
    distance = models.FloatField(help_text="Of both, in the unit of the primary metric.")
    gap = models.FloatField(help_text="What the better of both lacks, in the same unit.")

    class Meta:
        ordering = ["search", "one", "other"]
        constraints = [
            models.UniqueConstraint(
                fields=["search", "one", "other"], name="near_duplicate_pair_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(one=models.F("other")), name="near_duplicate_of_another"
            ),
            models.CheckConstraint(
                condition=models.Q(distance__gte=0, gap__gt=0, distance__lte=models.F("gap")),
                name="near_duplicate_nearer_than_its_gap",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.one} and {self.other}"
