"""Reads of submissions: who sees which, how long they wait, what they scored."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, Q

from accounts.models import Team, User
from accounts.selectors import active_teams_of
from challenges.models import Round
from challenges.selectors import organized_challenges
from submissions.models import Score, Submission, SubmissionState
from submissions.models.submission import SubmissionQuerySet

Viewer = User | AnonymousUser


def visible_submissions(user: Viewer) -> SubmissionQuerySet:
    """Return what the person may see: of their own teams, and of challenges they organize."""
    if not user.is_authenticated or not user.is_active:
        return Submission.objects.none()
    return Submission.objects.filter(
        Q(team__in=active_teams_of(user).values("pk"))
        | Q(round__challenge__in=organized_challenges(user).values("pk"))
    )


def can_see(user: Viewer, submission: Submission) -> bool:
    """Tell whether the person may see the submission."""
    return visible_submissions(user).filter(pk=submission.pk).exists()


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


def queue_position(submission: Submission) -> int | None:
    """Tell how many turns it takes until this submission is claimed; None if it does not wait.

    Turns go round challenges, and within one round its teams. So before the k-th submission
    of a team come at most k of each other team of the challenge, and before the n-th of the
    challenge at most n of each other challenge. What runs at the moment is not looked at, so
    the position is an estimate, and the highest it can be.
    """
    if submission.state != SubmissionState.QUEUED:
        return None
    waiting = Submission.objects.filter(state=SubmissionState.QUEUED).order_by()
    challenge = submission.round.challenge_id
    here = waiting.filter(round__challenge_id=challenge)
    earlier = Q(queued_at__lt=submission.queued_at) | Q(
        queued_at=submission.queued_at, pk__lt=submission.pk
    )
    in_team = 1 + here.filter(earlier, team_id=submission.team_id).count()
    other_teams = here.exclude(team_id=submission.team_id).values_list("team_id")
    in_challenge = in_team + _at_most_each(other_teams.annotate(Count("pk")), in_team)
    others = waiting.exclude(round__challenge_id=challenge).values_list("round__challenge_id")
    return in_challenge + _at_most_each(others.annotate(Count("pk")), in_challenge)


def _at_most_each(groups: Iterable[tuple[int, int]], most: int) -> int:
    return sum(min(count, most) for _, count in groups)
