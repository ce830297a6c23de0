"""Scoring runs and their scores."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from challenges.models import Correction, RoundMetric, Target
from scoring.contract import ScoreStatus
from submissions.models.submission import Submission

LARGEST = 1.7976931348623157e308


class ScoringRun(models.Model):
    """One finished scoring of one submission: which references, metrics and engine were used."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="runs")
    number = models.PositiveIntegerField()
    attempt = models.PositiveIntegerField()
    is_current = models.BooleanField(default=True)
    reference_versions = models.JSONField(help_text="Target slug to reference version.")
    metric_versions = models.JSONField(help_text="Metric key to slug, version and parameters.")
    engine_version = models.CharField(max_length=40)
    worker = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "number"], name="run_number_once"),
            models.UniqueConstraint(
                fields=["submission"], condition=models.Q(is_current=True), name="run_one_current"
            ),
            models.CheckConstraint(
                condition=models.Q(started_at__lte=models.F("finished_at")),
                name="run_starts_before_it_finishes",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.number} of {self.submission}"


class Score(models.Model):
    """(run, target, metric) to value and status. A missing value is a status, never a number."""

    class Status(models.TextChoices):
        OK = ScoreStatus.OK.value, _("ok")
        MISSING = ScoreStatus.MISSING.value, _("missing")
        UNDEFINED = ScoreStatus.UNDEFINED.value, _("undefined")
        FAILED = ScoreStatus.FAILED.value, _("failed")

    run = models.ForeignKey(ScoringRun, on_delete=models.CASCADE, related_name="scores")
    target = models.ForeignKey(
        Target,
        on_delete=models.PROTECT,
        null=True,
        related_name="scores",
        help_text="Empty for a pooled metric, which sees all targets at once.",
    )
    metric = models.ForeignKey(RoundMetric, on_delete=models.PROTECT, related_name="scores")
    status = models.CharField(max_length=10, choices=Status)
    value = models.FloatField(null=True)
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "target", "metric"],
                condition=models.Q(target__isnull=False),
                name="score_once_per_target_and_metric",
            ),
            models.UniqueConstraint(
                fields=["run", "metric"],
                condition=models.Q(target__isnull=True),
                name="score_once_per_pooled_metric",
            ),
            models.CheckConstraint(
                condition=models.Q(status="ok", value__isnull=False)
                | (~models.Q(status="ok") & models.Q(value__isnull=True)),
                name="score_value_exactly_when_ok",
            ),
            models.CheckConstraint(
                condition=models.Q(value__isnull=True)
                | models.Q(value__gte=-LARGEST, value__lte=LARGEST),
                name="score_value_finite",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} of {self.run}: {self.status}"


class ShadowScoring(models.Model):
    """One entry under an open correction: who scores it aside, and the run that came of it.

    The run is not current until the correction is in force, so nobody but the organizers sees it.
    """

    correction = models.ForeignKey(Correction, on_delete=models.CASCADE, related_name="shadows")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="shadows")
    run = models.OneToOneField(
        ScoringRun, on_delete=models.PROTECT, null=True, related_name="shadow"
    )
    attempt = models.PositiveIntegerField(default=0)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True, help_text="Why the last attempt failed.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["correction", "submission"], name="shadow_once_per_entry"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission} under {self.correction}"
