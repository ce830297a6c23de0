"""The unit that is predicted and scored."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.urls import reverse

from challenges.models.round import Round

MAX_DIMENSIONS = 6


def validate_shape(value: object) -> None:
    """Refuse anything but a list of at most six positive whole numbers ([] is a scalar).

    null stands for a length that each file chooses.
    """
    if (
        not isinstance(value, list)
        or len(value) > MAX_DIMENSIONS
        or not all(size is None or (type(size) is int and size > 0) for size in value)
    ):
        raise ValidationError(
            "A shape is a list of whole numbers, like [21, 256]; [] is one number, and null in "
            "the place of a number means any length."
        )


def validate_labels(value: object) -> None:
    """Refuse anything but a list of short words."""
    if not isinstance(value, list) or not all(
        isinstance(label, str) and 0 < len(label) <= 40 for label in value
    ):
        raise ValidationError('Class labels are a list of short words, like ["shock"].')


class Target(models.Model):
    """A PDE case, a molecule, a protein: predicted, scored and credited on its own."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="targets")
    slug = models.CharField(
        max_length=60,
        validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9_-]*$")],
        help_text="The name used in prediction files.",
    )
    title = models.CharField(max_length=160, blank=True)
    summary = models.TextField(blank=True, help_text="What is known about it. Markdown.")
    position = models.PositiveIntegerField(default=0)
    shape = models.JSONField(default=list, blank=True, validators=[validate_shape])
    reference_shape = models.JSONField(
        null=True,
        blank=True,
        validators=[validate_shape],
        help_text="The answer's shape where it is not the prediction's: [] for one number that "
        "the 50 members of an ensemble, [50], are compared with. Empty: the same.",
    )
    low = models.FloatField(null=True, blank=True, help_text="Predictions below are refused.")
    high = models.FloatField(null=True, blank=True, help_text="Predictions above are refused.")
    weight = models.FloatField(default=1.0, validators=[MinValueValidator(0.0)])
    evaluation_units = models.PositiveIntegerField(
        default=1, help_text="Its part of the credit for targets; near-duplicates share one unit."
    )
    unit_of = models.CharField(
        max_length=60,
        blank=True,
        validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9_-]*$")],
        help_text="What it is one evaluation unit of, like T1104 for its domain T1104-D1. The "
        "weight of each unit is divided by how many units of it count.",
    )
    classes = models.JSONField(default=list, blank=True, validators=[validate_labels])
    family = models.CharField(
        max_length=60,
        blank=True,
        validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9 _-]*$")],
        help_text="What it is closely related to, like the protein family or the solver run; "
        "results are broken down by it.",
    )
    is_private = models.BooleanField(
        "private",
        default=False,
        help_text="Kept from the board, and from everyone's scores, until the reveal; then it "
        "counts like the others. Put whole families on one side.",
    )
    commentary = models.TextField(
        blank=True,
        help_text="What its providers say of it and of the predictions, shown once the round is "
        "revealed. Markdown.",
    )
    opens_at = models.DateTimeField(null=True, blank=True, help_text="Empty: with the round.")
    closes_at = models.DateTimeField(null=True, blank=True, help_text="Empty: with the round.")
    providers = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="provided_targets",
        help_text="Who provided it: they may store its answer and commentary, see no other "
        "target before its release, and cannot be ranked on it.",
    )
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancel_reason = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ["position", "slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "slug"],
                name="target_slug_once",
                violation_error_message="The round has a target with this slug already.",
            ),
            models.CheckConstraint(
                condition=models.Q(opens_at__isnull=True)
                | models.Q(closes_at__isnull=True)
                | models.Q(opens_at__lt=models.F("closes_at")),
                name="target_opens_before_it_closes",
                violation_error_message="A target opens before it closes.",
            ),
            models.CheckConstraint(
                condition=models.Q(low__isnull=True)
                | models.Q(high__isnull=True)
                | models.Q(low__lt=models.F("high")),
                name="target_low_below_high",
                violation_error_message="The lower limit is below the upper limit.",
            ),
            models.CheckConstraint(
                condition=models.Q(weight__gte=0),
                name="target_weight_not_negative",
                violation_error_message="A weight is 0 or more.",
            ),
            models.CheckConstraint(
                condition=models.Q(cancelled_at__isnull=True, cancel_reason="")
                | (models.Q(cancelled_at__isnull=False) & ~models.Q(cancel_reason="")),
                name="target_cancelled_with_reason",
                violation_error_message="A cancelled target has a reason.",
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.slug

    def get_absolute_url(self) -> str:
        return reverse("pages:target", args=[self.round.challenge.slug, self.round.slug, self.slug])

    @property
    def answer_shape(self) -> list[int | None]:
        """Shape of the answer; None is a length that the answer chooses."""
        return list(self.shape if self.reference_shape is None else self.reference_shape)
