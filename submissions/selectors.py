"""Reads of submissions: who sees which, how long they wait, what they scored."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, Min, Q
from django.utils import timezone

from accounts.models import Team, User
from accounts.selectors import readable_teams_of
from challenges.models import Round
from challenges.selectors import organized_challenges
from submissions.models import Score, ScoringRun, Submission, SubmissionState
from submissions.models.submission import SubmissionQuerySet

Viewer = User | AnonymousUser


def visible_submissions(user: Viewer) -> SubmissionQuerySet:
    """Return what the person may see: of their own teams, and of challenges they organize."""
    if not user.is_authenticated or not user.is_active:
        return Submission.objects.none()
    return Submission.objects.filter(
        Q(team__in=readable_teams_of(user).values("pk"))
        | Q(round__challenge__in=organized_challenges(user).values("pk"))
    )


def can_see(user: Viewer, submission: Submission) -> bool:
    """Tell whether the person may see the submission."""
    return visible_submissions(user).filter(pk=submission.pk).exists()


def failures(user: Viewer) -> SubmissionQuerySet:
    """Return what failed, or waits to be tried again after a failure, in challenges of the person.

    Latest first. `reason_code` says how, `organizer_note` what is known about it.
    """
    if not user.is_authenticated or not user.is_active:
        return Submission.objects.none()
    return (
        Submission.objects.filter(round__challenge__in=organized_challenges(user).values("pk"))
        .filter(
            Q(state=SubmissionState.FAILED)
            | Q(state__in=[SubmissionState.QUEUED, SubmissionState.RUNNING]) & ~Q(reason_code="")
        )
        .select_related("round__challenge", "team")
        .order_by(F("finished_at").desc(nulls_first=True), "-pk")
    )


def submissions_of_round(round: Round) -> SubmissionQuerySet:
    """Return all submissions to a round, newest first."""
    return Submission.objects.filter(round=round)


def submissions_of_teams(teams: Iterable[Team]) -> SubmissionQuerySet:
    """Return all submissions of these teams, newest first."""
    return Submission.objects.filter(team__in=teams)


def current_scores(submission: Submission) -> list[Score]:
    """Return the scores of the current run: by metric, the primary first, then by target."""
    return list(
        Score.objects.filter(run__submission=submission, run__is_current=True)
        .select_related("metric", "target")
        .order_by(
            "-metric__is_primary",
            "metric__position",
            "metric_id",
            F("target__position").asc(nulls_first=True),
            "target__slug",
        )
    )


# The estimate looks at so many runs, no older than this.
LATEST_RUNS = 100
LATELY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """Where a submission stands, and about how long until it is scored (None: not known)."""

    position: int
    eta_seconds: int | None

    @property
    def eta_minutes(self) -> int | None:
        """Return the estimate in whole minutes, rounded up."""
        return None if self.eta_seconds is None else math.ceil(self.eta_seconds / 60)


def queue_place(submission: Submission) -> QueuePlace | None:
    """Tell the turn of a submission and when it is about to be scored; None if it waits not."""
    position = queue_position(submission)
    if position is None:
        return None
    return QueuePlace(position, _eta_seconds(position))


def _eta_seconds(position: int) -> int | None:
    """Estimate from the latest runs: how long each took, and how many workers made them."""
    runs = list(
        ScoringRun.objects.order_by("-pk").values_list("worker", "started_at", "finished_at")[
            :LATEST_RUNS
        ]
    )
    since = timezone.now() - LATELY
    recent = [(worker, end - start) for worker, start, end in runs if end >= since]
    if not recent:
        return None
    each = sum((spent for _, spent in recent), timedelta()) / len(recent)
    rounds = math.ceil(position / len({worker for worker, _ in recent}))
    return math.ceil(rounds * each.total_seconds())


def queue_position(submission: Submission) -> int | None:
    """Tell in which turn this submission is claimed, from 1; None if it does not wait.

    Turns go round challenges, and within one round its teams. So before the n-th submission
    of a team come n of each other team of the challenge that has waited longer, and n - 1 of
    each that has not; and the same again for challenges. Within the challenge, what operators
    have put first comes before. It is an estimate: what runs at the moment, who was served
    last, and limits of challenges are not looked at.
    """
    if submission.state != SubmissionState.QUEUED:
        return None
    waiting = Submission.objects.filter(state=SubmissionState.QUEUED).order_by()
    challenge = submission.round.challenge_id
    of_challenge = waiting.filter(round__challenge_id=challenge)
    put_first = of_challenge.filter(priority__gt=submission.priority or 0).count()
    level = (
        Q(priority__isnull=True) if submission.priority is None else Q(priority=submission.priority)
    )
    here = of_challenge.filter(level)
    earlier = Q(queued_at__lt=submission.queued_at) | Q(
        queued_at=submission.queued_at, pk__lt=submission.pk
    )
    # SQLite writes its own clock with fewer digits than a value of ours, so that a row can look
    # earlier than itself.
    of_team = here.filter(team_id=submission.team_id).exclude(pk=submission.pk)
    in_team = 1 + of_team.filter(earlier).count()
    in_challenge = put_first + _in_turn(here, "team_id", submission.team_id, place=in_team)
    return _in_turn(waiting, "round__challenge_id", challenge, place=in_challenge)


def _in_turn(waiting: SubmissionQuerySet, field: str, own: int, *, place: int) -> int:
    """Return the turn of a group's `place`-th submission among all groups of `field`."""
    groups: dict[int, tuple[int, datetime]] = {
        group: (count, since)
        for group, count, since in waiting.values_list(field).annotate(
            Count("pk"), Min("queued_at")
        )
    }
    if own not in groups:
        return place  # claimed since it was read
    _, own_since = groups.pop(own)
    return place + sum(
        min(count, place if since < own_since else place - 1) for count, since in groups.values()
    )
