"""A newcomer's way from the landing page to a score, each click counted.

With NEWCOMER_LINE="slow 3G" the browser gets no more than that line gives; the seconds of each
step are printed (`pytest -s`) and never asserted. docs/pages.md has those that were measured.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.factories import make_challenge, make_round, npz_bytes
from tests.servers import WorkerProcesses

WAIT_MS = 120_000
# What Chromium's developer tools mean by the word: 400 kbit/s each way, 400 ms until an answer.
SLOW_3G = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 50_000,
    "uploadThroughput": 50_000,
}


class Walk:
    """A browser that counts what is clicked and how long each step takes."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.clicks = 0
        self._since = time.monotonic()

    def click(self, selector: str, *, until: str) -> None:
        """Click once, and wait for the page that it leads to."""
        self.clicks += 1
        self.page.click(selector)
        self.page.wait_for_selector(until, timeout=WAIT_MS)
        now = time.monotonic()
        sys.stdout.write(f"NEWCOMER {selector}: {now - self._since:.1f} s\n")
        self._since = now


@pytest.mark.django_db(transaction=True)
def test_from_the_landing_page_to_a_score_in_four_clicks_after_signing_up(
    live_site: str, celery_worker: WorkerProcesses, chromium: Any, tmp_path: Path
) -> None:
    make_round(make_challenge(slug="tides", title="Tides"), slug="spring", title="Spring tides")
    mine = tmp_path / "mine.npz"
    mine.write_bytes(npz_bytes({"t1": 1.5, "t2": 2.0, "t3": 3.0}))
    context = chromium.new_context(viewport={"width": 390, "height": 800}, locale="en-GB")
    page = context.new_page()
    if os.environ.get("NEWCOMER_LINE") == "slow 3G":
        wire = context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.emulateNetworkConditions", SLOW_3G)
    walk = Walk(page)
    page.goto(live_site)
    walk.click("nav >> text=Sign up", until="h1 >> text=Sign up")
    page.fill("input[name=username]", "newcomer")
    page.fill("input[name=password1]", "tidal forces 7")
    page.fill("input[name=password2]", "tidal forces 7")
    walk.click("main form button[type=submit]", until="text=My submissions")

    walk.clicks = 0
    walk.click("main h3 >> text=Spring tides", until="h1 >> text=Spring tides")
    walk.click("text=Submit a prediction", until="input[type=file]")
    page.set_input_files("input[type=file]", str(mine))
    page.fill("input[name=method_title]", "Moon and sun")
    page.fill("textarea[name=method_summary]", "Adds two periods.")
    # The page of the submission follows by itself until the score is there.
    walk.click("main form button[type=submit]", until="[data-state=scored]")
    page.wait_for_selector("h2 >> text=Scores", timeout=WAIT_MS)
    assert walk.clicks == 3
    assert "t1" in page.inner_text("main")
    context.close()
