"""Taking a submission: all of it, or nothing of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from celery import current_app
from django.utils import timezone

from submissions.errors import (
    ChecksumMismatch,
    GateClosed,
    NotAllowed,
    PredictionRefused,
    QuotaExhausted,
    SubmissionError,
    UploadTooLarge,
)
from submissions.models import QuotaEntry, Submission, SubmissionState
from submissions.models.submission import upload_storage
from submissions.services.quota import quota_of
from submissions.services.submit import submit
from submissions.services.validate import validate_upload
from tests import factories
from tests.conftest import messages_to
from tests.submissions.threads import at_once

GOOD = {"t1": 1.0, "t2": 2.0, "t3": 3.0}


@pytest.fixture
def stored(settings, tmp_path):
    """Count the files of the uploads area, which begins empty."""
    settings.STORAGES = {
        **settings.STORAGES,
        "uploads": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "uploads")},
        },
    }
    return lambda: [path for path in tmp_path.rglob("*") if path.is_file()]


class Sender:
    """A team with a method, which sends files to a round."""

    def __init__(self, round_=None, **fields):
        self.round = round_ or factories.make_round(**fields)
        self.team = factories.make_team()
        self.person = factories.member_of(self.team)
        self.method = factories.make_method(self.team)

    def send(self, arrays=None, *, content=None, **fields):
        facts = {
            "round": self.round,
            "team": self.team,
            "by": self.person,
            "chunks": [factories.npz_bytes(arrays or GOOD) if content is None else content],
            "file_name": "run 1.npz",
            "received_at": timezone.now(),
            "method": self.method,
        }
        return submit(**(facts | fields))


@pytest.mark.django_db
def test_good_file_becomes_a_queued_submission(stored):
    sender = Sender()
    submission = sender.send(note="first try", file_name="../run\u202e 1.npz")
    assert submission.state == SubmissionState.QUEUED
    assert submission.answered == ["t1", "t2", "t3"]
    assert submission.file_name == "run 1.npz"
    assert submission.size_bytes == upload_storage().size(submission.file.name)
    assert "run" not in submission.file.name
    assert [path.name for path in stored()] == [Path(submission.file.name).name]
    assert list(submission.quota_entries.values_list("act", flat=True)) == ["reserve"]


@pytest.mark.django_db
def test_incomplete_file_is_taken_and_says_what_it_answers(stored):
    assert Sender().send({"t2": 2.0}).answered == ["t2"]


@pytest.mark.django_db
def test_file_with_problems_is_refused_with_all_of_them_and_costs_nothing(stored):
    sender = Sender()
    with pytest.raises(PredictionRefused) as caught:
        sender.send({"t1": [1.0, 2.0], "t2": float("nan"), "typo": 1.0})
    problems = caught.value.problems
    assert len(problems) == 3
    assert all(problem.message and problem.remedy for problem in problems)
    assert stored() == []
    assert not Submission.objects.exists()
    assert quota_of(sender.team, sender.round, timezone.now()).used == 0


@pytest.mark.django_db
def test_file_that_answers_nothing_is_refused(stored):
    with pytest.raises(PredictionRefused) as caught:
        Sender(reader="csv").send(content=b"")
    assert caught.value.problems
    assert stored() == []


REFUSALS = {
    "late": (GateClosed, lambda s: {"received_at": s.round.closes_at}),
    "outsider": (NotAllowed, lambda s: {"by": factories.make_user()}),
    "checksum": (ChecksumMismatch, lambda s: {"expected_sha256": "0" * 64}),
    "dataset": (NotAllowed, lambda s: {"method": factories.make_artifact()}),
    "foreign method": (NotAllowed, lambda s: {"method": factories.make_method(Sender().team)}),
    "announced size": (UploadTooLarge, lambda s: {"size_bytes": 10**12}),
    "long note": (SubmissionError, lambda s: {"note": "x" * 301}),
    "no archive": (PredictionRefused, lambda s: {"content": b"not a zip"}),
}


@pytest.mark.django_db
@pytest.mark.parametrize("case", REFUSALS)
def test_refusal_leaves_no_row_no_file_and_no_quota_entry(case, stored):
    kind, fields = REFUSALS[case]
    sender = Sender()
    with pytest.raises(kind) as caught:
        sender.send(**fields(sender))
    assert caught.value.message
    assert caught.value.code == caught.value.code.upper()
    assert stored() == []
    assert not Submission.objects.exists()
    assert not QuotaEntry.objects.exists()


@pytest.mark.django_db
def test_file_over_the_rounds_limit_is_cut(stored):
    with pytest.raises(UploadTooLarge, match="100 bytes"):
        Sender(upload_limit_bytes=100).send(content=b"x" * 101)
    assert stored() == []


@pytest.mark.django_db
def test_exhausted_quota_leaves_no_file(stored):
    sender = Sender(submissions_per_day=1)
    sender.send()
    with pytest.raises(QuotaExhausted):
        sender.send()
    assert len(stored()) == 1
    assert Submission.objects.count() == 1


@pytest.mark.django_db
def test_organizers_entries_take_no_quota(stored):
    sender = Sender(submissions_per_day=1)
    organizer = factories.organizer_of(sender.round.challenge)
    for _ in range(2):
        sender.send(by=organizer, entry_kind=Submission.EntryKind.BASELINE)
    assert quota_of(sender.team, sender.round, timezone.now()).left == 1


@pytest.mark.django_db
def test_same_idempotency_key_gives_the_first_submission_again(stored):
    sender = Sender()
    first = sender.send(idempotency_key="k-1")
    again = sender.send(content=b"", idempotency_key="k-1", received_at=sender.round.closes_at)
    assert again == first
    assert Submission.objects.count() == 1
    assert len(stored()) == 1


@pytest.mark.django_db
def test_idempotency_key_is_not_shared_between_rounds(stored):
    sender = Sender()
    sender.send(idempotency_key="k-1")
    with pytest.raises(SubmissionError, match="another round") as caught:
        sender.send(round=factories.make_round(), idempotency_key="k-1")
    assert caught.value.code == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_with_one_key_make_one_submission(stored, settings):
    settings.UPLOADS_AT_ONCE = 100
    sender = Sender()
    outcomes = at_once(lambda _: sender.send(idempotency_key="k-1"), threads=4)
    assert {outcome.pk for outcome in outcomes} == {Submission.objects.get().pk}
    assert len(stored()) == 1
    assert QuotaEntry.objects.count() == 1


@pytest.mark.django_db
def test_target_with_an_earlier_deadline_of_its_own_is_refused_by_name(stored):
    sender = Sender()
    past = timezone.now() - timedelta(minutes=1)
    sender.round.targets.filter(slug="t2").update(closes_at=past)
    with pytest.raises(PredictionRefused) as caught:
        sender.send()
    assert [(p.code, p.where) for p in caught.value.problems] == [("TARGET_NOT_OPEN", "t2")]
    assert sender.send({"t1": 1.0}).answered == ["t1"]
    began_before = timezone.now() - timedelta(minutes=2)
    assert sender.send(received_at=began_before).answered == ["t1", "t2", "t3"]


@pytest.mark.django_db
def test_broken_set_up_of_a_round_is_not_told_as_the_files_fault(stored):
    with pytest.raises(SubmissionError, match="not the file's fault") as caught:
        Sender(reader="no-such-reader").send()
    assert caught.value.code == "CHECK_UNAVAILABLE"
    assert not isinstance(caught.value, PredictionRefused)
    assert stored() == []


@pytest.mark.django_db
def test_validation_reports_and_keeps_nothing(stored):
    round_ = factories.make_round()
    report = validate_upload(round_, [factories.npz_bytes(GOOD)], "x.npz")
    assert (report.ok, report.answered) == (True, ("t1", "t2", "t3"))
    assert not validate_upload(round_, [b"not a zip"]).ok
    assert stored() == []
    assert not QuotaEntry.objects.exists()


@pytest.mark.django_db
def test_hint_is_sent_after_the_commit_and_only_then(
    stored, settings, monkeypatch, django_capture_on_commit_callbacks
):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_: sent.append(name))
    with django_capture_on_commit_callbacks(execute=True):
        Sender().send()
        assert sent == []
    assert sent == ["submissions.score"]


@pytest.mark.django_db
def test_absent_broker_costs_the_sender_nothing(
    stored, settings, django_capture_on_commit_callbacks, caplog
):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    with (
        messages_to(settings.CELERY_BROKER_URL),
        django_capture_on_commit_callbacks(execute=True),
    ):
        submission = Sender().send()
    assert submission.state == SubmissionState.QUEUED
    assert "the broker took no hint" in caplog.text


def test_hints_of_any_thread_go_to_the_configured_application():
    """A "current" Celery application is one thread's; a web request may run in another."""
    assert at_once(lambda _: current_app.main, threads=2) == ["heldout", "heldout"]
