"""A clock that stands where the rehearsal puts it.

It lives only in the rehearsal's own process. Everything there asks `django.utils.timezone.now`
or the database's `Now`; field defaults hold the function itself, so what is replaced is the
class that this function asks, not its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Self

from django.db.models.functions import Now
from django.utils import timezone

_TICK = timedelta(milliseconds=1)  # what is done later is later


class SimulatedClock:
    """Tells the moment it is set to, a millisecond more each time it is asked."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment.astimezone(UTC)

    def go_to(self, moment: datetime) -> None:
        """Go to a moment; back too, as each round is a story of its own."""
        self._moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        self._moment += _TICK
        return self._moment

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Let this process ask this clock."""
        clock = self

        class Simulated(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Any:
                return clock.now().astimezone(tz)

        def as_sqlite(*args: Any, **kwargs: Any) -> tuple[str, list[str]]:
            return "%s", [f"{clock.now():%Y-%m-%d %H:%M:%S.%f}"]

        before = timezone.datetime, Now.as_sqlite  # type: ignore[attr-defined]
        timezone.datetime, Now.as_sqlite = Simulated, as_sqlite  # type: ignore
        try:
            yield self
        finally:
            timezone.datetime, Now.as_sqlite = before  # type: ignore
