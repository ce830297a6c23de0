"""What of a round is shown when: its rules, as columns of the round."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class BoardPolicy(models.TextChoices):
    """What the board shows until the round is revealed; from then on it shows everything."""

    LIVE = "live", _("Live: each score is on the board as soon as it is there")
    DELAYED = "delayed", _("Delayed: a board is shown some hours after it was computed")
    CLOSE = "close", _("Hidden until the round closes")
    REVEAL = "reveal", _("Hidden until the reveal")
    LADDER = "ladder", _("Ladder: a team's shown score moves only when it improves clearly")


class ShownFrom(models.TextChoices):
    """From when one kind of information is shown."""

    ALWAYS = "always", _("With the board")
    CLOSE = "close", _("When the round closes")
    REVEAL = "reveal", _("With the reveal")
    DATE = "date", _("On the date beside")
    NEVER = "never", _("Never")


CLOCKS = ("names", "target_scores", "predictions", "abstracts")
DISCLOSURE_FIELDS = (
    "board_policy",
    "board_delay_hours",
    "ladder_step",
    "shown_decimals",
    *(name for clock in CLOCKS for name in (f"{clock}_shown", f"{clock}_shown_at")),
)

# What a round does by itself, so that its rules need not say it.
DISCLOSURE_DEFAULTS: dict[str, object] = {
    **dict.fromkeys(DISCLOSURE_FIELDS),
    "board_policy": BoardPolicy.LIVE,
    **{f"{clock}_shown": ShownFrom.ALWAYS for clock in CLOCKS},
    "predictions_shown": ShownFrom.NEVER,
}


def _clock(what: str, *, default: ShownFrom = ShownFrom.ALWAYS) -> models.CharField[Any, Any]:
    return models.CharField(max_length=8, choices=ShownFrom, default=default, help_text=what)


def _date() -> models.DateTimeField[Any, Any]:
    return models.DateTimeField(
        null=True, blank=True, help_text="UTC; only if the choice is a date."
    )


class Disclosure(models.Model):
    """The columns. Organizers of the challenge see everything at any time."""

    board_policy = models.CharField(
        "board", max_length=8, choices=BoardPolicy, default=BoardPolicy.LIVE,
        help_text="What everyone, entrants too, sees of the scores until the reveal. With few "
        "targets and many submissions choose the Ladder or a hidden board: a live one can be "
        "climbed by guessing. Targets marked private are kept from the board in any case.",
    )  # fmt: skip
    board_delay_hours = models.PositiveIntegerField(
        "delay in hours", null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 366)],
        help_text="For a delayed board: how old a board is when it is shown.",
    )  # fmt: skip
    ladder_step = models.FloatField(
        "step of the Ladder", null=True, blank=True,
        help_text="In units of the primary metric: a better score is shown only if it is better "
        "by more than this, and rounded to it. Empty: the standard error of the difference "
        "decides.",
    )  # fmt: skip
    shown_decimals = models.PositiveSmallIntegerField(
        "shown decimals", null=True, blank=True, validators=[MaxValueValidator(12)],
        help_text="Scores are shown with so many decimals until the reveal. Empty: as they are. "
        "Ranks always follow the whole values. Rounding alone does not keep answers from being "
        "guessed.",
    )  # fmt: skip
    names_shown = _clock(
        "Names of teams, methods and people beside results; until then they have labels like "
        "“Entrant 3”, which stay the same."
    )
    names_shown_at = _date()
    target_scores_shown = _clock("Scores on single targets, to their own teams too.")
    target_scores_shown_at = _date()
    predictions_shown = _clock(
        "The files that teams sent, to everyone. Their own team always has them.",
        default=ShownFrom.NEVER,
    )
    predictions_shown_at = _date()
    abstracts_shown = _clock("What teams write about their methods.")
    abstracts_shown_at = _date()

    class Meta:
        abstract = True


def _date_exactly_when_chosen(clock: str) -> models.CheckConstraint:
    chosen, dated = Q(**{f"{clock}_shown": "date"}), Q(**{f"{clock}_shown_at__isnull": False})
    return models.CheckConstraint(
        condition=(chosen & dated) | (~chosen & ~dated),
        name=f"round_{clock}_date_exactly_when_chosen",
        violation_error_message=f"Give a date for {clock.replace('_', ' ')} exactly when “on the "
        "date beside” is chosen.",
    )


DISCLOSURE_CONSTRAINTS = [
    models.CheckConstraint(
        condition=Q(board_policy="delayed", board_delay_hours__isnull=False)
        | (~Q(board_policy="delayed") & Q(board_delay_hours__isnull=True)),
        name="round_delay_exactly_when_delayed",
        violation_error_message="Give the hours of delay exactly when the board is delayed.",
    ),
    models.CheckConstraint(
        condition=Q(ladder_step__isnull=True)
        | Q(board_policy="ladder", ladder_step__gt=0, ladder_step__lt=1e300),
        name="round_step_only_of_a_ladder",
        violation_error_message="A step is above 0, and only the Ladder has one.",
    ),
    *(_date_exactly_when_chosen(clock) for clock in CLOCKS),
]
