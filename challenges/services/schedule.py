"""One rule that gives the targets of a draft their release and deadline by the calendar.

CASP releases targets day by day, CAMEO every week. A calendar is in UTC, which has no clock that
is put forward, so that a weekly release is always 168 hours after the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.db import transaction

from challenges.errors import ScheduleRefused
from challenges.models import Round, Target
from challenges.services.rounds import locked_draft

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When targets are released, how many at a time, and for how long they are open.

    Attributes
    ----------
    weekday : str
        One of `WEEKDAYS`, or empty for every day.
    at : time
        In UTC.
    days_open : int
        From release to deadline.
    per_release : int
        So many targets are released together.
    """

    days_open: int
    at: time = time(0)
    weekday: str = ""
    per_release: int = 1

    def __post_init__(self) -> None:
        if self.at.tzinfo is not None:
            raise ScheduleRefused("The time of a release is in UTC.", "Write it without a zone.")
        if self.weekday and self.weekday not in WEEKDAYS:
            raise ScheduleRefused(
                f"{self.weekday!r} is no weekday.", f"Write one of {', '.join(WEEKDAYS)}."
            )
        if self.days_open < 1 or self.per_release < 1:
            raise ScheduleRefused("Days open and targets at a time are 1 or more.")

    @property
    def step(self) -> timedelta:
        """From one release to the next."""
        return timedelta(days=7 if self.weekday else 1)


def windows(
    schedule: Schedule, *, opens_at: datetime, closes_at: datetime, count: int
) -> list[tuple[datetime, datetime]]:
    """Return release and deadline of `count` targets, in the order of their release.

    Raises
    ------
    ScheduleRefused
        If the last deadline is after the round closes.
    """
    first = _first_release(schedule, opens_at.astimezone(UTC))
    open_for = timedelta(days=schedule.days_open)
    releases = [first + (place // schedule.per_release) * schedule.step for place in range(count)]
    if releases and releases[-1] + open_for > closes_at:
        raise ScheduleRefused(
            f"The last of {count} targets would close at "
            f"{releases[-1] + open_for:%Y-%m-%d %H:%M} UTC, after the round "
            f"({closes_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC).",
            "Close the round later, release more targets at a time, or keep them open shorter.",
        )
    return [(release, release + open_for) for release in releases]


@transaction.atomic
def schedule_targets(round: Round, targets: Sequence[Target], schedule: Schedule) -> None:
    """Give targets of a draft the dates of a schedule, in this order.

    Raises
    ------
    ScheduleRefused
        If they do not all close before the round does.
    RoundFrozen
        If the round is published.
    """
    draft = locked_draft(round)
    dates = windows(
        schedule, opens_at=draft.opens_at, closes_at=draft.closes_at, count=len(targets)
    )
    for target, (opens_at, closes_at) in zip(targets, dates, strict=True):
        Target.objects.filter(pk=target.pk, round=draft).update(
            opens_at=opens_at, closes_at=closes_at
        )


def _first_release(schedule: Schedule, opens_at: datetime) -> datetime:
    """Return the first moment of the calendar that is not before the round opens."""
    moment = datetime.combine(opens_at.date(), schedule.at, tzinfo=UTC)
    if schedule.weekday:
        moment += timedelta(days=(WEEKDAYS.index(schedule.weekday) - moment.weekday()) % 7)
    return moment if moment >= opens_at else moment + schedule.step
