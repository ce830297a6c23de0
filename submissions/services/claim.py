"""Claims: a worker takes the next submission in turn, never a named one.

Time is the database's: workers with wrong clocks neither lose a lease early nor keep it late.
The functions are the same on SQLite and PostgreSQL; what makes a claim exclusive is one
conditional UPDATE, so nothing depends on row locks.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Max, Min, Q
from django.db.models.functions import Now

from submissions.models import Submission, SubmissionState
from submissions.models.submission import SubmissionQuerySet

# How often another worker may be faster before this one gives up until the next hint.
MOST_RACES = 50
# Whoever was not served for so long has waited long enough to come first.
TURN_MEMORY = timedelta(hours=1)

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to write the result of one attempt at one submission."""

    submission: Submission
    token: str
    attempt: int
    started_at: datetime
    worker: str

    def held(self) -> SubmissionQuerySet:
        """Return the row if this claim still holds it: the fence of every write."""
        return Submission.objects.filter(
            pk=self.submission.pk,
            state=SubmissionState.RUNNING,
            lease_token=self.token,
            attempt=self.attempt,
        )


def claim_next(*, worker: str) -> Claim | None:
    """Take the next submission in turn, or None if none waits.

    Turns go over challenges first, then over the teams of the challenge: whoever has the
    fewest running, then whoever was served longest ago. So a burst in one challenge delays
    another challenge's single submission by at most one job per worker.
    """
    for _ in range(MOST_RACES):
        candidate = _next_in_turn()
        if candidate is None:
            return None
        claim = _take(candidate, worker=worker)
        if claim is not None:
            return claim
    return None


def lease_end() -> Any:
    """Return the expression of when a lease taken now runs out."""
    return Now() + timedelta(seconds=settings.SCORING_LEASE_S)


def claimable() -> SubmissionQuerySet:
    """Return what a worker may take: queued, or running under a lease that ran out."""
    return Submission.objects.filter(
        Q(state=SubmissionState.QUEUED) & (Q(not_before__isnull=True) | Q(not_before__lte=Now()))
        | Q(state=SubmissionState.RUNNING, lease_until__lt=Now()),
        attempt__lt=settings.SCORING_MAX_ATTEMPTS,
    )


def _next_in_turn() -> Submission | None:
    waiting = claimable()
    challenge = _first_in_turn(waiting, "round__challenge_id")
    if challenge is None:
        return None
    of_challenge = waiting.filter(round__challenge_id=challenge)
    team = _first_in_turn(of_challenge, "team_id", within=Q(round__challenge_id=challenge))
    if team is None:
        return None
    return of_challenge.filter(team_id=team).order_by("queued_at", "pk").first()


def _first_in_turn(
    waiting: SubmissionQuerySet, field: str, *, within: Q | None = None
) -> int | None:
    """Return the group of `field` whose turn it is among those that wait."""
    groups: dict[int, datetime] = dict(
        waiting.order_by().values_list(field).annotate(Min("queued_at"))
    )
    if len(groups) < 2:
        return next(iter(groups), None)
    others = Submission.objects.order_by().filter(within or Q(), **{f"{field}__in": groups})
    running = others.filter(state=SubmissionState.RUNNING, lease_until__gte=Now())
    busy = dict(running.values_list(field).annotate(Count("pk")))
    lately = others.filter(claimed_at__gte=Now() - TURN_MEMORY)
    served = dict(lately.values_list(field).annotate(Max("claimed_at")))
    return min(
        groups,
        key=lambda group: (
            busy.get(group, 0),
            served.get(group, _LONG_AGO),
            groups[group],
            group,
        ),
    )


def _take(candidate: Submission, *, worker: str) -> Claim | None:
    token = secrets.token_hex(16)
    taken = claimable().move(
        pk=candidate.pk,
        source=SubmissionState(candidate.state),
        target=SubmissionState.RUNNING,
        attempt=F("attempt") + 1,
        lease_token=token,
        lease_until=lease_end(),
        claimed_at=Now(),
        not_before=None,
    )
    if not taken:
        return None
    row = (
        Submission.objects.select_related("round__challenge", "team")
        .filter(pk=candidate.pk, lease_token=token)
        .first()
    )
    if row is None or row.claimed_at is None:
        return None  # the lease was so short that another worker has it by now
    return Claim(row, token, row.attempt, row.claimed_at, worker)
