"""Claims: a worker takes the next submission in turn, never a named one.

Time is the database's: workers with wrong clocks neither lose a lease early nor keep it late.
The functions are the same on SQLite and PostgreSQL; what makes a claim exclusive is one
conditional UPDATE. Only a challenge's limit needs a row lock besides, on PostgreSQL.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Max, OuterRef, Q, Subquery
from django.db.models.functions import Now

from accounts.models import Team
from challenges.models import Challenge, Round
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
    another challenge's single submission by at most one job per worker. What operators have
    put first is first in the turn of its challenge. A challenge that has as many running as
    it may has no turn.
    """
    for _ in range(MOST_RACES):
        waiting = claimable()
        challenge = _first_in_turn(_waiting_challenges(waiting), "round__challenge_id")
        if challenge is None:
            return None
        candidate = _next_of_challenge(waiting, challenge)
        claim = candidate and _take(candidate, worker=worker)
        if claim:
            return claim
    return None


def lease_end() -> Any:
    """Return the expression of when a lease taken now runs out."""
    return Now() + timedelta(seconds=settings.SCORING_LEASE_S)


def claimable() -> SubmissionQuerySet:
    """Return what a worker may take: queued, or running under a lease that ran out."""
    return Submission.objects.filter(
        # Said once more by itself: this is the condition of the indexes.
        Q(state__in=[SubmissionState.QUEUED, SubmissionState.RUNNING]),
        Q(state=SubmissionState.QUEUED) & (Q(not_before__isnull=True) | Q(not_before__lte=Now()))
        | Q(state=SubmissionState.RUNNING, lease_until__lt=Now()),
        attempt__lt=settings.SCORING_MAX_ATTEMPTS,
    )


def _next_of_challenge(waiting: SubmissionQuerySet, challenge: int) -> Submission | None:
    """Return whose turn it is in the challenge; None if others have taken all since."""
    rounds = Round.objects.filter(challenge=challenge).values_list("pk", flat=True)
    of_challenge = waiting.filter(round__in=list(rounds))
    urgent = of_challenge.filter(priority__isnull=False).order_by("-priority").first()
    if urgent is not None:
        of_challenge = of_challenge.filter(priority=urgent.priority)
    within = Q(round__challenge_id=challenge)
    team = _first_in_turn(_waiting_teams(of_challenge), "team_id", within=within)
    if team is None:
        return None
    return of_challenge.filter(team_id=team).order_by("queued_at", "pk").first()


def _waiting_challenges(waiting: SubmissionQuerySet) -> dict[int, datetime]:
    """Return the challenges that have a turn, each with since when its first one waits.

    Each round is asked for its first one, which an index answers: a claim takes no longer
    because many wait. The same holds for teams.
    """
    first = waiting.filter(round=OuterRef("pk")).order_by("queued_at").values("queued_at")[:1]
    rounds = Round.objects.order_by().exclude(challenge__in=_full_challenges())
    found: dict[int, datetime] = {}
    for challenge, since in rounds.values_list("challenge_id", Subquery(first)):
        if since is not None:
            found[challenge] = min(since, found.get(challenge, since))
    return found


def _waiting_teams(waiting: SubmissionQuerySet) -> dict[int, datetime]:
    first = waiting.filter(team=OuterRef("pk")).order_by("queued_at").values("queued_at")[:1]
    teams = Team.objects.order_by().values_list("pk", Subquery(first))
    return {team: since for team, since in teams if since is not None}


def _full_challenges() -> list[int]:
    """Return the challenges that have as many running as they may."""
    running = Count("rounds__submissions", filter=Q(rounds__submissions__state="running"))
    limited = Challenge.objects.order_by().filter(scoring_slots__isnull=False)
    return list(
        limited.annotate(running=running)
        .filter(running__gte=F("scoring_slots"))
        .values_list("pk", flat=True)
    )


def _first_in_turn(
    groups: dict[int, datetime], field: str, *, within: Q | None = None
) -> int | None:
    """Return the group of `field` whose turn it is among those that wait."""
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
    """Take the candidate unless somebody else was faster or its challenge is full by now."""
    token = secrets.token_hex(16)
    with transaction.atomic():
        # Only claims of a challenge with a limit wait for one another: what they count must
        # not change until the row is written.
        limited = Challenge.objects.filter(
            rounds=candidate.round_id, scoring_slots__isnull=False
        ).select_for_update(of=("self",), no_key=True)
        if any(challenge.pk in _full_challenges() for challenge in limited):
            return None
        taken = _mark(candidate, token=token)
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


def _mark(candidate: Submission, *, token: str) -> bool:
    return claimable().move(
        pk=candidate.pk,
        source=SubmissionState(candidate.state),
        target=SubmissionState.RUNNING,
        attempt=F("attempt") + 1,
        lease_token=token,
        lease_until=lease_end(),
        claimed_at=Now(),
        not_before=None,
    )
