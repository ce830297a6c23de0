"""The quota ledger: counted under a lock, refunded with a reason, reset at midnight UTC."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from submissions.errors import NotAllowed, QuotaExhausted, SubmissionError
from submissions.models import QuotaEntry, Submission
from submissions.services import quota
from submissions.services.quota import Quota, grant, quota_of, refund
from submissions.services.submit import submit
from tests import factories
from tests.submissions.threads import at_once

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def reserved(round_, team, at=NOON):
    submission = factories.make_submission(round_, team, received_at=at)
    quota.reserve(submission)
    return submission


@pytest.fixture
def round_(db):
    return factories.make_round(submissions_per_day=3)


@pytest.fixture
def team(db):
    return factories.make_team()


def test_fresh_team_has_all_of_its_quota(round_, team):
    assert quota_of(team, round_, NOON) == Quota(limit=3, used=0, left=3, resets_at=MIDNIGHT)


def test_reservations_count_on_the_day_the_upload_began(round_, team):
    reserved(round_, team)
    reserved(round_, team, MIDNIGHT - timedelta(microseconds=1))
    reserved(round_, team, MIDNIGHT)
    assert quota_of(team, round_, NOON).used == 2
    assert quota_of(team, round_, MIDNIGHT).used == 1


def test_quota_is_of_one_team_and_one_round(round_, team):
    reserved(round_, team)
    assert quota_of(factories.make_team(), round_, NOON).used == 0
    assert quota_of(team, factories.make_round(), NOON).used == 0


def test_settled_reservation_counts_once(round_, team):
    submission = reserved(round_, team)
    quota.settle(submission)
    quota.settle(submission)
    assert quota_of(team, round_, NOON).used == 1
    assert submission.quota_entries.count() == 2


def test_refund_gives_the_place_back_once(round_, team):
    submission = reserved(round_, team)
    assert refund(submission, reason="the scorer failed")
    assert not refund(submission, reason="the scorer failed")
    assert quota_of(team, round_, NOON).left == 3
    quota.settle(submission)
    assert quota_of(team, round_, NOON).left == 3


def test_refund_without_a_reservation_changes_nothing(round_, team):
    assert not refund(factories.make_submission(round_, team), reason="why not")
    assert quota_of(team, round_, NOON).left == 3


def test_grant_adds_to_one_day(round_, team):
    organizer = factories.organizer_of(round_.challenge)
    grant(team=team, round=round_, amount=2, by=organizer, reason="upload trouble", day=NOON.date())
    assert quota_of(team, round_, NOON).limit == 5
    assert quota_of(team, round_, MIDNIGHT).limit == 3


def test_only_organizers_grant_and_refund(round_, team):
    person = factories.member_of(team)
    with pytest.raises(NotAllowed):
        grant(team=team, round=round_, amount=2, by=person, reason="please")
    with pytest.raises(NotAllowed):
        refund(reserved(round_, team), by=person, reason="please")


def test_grant_and_refund_need_a_reason(round_, team):
    organizer = factories.organizer_of(round_.challenge)
    with pytest.raises(SubmissionError, match="Say why"):
        grant(team=team, round=round_, amount=2, by=organizer, reason=" ")
    with pytest.raises(SubmissionError, match="Say why"):
        refund(reserved(round_, team), by=organizer, reason="")
    with pytest.raises(SubmissionError, match="one submission or more"):
        grant(team=team, round=round_, amount=0, by=organizer, reason="none")


def test_exhausted_quota_says_how_many_and_until_when(round_, team):
    for _ in range(3):
        reserved(round_, team)
    with pytest.raises(QuotaExhausted, match=r"3 of 3 .* 2026-03-02 00:00 UTC") as caught:
        quota.require_one_left(team, round_, NOON)
    assert caught.value.resets_at == MIDNIGHT


@pytest.mark.django_db(transaction=True)
def test_parallel_uploads_never_exceed_the_quota(settings):
    settings.UPLOADS_AT_ONCE = 100
    round_ = factories.make_round(submissions_per_day=3)
    team = factories.make_team()
    method = factories.make_method(team)
    person = factories.member_of(team)
    content = factories.npz_bytes({"t1": 1.0})
    at = timezone.now()

    outcomes = at_once(
        lambda place: submit(
            round=round_,
            team=team,
            by=person,
            chunks=[content],
            file_name=f"{place}.npz",
            received_at=at,
            method=method,
        ),
        threads=8,
    )
    kinds = sorted(type(outcome).__name__ for outcome in outcomes)
    assert kinds == ["QuotaExhausted"] * 5 + ["Submission"] * 3
    assert Submission.objects.count() == 3
    assert QuotaEntry.objects.filter(act="reserve").count() == 3
    assert quota_of(team, round_, at).left == 0


@pytest.mark.django_db(transaction=True)
def test_second_upload_counts_only_after_the_first_has_reserved():
    round_, team = factories.make_round(submissions_per_day=1), factories.make_team()
    submission = factories.make_submission(round_, team)
    at = submission.received_at
    first_has_counted, second_is_done = threading.Event(), threading.Event()

    def upload(place):
        if place == 1:
            first_has_counted.wait()
        try:
            with transaction.atomic():
                quota.require_one_left(team, round_, at)
                if place == 0:
                    first_has_counted.set()
                    second_is_done.wait(1)  # it never is: it waits for the team's lock
                    quota.reserve(submission)
        finally:
            if place == 1:
                second_is_done.set()

    outcomes = at_once(upload, threads=2)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "QuotaExhausted"]
