"""A round's board: revisions that stay, and a pointer to the newest."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from challenges.models import Round
from submissions.models import ScoringRun, Submission


class Board(models.Model):
    """The pointer. A refresh writes a whole new revision first, then moves this."""

    round = models.OneToOneField(Round, on_delete=models.PROTECT, related_name="board")
    current = models.ForeignKey(
        "leaderboards.BoardRevision", on_delete=models.PROTECT, null=True, related_name="+"
    )
    current_public = models.ForeignKey(
        "leaderboards.BoardRevision",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="What everyone sees before the reveal, where that is not the whole board.",
    )
    # Null where a release that did not know them wrote the row.
    consensus_mark = models.CharField(  # noqa: DJ001
        max_length=120,
        null=True,
        editable=False,
        help_text="The watermark up to which the consensus of the entries is made.",
    )
    consensus_until = models.DateTimeField(
        null=True, editable=False, help_text="A worker makes the consensus, until then at most."
    )
    duplicates_mark = models.CharField(  # noqa: DJ001
        max_length=120,
        null=True,
        editable=False,
        help_text="The watermark up to which near duplicates are looked for.",
    )
    duplicates_until = models.DateTimeField(
        null=True, editable=False, help_text="A worker looks for near duplicates, until then."
    )

    def __str__(self) -> str:
        return f"board of {self.round}"


class BoardRevision(models.Model):
    """The board as it was from `created_at` until the next revision."""

    class Sheet(models.TextChoices):
        WHOLE = "whole", "Whole"
        PUBLIC = "public", "Public: what may be known before the reveal"

    board = models.ForeignKey(Board, on_delete=models.PROTECT, related_name="revisions")
    sheet = models.CharField(max_length=8, choices=Sheet, default=Sheet.WHOLE)
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    inputs_sha256 = models.CharField(
        max_length=64, help_text="Digest of the runs and rules it was computed from."
    )
    watermark = models.CharField(
        max_length=120, help_text="Changes when the inputs do; cheap to compare."
    )
    rule = models.JSONField(
        help_text="Metric, direction, aggregate, ties, missing rule, bootstrap."
    )
    columns = models.JSONField(help_text="Metric keys with labels, units and directions, in order.")
    target_slugs = models.JSONField(help_text="The targets that counted.")
    credit_export = models.TextField(
        blank=True, help_text="Credit as it would be if the round ended now: facts and books."
    )

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["board", "sheet", "number"], name="revision_number_once"
            ),
        ]

    def __str__(self) -> str:
        return f"revision {self.number} of {self.board}"


class Standing(models.Model):
    """One line of a revision."""

    class Status(models.TextChoices):
        RANKED = "ranked", _("Ranked")
        UNRANKED = "unranked", _("Shown, not ranked")  # baselines, late and organizer entries
        INCOMPLETE = "incomplete", _("Incomplete")

    revision = models.ForeignKey(BoardRevision, on_delete=models.CASCADE, related_name="standings")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="standings")
    run = models.ForeignKey(
        ScoringRun,
        on_delete=models.PROTECT,
        null=True,
        related_name="standings",
        help_text="The scoring it is computed from. Empty: written before this was kept.",
    )
    position = models.PositiveIntegerField(help_text="Order of the lines, baselines between.")
    status = models.CharField(max_length=10, choices=Status)
    value = models.FloatField(null=True)
    rank = models.PositiveIntegerField(null=True)
    rank_low = models.PositiveIntegerField(null=True, help_text="95 % rank interval, better end.")
    rank_high = models.PositiveIntegerField(null=True)
    first_probability = models.FloatField(null=True)
    value_low = models.FloatField(null=True, help_text="95 % interval of the value.")
    value_high = models.FloatField(null=True)
    tie_group = models.PositiveIntegerField(null=True, help_text="1 is the top group.")
    answered = models.PositiveIntegerField()
    offered = models.PositiveIntegerField()
    submissions_used = models.PositiveIntegerField(default=1)
    skill_ppm = models.PositiveIntegerField(null=True)
    credit_micropoints = models.PositiveBigIntegerField(
        null=True, help_text="Provisional until the round's book is posted."
    )
    values = models.JSONField(default=dict, help_text="Metric key to value, or null.")
    part_runs = models.JSONField(
        default=dict,
        blank=True,
        help_text="Target to the scoring runs whose answers count for this line, where it is not "
        "the line's own run alone.",
    )
    against_first = models.JSONField(
        null=True,
        blank=True,
        help_text="Of a consensus: its value against that of the first entry, and by how much it "
        "is better over draws of the targets.",
    )
    insider_of = models.JSONField(
        default=list, blank=True, help_text="Targets that someone in the team provided."
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["revision", "submission"], name="standing_once"),
            models.UniqueConstraint(fields=["revision", "position"], name="standing_position_once"),
            models.CheckConstraint(
                condition=models.Q(status="ranked", rank__isnull=False, value__isnull=False)
                | (~models.Q(status="ranked") & models.Q(rank__isnull=True)),
                name="standing_rank_exactly_when_ranked",
            ),
            models.CheckConstraint(
                condition=models.Q(rank_low__isnull=True, rank_high__isnull=True)
                | models.Q(
                    rank_low__isnull=False,
                    rank_high__isnull=False,
                    rank_low__lte=models.F("rank_high"),
                ),
                name="standing_interval_ordered",
            ),
            models.CheckConstraint(
                condition=models.Q(answered__lte=models.F("offered")),
                name="standing_coverage_at_most_all",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank or '-'}. {self.submission}"
