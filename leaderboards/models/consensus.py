"""The consensus of a round's entries: which entry it is and what it was made of, or why not."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from challenges.models import Round, Track
from submissions.models import Submission


class Consensus(models.Model):
    """One line of a revealed round's board that the platform makes of the others.

    When other entries count than those it was made of, it is made anew: the row stays for the
    revisions that show it, and is current no more.
    """

    class Way(models.TextChoices):
        MEDIAN = "median", _("median")
        MEAN = "mean", _("mean")
        VOTE = "vote", _("majority vote")

    class Reason(models.TextChoices):
        """Why there is none."""

        TOO_FEW = "too_few", _("fewer than two entries are ranked")
        UNDECLARED = "undeclared", _("a metric does not say what its predictions mean")
        ORDER = (
            "order",
            _("the metrics look at the order alone, so entries need have no common scale"),
        )
        DISAGREEMENT = "disagreement", _("the metrics take predictions for different things")
        FREE_SHAPE = "free_shape", _("predictions may be of any length")
        FRAME = "frame", _("each prediction is in a frame of its own, as coordinates are")
        SET = "set", _("the elements of a prediction have no order: draws, members, peaks, objects")
        NAMES = "names", _("labels only tell instances apart, and each entry has its own")
        SEQUENCE = "sequence", _("predictions are sequences without fixed places")
        LOGARITHM = "logarithm", _("predictions are logarithms of probabilities")
        NO_FILE = "no_file", _("no file in the format of the round comes out of it")
        TOO_LARGE = "too_large", _("the entries are larger than may be read together")
        FAILED = "failed", _("combining the files failed")

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="consensuses")
    track = models.ForeignKey(
        Track, on_delete=models.PROTECT, null=True, related_name="consensuses"
    )
    way = models.CharField(
        max_length=6, choices=Way, blank=True, help_text="Empty: there is no way for this round."
    )
    submission = models.OneToOneField(
        Submission, on_delete=models.PROTECT, null=True, related_name="consensus"
    )
    sources = models.JSONField(default=list, help_text="Codes of the submissions it is made of.")
    combined_from = models.PositiveIntegerField(default=0, help_text="How many entries.")
    left_out = models.JSONField(
        default=dict, blank=True, help_text="Targets without a consensus, each with the reason."
    )
    reason = models.CharField(max_length=14, choices=Reason, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    is_current = models.BooleanField(default=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["round", "track", "way", "-made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "track", "way"],
                condition=models.Q(is_current=True, track__isnull=False),
                name="consensus_once_in_a_track",
            ),
            models.UniqueConstraint(
                fields=["round", "way"],
                condition=models.Q(is_current=True, track__isnull=True),
                name="consensus_once_without_tracks",
            ),
            models.CheckConstraint(
                condition=models.Q(submission__isnull=False, reason="", combined_from__gte=2)
                & ~models.Q(way="")
                | models.Q(submission__isnull=True) & ~models.Q(reason=""),
                name="consensus_is_an_entry_or_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"consensus {self.way or 'none'} of {self.round}"
