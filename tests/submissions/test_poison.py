"""Submissions that harm their scorer: tried twice, typed, refunded or not, and nobody else hurt."""

from pathlib import Path

import pytest
from django.urls import reverse

from scoring.cage import stop_zygote
from submissions.models import Submission, SubmissionState
from submissions.selectors import failures
from submissions.services import quota
from submissions.services.claim import claim_next
from submissions.services.drain import drain
from submissions.services.score import score_claimed
from tests import factories
from tests.admin.forms import client_of, organizer
from tests.servers import wait_until

PLUGIN = Path(__file__).parent / "plugin"
MEMORY, SLEEP, CRASH, PROCESSES, CLOSED, SPIN, ZYGOTE, LEAVE = (
    1.0,
    2.0,
    3.0,
    5.0,
    6.0,
    7.0,
    8.0,
    8.5,
)
HARMLESS = 9.0
TRUTH = 0.84217


@pytest.fixture(scope="module")
def plugin():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PLUGIN))
        stop_zygote()
        yield
    stop_zygote()


@pytest.fixture
def poison(plugin, settings, db):
    settings.SCORING_MEMORY_BYTES = 256 * 2**20
    settings.SCORING_WALL_S = 2
    settings.SCORING_MAX_ATTEMPTS = 5


def poisonous_round(*organizers, reader="npz", metric="poison"):
    challenge = factories.make_challenge(*organizers)
    round_ = factories.make_round(
        challenge, targets=("t1",), values={"t1": TRUTH}, reader=reader, submissions_per_day=50
    )
    round_.metrics.update(metric=metric)
    return round_


def sent(round_, value, **fields):
    content = value if isinstance(value, bytes) else factories.npz_bytes({"t1": value})
    submission = factories.make_submission(round_, content=content, **fields)
    quota.reserve(submission)
    return submission


def attempts_of(submission):
    """Score until nothing waits, without the wait between attempts; return how many there were."""
    count = 0
    while claim := claim_next(worker="w"):
        score_claimed(claim)
        Submission.objects.update(not_before=None)
        count += 1
    submission.refresh_from_db()
    return count


def acts(submission):
    return sorted(submission.quota_entries.values_list("act", flat=True))


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (MEMORY, "MEMORY"),
        (SLEEP, "TIME"),
        (SPIN, "TIME"),
        (CRASH, "CRASHED"),
        (LEAVE, "CRASHED"),
    ],
)
def test_same_bad_end_twice_is_not_tried_a_third_time(value, outcome, poison):
    submission = sent(poisonous_round(), value)
    assert attempts_of(submission) == 2
    assert (submission.state, submission.reason_code) == (
        SubmissionState.FAILED,
        f"SCORER_{outcome}",
    )
    assert submission.reason_code in submission.organizer_note
    assert str(TRUTH) not in submission.reason + submission.organizer_note
    assert acts(submission) == ["refund", "reserve"]  # the metric's doing: the file is readable


def test_another_bad_end_than_before_is_tried_again(poison):
    submission = sent(poisonous_round(), SLEEP)
    Submission.objects.update(reason_code="SCORER_MEMORY", attempt=1)
    assert score_claimed(claim_next(worker="w")) is SubmissionState.QUEUED
    submission.refresh_from_db()
    assert submission.reason_code == "SCORER_TIME"


@pytest.mark.parametrize(
    ("word", "code"),
    [
        (b"memory", "READING_TAKES_TOO_MUCH_MEMORY"),
        (b"time", "READING_TAKES_TOO_LONG"),
        (b"crash", "READER_FAILED"),
    ],
)
def test_file_that_alone_does_the_harm_is_rejected_and_counts_as_used(word, code, poison):
    submission = sent(poisonous_round(reader="poison", metric="absolute_error"), word)
    assert attempts_of(submission) == 2
    assert submission.state == SubmissionState.REJECTED
    assert [problem["code"] for problem in submission.problems] == [code]
    assert acts(submission) == ["commit", "reserve"]


@pytest.mark.parametrize("value", [PROCESSES, ZYGOTE])
def test_attack_from_a_metric_is_refused_and_the_next_job_is_scored(value, poison):
    round_ = poisonous_round()
    bad, good = sent(round_, value), sent(round_, HARMLESS)
    assert drain() == 2
    bad.refresh_from_db()
    good.refresh_from_db()
    score = bad.runs.get().scores.get()
    assert (score.status, score.value) == ("failed", None)
    assert good.runs.get().scores.get().value == pytest.approx(HARMLESS - TRUTH)


def test_lost_zygote_costs_no_attempt(poison):
    submission = sent(poisonous_round(), HARMLESS)
    stop_zygote()
    assert attempts_of(submission) == 1
    assert (submission.state, submission.attempt) == (SubmissionState.SCORED, 1)


def test_organizer_finds_what_failed_and_why_and_others_do_not(poison):
    ada, eve = organizer("ada"), organizer("eve")
    submission = sent(poisonous_round(ada), CRASH)
    score_claimed(claim_next(worker="w"))
    assert [row.reason_code for row in failures(ada)] == ["SCORER_CRASHED"]
    Submission.objects.update(not_before=None)
    score_claimed(claim_next(worker="w"))
    assert [row.state for row in failures(ada)] == [SubmissionState.FAILED]
    assert not failures(eve).exists()
    assert not failures(submission.submitted_by).exists()
    page = reverse("admin:submissions_submission_change", args=[submission.pk])
    assert b"signal SIGSEGV" in client_of(ada).get(page).content
    assert b"signal SIGSEGV" not in client_of(eve).get(page).content


@pytest.fixture
def extra_environ():
    return {
        "PYTHONPATH": str(PLUGIN),
        "SCORING_MEMORY_BYTES": str(256 * 2**20),
        "SCORING_WALL_S": "3",
    }


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_poison_of_every_kind_takes_neither_worker_nor_neighbours(celery_worker):
    round_, team = poisonous_round(), factories.make_team()
    method = factories.make_method(team)
    bad = [
        sent(round_, value, team=team, method=method)
        for value in (MEMORY, SLEEP, CRASH, SPIN, LEAVE)
    ]
    good = [sent(round_, HARMLESS + at) for at in range(5)]
    worker = celery_worker.worker.pid
    wait_until(
        lambda: not Submission.objects.unfinished().exists(),
        what="the end of all",
        child=celery_worker.worker,
        within_s=200,
    )
    assert celery_worker.worker.pid == worker
    for at, submission in enumerate(good):
        run = submission.runs.get()
        assert run.attempt == 1
        assert run.scores.get().value == pytest.approx(HARMLESS + at - TRUTH)
    for submission in bad:
        submission.refresh_from_db()
        assert (submission.state, submission.attempt) == (SubmissionState.FAILED, 2)
        assert submission.reason_code.startswith("SCORER_")
        assert acts(submission) == ["refund", "reserve"]
