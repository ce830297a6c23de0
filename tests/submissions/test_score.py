"""Attempts and how they end: each end typed, fenced, and never another submission's trouble."""

import dataclasses
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.utils import timezone

from scoring.cage import stop_zygote
from scoring.contract import ScoreReport
from submissions.errors import PredictionRefused
from submissions.models import QuotaEntry, Score, ScoringRun, Submission, SubmissionState
from submissions.services import quota
from submissions.services.claim import claim_next
from submissions.services.drain import drain
from submissions.services.outcome import Failure, write_failure, write_rejection, write_scores
from submissions.services.quota import quota_of
from submissions.services.score import score_claimed
from submissions.services.validate import require_ok, validate_upload
from tests import factories

pytestmark = pytest.mark.django_db
PLUGIN = Path(__file__).parent / "plugin"


@pytest.fixture(scope="module")
def plugin():
    """Install a package whose metric and reader do harm on demand, as an operator would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PLUGIN))
        stop_zygote()  # the next one starts with the package on its path
        yield
    stop_zygote()


@pytest.fixture
def poison(plugin, settings):
    settings.SCORING_MEMORY_BYTES = 256 * 2**20
    settings.SCORING_WALL_S = 2


def reserved(round_, value=0.0, **fields):
    content = factories.npz_bytes({"t1": value})
    submission = factories.make_submission(round_, content=content, **fields)
    quota.reserve(submission)
    return submission


def acts(submission):
    return sorted(submission.quota_entries.values_list("act", flat=True))


def expire(submission):
    past = timezone.now() - timedelta(seconds=1)
    Submission.objects.filter(pk=submission.pk).update(lease_until=past)


def test_attempt_writes_run_scores_quota_and_state_together():
    round_ = factories.make_round(values={"t1": 1.5, "t2": -2.0, "t3": 4.0})
    factories.make_metric(round_, "all", metric="rmse", aggregate="pooled")
    submission = factories.make_submission(
        round_, content=factories.npz_bytes({"t1": 1.0, "t2": -2.0})
    )
    quota.reserve(submission)
    claim = claim_next(worker="worker-1")
    assert score_claimed(claim) is SubmissionState.SCORED

    submission.refresh_from_db()
    run = submission.runs.get()
    assert submission.state == SubmissionState.SCORED
    assert (submission.lease_token, submission.lease_until) == ("", None)
    assert submission.finished_at >= run.started_at
    assert (run.number, run.attempt, run.worker, run.is_current) == (1, 1, "worker-1", True)
    assert run.reference_versions == {"t1": 1, "t2": 1, "t3": 1}
    assert run.metric_versions["error"] == {
        "slug": "absolute_error",
        "version": 1,
        "parameters": {},
    }
    rows = run.scores.order_by("metric__position", "target__slug")
    assert list(rows.values_list("metric__key", "target__slug", "status", "value")) == [
        ("error", "t1", "ok", 0.5),
        ("error", "t2", "ok", 0.0),
        ("error", "t3", "missing", None),
        ("all", None, "missing", None),
    ]
    assert acts(submission) == ["commit", "reserve"]
    assert round_.reference_accesses.get().subject == submission.code


def test_array_targets_stream_through_the_cage():
    truth = np.linspace(0.0, 1.0, 64).reshape(4, 16)
    round_ = factories.make_round(targets=("u",), values={"u": truth})
    round_.metrics.update(metric="rmse_field", parameters={"layout": "tx"})
    factories.make_submission(round_, content=factories.npz_bytes({"u": truth + 0.25}))
    assert drain() == 1
    assert Score.objects.get().value == pytest.approx(0.25, rel=1e-12)


def test_reference_replaced_since_is_scored_at_its_version():
    round_ = factories.make_round(targets=("t1",))
    round_.targets.get().references.update(is_current=False)
    factories.make_reference(round_.targets.get(), 10.0, version=2, reason="unit was wrong")
    reserved(round_)
    drain()
    assert Score.objects.get().value == 10.0
    assert ScoringRun.objects.get().reference_versions == {"t1": 2}


def test_target_cancelled_after_the_upload_does_not_make_the_file_unreadable():
    round_ = factories.make_round(targets=("t1", "t2"))
    submission = factories.make_submission(round_)
    round_.targets.filter(slug="t2").update(cancelled_at=timezone.now(), cancel_reason="mixed up")
    drain()
    submission.refresh_from_db()
    assert submission.state == SubmissionState.SCORED
    assert [score.target.slug for score in Score.objects.all()] == ["t1"]


def test_file_that_cannot_be_read_is_rejected_and_counts_as_used():
    round_ = factories.make_round()
    submission = factories.make_submission(round_, content=b"not a zip")
    quota.reserve(submission)
    assert score_claimed(claim_next(worker="w")) is SubmissionState.REJECTED
    submission.refresh_from_db()
    assert submission.reason_code == "UNREADABLE"
    assert submission.problems[0]["message"]
    assert acts(submission) == ["commit", "reserve"]
    assert not ScoringRun.objects.exists()


def test_twice_delivered_work_changes_nothing():
    reserved(factories.make_round())
    assert [drain(), drain(), drain()] == [1, 0, 0]
    assert ScoringRun.objects.count() == 1
    assert QuotaEntry.objects.count() == 2


@pytest.mark.parametrize("kind", ["scores", "rejection", "failure"])
def test_late_result_of_a_stale_worker_changes_nothing(kind):
    submission = reserved(factories.make_round(targets=("t1",)))
    stale = claim_next(worker="frozen")
    expire(submission)
    fresh = claim_next(worker="awake")
    assert fresh.attempt == 2
    report = ScoreReport(rows=(), check=validate_upload(submission.round, [b""]), engine_version="")
    late = {
        "scores": lambda: write_scores(stale, report, reference_versions={}),
        "rejection": lambda: write_rejection(stale, report.check),
        "failure": lambda: write_failure(stale, Failure("LATE", "late", is_passing=False)),
    }[kind]

    before = Submission.objects.values().get()
    assert late() is None
    assert Submission.objects.values().get() == before
    assert not ScoringRun.objects.exists()
    assert acts(submission) == ["reserve"]

    assert score_claimed(fresh) is SubmissionState.SCORED
    after = Submission.objects.values().get()
    assert late() is None
    assert Submission.objects.values().get() == after
    assert ScoringRun.objects.get().worker == "awake"
    assert acts(submission) == ["commit", "reserve"]


def test_claim_with_a_forged_attempt_is_fenced_too():
    reserved(factories.make_round())
    claim = dataclasses.replace(claim_next(worker="w"), attempt=7)
    assert score_claimed(claim) is None
    assert not ScoringRun.objects.exists()


def test_passing_failure_is_tried_again_until_attempts_are_spent(settings):
    settings.SCORING_MAX_ATTEMPTS = 3
    round_ = factories.make_round()
    submission = reserved(round_)
    states = []
    for _ in range(3):
        Submission.objects.update(not_before=None)
        claim = claim_next(worker="w")
        states.append(write_failure(claim, Failure("STORAGE", "ours", "bucket away")))
    submission.refresh_from_db()
    assert states == ["queued", "queued", "failed"]
    assert (submission.state, submission.reason_code, submission.attempt) == (
        *("failed", "STORAGE"),
        3,
    )
    assert acts(submission) == ["refund", "reserve"]
    assert quota_of(submission.team, round_, timezone.now()).used == 0
    assert "bucket away" in submission.organizer_note
    assert "bucket away" not in submission.reason
    assert claim_next(worker="w") is None


def test_lasting_failure_is_not_tried_again():
    submission = reserved(factories.make_round(), state="queued")
    submission.round.metrics.update(metric="no_such_metric")
    assert score_claimed(claim_next(worker="w")) is SubmissionState.FAILED
    submission.refresh_from_db()
    assert submission.reason_code == "SCORER_SETUP"
    assert "no_such_metric" in submission.organizer_note
    assert acts(submission) == ["refund", "reserve"]


def test_round_without_references_fails_and_says_so_to_organizers():
    round_ = factories.make_round()
    for target in round_.targets.all():
        target.references.all().delete()
    submission = reserved(round_)
    drain()
    submission.refresh_from_db()
    assert submission.state == SubmissionState.FAILED
    assert "no target of the round has a reference" in submission.organizer_note


@pytest.mark.parametrize(
    ("lost", "code"), [("file", "FILE_LOST"), ("reference", "REFERENCES_UNAVAILABLE")]
)
def test_lost_file_is_ours_and_is_tried_again(lost, code, settings):
    submission = reserved(factories.make_round())
    if lost == "file":
        Path(submission.file.path).unlink()
    else:
        Path(submission.round.targets.first().references.get().file.path).unlink()
    assert score_claimed(claim_next(worker="w")) is SubmissionState.QUEUED
    submission.refresh_from_db()
    assert submission.reason_code == code
    assert submission.not_before > timezone.now()
    assert str(settings.HELDOUT_HOME) not in submission.reason + submission.organizer_note


POISON = {
    "memory": (1.0, "SCORER_MEMORY", "more memory than allowed"),
    "time": (2.0, "SCORER_TIME", "more time than allowed"),
    "crash": (3.0, "SCORER_CRASHED", "not the file's fault"),
}


@pytest.mark.parametrize("kind", POISON)
def test_poisonous_submission_ends_typed_and_the_next_one_scores(kind, poison, settings):
    settings.SCORING_MAX_ATTEMPTS = 1
    value, code, reason = POISON[kind]
    round_ = factories.make_round(targets=("t1",), values={"t1": 0.84217})
    round_.metrics.update(metric="poison")
    bad, good = reserved(round_, value), reserved(round_, 9.0)
    # Filling a gigabyte takes more than drain's usual time where the machine is busy.
    assert drain(budget_s=280) == 2
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, bad.reason_code) == (SubmissionState.FAILED, code)
    assert reason in bad.reason
    assert code in bad.organizer_note
    assert acts(bad) == ["refund", "reserve"]
    assert good.state == SubmissionState.SCORED
    assert good.runs.get().scores.get().value == pytest.approx(9.0 - 0.84217)


def test_metric_that_raises_gives_a_status_and_tells_no_answer(poison):
    round_ = factories.make_round(targets=("t1",), values={"t1": 0.84217})
    round_.metrics.update(metric="poison")
    submission = reserved(round_, 4.0)
    drain()
    score = Score.objects.get()
    assert (score.status, score.value) == ("failed", None)
    assert "RuntimeError" in score.detail
    assert "0.84217" not in str(Submission.objects.values().get()) + score.detail
    submission.refresh_from_db()
    assert submission.state == SubmissionState.SCORED


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("memory", "READING_TAKES_TOO_MUCH_MEMORY"),
        ("time", "READING_TAKES_TOO_LONG"),
        ("crash", "READER_FAILED"),
        ("fault", "READER_FAILED"),
    ],
)
def test_file_that_harms_its_reader_is_refused_at_the_door(word, code, poison):
    round_ = factories.make_round(reader="poison")
    report = validate_upload(round_, [word.encode()])
    with pytest.raises(PredictionRefused) as caught:
        require_ok(report)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert "0.84217" not in str(caught.value.problems)
    assert validate_upload(round_, [b"harmless"]).ok


def test_worker_survives_a_cage_that_is_killed_between_jobs():
    round_ = factories.make_round()
    reserved(round_)
    drain()
    stop_zygote()
    reserved(round_)
    assert drain() == 1
    assert set(Submission.objects.values_list("state", flat=True)) == {"scored"}
