"""Fairness under load: bursts, limits of challenges, operators' priorities, and the estimate."""

import threading
import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from submissions.errors import NotAllowed, SubmissionError
from submissions.models import QuotaEntry, Submission, SubmissionState
from submissions.selectors import queue_place, queue_position
from submissions.services import quota
from submissions.services.claim import claim_next
from submissions.services.priority import prioritize
from tests import factories
from tests.admin.forms import client_of
from tests.submissions.crowd import crowd
from tests.submissions.threads import at_once

BURST, WORKERS = 5000, 4


def finish(claim):
    claim.held().move(
        pk=claim.submission.pk,
        source=SubmissionState.RUNNING,
        target=SubmissionState.SCORED,
        finished_at=timezone.now(),
    )


@pytest.mark.django_db(transaction=True)
def test_burst_of_thousands_delays_another_challenge_by_at_most_one_job_per_worker():
    crowd(factories.make_submission(), number=BURST - 1)
    other = factories.make_round()
    served, lock, at_work, is_found = [], threading.Lock(), threading.Event(), threading.Event()
    queued_after = []

    def run(place):
        if place == WORKERS:
            at_work.wait(60)
            single = factories.make_submission(other)
            queued_after.append((single.pk, len(served)))
            return
        while not is_found.is_set():
            claim = claim_next(worker=f"w{place}")
            with lock:
                served.append(claim.submission.pk)
                if len(served) == 3 * WORKERS:
                    at_work.set()
                if claim.submission.round_id == other.pk or len(served) > 100:
                    is_found.set()
            time.sleep(0.01)
            finish(claim)

    outcomes = at_once(run, threads=WORKERS + 1)
    assert outcomes == [None] * (WORKERS + 1)
    ((single, before),) = queued_after
    assert served.index(single) - before <= WORKERS


@pytest.mark.django_db
def test_challenge_at_its_limit_has_no_turn_until_one_ends():
    challenge = factories.make_challenge(scoring_slots=2)
    round_ = factories.make_round(challenge)
    for _ in range(4):
        factories.make_submission(round_)
    claims = [claim_next(worker="w") for _ in range(3)]
    assert claims[2] is None
    other = factories.make_submission()
    assert claim_next(worker="w").submission == other
    finish(claims[0])
    assert claim_next(worker="w").submission.round == round_
    assert claim_next(worker="w") is None


@pytest.mark.django_db(transaction=True)
def test_racing_workers_never_exceed_the_limit_of_a_challenge():
    challenge = factories.make_challenge(scoring_slots=2)
    round_ = factories.make_round(challenge)
    for _ in range(12):
        factories.make_submission(round_)
    claims = at_once(lambda place: claim_next(worker=f"w{place}"), threads=6)
    assert len([claim for claim in claims if claim is not None]) == 2
    assert Submission.objects.filter(state="running").count() == 2


@pytest.mark.django_db
def test_put_first_is_first_in_its_challenge_and_takes_no_turn_of_another():
    operator = factories.make_user(is_staff=True, is_superuser=True)
    busy, other = factories.make_round(), factories.make_round()
    early = factories.make_submission(busy)
    first = factories.make_submission(other)
    late = [factories.make_submission(busy) for _ in range(2)]
    for priority, row in enumerate(late, start=1):
        prioritize(row, by=operator, priority=priority)
    assert queue_position(late[1]) < queue_position(late[0]) < queue_position(early)
    order = [claim_next(worker="w").submission for _ in range(4)]
    assert order == [late[1], first, late[0], early]


@pytest.mark.django_db
def test_only_operators_put_first_and_only_what_waits():
    submission = factories.make_submission()
    organizer = factories.organizer_of(submission.round.challenge)
    with pytest.raises(NotAllowed):
        prioritize(submission, by=organizer)
    operator = factories.make_user(is_staff=True, is_superuser=True)
    with pytest.raises(SubmissionError, match="from 1 to 9"):
        prioritize(submission, by=operator, priority=10)
    with pytest.raises(SubmissionError, match="waits for nothing"):
        prioritize(factories.make_submission(state="scored"), by=operator)


@pytest.mark.django_db
def test_operator_puts_first_and_back_in_the_admin():
    operator = factories.make_user(is_staff=True, is_superuser=True)
    submission = factories.make_submission()
    client = client_of(operator)
    address = reverse("admin:submissions_submission_changelist")
    for action, expected in (("put_first_selected", 1), ("make_ordinary_selected", None)):
        client.post(address, {"action": action, "_selected_action": [submission.pk]})
        submission.refresh_from_db()
        assert submission.priority == expected


@pytest.mark.django_db
def test_estimate_comes_from_the_latest_runs_and_their_workers():
    round_ = factories.make_round()
    waiting = [factories.make_submission(round_) for _ in range(4)]
    assert queue_place(waiting[0]).eta_seconds is None
    now = timezone.now()
    for worker, seconds in (("a", 10), ("b", 20)):
        done = factories.make_submission(round_, state="scored")
        started = now - timedelta(seconds=seconds)
        factories.make_run(done, worker=worker, started_at=started, finished_at=now)
    places = [queue_place(row) for row in waiting]
    assert [place.position for place in places] == [1, 2, 3, 4]
    assert [place.eta_seconds for place in places] == [15, 15, 30, 30]
    assert queue_place(done) is None


@pytest.mark.django_db
def test_page_shows_place_and_estimate(client):
    submission = factories.make_submission()
    done = factories.make_submission(state="scored")
    now = timezone.now()
    factories.make_run(done, started_at=now - timedelta(seconds=90), finished_at=now)
    client.force_login(submission.submitted_by)
    page = client.get(submission.get_absolute_url()).content.decode()
    assert "It is next" in page
    assert "about 2 minutes" in page


@pytest.mark.django_db
def test_claim_asks_indexes_however_many_wait():
    if connection.vendor != "postgresql":
        pytest.skip("plans are looked at on PostgreSQL")
    challenge = factories.make_challenge(scoring_slots=50)
    for _ in range(3):
        crowd(factories.make_submission(factories.make_round(challenge)), number=10_000)
        crowd(factories.make_submission(), number=3_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert claim_next(worker="w")
    read = [q["sql"] for q in captured if q["sql"].startswith(("SELECT", "UPDATE"))]
    assert len(read) > 5
    with connection.cursor() as cursor:
        for sql in read:
            cursor.execute("EXPLAIN " + sql)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan on submissions_submission" not in plan, f"{sql}\n{plan}"


@pytest.mark.django_db
def test_ledger_check_finds_each_contradiction():
    round_, team = factories.make_round(submissions_per_day=1), factories.make_team()
    rows = [factories.make_submission(round_, team) for _ in range(3)]
    assert len(quota.check_ledger()) == 3  # none has a reservation
    quota.reserve(rows[0])
    quota.refund(rows[0], reason="ours")
    quota.reserve(rows[1])
    Submission.objects.filter(pk=rows[2].pk).update(entry_kind="baseline")
    call_command("check_quota")
    now = timezone.now()
    Submission.objects.filter(pk=rows[1].pk).update(state="scored", finished_at=now)
    assert "neither used nor refunded" in quota.check_ledger()[0]
    Submission.objects.filter(pk=rows[1].pk).update(state="failed")
    assert "not refunded" in quota.check_ledger()[0]
    quota.settle(rows[1])
    Submission.objects.filter(pk=rows[1].pk).update(state="scored")
    assert quota.check_ledger() == []
    extra = factories.make_submission(round_, team)
    quota.reserve(extra)
    assert "more than it may" in quota.check_ledger()[0]
    QuotaEntry.objects.filter(submission=extra).update(act="commit")
    with pytest.raises(CommandError, match="contradictions"):
        call_command("check_quota")
