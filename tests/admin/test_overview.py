"""The live overview: what organizers see of a round, and what they do from there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from challenges.models import Round
from leaderboards.services.refresh import refresh_board
from submissions.models import QuotaEntry, Submission, SubmissionState
from submissions.overview import Blame, overview_of
from submissions.services.quota import quota_of, reserve
from tests.admin.forms import client_of, organizer
from tests.factories import make_round, make_scored, make_submission, make_team

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


def test_each_track_tells_its_entries_coverage_and_failures(round_: Round, ada: User) -> None:
    with CaptureQueriesContext(connection) as before:
        assert overview_of(round_).tracks == ()
    servers = round_.tracks.create(slug="server", title="Servers")
    round_.tracks.create(slug="human", title="Humans", position=1)
    one, now = make_team(name="one"), timezone.now()
    for number in range(3):
        facts = {"state": SubmissionState.SCORED, "finished_at": now, "track": servers}
        entry(round_, one, answered=["t1"] if number else ["t1", "t2"], **facts)
    late = {"finished_at": now, "reason_code": "X", "track": servers}
    entry(round_, make_team(name="two"), state=SubmissionState.REJECTED, **late)
    with CaptureQueriesContext(connection) as after:
        server, human = overview_of(round_).tracks
    # One more, which finds what a failure has used of the quota: not one for each track or entry.
    assert len(after) <= len(before) + 2
    assert (server.received, server.teams, server.scored, server.rejected) == (4, 2, 3, 1)
    assert (server.covered, server.targets, server.mean_answered) == (2, 2, pytest.approx(4 / 3))
    assert (human.received, human.covered, human.mean_answered) == (0, 0, None)
    address = f"/admin/submissions/submission/overview/{round_.pk}/"
    page = client_of(ada).get(address).content.decode()
    assert "1 (0 failed, 1 rejected)" in page
    assert "<td>1.3</td>" in page
    assert "private part" not in page  # there is none


def test_organizers_alone_see_who_falls_on_the_private_part_before_the_reveal(ada: User) -> None:
    round_ = make_round(targets=["a", "b", "c"], bootstrap_resamples=200)
    round_.challenge.roles.create(user=ada, role="organizer")
    round_.targets.filter(slug__in=["b", "c"]).update(is_private=True)
    for name, values in (("Climber", (0.1, 9.0, 9.0)), ("Riser", (0.3, 1.0, 1.0))):
        team = make_team(name=name)
        make_scored(round_, dict(zip("abc", values, strict=True)), team=team)
    refresh_board(round_)
    address = f"/admin/submissions/submission/overview/{round_.pk}/"
    page = " ".join(client_of(ada).get(address).content.decode().split())
    assert "2 of 2 entries have another rank on the private part. Another entry is first." in page
    rows = page[page.index("shake-head") :]
    assert rows.index("Riser") < rows.index("Climber")
    assert "private part" not in client_of(ada).get(f"{address}part/").content.decode()
    # Staff of another challenge, and an assessor who is staff, get no such page.
    eve, ash = organizer("eve"), organizer("ash")
    round_.challenge.roles.create(user=ash, role="assessor")
    for stranger in (eve, ash):
        assert client_of(stranger).get(address).status_code == 404
    # The public page says nothing of it, to an organizer neither: it may be shown to a hall.
    public = client_of(ada).get(f"{round_.get_absolute_url()}board/shake-up/").content.decode()
    assert "Riser" not in public
    now = timezone.now()
    before = {"opens_at": now - timedelta(days=3), "published_at": now - timedelta(days=4)}
    Round.objects.update(**before, closes_at=now - timedelta(days=1), revealed_at=now)
    assert "shake-head" not in client_of(ada).get(address).content.decode()
