"""Assessors read scores without names until the date that the round sets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from challenges.models import ChallengeRole, Round
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def round_() -> Round:
    made = factories.make_round()
    for number, name in enumerate(("Alpha", "Beta"), 1):
        team = factories.make_team(name=name)
        factories.make_scored(made, {"t1": number, "t2": None, "t3": 2.0}, team=team)
    made.targets.filter(slug="t3").update(title="Third")
    return made


def read(round_: Round, role: str) -> Any:
    person, client = factories.make_user(), Client()
    if role:
        ChallengeRole.objects.create(challenge=round_.challenge, user=person, role=role)
    client.force_login(person)
    return client.get(f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/assessment/")


def test_an_assessor_reads_every_score_and_no_name(round_: Round) -> None:
    response = read(round_, "assessor")
    document = response.json()
    assert document["anonymous"] is True
    assert document["targets"] == ["t1", "t2", "t3"]
    assert document["target_titles"] == {"t1": "", "t2": "", "t3": "Third"}
    assert [each["label"] for each in document["columns"]] == ["Absolute error"]
    scores = [each["scores"]["error"] for each in document["entries"]]
    assert sorted(each["t1"] for each in scores) == [1.0, 2.0]
    assert [each["t2"] for each in scores] == [None, None]
    text = response.content.decode()
    for submission in round_.submissions.select_related("team", "method"):
        of_team = (submission.team.slug, submission.team.name)
        for name in (submission.code, *of_team, submission.method.slug, submission.method.title):
            assert name not in text


def test_names_come_with_the_date_and_keep_their_code_names(round_: Round) -> None:
    before = read(round_, "assessor").json()["entries"]
    round_.assessors_see_names_at = timezone.now()
    round_.save()
    after = read(round_, "assessor").json()
    assert after["anonymous"] is False
    assert [each["entry"] for each in after["entries"]] == [each["entry"] for each in before]
    assert sorted(each["team"] for each in after["entries"]) == ["alpha", "beta"]
    assert sorted(each["team_name"] for each in after["entries"]) == ["Alpha", "Beta"]
    titles = {each.method.title for each in round_.submissions.select_related("method")}
    assert {each["method_title"] for each in after["entries"]} == titles


def test_a_target_is_called_by_its_title_once_it_is_released(round_: Round) -> None:
    round_.targets.filter(slug="t3").update(opens_at=round_.closes_at - timedelta(hours=1))
    assert read(round_, "assessor").json()["target_titles"] == {"t1": "", "t2": ""}
    assert read(round_, "organizer").json()["target_titles"]["t3"] == "Third"


def test_it_is_not_there_for_anybody_else(round_: Round) -> None:
    assert read(round_, "").status_code == 404
    assert read(round_, "organizer").json()["anonymous"] is False
