from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Membership
from submissions.models import Submission
from submissions.selectors import (
    can_see,
    current_scores,
    queue_position,
    submissions_of_round,
    submissions_of_teams,
    visible_submissions,
)
from submissions.services.claim import claim_next
from tests import factories

pytestmark = pytest.mark.django_db


def test_submission_is_seen_by_its_team_and_its_organizers_only():
    member, mate = factories.make_user(), factories.make_user()
    submission = factories.make_submission(team=factories.make_team(member, mate))
    organizer = factories.organizer_of(submission.round.challenge)
    former = factories.make_user()
    Membership.objects.create(
        team=submission.team, user=former, left_at=timezone.now() + timedelta(seconds=1)
    )
    gone = factories.make_user()
    Membership.objects.create(team=submission.team, user=gone)
    gone.is_active = False
    sees = {
        member: True,
        mate: True,
        organizer: True,
        factories.make_user(is_superuser=True): True,
        factories.make_user(is_staff=True): False,
        factories.organizer_of(factories.make_challenge()): False,
        factories.member_of(factories.make_team()): False,
        former: False,
        gone: False,
        AnonymousUser(): False,
    }
    for person, expected in sees.items():
        assert can_see(person, submission) is expected
        assert visible_submissions(person).exists() is expected


def test_member_of_two_roles_sees_a_submission_once():
    challenge = factories.make_challenge()
    organizer = factories.organizer_of(challenge)
    round_ = factories.make_round(challenge)
    factories.make_submission(round_, factories.make_team(organizer, factories.make_user()))
    assert visible_submissions(organizer).count() == 1
    both = visible_submissions(organizer) & submissions_of_round(round_)
    assert both.count() == 1


def test_submissions_of_round_and_teams():
    one, other = factories.make_submission(), factories.make_submission()
    assert list(submissions_of_round(one.round)) == [one]
    assert list(submissions_of_teams([other.team])) == [other]


def test_current_scores_come_in_the_order_of_metrics_and_targets():
    round_ = factories.make_round(targets=("b", "a"))
    factories.make_metric(round_, "second")
    factories.make_metric(round_, "pooled", metric="rmse", aggregate="pooled")
    submission = factories.make_scored(round_, {"a": 1.0, "b": 2.0})
    run = submission.runs.get()
    factories.make_score(run, value=3.0, key="pooled")
    factories.make_score(run, value=4.0, target="a", key="second")
    old = factories.make_run(submission, is_current=False, number=9)
    submission.runs.filter(pk=run.pk).update(is_current=True)
    factories.make_score(old, value=9.0, target="a")
    assert [score.value for score in current_scores(submission)] == [2.0, 1.0, 4.0, 3.0]


def test_finished_submission_has_no_position():
    assert queue_position(factories.make_submission(state="scored")) is None
    assert queue_position(factories.make_submission(state="running")) is None


def test_submission_that_waits_alone_is_first():
    """Also when the database's clock wrote the time, with fewer digits than ours."""
    submission = factories.make_submission()
    Submission.objects.update(queued_at=Now())
    submission.refresh_from_db()
    assert queue_position(submission) == 1


def test_position_is_the_turn_in_which_a_free_worker_takes_it():
    """Two challenges; in the first one an eager team and a modest one."""
    busy, calm = factories.make_round(), factories.make_round()
    eager, modest = factories.make_team(), factories.make_team()
    queue = [factories.make_submission(busy, eager) for _ in range(3)]
    queue.append(factories.make_submission(busy, modest))
    queue += [factories.make_submission(calm) for _ in range(2)]
    positions = {row.pk: queue_position(row) for row in queue}
    turns = {}
    while (claim := claim_next(worker="w")) is not None:
        turns[claim.submission.pk] = len(turns) + 1
        Submission.objects.filter(pk=claim.submission.pk).update(
            state="scored", finished_at=timezone.now()
        )
    assert positions == turns
    assert sorted(turns.values()) == [1, 2, 3, 4, 5, 6]
