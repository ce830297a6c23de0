"""Hostile text in every field that people write: nothing runs, nothing is fetched elsewhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from pytest_django.live_server_helper import LiveServer

from pages.markdown import render
from pages.sanitizing import ATTRIBUTES, MATH_TAGS, TAGS
from tests.factories import make_artifact, make_challenge, make_round, make_team, make_user
from tests.pages.payloads import PAYLOADS
from tests.pages.test_markdown import Elements

SITE = "https://site.invalid/page/"
LOADS = {"src", "srcset", "poster", "data", "xlink:href"}


def test_there_are_sixty_payloads_and_no_two_are_the_same() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 60


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_payload_becomes_known_elements_that_run_and_load_nothing(text: str) -> None:
    for tag, attributes in Elements(render(text)).found:
        assert tag in TAGS | MATH_TAGS
        assert set(attributes) <= ATTRIBUTES.get(tag, set()) | {"rel"}
        for name, value in attributes.items():
            address = urlsplit(urljoin(SITE, (value or "").replace("\\", "/")))
            if name in LOADS:
                assert address.netloc == urlsplit(SITE).netloc
            if name == "href":
                assert address.scheme in {"http", "https", "mailto"}


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_in_a_browser_no_payload_runs_or_calls_elsewhere(
    chromium: Any, live_server: LiveServer
) -> None:
    everything = "\n\n".join(PAYLOADS)
    person = make_user("mallory", display_name=PAYLOADS[9], affiliation=PAYLOADS[0])
    shown: list[Any] = [person, make_team(person, name=PAYLOADS[9], slug="mallory")]
    # One page with all of them, and one each for those that could swallow what follows.
    for number, text in enumerate([everything, *PAYLOADS]):
        fields = dict.fromkeys(("domain_question", "ml_task", "ethics", "data_statement"), text)
        title = text[:100] if number % 8 == 1 else f"Challenge {number}"
        shown.append(make_challenge(person, slug=f"c{number}", title=title, **fields))
    challenge = shown[2]
    shown.append(make_round(challenge, task=everything, title=PAYLOADS[10]))
    artifact = make_artifact(title=PAYLOADS[11], people=[person], summary=everything[:900])
    artifact.description = everything
    artifact.save()
    shown.append(artifact)
    page, elsewhere, dialogs = chromium.new_page(), [], []
    page.on("request", lambda request: elsewhere.append(request.url))
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    for each in shown:
        page.goto(live_server.url + each.get_absolute_url(), wait_until="load")
        assert page.evaluate("window.hit") is None, each
    # Clicking a link of the page is what a javascript: address waits for.
    page.goto(live_server.url + challenge.get_absolute_url())
    for link in page.query_selector_all("main a[href]"):
        assert urlsplit(link.evaluate("a => a.href")).scheme in {"http", "https", "mailto"}
    assert [url for url in elsewhere if not url.startswith((live_server.url, "data:"))] == []
    assert dialogs == []
