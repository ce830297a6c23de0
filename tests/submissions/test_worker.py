"""The same path through a real worker process, a real scheduler and a real broker."""

import os
import signal

import pytest
from django.utils import timezone

from submissions.models import ScoringRun, Submission, SubmissionState
from submissions.services.submit import submit
from tests import factories
from tests.servers import wait_until

pytestmark = [pytest.mark.worker, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def extra_environ():
    return {"SCORING_LEASE_S": "2"}


def send(round_, team, method):
    return submit(
        round=round_,
        team=team,
        by=factories.member_of(team),
        chunks=[factories.npz_bytes({"t1": 1.0, "t2": 1.0, "t3": 1.0})],
        file_name="prediction.npz",
        received_at=timezone.now(),
        method=method,
    )


def all_scored():
    return not Submission.objects.exclude(state=SubmissionState.SCORED).exists()


def test_submission_is_scored_by_the_worker_process(celery_worker):
    team = factories.make_team()
    submission = send(factories.make_round(), team, factories.make_method(team))
    wait_until(all_scored, what="the score", child=celery_worker.worker)
    run = submission.runs.get()
    assert f":{os.getpid()}" not in run.worker
    assert [score.value for score in run.scores.order_by("target__slug")] == [0.0, 1.0, 2.0]
    assert sorted(submission.quota_entries.values_list("act", flat=True)) == ["commit", "reserve"]


def test_killed_worker_is_a_delay_and_nothing_is_scored_twice(celery_worker):
    team = factories.make_team()
    round_, method = factories.make_round(submissions_per_day=20), factories.make_method(team)
    sent = [send(round_, team, method) for _ in range(8)]
    wait_until(ScoringRun.objects.exists, what="a first score", child=celery_worker.worker)
    os.killpg(celery_worker.worker.pid, signal.SIGKILL)
    celery_worker.worker.wait_until_stopped(0)
    celery_worker.worker.start()
    wait_until(all_scored, what="all scores", child=celery_worker.worker)
    assert ScoringRun.objects.count() == len(sent)
