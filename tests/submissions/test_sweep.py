"""The sweep: no submission stays unfinished for want of a worker or a message."""

from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone

from submissions.models import Submission, SubmissionState
from submissions.services import quota
from submissions.services.claim import claim_next
from submissions.services.drain import drain
from submissions.services.outcome import Failure, write_failure
from submissions.services.quota import quota_of
from submissions.services.sweep import MOST_HINTS, SweepReport, sweep
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def hints(settings, monkeypatch, django_capture_on_commit_callbacks):
    """Return how many hints a call sends."""
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_: sent.append(name))

    def count(function):
        sent.clear()
        with django_capture_on_commit_callbacks(execute=True):
            function()
        assert set(sent) <= {"submissions.score"}
        return len(sent)

    return count


def lose_worker(submission):
    past = timezone.now() - timedelta(seconds=1)
    Submission.objects.filter(pk=submission.pk).update(lease_until=past)


def test_nothing_to_do_costs_nothing(hints):
    factories.make_submission(state="scored")
    factories.make_submission(state="running")
    assert hints(sweep) == 0
    assert sweep() == SweepReport()


def test_lost_worker_puts_the_submission_back_into_the_queue(hints):
    submission = factories.make_submission()
    claim_next(worker="lost")
    lose_worker(submission)
    assert sweep() == SweepReport(requeued=1, hinted=1)
    submission.refresh_from_db()
    assert (submission.state, submission.attempt) == (SubmissionState.QUEUED, 1)
    assert (submission.lease_token, submission.lease_until) == ("", None)
    assert drain() == 1
    submission.refresh_from_db()
    assert (submission.state, submission.reason) == (SubmissionState.SCORED, "")


def test_lost_worker_of_the_last_attempt_fails_it_with_a_refund(settings):
    settings.SCORING_MAX_ATTEMPTS = 2
    submission = factories.make_submission()
    quota.reserve(submission)
    for _ in range(2):
        claim_next(worker="lost")
        lose_worker(submission)
        report = sweep()
    assert report == SweepReport(failed=1)
    submission.refresh_from_db()
    assert submission.state == SubmissionState.FAILED
    assert submission.reason_code == "ATTEMPTS_SPENT"
    assert "2 attempts" in submission.organizer_note
    assert quota_of(submission.team, submission.round, timezone.now()).used == 0
    assert sweep() == SweepReport()


def test_queued_row_without_an_attempt_left_fails(settings):
    submission = factories.make_submission(attempt=settings.SCORING_MAX_ATTEMPTS)
    assert sweep() == SweepReport(failed=1)
    submission.refresh_from_db()
    assert submission.state == SubmissionState.FAILED


def test_renewed_lease_is_left_alone():
    submission = factories.make_submission()
    claim_next(worker="w")
    assert sweep() == SweepReport()
    submission.refresh_from_db()
    assert submission.state == SubmissionState.RUNNING


def test_lost_message_is_sent_again(hints):
    factories.make_submission()
    assert hints(sweep) == 1
    assert hints(sweep) == 1


def test_hints_are_few_however_many_wait(hints):
    round_, team = factories.make_round(), factories.make_team()
    method = factories.make_method(team)
    for _ in range(MOST_HINTS + 3):
        factories.make_submission(round_, team, method=method, content=b"x")
    assert hints(sweep) == MOST_HINTS


def test_retry_is_not_hinted_at_before_its_time(hints):
    factories.make_submission()
    write_failure(claim_next(worker="w"), Failure("STORAGE", "ours"))
    assert hints(sweep) == 0
    Submission.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    assert hints(sweep) == 1


def test_drain_that_runs_out_of_time_asks_to_be_called_again(hints):
    for _ in range(2):
        factories.make_submission()
    assert hints(lambda: drain(budget_s=0)) == 1
    assert Submission.objects.filter(state="queued").count() == 1
