from datetime import timedelta

import pytest
from django.utils import timezone

from submissions.errors import GateClosed, NotAllowed, SubmissionError
from submissions.models import Submission, SubmissionState
from submissions.selectors import current_scores
from submissions.services import quota
from submissions.services.claim import claim_next
from submissions.services.drain import drain
from submissions.services.quota import quota_of
from submissions.services.rescore import SOURCES, rescore
from submissions.services.score import score_claimed
from submissions.services.withdraw import withdraw
from tests import factories

pytestmark = pytest.mark.django_db
State = SubmissionState


def organizer(submission):
    return factories.organizer_of(submission.round.challenge)


def reveal(round_):
    past = timezone.now() - timedelta(minutes=1)
    round_.closes_at, round_.revealed_at = past, past
    round_.save()


@pytest.mark.parametrize("state", [state for state in State if state != State.WITHDRAWN])
def test_member_withdraws_in_any_state_and_the_place_stays_used(state):
    submission = factories.make_submission(state=state)
    quota.reserve(submission)
    withdraw(submission, by=submission.submitted_by, reason="wrong file")
    assert (submission.state, submission.reason) == (State.WITHDRAWN, "wrong file")
    assert submission.finished_at is not None
    assert quota_of(submission.team, submission.round, timezone.now()).used == 1


def test_withdrawn_submission_takes_no_late_score():
    submission = factories.make_submission()
    claim = claim_next(worker="w")
    withdraw(submission, by=submission.submitted_by, reason="wrong file")
    assert score_claimed(claim) is None
    submission.refresh_from_db()
    assert submission.state == State.WITHDRAWN
    assert not submission.runs.exists()


def test_withdrawal_is_for_good_and_needs_a_reason():
    submission = factories.make_submission()
    with pytest.raises(SubmissionError, match="Give the reason"):
        withdraw(submission, by=submission.submitted_by, reason=" ")
    withdraw(submission, by=submission.submitted_by, reason="wrong file")
    with pytest.raises(SubmissionError, match="withdrawn already"):
        withdraw(submission, by=submission.submitted_by, reason="again")


def test_team_cannot_take_a_score_back_after_the_reveal_but_an_organizer_can():
    submission = factories.make_submission(state=State.SCORED)
    reveal(submission.round)
    with pytest.raises(GateClosed, match="revealed"):
        withdraw(submission, by=submission.submitted_by, reason="bad score")
    withdraw(submission, by=organizer(submission), reason="copied from another team")
    assert submission.state == State.WITHDRAWN


def test_nobody_else_withdraws_or_rescores():
    submission = factories.make_submission(state=State.SCORED)
    stranger = factories.organizer_of(factories.make_challenge())
    with pytest.raises(NotAllowed):
        withdraw(submission, by=stranger, reason="envy")
    for person in (stranger, submission.submitted_by):
        with pytest.raises(NotAllowed):
            rescore(submission, by=person)
    assert Submission.objects.get().state == State.SCORED


def test_rescoring_adds_a_run_and_keeps_the_old_one():
    round_ = factories.make_round(targets=("t1",), values={"t1": 4.0})
    submission = factories.make_submission(round_)
    quota.reserve(submission)
    drain()
    target = round_.targets.get()
    target.references.update(is_current=False)
    factories.make_reference(target, 5.0, version=2, reason="measured again")
    rescore(submission, by=organizer(submission))
    assert (submission.state, submission.attempt) == (State.QUEUED, 0)
    assert [score.value for score in current_scores(submission)] == [4.0]
    drain()
    assert [score.value for score in current_scores(submission)] == [5.0]
    runs = submission.runs.order_by("number").values_list("number", "is_current")
    assert list(runs) == [(1, False), (2, True)]
    assert list(submission.quota_entries.order_by("act").values_list("act", flat=True)) == [
        "commit",
        "reserve",
    ]


def test_failed_submission_can_be_scored_again():
    submission = factories.make_submission(state=State.FAILED, attempt=3, reason_code="X")
    rescore(submission, by=organizer(submission))
    drain()
    submission.refresh_from_db()
    assert (submission.state, submission.reason_code) == (State.SCORED, "")


@pytest.mark.parametrize("state", [state for state in State if state not in SOURCES])
def test_what_is_unfinished_or_out_is_not_scored_again(state):
    submission = factories.make_submission(state=state)
    with pytest.raises(SubmissionError, match="not scored again"):
        rescore(submission, by=organizer(submission))
