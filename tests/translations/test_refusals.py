"""Refusals of services and choices of models speak the page's language, and English elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone, translation

from accounts.models import Team
from scoring.contract import TargetSpec
from submissions.errors import GateClosed
from submissions.services.gate import check_gate
from submissions.verdicts import in_words_of_the_reader
from tests import factories
from tests.scoring.files import problems_of

GERMAN = {"Accept-Language": "de"}


@pytest.fixture
def entrant(client: Client, db: None) -> Client:
    person = factories.make_user("ada")
    factories.make_team(person, name="Ada alone")
    client.force_login(person)
    return client


def test_a_closed_gate_is_told_in_german_and_in_english_by_the_api(
    entrant: Client,
) -> None:
    now = timezone.now()
    round_ = factories.make_round(
        opens_at=now - timedelta(days=2), closes_at=now - timedelta(days=1)
    )
    sent = {"team": "ada-alone", "method": "line", "file": SimpleUploadedFile("p.npz", b"x")}
    address = f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/submissions/"
    answers = [entrant.post(address, sent, headers=h).json() for h in (GERMAN, {})]
    assert answers[0] == answers[1]
    assert answers[0]["message"].startswith("The round closed at ")
    team = Team.objects.get(slug="ada-alone")
    who = {"round": round_, "team": team, "by": factories.member_of(team), "at": now}
    with translation.override("de"), pytest.raises(GateClosed, match="Die Runde schloss um"):
        check_gate(**who)


def test_a_refused_file_is_told_in_german_with_the_problems_of_the_engine(entrant: Client) -> None:
    round_ = factories.make_round()
    address = f"{round_.get_absolute_url()}submit/"
    form = entrant.get(address, headers=GERMAN).context["form"]
    wrong = factories.npz_bytes({"t1": [1.0, 2.0], "t2": 1.0, "t3": 0.0})
    sent = {
        "key": form["key"].value(), "team": form["team"].value(), "disclosure": "full",
        "file": SimpleUploadedFile("p.npz", wrong),
        "method_title": "Line", "method_summary": "A line.",
    }  # fmt: skip
    page = entrant.post(address, sent, headers=GERMAN).content.decode()
    assert "Die Datei hat ein Problem." in page
    for words in ("erwartet", "speichern Sie es mit der Form"):
        assert words in page
    for words in ("The file has", "Mend it"):
        assert words not in page


def test_what_readers_find_is_known_again_with_its_facts() -> None:
    targets = (TargetSpec("p1"), TargetSpec("p2", low=0.0))
    table = b"target,value\np1,1;5\np2,-1\np2,2,3\nP1,4\nxyz,5\np1,\n"
    found = problems_of("csv", table, targets) + problems_of("csv", b"target,x\n", targets)
    with translation.override("de"):
        told = [(each.message, in_words_of_the_reader(each.message)) for each in found]
        mended = {in_words_of_the_reader(each.remedy) for each in found}
    assert [english for english, german in told if english == german] == []
    assert "row 2, column value: '1;5' ist keine Zahl" in [german for _, german in told]
    assert "prüfen Sie Einheit und Vorzeichen" in mended
    assert in_words_of_the_reader(found[0].message) == found[0].message  # in English as it is
    with translation.override("de"):
        assert in_words_of_the_reader("Something else happened.") == "Something else happened."


def test_choices_of_models_speak_german_on_pages_and_english_in_the_api(entrant: Client) -> None:
    round_ = factories.make_round()
    artifact = factories.make_submission(round_).method
    with translation.override("de"):
        labels = [artifact.get_kind_display(), artifact.get_disclosure_display(),
                  round_.get_missing_policy_display()]  # fmt: skip
    assert labels[0] == "Modell"
    assert all(label != str(english) for label, english in zip(
        labels[1:], [artifact.get_disclosure_display(), round_.get_missing_policy_display()],
        strict=True,
    ))  # fmt: skip
    address = f"/api/v1/artifacts/{artifact.slug}/{artifact.version}/"
    assert entrant.get(address, headers=GERMAN).content == entrant.get(address).content
