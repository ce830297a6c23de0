"""The live overview: what organizers see of a round, and what they do from there."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from challenges.models import Round
from submissions.models import QuotaEntry, Submission, SubmissionState
from submissions.overview import Blame, overview_of
from submissions.services.quota import quota_of, reserve
from tests.admin.forms import client_of, organizer
from tests.factories import make_round, make_submission, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return organizer("ada")


@pytest.fixture
def round_(ada: User) -> Round:
    made = make_round(targets=("t1", "t2"))
    made.challenge.roles.create(user=ada)
    return made


def entry(round_: Round, team: Any, **fields: Any) -> Submission:
    made = make_submission(round_, team, **fields)
    reserve(made)
    return made


def test_it_counts_states_coverage_and_quota(round_: Round) -> None:
    team, other = make_team(name="one"), make_team(name="two")
    now = timezone.now()
    entry(round_, team, state=SubmissionState.SCORED, finished_at=now, answered=["t1", "t2"])
    entry(round_, other, state=SubmissionState.SCORED, finished_at=now, answered=["t1"])
    entry(round_, team, state=SubmissionState.QUEUED)
    seen = overview_of(round_)
    assert {value: count for value, _, count in seen.states if count} == {"scored": 2, "queued": 1}
    assert [(row.target.slug, row.answered, row.entries) for row in seen.coverage] == [
        ("t1", 2, 2),
        ("t2", 1, 2),
    ]
    assert [(use.team, use.used) for use in seen.uses] == [(team, 2), (other, 1)]
    assert (seen.queue.waiting, seen.queue.running, seen.queue.site_waiting) == (1, 0, 1)
    assert len(seen.recent) == 3


def test_failures_say_who_can_mend_them(round_: Round) -> None:
    team, now = make_team(name="one"), timezone.now()
    rejected, failed = SubmissionState.REJECTED, SubmissionState.FAILED
    for state, code in (
        (rejected, "UNREADABLE"),
        (failed, "SCORER_SETUP"),
        (failed, "ATTEMPTS_SPENT"),
    ):
        entry(round_, team, state=state, reason_code=code, finished_at=now)
    blames = {row.submission.reason_code: row.blame for row in overview_of(round_).failures}
    assert blames == {
        "UNREADABLE": Blame.PARTICIPANT,
        "SCORER_SETUP": Blame.ORGANIZER,
        "ATTEMPTS_SPENT": Blame.PLATFORM,
    }


def test_an_organizer_gives_back_once_and_grants_more(round_: Round, ada: User) -> None:
    team, now = make_team(name="one"), timezone.now()
    row = entry(round_, team, state=SubmissionState.REJECTED, reason_code="X", finished_at=now)
    client = client_of(ada)
    address = f"/admin/submissions/submission/overview/{round_.pk}/"
    assert f"refund/{row.code}/" in client.get(address).content.decode()
    back = client.post(f"{address}refund/{row.code}/", {"reason": "Our fault."}, follow=True)
    assert "given back" in back.content.decode()
    assert quota_of(team, round_, now).used == 0
    assert f"refund/{row.code}/" not in client.get(address).content.decode()
    again = client.post(f"{address}refund/{row.code}/", {"reason": "Twice."}, follow=True)
    assert "nothing to give back" in again.content.decode()
    wrong = client.post(f"{address}grant/", {"team": "nobody", "amount": 1, "reason": "Nice."})
    assert "no team of this name" in wrong.content.decode()
    given = {"team": team.slug, "amount": 3, "reason": "A power cut."}
    assert client.post(f"{address}grant/", given).status_code == 302
    assert quota_of(team, round_, now).limit == round_.submissions_per_day + 3
    assert QuotaEntry.objects.get(act="grant").by == ada


def test_the_changing_part_costs_nothing_while_nothing_changes(round_: Round, ada: User) -> None:
    client = client_of(ada)
    address = f"/admin/submissions/submission/overview/{round_.pk}/part/"
    first = client.get(address)
    same = {"if-none-match": first["ETag"]}
    assert client.get(address, headers=same).status_code == 304
    entry(round_, make_team(name="one"), state=SubmissionState.QUEUED)
    assert client.get(address, headers=same).status_code == 200


def test_an_organizer_of_another_challenge_sees_nothing(round_: Round) -> None:
    eve = client_of(organizer("eve"))
    for page in ("", "part/", "grant/"):
        address = f"/admin/submissions/submission/overview/{round_.pk}/{page}"
        assert eve.get(address).status_code == 404
        assert eve.post(address, {"team": "x", "amount": 1, "reason": "y"}).status_code == 404
