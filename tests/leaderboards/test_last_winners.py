"""The first of the round before as a baseline of the next: who is missing, and where it is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Artifact, LineageEdge
from challenges.models import Round
from leaderboards.last_winners import missing_winners, missing_winners_of
from leaderboards.services.refresh import refresh_board
from rehearsal.drafts import _find_last_winners
from rehearsal.findings import Report
from submissions.models import Submission
from tests.admin.forms import client_of, organizer
from tests.factories import (
    make_artifact,
    make_challenge,
    make_method,
    make_round,
    make_scored,
    make_team,
    make_user,
    npz_bytes,
)

pytestmark = pytest.mark.django_db
HALF, ONE, TWO = ({f"t{i}": value for i in (1, 2, 3)} for value in (0.5, 1.0, 2.0))


class Held:
    """A challenge with a revealed round that `winner` won, an open one and a draft."""

    def __init__(self) -> None:
        now = timezone.now()
        self.host = organizer("host")
        challenge = make_challenge(self.host, data_statement="Measured twice.")
        labs = make_artifact(kind="target-set", licence="MIT")
        self.before = make_round(
            challenge, title="Spring", slug="spring", target_set=labs,
            opens_at=now - timedelta(days=20), published_at=now - timedelta(days=20),
            closes_at=now - timedelta(days=10), revealed_at=now - timedelta(days=9),
        )  # fmt: skip
        self.team = make_team(make_user("ann"), name="Ann alone")
        self.winner = make_method(self.team, slug="fno", title="FNO", licence="MIT")
        make_scored(self.before, HALF, team=self.team, method=self.winner)
        make_scored(self.before, ONE)
        make_scored(self.before, TWO, entry_kind="baseline")
        refresh_board(self.before)
        self.open = make_round(challenge, title="Summer", slug="summer", target_set=labs)
        self.draft = make_round(
            challenge, title="Autumn", slug="autumn", published=False,
            opens_at=now + timedelta(days=20), closes_at=now + timedelta(days=30),
        )  # fmt: skip

    def enter(self, method: Artifact, round_: Round | None = None, **fields: object) -> Submission:
        facts: dict[str, object] = {"entry_kind": "baseline", "team": make_team()}
        return make_scored(round_ or self.open, ONE, method=method, **(facts | fields))


@pytest.fixture
def held() -> Held:
    return Held()


def lacking(round_: Round) -> list[str]:
    return [each.method.title for each in missing_winners_of(round_)]


def test_the_first_of_the_round_before_is_missing_until_it_is_a_scored_baseline(
    held: Held,
) -> None:
    assert (lacking(held.before), lacking(held.open), lacking(held.draft)) == ([], ["FNO"], ["FNO"])
    waits = held.enter(held.winner)
    Submission.objects.filter(pk=waits.pk).update(state="queued", finished_at=None)
    held.enter(held.winner, entry_kind="reference")
    assert lacking(held.open) == ["FNO"]  # handed in is not scored, and a reference is no baseline
    Submission.objects.filter(pk=waits.pk).update(state="scored", finished_at=timezone.now())
    assert lacking(held.open) == []
    assert set(missing_winners([held.before, held.open, held.draft])) == {held.draft.pk}


def test_another_version_and_a_declared_copy_are_the_method_too(held: Held) -> None:
    version = make_method(held.team, slug="fno", version="2", licence="MIT")
    entry = held.enter(version)
    assert lacking(held.open) == []
    Submission.objects.filter(pk=entry.pk).update(state="withdrawn")
    copy = make_method(make_team(held.host), title="FNO run by the host")
    held.enter(copy)
    assert lacking(held.open) == ["FNO"]
    edge = {"child": copy, "parent": held.winner, "declared_by": held.host}
    LineageEdge.objects.create(relation="identical-to", **edge)
    assert lacking(held.open) == []


def test_nothing_is_asked_of_closed_methods_or_of_rounds_that_ended_before(held: Held) -> None:
    now = timezone.now()
    Round.objects.filter(pk=held.before.pk).update(revealed_at=held.open.closes_at)
    assert lacking(held.open) == []  # told too late to run it
    Round.objects.filter(pk=held.before.pk).update(revealed_at=now)
    assert lacking(held.open) == ["FNO"]
    Artifact.objects.filter(pk=held.winner.pk).update(disclosure="partial")
    assert lacking(held.open) == []


def test_all_pages_of_organizers_tell_it_and_the_form_takes_it_under_its_own_name(
    held: Held,
) -> None:
    host = client_of(held.host)
    link = f"{reverse('pages:submit', args=[held.open.challenge.slug, 'summer'])}?baseline=fno%401"
    told = "is no scored baseline"
    assert "FNO, first in Spring, is no scored baseline yet." in read(host, "/organizing/")
    assert link in read(host, "/organizing/")
    assert told in read(host, f"/admin/submissions/submission/overview/{held.open.pk}/")
    draft = read(host, f"/admin/challenges/round/{held.draft.pk}/change/")
    assert told in draft
    assert "It can be entered from the opening on." in draft
    report = Report(bundle="draft")
    _find_last_winners(held.draft, report)
    (finding,) = report.findings
    assert (finding.code, finding.severity) == ("LAST_WINNER_MISSING", "warning")
    assert report.ok

    make_team(held.host, name="Hosts")
    form = host.get(link).context["form"]
    assert (form.initial["registered"], form.initial["entry_kind"]) == (held.winner, "baseline")
    sent = {
        "key": form["key"].value(), "team": form["team"].value(), "disclosure": "full",
        "registered": held.winner.pk,
    }  # fmt: skip
    refused = host.post(link, sent | {"entry_kind": "participant", "file": prediction()})
    assert refused.status_code == 422
    assert "is no model of Hosts" in refused.content.decode()
    assert (
        host.post(link, sent | {"entry_kind": "baseline", "file": prediction()}).status_code == 302
    )
    assert held.open.submissions.get().method == held.winner


def test_the_books_of_a_revealed_round_say_that_it_is_missing(client: Client, held: Held) -> None:
    held.enter(make_method(make_team(), title="Persistence"))
    for _ in range(3):
        make_scored(held.open, HALF)
    page = f"{held.open.get_absolute_url()}credit/"
    refresh_board(held.open)
    assert "was not entered as a baseline" not in read(client, page)
    now = timezone.now()
    dates = {"opens_at": now - timedelta(days=3), "published_at": now - timedelta(days=3)}
    Round.objects.filter(pk=held.open.pk).update(
        **dates, closes_at=now - timedelta(hours=2), revealed_at=now - timedelta(hours=1)
    )
    told = read(client, page)
    assert ">FNO</a>, first in" in told
    assert "was not entered as a baseline of this round." in told
    assert ">Persistence</a>, so an entry" in told
    held.enter(held.winner)
    assert "was not entered as a baseline" not in read(client, page)
    Submission.objects.filter(method=held.winner).exclude(round=held.before).update(
        state="withdrawn"
    )
    later = now + timedelta(days=3)
    Round.objects.filter(pk=held.before.pk).update(names_shown="date", names_shown_at=later)
    assert "FNO" not in read(client, page)  # whose name waits is not told here either


def prediction() -> SimpleUploadedFile:
    return SimpleUploadedFile("prediction.npz", npz_bytes({"t1": 1.0, "t2": 2.0, "t3": 3.5}))


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())
