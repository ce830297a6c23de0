"""A newcomer's way in a real browser: sign in, upload, watch it being scored, see the board."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.factories import make_challenge, make_round, make_team, make_user, npz_bytes
from tests.servers import WorkerProcesses

WAIT_MS = 60_000


@pytest.fixture
def prediction(tmp_path: Path) -> Path:
    path = tmp_path / "mine.npz"
    path.write_bytes(npz_bytes({"t1": 1.5, "t2": 2.0, "t3": 3.0}))
    return path


def test_from_signing_in_to_the_board(
    live_site: str, celery_worker: WorkerProcesses, chromium: Any, prediction: Path
) -> None:
    make_team(make_user("ann", display_name="Ann Lee"), name="Anns", slug="anns")
    round_ = make_round(make_challenge(slug="tides", title="Tides"), slug="spring", title="Spring")
    page = chromium.new_page(viewport={"width": 390, "height": 800})
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)

    page.goto(f"{live_site}{round_.get_absolute_url()}submit/")
    page.fill("input[name=username]", "ann")
    page.fill("input[name=password]", "correct horse")
    page.click("main form button[type=submit]")

    page.set_input_files("input[type=file]", str(prediction))
    page.fill("input[name=method_title]", "Moon and sun")
    page.fill("textarea[name=method_summary]", "Adds two periods.")
    page.click("main form button[type=submit]")
    page.wait_for_url(f"{live_site}/submissions/*/", timeout=WAIT_MS)

    # The page follows the state by itself.
    page.wait_for_selector("text=/Scored/", timeout=WAIT_MS)
    assert "t1" in page.inner_text("main")

    _wait_for_board(page, f"{live_site}{round_.get_absolute_url()}")
    row = page.locator("table tr", has_text="Moon and sun").first
    assert "Anns" in row.inner_text()
    assert complaints == []
    overflow = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not overflow


def test_the_same_way_without_javascript(
    live_site: str, celery_worker: WorkerProcesses, chromium: Any, prediction: Path
) -> None:
    make_team(make_user("bea"), name="Beas", slug="beas")
    round_ = make_round(make_challenge(slug="waves", title="Waves"), slug="first", title="First")
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(f"{live_site}{round_.get_absolute_url()}submit/")
    page.fill("input[name=username]", "bea")
    page.fill("input[name=password]", "correct horse")
    page.click("main form button[type=submit]")
    page.set_input_files("input[type=file]", str(prediction))
    page.fill("input[name=method_title]", "By hand")
    page.fill("textarea[name=method_summary]", "Looks at the sea.")
    page.click("main form button[type=submit]")
    page.wait_for_url(f"{live_site}/submissions/*/", timeout=WAIT_MS)
    _wait_for_board(page, f"{live_site}{round_.get_absolute_url()}", method="By hand")


def test_a_file_goes_on_after_a_cut_and_is_understood_before_the_form_is_sent(
    live_site: str, celery_worker: WorkerProcesses, chromium: Any, prediction: Path, tmp_path: Path
) -> None:
    make_team(make_user("cem"), name="Cems", slug="cems")
    round_ = make_round(make_challenge(slug="winds", title="Winds"), slug="one", title="One")
    page = chromium.new_context().new_page()
    page.goto(f"{live_site}{round_.get_absolute_url()}submit/")
    page.fill("input[name=username]", "cem")
    page.fill("input[name=password]", "correct horse")
    page.click("main form button[type=submit]")

    cut = []

    def cut_once(route: Any) -> None:
        if route.request.method == "PATCH" and not cut:
            cut.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/uploads/**", cut_once)
    wrong = tmp_path / "wrong.npz"
    wrong.write_bytes(npz_bytes({"t1": [1.0, 2.0], "t2": 2.0, "t3": 3.0}))
    page.set_input_files("input[type=file]", str(wrong))
    page.wait_for_selector("[data-found] .problems >> text=t1", timeout=WAIT_MS)
    assert page.input_value("input[name=upload]") == ""
    assert len(cut) == 1

    page.set_input_files("input[type=file]", str(prediction))
    page.wait_for_selector("[data-fits]", timeout=WAIT_MS)
    assert page.input_value("input[name=upload]") != ""
    page.fill("input[name=method_title]", "Sent before")
    page.fill("textarea[name=method_summary]", "Looks at the wind.")
    page.click("main form button[type=submit]")
    page.wait_for_url(f"{live_site}/submissions/*/", timeout=WAIT_MS)
    page.wait_for_selector("text=/Scored/", timeout=WAIT_MS)
    assert "mine.npz" in page.inner_text("main")


def _wait_for_board(page: Any, address: str, *, method: str = "Moon and sun") -> None:
    """Load the round's page until its board shows the method: at most a minute."""
    for _ in range(60):
        page.goto(address)
        if page.locator("table tr", has_text=method).count():
            return
        page.wait_for_timeout(1000)
    pytest.fail(f"{method} did not come onto the board")
