"""One edition of a challenge: dates, rules, metrics and public files."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Artifact
from challenges.models.challenge import Challenge
from challenges.models.design_items import DESIGN_ITEMS, validate_design_items
from challenges.models.disclosure import DISCLOSURE_CONSTRAINTS, Disclosure
from scoring.contract import Aggregate

# Independent entries, alike in size, are at about 141 %, and kin with much in common below 100 %.
MOST_DUPLICATE_PERCENT = 20.0


class RoundState(models.TextChoices):
    """A function of the clock, the dates and the organizer's explicit acts; never stored."""

    DRAFT = "draft", _("Draft")
    UPCOMING = "upcoming", _("Upcoming")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")
    REVEALED = "revealed", _("Revealed")
    FINAL = "final", _("Final")


class Round(Disclosure):
    """One edition of a challenge; its rules are frozen with a hash when it is published."""

    class MissingPolicy(models.TextChoices):
        INCOMPLETE = "incomplete", _("An entry that misses a target is shown but not ranked")
        SKIP = "skip", _("Only answered targets count; coverage is shown beside the value")
        WORST = "worst", _("A missed target counts as the declared penalty value")

    class UploadReplaces(models.TextChoices):
        ENTRY = "entry", _("All that was handed in before: the last file counts, whole")
        ANSWERS = "answers", _("The answers it holds: of each target the last answer counts")

    class ModelBasis(models.TextChoices):
        FIRST = "first", _("Model 1 alone")
        BEST = "best", _("The best of the models, for each target and metric")

    challenge = models.ForeignKey(Challenge, on_delete=models.PROTECT, related_name="rounds")
    slug = models.SlugField(max_length=60)
    title = models.CharField(max_length=160)
    task = models.TextField("what to predict", help_text="For participants. Markdown.")
    opens_at = models.DateTimeField(help_text="UTC.")
    closes_at = models.DateTimeField(
        help_text="UTC. An upload counts if it starts before this moment."
    )
    grace_minutes = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(7 * 24 * 60)],
        help_text="An upload that starts so long after a deadline, of the round, of a track or of "
        "a target, still counts. Stated to everyone.",
    )
    embargo = models.TextField(
        blank=True,
        help_text="Until when participants keep answers and results to themselves, and who may "
        "publish what. Markdown.",
    )
    design_items = models.JSONField(
        "design in words",
        default=dict,
        blank=True,
        validators=[validate_design_items],
        help_text='What the other rules do not say, by item, like {"mission": "...", "cohort": '
        '"..."}. Items: ' + ", ".join(DESIGN_ITEMS) + ". Frozen with the rules.",
    )
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    revealed_at = models.DateTimeField(null=True, blank=True, editable=False)
    finalized_at = models.DateTimeField(null=True, blank=True, editable=False)

    reader = models.CharField(
        max_length=40, default="npz", help_text="Which reader reads the prediction files."
    )
    reader_options = models.JSONField(default=dict, blank=True)
    upload_limit_bytes = models.PositiveBigIntegerField(
        default=100 * 1024**2, validators=[MinValueValidator(1)]
    )
    submissions_per_day = models.PositiveIntegerField(
        default=5, validators=[MinValueValidator(1)], help_text="Per team and UTC day."
    )
    upload_replaces = models.CharField(
        max_length=8,
        choices=UploadReplaces,
        default=UploadReplaces.ENTRY,
        help_text="What a team's next file replaces. Where targets have windows of their own, "
        "no file can hold all of them: then each answer is replaced by itself.",
    )
    models_per_target = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="How many models, 1 being its first choice, a team may hand in for a target.",
    )
    model_basis = models.CharField(
        "ranked by",
        max_length=5,
        choices=ModelBasis,
        default=ModelBasis.FIRST,
        help_text="Which of the models of a team count on the board.",
    )
    assessors_see_names_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="UTC. Until then assessors see entries under code names. Empty: until the "
        "round is revealed.",
    )
    missing_policy = models.CharField(
        max_length=12, choices=MissingPolicy, default=MissingPolicy.INCOMPLETE
    )
    missing_penalty = models.FloatField(
        null=True, blank=True, help_text="The value of a missed target, if that is the policy."
    )
    tie_tolerance = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0.0)],
        help_text="Values closer than this share a rank.",
    )
    near_duplicate_percent = models.FloatField(
        default=1.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(MOST_DUPLICATE_PERCENT)],
        help_text="Entries of different teams count as one player of credit if they are closer to "
        "each other than this, in percent of what the better of both lacks to the perfect value, "
        "in the primary metric. 0: only identical files do.",
    )
    bootstrap_resamples = models.PositiveIntegerField(
        default=10_000, validators=[MinValueValidator(100), MaxValueValidator(100_000)]
    )
    bootstrap_seed = models.PositiveIntegerField(default=20_261)
    perfect_value = models.FloatField(
        null=True,
        blank=True,
        help_text="The best a prediction can be (replicate agreement); empty: the metric's own.",
    )
    target_set = models.ForeignKey(
        Artifact,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="target_set_of_rounds",
        limit_choices_to={"kind": Artifact.Kind.TARGET_SET},
        help_text="Whom the targets are credited to. Its contributors cannot be ranked here.",
    )
    offered_data = models.ManyToManyField(
        Artifact,
        blank=True,
        related_name="offered_in_rounds",
        help_text="Datasets published with the round; pre-ticked when a team declares its lineage.",
    )
    design = models.JSONField(default=dict, editable=False)
    design_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-opens_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["challenge", "slug"],
                name="round_slug_once",
                violation_error_message="The challenge has a round with this slug already.",
            ),
            models.CheckConstraint(
                condition=models.Q(opens_at__lt=models.F("closes_at")),
                name="round_opens_before_it_closes",
                violation_error_message="A round opens before it closes.",
            ),
            models.CheckConstraint(
                condition=models.Q(published_at__isnull=True) | ~models.Q(design_sha256=""),
                name="round_published_with_frozen_design",
                violation_error_message="A published round has a frozen design.",
            ),
            models.CheckConstraint(
                condition=models.Q(revealed_at__isnull=True)
                | models.Q(revealed_at__gte=models.F("closes_at")),
                name="round_revealed_after_close",
                violation_error_message="A round is revealed after it has closed.",
            ),
            models.CheckConstraint(
                condition=models.Q(finalized_at__isnull=True)
                # Said twice, because a comparison with NULL would let the row through.
                | models.Q(revealed_at__isnull=False, finalized_at__gte=models.F("revealed_at")),
                name="round_final_after_reveal",
                violation_error_message="A round is final after it has been revealed.",
            ),
            models.CheckConstraint(
                condition=~models.Q(missing_policy="worst")
                | models.Q(missing_penalty__isnull=False),
                name="round_penalty_declared",
                violation_error_message="Declare the value that a missed target counts as.",
            ),
            models.CheckConstraint(
                condition=models.Q(models_per_target__gte=1),
                name="round_takes_a_model",
                violation_error_message="A team hands in one model or more for a target.",
            ),
            models.CheckConstraint(
                condition=models.Q(near_duplicate_percent__gte=0, near_duplicate_percent__lte=20),
                name="round_near_duplicates_within_reason",
                violation_error_message="Near duplicates are closer than 0 to 20 percent.",
            ),
            *DISCLOSURE_CONSTRAINTS,
        ]

    def __str__(self) -> str:
        return f"{self.challenge.title}: {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("pages:round", args=[self.challenge.slug, self.slug])

    def state_at(self, moment: datetime) -> RoundState:
        """Tell the state at `moment`; dates decide, not a timer that may have missed its tick."""
        if self.published_at is None:
            return RoundState.DRAFT
        if moment < self.opens_at:
            return RoundState.UPCOMING
        if moment < self.closes_at:
            return RoundState.OPEN
        if self.finalized_at is not None and self.finalized_at <= moment:
            return RoundState.FINAL
        if self.revealed_at is not None and self.revealed_at <= moment:
            return RoundState.REVEALED
        return RoundState.CLOSED

    def takes_predictions_at(self, moment: datetime) -> bool:
        """Tell whether an upload that starts at `moment` counts: open, or within the grace."""
        if self.state_at(moment) is RoundState.OPEN:
            return True
        return self.state_at(moment) is RoundState.CLOSED and moment < self.closes_at + self.grace

    @property
    def grace(self) -> timedelta:
        """How long after a deadline an upload may start and still count."""
        return timedelta(minutes=self.grace_minutes)

    @property
    def state(self) -> RoundState:
        return self.state_at(timezone.now())

    @property
    def is_frozen(self) -> bool:
        return self.published_at is not None


class RoundMetric(models.Model):
    """One metric of a round, at a version, with its parameters and aggregate."""

    class AggregateChoice(models.TextChoices):
        MEAN = Aggregate.MEAN.value, _("Mean over targets")
        MEDIAN = Aggregate.MEDIAN.value, _("Median over targets")
        SUM = Aggregate.SUM.value, _("Sum over targets")
        ROOT_MEAN = Aggregate.ROOT_MEAN.value, _("Root of the mean over targets")
        GEOMETRIC_MEAN = Aggregate.GEOMETRIC_MEAN.value, _("Geometric mean over targets")
        POOLED = Aggregate.POOLED.value, _("Pooled: one value from all targets together")

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="metrics")
    key = models.CharField(
        max_length=60,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$")],
        help_text="Short and stable, like nrmse or frmse_low.",
    )
    label = models.CharField(max_length=80, blank=True, help_text="Column head; empty: the key.")
    metric = models.CharField(max_length=60, help_text="Slug of a registered metric.")
    version = models.PositiveIntegerField(default=1)
    parameters = models.JSONField(default=dict, blank=True)
    aggregate = models.CharField(
        max_length=20, choices=AggregateChoice, default=AggregateChoice.MEAN
    )
    is_primary = models.BooleanField(default=False, help_text="The one the board is ranked by.")
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-is_primary", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "key"],
                name="round_metric_key_once",
                violation_error_message="The round has a metric with this key already.",
            ),
            models.UniqueConstraint(
                fields=["round"],
                condition=models.Q(is_primary=True),
                name="round_one_primary",
                violation_error_message="The round has a primary metric already; mark one only.",
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.key


class RoundFile(models.Model):
    """A public file of a round: inputs of one target, or a template, or a description."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="files")
    target = models.ForeignKey(
        "challenges.Target", on_delete=models.CASCADE, null=True, blank=True, related_name="files"
    )
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=300, blank=True)
    released_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="UTC. For what comes at a later stage; empty: with its target or the round.",
    )
    file = models.FileField(upload_to="rounds/", max_length=200)
    size_bytes = models.PositiveBigIntegerField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "name"],
                name="round_file_name_once",
                violation_error_message="The round has a file of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
