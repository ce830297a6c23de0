"""Providers see and fill their own targets alone; assessors read scores without names."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from challenges.models import ChallengeRole, Correction, Reference, Round
from tests import factories
from tests.admin.forms import client_of

pytestmark = pytest.mark.django_db


def answers() -> list[tuple[str, int, bool]]:
    rows = Reference.objects.order_by("target__slug", "version")
    return [(row.target.slug, row.version, row.is_current) for row in rows.select_related("target")]


def test_a_provider_fills_an_own_target_and_hears_nothing_of_the_others() -> None:
    round_, person = factories.make_round(published=False), factories.make_user()
    Reference.objects.all().delete()
    own, other = round_.targets.all()[:2]
    own.providers.add(person)
    client, at = client_of(person), f"{round_.get_absolute_url()}targets/{own.slug}/provide/"
    page = client.get("/account/duties/").content.decode()
    assert at in page
    assert f"targets/{other.slug}/" not in page
    assert client.get(at.replace(own.slug, other.slug)).status_code == 404
    assert client.get(round_.get_absolute_url()).status_code == 404  # the draft itself

    wrong = client.post(at, {"form": "answer", "value": "nan"}).content.decode()
    assert "finite" in wrong or "number" in wrong
    assert answers() == []
    said = client.post(at, {"form": "answer", "value": "1.25"}, follow=True).content.decode()
    assert "stored, version 1" in said
    assert "1.25" not in said
    file = SimpleUploadedFile("own.csv", b"x\n1\n")
    client.post(at, {"form": "input", "file": file, "description": "Where it was measured."})
    client.post(at, {"form": "commentary", "commentary": "A *hard* one."})
    own.refresh_from_db()
    assert answers() == [(own.slug, 1, True)]
    assert [row.name for row in own.files.all()] == ["own.csv"]
    assert own.commentary == "A *hard* one."

    taken = SimpleUploadedFile("other.csv", b"x\n1\n")
    round_.files.create(name="other.csv", target=other, size_bytes=1, sha256="0" * 64)
    assert (
        "has a file other.csv already"
        in client.post(at, {"form": "input", "file": taken}).content.decode()
    )


def test_once_published_an_answer_is_proposed_with_a_reason() -> None:
    round_, person = factories.make_round(), factories.make_user()
    own = round_.targets.all()[0]
    own.providers.add(person)
    before = answers()
    client, at = client_of(person), f"{round_.get_absolute_url()}targets/{own.slug}/provide/"
    client.post(at, {"form": "answer", "value": "9"})
    assert not Correction.objects.exists()
    client.post(at, {"form": "answer", "value": "9", "reason": "A sign was lost."})
    correction = Correction.objects.get()
    assert (correction.is_open, correction.reason) == (True, "A sign was lost.")
    assert [row for row in answers() if row[2]] == [row for row in before if row[2]]
    refused = client.post(at, {"form": "input", "file": SimpleUploadedFile("a.csv", b"x")})
    assert "is published" in refused.content.decode()


@pytest.fixture
def assessed() -> Round:
    made = factories.make_round()
    for number, name in enumerate(("Alpha", "Beta"), 1):
        team = factories.make_team(name=name)
        factories.make_scored(made, {"t1": number, "t2": None, "t3": 2.0}, team=team)
    return made


def test_an_assessor_reads_scores_by_code_name_until_the_date(assessed: Round) -> None:
    person = factories.make_user()
    ChallengeRole.objects.create(challenge=assessed.challenge, user=person, role="assessor")
    client, at = client_of(person), f"{assessed.get_absolute_url()}assessment/"
    assert at in client.get("/account/duties/").content.decode()
    targets = list(assessed.targets.order_by("slug"))
    for target, title in zip(targets, ("Lake Como", "Lake Garda", "Lake Iseo"), strict=True):
        target.title = title
        target.opens_at = assessed.closes_at - timedelta(hours=1) if title == "Lake Iseo" else None
        target.save()
    assessed.submissions.update(track=assessed.tracks.create(slug="server", title="Servers"))
    page = client.get(at).content.decode()
    assert page.count("E-") == 2
    assert page.count('<span class="sub">Servers</span>') == 2
    assert "Lake Garda<span" in page
    assert "Absolute error" in page
    assert "Lake Iseo" not in page  # not released yet
    assert "once the round is revealed" in page
    for submission in assessed.submissions.select_related("team", "method"):
        for name in (submission.code, submission.team.name, submission.method.title):
            assert name not in page
    assessed.assessors_see_names_at = timezone.now()
    assessed.save()
    named = client.get(at).content.decode()
    for submission in assessed.submissions.select_related("team", "method"):
        assert f"{submission.team.name}, {submission.method.title}" in named
    assert Client().get(at).status_code == 404
