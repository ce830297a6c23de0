"""Claims: one worker each, in turn over challenges and teams."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from submissions.models import Submission, SubmissionState
from submissions.services.claim import claim_next
from submissions.services.lease import kept_alive, renew
from tests import factories
from tests.submissions.threads import at_once


def claims(count):
    found = [claim_next(worker="w") for _ in range(count)]
    return [claim.submission.pk for claim in found if claim is not None]


@pytest.mark.django_db
def test_claim_marks_the_row_as_running_under_a_lease():
    submission = factories.make_submission()
    claim = claim_next(worker="worker-1")
    submission.refresh_from_db()
    assert claim.submission == submission
    assert (submission.state, submission.attempt) == (SubmissionState.RUNNING, 1)
    assert submission.lease_token == claim.token
    assert submission.lease_until > timezone.now()
    assert submission.claimed_at == claim.started_at
    assert claim_next(worker="worker-2") is None


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["scored", "rejected", "failed", "withdrawn", "running"])
def test_only_what_waits_is_claimed(state):
    factories.make_submission(state=state)
    assert claim_next(worker="w") is None


@pytest.mark.django_db
def test_running_submission_whose_lease_ran_out_is_claimed_again():
    lost = timezone.now() - timedelta(seconds=1)
    submission = factories.make_submission(state="running", lease_until=lost)
    claim = claim_next(worker="w")
    assert (claim.submission, claim.attempt) == (submission, 2)
    assert claim.token != submission.lease_token


@pytest.mark.django_db
def test_submission_without_an_attempt_left_is_not_claimed(settings):
    factories.make_submission(attempt=settings.SCORING_MAX_ATTEMPTS)
    assert claim_next(worker="w") is None


@pytest.mark.django_db
def test_repeated_attempt_waits_for_its_time():
    now = timezone.now()
    later = factories.make_submission(not_before=now + timedelta(minutes=1))
    assert claim_next(worker="w") is None
    Submission.objects.filter(pk=later.pk).update(not_before=now - timedelta(seconds=1))
    assert claim_next(worker="w").submission == later


@pytest.mark.django_db
def test_one_team_is_served_in_the_order_of_its_queue():
    round_, team = factories.make_round(), factories.make_team()
    now = timezone.now()
    rows = [
        factories.make_submission(round_, team, queued_at=now - timedelta(minutes=minutes))
        for minutes in (1, 3, 2)
    ]
    assert claims(4) == [rows[1].pk, rows[2].pk, rows[0].pk]


@pytest.mark.django_db
def test_burst_in_one_challenge_delays_another_challenge_by_one_job():
    busy = factories.make_round()
    burst = [factories.make_submission(busy).pk for _ in range(4)]
    single = factories.make_submission(factories.make_round())
    order = claims(5)
    assert order[0] == burst[0]
    assert order[1] == single.pk
    assert order[2:] == burst[1:]


@pytest.mark.django_db
def test_challenges_take_turns_also_when_one_worker_serves_them_all():
    """With one worker nothing else runs when it claims, so only the last turn can decide."""
    rounds = [factories.make_round() for _ in range(2)]
    for round_ in rounds:
        for _ in range(3):
            factories.make_submission(round_)
    served = []
    while (claim := claim_next(worker="w")) is not None:
        served.append(claim.submission.round_id)
        claim.held().move(
            pk=claim.submission.pk,
            source=SubmissionState.RUNNING,
            target=SubmissionState.SCORED,
            finished_at=timezone.now(),
        )
    assert served == [rounds[0].pk, rounds[1].pk] * 3


@pytest.mark.django_db
def test_teams_of_a_challenge_take_turns():
    round_ = factories.make_round()
    eager, other = factories.make_team(), factories.make_team()
    first = [factories.make_submission(round_, eager).pk for _ in range(3)]
    late = factories.make_submission(round_, other).pk
    assert claims(4) == [first[0], late, *first[1:]]


@pytest.mark.django_db
def test_rounds_of_one_challenge_share_its_turn():
    challenge = factories.make_challenge()
    team = factories.make_team()
    rounds = [factories.make_round(challenge) for _ in range(2)]
    mine = [factories.make_submission(round_, team).pk for round_ in rounds]
    other = factories.make_submission().pk
    assert claims(3) == [mine[0], other, mine[1]]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", ["queued", "running"])
def test_racing_workers_claim_each_submission_once(state):
    """Running is: under a lease that ran out, so that a claim does not change the state."""
    round_ = factories.make_round()
    lease = {"lease_until": timezone.now() - timedelta(seconds=1)} if state == "running" else {}
    expected = {factories.make_submission(round_, state=state, **lease).pk for _ in range(12)}

    def claim_all(place):
        taken = []
        while (claim := claim_next(worker=f"w{place}")) is not None:
            taken.append(claim.submission.pk)
        return taken

    taken = [pk for found in at_once(claim_all, threads=4) for pk in found]
    assert len(taken) == 12
    assert set(taken) == expected
    assert set(Submission.objects.values_list("attempt", flat=True)) == {1 + bool(lease)}


@pytest.mark.django_db
def test_lease_is_renewed_only_by_its_holder():
    submission = factories.make_submission()
    claim = claim_next(worker="w")
    past = timezone.now() - timedelta(seconds=1)
    Submission.objects.filter(pk=submission.pk).update(lease_until=past)
    assert renew(claim)
    submission.refresh_from_db()
    assert submission.lease_until > timezone.now()
    Submission.objects.filter(pk=submission.pk).update(lease_token="another")
    assert not renew(claim)


@pytest.mark.django_db(transaction=True)
def test_lease_is_renewed_while_the_work_goes_on(settings):
    factories.make_submission()
    claim = claim_next(worker="w")
    settings.SCORING_LEASE_S = 0.6
    first = Submission.objects.get().lease_until
    with kept_alive(claim):
        for _ in range(200):
            if Submission.objects.get().lease_until != first:
                break
            time.sleep(0.02)
    assert Submission.objects.get().lease_until != first
