"""Every page: it answers, it is whole, it is light and it runs nothing inline."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.factories import make_user
from tests.pages.pages_list import member_pages, public_pages
from tests.pages.seed import Seed

STATIC = ("heldout/site.css", "heldout/site.js", "heldout/mark.svg")
MOST_BYTES = 150_000
VOID = {"meta", "link", "input", "br", "hr", "img", "path", "rect", "circle", "line"}


class Outline(HTMLParser):
    """Collect what a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.problems: list[str] = []
        self.feed(html)
        self.problems += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing")

    def ids(self) -> list[str]:
        return [str(attrs["id"]) for _, attrs in self.tags if "id" in attrs]


def all_pages(client: Client, seed: Seed) -> dict[str, str]:
    """Return the HTML of every page, as a member of team A sees it where it takes one."""
    found = {name: client.get(url) for name, url in public_pages(seed).items()}
    client.force_login(seed.ann)
    found |= {name: client.get(url) for name, url in member_pages(seed).items()}
    assert {name: page.status_code for name, page in found.items()} == dict.fromkeys(found, 200)
    return {name: page.content.decode() for name, page in found.items()}


def test_every_public_page_answers_an_anonymous_visitor_and_a_member(
    client: Client, seed: Seed
) -> None:
    for signed_in in (False, True):
        if signed_in:
            client.force_login(seed.ann)
        codes = {name: client.get(url).status_code for name, url in public_pages(seed).items()}
        redirected = {"login": 302, "signup": 302} if signed_in else {}
        assert codes == dict.fromkeys(codes, 200) | redirected


def test_member_pages_send_an_anonymous_visitor_to_sign_in_or_hide(
    client: Client, seed: Seed
) -> None:
    codes = {name: client.get(url).status_code for name, url in member_pages(seed).items()}
    assert codes == dict.fromkeys(codes, 302) | {"scored": 404}


def test_every_page_is_well_nested_with_unique_ids_and_landmarks(
    client: Client, seed: Seed
) -> None:
    for name, html in all_pages(client, seed).items():
        outline = Outline(html)
        ids = outline.ids()
        tags = [tag for tag, _ in outline.tags]
        assert outline.problems == [], name
        assert len(ids) == len(set(ids)), name
        assert tags.count("h1") == 1, name
        assert {"main", "header", "nav", "footer"} <= set(tags), name
        for tag, attrs in outline.tags:
            for attribute in ("aria-labelledby", "for"):
                if attribute in attrs and tag != "output":
                    assert set(str(attrs[attribute]).split()) <= set(ids), (name, attrs)


def test_no_page_runs_or_styles_anything_inline(client: Client, seed: Seed) -> None:
    for name, html in all_pages(client, seed).items():
        for tag, attrs in Outline(html).tags:
            assert tag != "style", name
            assert "style" not in attrs, (name, tag)
            assert not [key for key in attrs if key.startswith("on")], (name, tag)
            # A block of data is never run; tests/pages/test_curation.py looks at what is in it.
            is_data = attrs.get("type") == "application/ld+json"
            assert tag != "script" or is_data or attrs.get("src"), name


def test_no_page_asks_another_site_for_anything(client: Client, seed: Seed) -> None:
    for name, html in all_pages(client, seed).items():
        for tag, attrs in Outline(html).tags:
            loaded = attrs.get("src") or (attrs.get("href") if tag == "link" else None)
            assert not loaded or re.match(r"/[^/]", loaded), (name, loaded)


def test_first_load_of_every_page_is_below_150_kilobytes(client: Client, seed: Seed) -> None:
    static = sum(Path(settings.BASE_DIR, "static", name).stat().st_size for name in STATIC)
    weights = {name: static + len(html) for name, html in all_pages(client, seed).items()}
    assert {name: weight for name, weight in weights.items() if weight >= MOST_BYTES} == {}


def test_content_security_policy_forbids_inline_code_and_other_origins(
    client: Client, db: None
) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_missing_page_says_so_and_leads_on(client: Client, db: None) -> None:
    response = client.get("/challenges/no-such/")
    assert response.status_code == 404
    assert b"Nothing here" in response.content
    assert b'href="/login/?next=/challenges/no-such/"' in response.content


def test_a_fault_of_ours_shows_a_page_without_its_cause(
    client: Client, seed: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr(settings, "ROOT_URLCONF", "tests.pages.broken_urls")
    response = client.get("/broken/")
    assert response.status_code == 500
    assert b"Something broke on our side" in response.content
    assert b"secret cause" not in response.content


def test_empty_site_says_what_to_do(client: Client, db: None) -> None:
    assert b"No round is open today" in client.get("/").content
    assert b"No credit is posted yet" in client.get("/datasets/").content


def test_empty_list_of_submissions_says_what_to_do(client: Client, db: None) -> None:
    client.force_login(make_user())
    assert b"Choose an open round" in client.get("/submissions/").content


def test_times_are_written_in_utc_for_machines_and_people(client: Client, seed: Seed) -> None:
    closes = seed.open.closes_at
    html = client.get(seed.open.get_absolute_url()).content.decode()
    assert (
        f'<time datetime="{closes:%Y-%m-%dT%H:%M:%SZ}" data-local>'
        f"{closes.day} {closes:%b %Y, %H:%M} UTC</time>" in html
    )
