"""A real browser and axe on every page there is: for everyone, light and dark, wide and narrow.

Every page is loaded once for each visitor who sees it built differently. The rules that depend
on colours run again in the dark, those that depend on room again on a phone; with EVERY_AXE_RULE=1
all rules run in all four.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from django.conf import settings
from django.core.cache import cache
from pytest_django.live_server_helper import LiveServer

from tests.pages.every_page import LOOKED_AT_BY, Seen, pages, session_cookie, sessions
from tests.permissions.viewers import build_world

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
IN_THE_DARK = ["color-contrast", "link-in-text-block"]
ON_A_PHONE = ["target-size", "scrollable-region-focusable", "meta-viewport"]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
RUN = """async ([rules, standard]) => {
  const run = rules.length ? {type: "rule", values: rules} : {type: "tag", values: standard};
  const found = await axe.run(document, {runOnly: run, resultTypes: ["violations"]});
  return found.violations.flatMap((each) => each.nodes.map((node) =>
    `${each.id}: ${node.target.join(" ")}: ${node.failureSummary.split("\\n")[1]}`));
}"""
# Addresses of links and forms, as they stand in the document.
WAYS = """() => [...document.querySelectorAll("a[href], form[action]")].map(
  (each) => each.getAttribute("href") || each.getAttribute("action"))"""
# Text in a column that leaves it room for some letters: it runs down the page.
SQUEEZED = """() => [...document.querySelectorAll("main *")].filter((each) => {
  const box = each.getBoundingClientRect();
  const own = [...each.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
  const words = own.map((node) => node.data.trim()).join("");
  return words.length > 12 && box.width < 48 && box.height > 160;
}).map((each) => each.textContent.trim().slice(0, 40))"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(1500)
def test_every_page_is_accessible_fits_a_phone_and_needs_no_script(
    chromium: Any, live_server: LiveServer
) -> None:
    world = build_world()
    clients = sessions(world)
    contexts = {}
    for viewer in LOOKED_AT_BY:
        contexts[viewer] = chromium.new_context(base_url=live_server.url, bypass_csp=True)
        if cookie := session_cookie(clients[viewer]):
            place = {"url": live_server.url, "name": settings.SESSION_COOKIE_NAME}
            contexts[viewer].add_cookies([{**place, "value": cookie}])
    tabs = {viewer: context.new_page() for viewer, context in contexts.items()}
    cache.clear()
    complaints: list[str] = []
    looked_at: set[str] = set()
    for seen in pages(world, clients):
        looked_at.add(seen.route)
        found = _look(tabs[seen.viewer], seen)
        complaints += [f"{seen.address} as {seen.viewer}: {each}" for each in found]
    assert complaints == []
    assert len(looked_at) > 50
    assert {"", "glossary/", "submissions/<slug:code>/", "catalog/new/"} <= looked_at


def _look(tab: Any, seen: Seen) -> list[str]:
    """Return what is wrong with one page."""
    tab.emulate_media(color_scheme="light")
    tab.set_viewport_size(WIDE)
    tab.goto(seen.address)
    found = []
    if "<main" in seen.html:
        if (heads := seen.html.count("<h1")) != 1:
            found.append(f"{heads} main headings")
        if not tab.title().strip(" ·"):
            found.append("no title")
    # Whatever leads on is in what the server sent: nothing is reached by script alone.
    ways = [each for each in tab.evaluate(WAYS) if not each.startswith("blob:")]
    found += [
        f"{way} is there by script alone"
        for way in ways
        if urlsplit(way).path not in seen.html and way not in seen.html
    ]
    tab.add_script_tag(path=str(AXE))
    every = bool(os.environ.get("EVERY_AXE_RULE"))
    found += tab.evaluate(RUN, [[], STANDARD])
    tab.emulate_media(color_scheme="dark")
    found += [
        f"dark: {each}" for each in tab.evaluate(RUN, [[] if every else IN_THE_DARK, STANDARD])
    ]
    tab.set_viewport_size(NARROW)
    found += [
        f"dark, 390: {each}" for each in tab.evaluate(RUN, [[] if every else ON_A_PHONE, STANDARD])
    ]
    if every:
        tab.emulate_media(color_scheme="light")
        found += [f"390: {each}" for each in tab.evaluate(RUN, [[], STANDARD])]
    if wider := tab.evaluate(WIDER):
        found.append(f"390: {wider} px to the side")
    found += [f"390: no room for {text!r}" for text in tab.evaluate(SQUEEZED)]
    return found
