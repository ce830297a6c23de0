"""Workers that are told to stop: with real processes, old and new at the same time."""

import itertools
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from config.children import Child
from submissions import enqueue
from submissions.models import ScoringRun, Submission, SubmissionState, Tally
from submissions.services import stopping
from submissions.services.claim import claim_next
from submissions.services.drain import drain
from submissions.services.lease import release
from submissions.services.outcome import Failure, write_failure
from tests import factories
from tests.servers import celery_command, running, wait_until

PLUGIN = Path(__file__).parent / "plugin"
SLEEP = 2.0  # what the plugin's metric does with this number
LEASE_S = 120


@pytest.fixture
def worker_environ(site_environ):
    return {
        **site_environ,
        "PYTHONPATH": str(PLUGIN),
        "SCORING_LEASE_S": str(LEASE_S),
        "SCORING_DRAIN_S": "1",
    }


@pytest.fixture
def told_to_stop():
    stopping.begin()
    yield
    stopping.reset()


def worker(number, environ, folder):
    name = f"rolling-{os.getpid()}-{number}@localhost"
    command = celery_command(
        *("worker", "--concurrency", "2", "--hostname", name),
        *("--without-mingle", "--without-gossip"),
    )
    return Child(f"worker-{number}", command, environ, folder, grace_s=90.0)


@pytest.mark.django_db
def test_worker_that_stops_claims_nothing(told_to_stop):
    submission = factories.make_submission()
    assert drain() == 0
    submission.refresh_from_db()
    assert submission.state == SubmissionState.QUEUED


@pytest.mark.django_db
def test_released_submission_waits_again_without_a_lost_attempt_and_late_results_are_fenced():
    submission = factories.make_submission()
    claim = claim_next(worker="old")
    assert release(claim)
    submission.refresh_from_db()
    assert (submission.state, submission.attempt) == (SubmissionState.QUEUED, 0)
    again = claim_next(worker="new")
    assert (again.submission.pk, again.attempt) == (submission.pk, claim.attempt)
    assert write_failure(claim, Failure("LATE", "Late.")) is None
    assert not release(claim)
    assert again.held().exists()
    assert set(Tally.objects.values_list("name", "count")) == {
        ("leases released", 1),
        ("late results dropped", 1),
    }


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_job_too_long_for_the_stop_goes_to_another_worker_at_once(worker_environ, tmp_path):
    round_ = factories.make_round(targets=("t1",), values={"t1": 1.0})
    round_.metrics.update(metric="poison")
    submission = factories.make_submission(round_, content=factories.npz_bytes({"t1": SLEEP}))
    found = Submission.objects.filter(pk=submission.pk)

    def run_by(child):
        state = found.get()
        return state.state == SubmissionState.RUNNING and child.pid

    with running(worker(1, worker_environ, tmp_path)) as old:
        hint()
        wait_until(lambda: run_by(old), what="the first claim", child=old)
        first = found.get()
        with running(worker(2, worker_environ, tmp_path)) as new:
            old.ask_to_stop()
            wait_until(lambda: not old.pid, what="the end of the old worker")
            wait_until(
                lambda: run_by(new) and found.get().lease_token != first.lease_token,
                what="the second claim",
                child=new,
            )
            second = found.get()
    assert first.lease_until - timezone.now() > timedelta(0)
    assert (first.attempt, second.attempt) == (1, 1)
    assert found.get().state == SubmissionState.QUEUED  # the new one gave it back as well


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_rolling_restarts_lose_nothing_and_score_nothing_twice(worker_environ, tmp_path):
    round_, team = factories.make_round(), factories.make_team()
    method = factories.make_method(team)
    sent = [factories.make_submission(round_, team, method=method) for _ in range(40)]
    children = [worker(number, worker_environ, tmp_path) for number in range(4)]
    with running(children[0]):
        hint()
        wait_until(ScoringRun.objects.exists, what="a first score", child=children[0])
        for old, new in itertools.pairwise(children):
            new.start()
            hint()
            old.ask_to_stop()
            assert old.wait_until_stopped(), old.last_words()
        with_the_last = children[-1]
        try:
            hint()
            wait_until(
                lambda: not Submission.objects.unfinished().exists(),
                what="all scores",
                child=with_the_last,
            )
        finally:
            with_the_last.ask_to_stop()
            assert with_the_last.wait_until_stopped(), with_the_last.last_words()
    assert Submission.objects.scored().count() == len(sent)
    assert ScoringRun.objects.count() == len(sent)
    assert set(Submission.objects.values_list("attempt", flat=True)) == {1}


def hint():
    for _ in range(2):
        enqueue.scoring()
