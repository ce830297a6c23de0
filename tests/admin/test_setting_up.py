"""The pages that fill a draft: template, table of targets, metrics, clone, preview."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from challenges.models import Challenge, Round
from challenges.services.advice import advice_on
from scoring.metrics import all_metrics
from tests.admin.forms import client_of, organizer
from tests.challenges.builders import draft_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return organizer("ada")


@pytest.fixture
def draft(ada: User) -> Round:
    return draft_round(ada)


DATES = {
    "opens_at_0": "2098-01-01",
    "opens_at_1": "12:00:00",
    "closes_at_0": "2098-03-01",
    "closes_at_1": "12:00:00",
}


def test_a_challenge_is_begun_from_a_template_and_lists_what_is_next(ada: User) -> None:
    client = client_of(ada)
    assert "new/forecast/" in client.get("/admin/challenges/challenge/new/").content.decode()
    address = "/admin/challenges/challenge/new/forecast/"
    facts = {"title": "Rain", "slug": "rain", "round_title": "Winter", **DATES}
    wrong = client.post(address, {**facts, "closes_at_0": "2097-01-01"})
    assert "closes after it opens" in wrong.content.decode()
    page = client.post(address, facts, follow=True).content.decode()
    assert "template&#x27;s prompt" in page
    assert Challenge.objects.get(slug="rain").rounds.get().title == "Winter"
    assert "address rain" in client.post(address, facts).content.decode()
    index = client.get("/admin/").content.decode()
    assert re.search(r"Winter</a>: \d+ things are missing", index)


def test_a_table_of_targets_is_taken_or_every_mistake_shown(draft: Round, ada: User) -> None:
    client, address = client_of(ada), f"/admin/challenges/round/{draft.pk}/targets/"
    bad = SimpleUploadedFile("t.csv", b"slug,weight\nt1,-1\nt2,x\n")
    page = client.post(address, {"file": bad}).content.decode()
    assert "line 2" in page
    assert "line 3" in page
    good = SimpleUploadedFile("t.csv", b"slug,answer\nt7,1\n")
    page = client.post(address, {"file": good, "replace": "on"}, follow=True).content.decode()
    assert "1 targets made, 0 changed, 3 removed, 1 answers stored." in page
    assert [target.slug for target in draft.targets.all()] == ["t7"]


def test_metrics_are_searched_and_added_without_javascript(draft: Round, ada: User) -> None:
    client, address = client_of(ada), f"/admin/challenges/round/{draft.pk}/metrics/"
    everything = client.get(address).content.decode()
    assert all(f'id="metric-{each.slug}-' in everything for each in all_metrics())
    assert "There is one metric only" in everything
    found = client.get(address, {"q": "rank correlation", "family": "regression"}).content.decode()
    assert 'id="metric-kendall_tau_b-1"' in found
    assert 'id="metric-rmse-1"' not in found
    assert "below 10 one outlier" in found
    client.post(address, {"metric": "kendall_tau_b/1"})
    row = draft.metrics.get(key="kendall_tau_b")
    assert (row.aggregate, row.is_primary) == ("pooled", False)
    again = client.post(address, {"metric": "kendall_tau_b/1"}, follow=True).content.decode()
    assert "has kendall_tau_b already" in again
    gone = client.post(address, {"metric": "nothing/1"}, follow=True).content.decode()
    assert "nothing" in gone
    assert draft.metrics.count() == 2


def test_traps_are_told_in_the_context_of_the_round(draft: Round) -> None:
    for slug in ("accuracy", "mape", "r2_determination"):
        draft.metrics.create(key=slug, metric=slug, aggregate="pooled")
    draft.metrics.create(key="brmse", metric="brmse")
    told = {advice.key: advice.sentence for advice in advice_on(draft)}
    assert "rare class" in told[""]
    assert "near zero" in told["mape"]
    assert "3 targets" in told["r2_determination"]
    assert "periodic" in told["brmse"]


def test_a_clone_is_made_by_a_form(draft: Round, ada: User) -> None:
    client, address = client_of(ada), f"/admin/challenges/round/{draft.pk}/clone/"
    facts = {"title": "Second", "slug": "second", **DATES, "answers": "on"}
    assert "choose these too" in client.post(address, facts).content.decode()
    response = client.post(address, {**facts, "targets": "on"})
    made = Round.objects.get(slug="second")
    assert response["Location"] == f"/admin/challenges/round/{made.pk}/change/"
    assert made.targets.count() == 3
    assert not made.files.exists()


def test_a_preview_shows_what_an_entrant_will_see_and_only_to_organizers(
    draft: Round, ada: User
) -> None:
    late = draft.targets.get(slug="t2")
    late.title = "A late surprise"
    late.opens_at = draft.closes_at
    late.save()
    address = f"{draft.get_absolute_url()}preview/"
    page = client_of(ada).get(address).content.decode()
    assert "Preview" in page
    assert "inputs.csv" in page
    assert "Submit a prediction" in page
    assert "A late surprise" not in page
    assert Client().get(address).status_code == 404
    assert client_of(organizer("eve")).get(address).status_code == 404
