"""Tracks of a round: the same targets with windows of their own, like servers and humans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from challenges.models.round import Round
from challenges.models.target import Target


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when predictions are taken; the grace comes on top."""

    opens_at: datetime
    closes_at: datetime

    def holds(self, moment: datetime, *, grace: timedelta = timedelta()) -> bool:
        """Tell whether an upload that starts at `moment` counts."""
        return self.opens_at <= moment < self.closes_at + grace


class Track(models.Model):
    """A way to take part in a round. A round without tracks has one that needs no name."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="tracks")
    slug = models.SlugField(max_length=40, help_text="The name used in the API, like server.")
    title = models.CharField(max_length=80)
    summary = models.CharField(
        max_length=300, blank=True, help_text="Who enters it, and what is allowed there."
    )
    opens_at = models.DateTimeField(null=True, blank=True, help_text="UTC. Empty: with the round.")
    closes_at = models.DateTimeField(null=True, blank=True, help_text="UTC. Empty: with the round.")
    target_hours = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 366)],
        help_text="A target closes so many hours after its release in this track, like 72; "
        "empty: with its own deadline or the track's.",
    )
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "slug"],
                name="track_slug_once",
                violation_error_message="The round has a track with this slug already.",
            ),
            models.CheckConstraint(
                condition=models.Q(opens_at__isnull=True)
                | models.Q(closes_at__isnull=True)
                | models.Q(opens_at__lt=models.F("closes_at")),
                name="track_opens_before_it_closes",
                violation_error_message="A track opens before it closes.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def window(self) -> Window:
        return Window(self.opens_at or self.round.opens_at, self.closes_at or self.round.closes_at)


class TargetWindow(models.Model):
    """Release and deadline of one target in one track, where they are not as elsewhere."""

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="windows")
    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="windows")
    opens_at = models.DateTimeField(null=True, blank=True, help_text="UTC. Empty: as elsewhere.")
    closes_at = models.DateTimeField(null=True, blank=True, help_text="UTC. Empty: as elsewhere.")

    class Meta:
        ordering = ["track", "target"]
        constraints = [
            models.UniqueConstraint(
                fields=["target", "track"],
                name="target_window_once",
                violation_error_message="The target has its dates in this track already.",
            ),
            models.CheckConstraint(
                condition=models.Q(opens_at__isnull=False) | models.Q(closes_at__isnull=False),
                name="target_window_says_something",
                violation_error_message="Give a release, a deadline, or both.",
            ),
            models.CheckConstraint(
                condition=models.Q(opens_at__isnull=True)
                | models.Q(closes_at__isnull=True)
                | models.Q(opens_at__lt=models.F("closes_at")),
                name="target_window_opens_before_it_closes",
                violation_error_message="A target opens before it closes.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target.slug} in {self.track}"


def window_of(target: Target, track: Track | None) -> Window:
    """Return when a target takes predictions in a track (None: the round has none).

    Its dates in the track come before its own dates, those before the hours that the track
    gives each target, and those before the dates of the track or round. No target is open
    before or after its track.
    """
    if track is None:
        around = Window(target.round.opens_at, target.round.closes_at)
        return Window(target.opens_at or around.opens_at, target.closes_at or around.closes_at)
    around = track.window
    own = next((row for row in target.windows.all() if row.track_id == track.pk), None)
    opens_at = (own and own.opens_at) or target.opens_at or around.opens_at
    opens_at = max(opens_at, around.opens_at)
    closes_at = own.closes_at if own else None
    if closes_at is None and track.target_hours is not None:
        closes_at = opens_at + timedelta(hours=track.target_hours)
    closes_at = closes_at or target.closes_at or around.closes_at
    return Window(opens_at, min(closes_at, around.closes_at))
