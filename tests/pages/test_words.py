"""Glossary, words of a challenge, topics, and what waits for organizers."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from leaderboards.services.refresh import refresh_board
from pages.glossary import TERMS, link_terms, own_terms
from pages.markdown import render
from submissions.models import SubmissionState
from tests.factories import make_scored, make_submission
from tests.pages.payloads import PAYLOADS
from tests.pages.seed import Seed

OWN = "shock: a front that forms in finite time\nregime :smooth or broken\nno colon here\n: x\n"


class _Links(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.text = ""
        self._address = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs)
        self._address = str(address.get("href")) if address.get("class") == "term" else ""

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._address:
            self.found.append((data, self._address))
        self._address = ""


def test_the_first_place_of_each_word_leads_to_its_meaning() -> None:
    text = "## Model\n\nA *model* of shocks: Shock, model, `target`, [bias](/x/), test set & skill."
    html = link_terms(render(text), own_terms(OWN), at="/c/")
    assert _Links(html).found == [
        ("model", "/glossary/#model"),
        ("Shock", "/c/#word-shock"),
        ("test set", "/glossary/#test-set"),
        ("skill", "/glossary/#skill"),
    ]
    assert "test set</a> &amp; <a" in html


def test_own_words_are_read_line_by_line() -> None:
    found = [(each.name, each.meaning) for each in own_terms(OWN)]
    assert found == [
        ("shock", "a front that forms in finite time"),
        ("regime", "smooth or broken"),
    ]


def test_links_change_no_text_and_open_no_way_for_hostile_texts() -> None:
    own = own_terms("script: x\namp: x\nonerror: x\nalert: x\n<b>: x")
    for text in PAYLOADS:
        plain = render(text)
        linked = link_terms(plain, own)
        assert _Links(linked).text == _Links(plain).text
        assert all(
            each.startswith(("/glossary/#", "#word-")) for _, each in _Links(linked).found
        ), text


def test_words_of_the_glossary_are_spelt_once_and_have_an_entry(client: Client) -> None:
    spellings = [each for term in TERMS for each in term.spellings]
    assert len(spellings) == len(set(spellings))
    html = client.get("/glossary/").content.decode()
    assert [each.slug for each in TERMS if f'id="{each.slug}"' not in html] == []


def test_rounds_are_found_by_topic_and_by_the_data_that_feeds_them(
    client: Client, seed: Seed
) -> None:
    seed.challenge.topics, seed.challenge.words = "Fluid dynamics, surrogate  models,, ", OWN
    seed.challenge.save()
    page = client.get(seed.challenge.get_absolute_url()).content.decode()
    assert 'href="/topics/fluid-dynamics/">Fluid dynamics<' in page
    assert "a front that forms in finite time" in page
    assert seed.challenge.title in client.get("/topics/surrogate-models/").content.decode()
    assert client.get("/topics/alchemy/").status_code == 404
    fed, shown = seed.data["D1"].slug, f'<h3><a href="{seed.open.get_absolute_url()}">'
    for query, there in [
        ("", True),
        ("topic=fluid-dynamics", True),
        (f"topic=fluid-dynamics&data={fed}", True),
        ("topic=alchemy", False),
        ("data=nothing", False),
    ]:
        assert (shown in client.get(f"/?{query}").content.decode()) is there, query
    upcoming = f'<h3><a href="{seed.upcoming.get_absolute_url()}">'
    assert upcoming not in client.get(f"/?data={fed}").content.decode()


def test_topics_of_a_draft_are_for_those_who_see_it(client: Client, seed: Seed) -> None:
    seed.challenge.topics, seed.challenge.published_at = "tribology", None
    seed.challenge.save()
    assert client.get("/topics/tribology/").status_code == 404
    client.force_login(seed.organizer)
    assert client.get("/topics/tribology/").status_code == 200


def test_the_dashboard_says_what_waits_and_leads_there(
    client: Client, seed: Seed, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(seed.ann)
    assert "You organize no challenge yet." in client.get("/organizing/").content.decode()
    make_submission(seed.open, seed.teams["A"], state=SubmissionState.FAILED)
    seed.organizer.is_staff = True
    seed.organizer.save()
    client.force_login(seed.organizer)
    page = client.get("/organizing/").content.decode()
    assert "1 submission failed on our side." in page
    overview = reverse("admin:submissions_submission_overview", args=[seed.open.pk])
    assert f'href="{overview}">See why' in page
    form = reverse("admin:challenges_round_change", args=[seed.draft.pk])
    assert f'href="{form}">Open the form' in page
    with django_assert_max_num_queries(24):
        client.get("/organizing/")


@pytest.mark.django_db
def test_what_watchers_of_a_board_ask_for_costs_nothing_until_it_changes(
    client: Client, seed: Seed, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    cache.clear()
    address = f"{seed.open.get_absolute_url()}board/now/"
    assert f'data-live="{address}"' in client.get(seed.open.get_absolute_url()).content.decode()
    client.force_login(seed.ann)
    first = client.get(address)
    with django_assert_num_queries(0):
        again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (first.content, again.status_code, again.content) == (b"1", 304, b"")
    assert "Cookie" not in first.get("Vary", "")
    make_scored(seed.open, {f"u{n:02}": 0.5 for n in range(1, 13)}, team=seed.teams["A"])
    refresh_board(seed.open)
    cache.clear()
    changed = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (changed.status_code, changed.content) == (200, b"2")
    assert client.get(f"{seed.draft.get_absolute_url()}board/now/").status_code == 404
