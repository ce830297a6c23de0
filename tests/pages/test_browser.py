"""A real browser looks at every page: narrow, dark, with the content security policy in force."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from leaderboards.services.refresh import refresh_board
from submissions.models import Submission, SubmissionState
from tests.factories import make_scored, make_submission, make_team
from tests.pages.pages_list import member_pages, public_pages
from tests.pages.seed import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def signed_in(chromium: Any, live_server: LiveServer, client: Client, **options: Any) -> Any:
    """Return a browser context with the test client's session."""
    context = chromium.new_context(base_url=live_server.url, **options)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    return context


def test_no_page_scrolls_sideways_on_a_phone_or_breaks_the_policy(
    chromium: Any, live_server: LiveServer, client: Client
) -> None:
    seed = build()
    client.force_login(seed.ann)
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    context = signed_in(chromium, live_server, client, **phone)
    page, told = context.new_page(), []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    for name, url in (public_pages(seed) | member_pages(seed)).items():
        assert page.goto(url).status == 200, name
        assert page.evaluate(WIDER) == 0, name
    assert told == []
    context.close()


def test_times_are_told_in_the_clock_of_the_reader(
    chromium: Any, live_server: LiveServer, client: Client
) -> None:
    seed = build()
    context = chromium.new_context(base_url=live_server.url, timezone_id="Asia/Kathmandu")
    page = context.new_page()
    page.goto(seed.open.get_absolute_url())
    shown = page.locator("time[datetime] + span").first.text_content()
    assert "your time" in shown
    context.close()


def test_the_page_of_a_waiting_submission_shows_its_end_by_itself(
    chromium: Any, live_server: LiveServer, client: Client
) -> None:
    seed = build()
    client.force_login(seed.ann)
    waiting = make_submission(seed.open, seed.teams["A"], method=seed.methods["A"])
    context = signed_in(chromium, live_server, client)
    page = context.new_page()
    page.goto(waiting.get_absolute_url())
    assert page.locator("[data-state=queued]").count() == 1
    Submission.objects.filter(pk=waiting.pk).update(
        state=SubmissionState.FAILED, finished_at=timezone.now(), reason="The worker was lost."
    )
    page.wait_for_selector("[data-state=failed]", timeout=30_000)
    page.wait_for_selector("text=The worker was lost.", timeout=30_000)
    assert page.locator("[data-follow]").count() == 0
    context.close()


def test_the_board_of_an_open_round_follows_by_itself(
    chromium: Any, live_server: LiveServer, client: Client
) -> None:
    seed = build()
    page = chromium.new_page(base_url=live_server.url)
    with page.expect_response("**/board/now/") as first:
        page.goto(seed.open.get_absolute_url())
    assert first.value.status == 200
    assert page.locator("#board tbody", has_text="Newcomers").count() == 0
    slugs = seed.open.targets.values_list("slug", flat=True)
    make_scored(seed.open, dict.fromkeys(slugs, 0.9), team=make_team(name="Newcomers"))
    refresh_board(seed.open)
    page.wait_for_selector("#board tbody :text('Newcomers')", timeout=60_000)
    page.close()


def test_everything_works_without_javascript(
    chromium: Any, live_server: LiveServer, client: Client
) -> None:
    seed = build()
    client.force_login(seed.ann)
    context = signed_in(chromium, live_server, client, java_script_enabled=False)
    page = context.new_page()
    waiting = make_submission(seed.open, seed.teams["A"], method=seed.methods["A"])
    page.goto(waiting.get_absolute_url())
    Submission.objects.filter(pk=waiting.pk).update(
        state=SubmissionState.WITHDRAWN, finished_at=timezone.now(), reason="Wrong file."
    )
    page.click("text=Refresh")
    assert page.locator("text=Wrong file.").count() == 1
    page.goto("/account/tokens/")
    page.fill("#id_name", "laptop")
    page.click("text=Make a token")
    assert page.locator(".secret").text_content().startswith("hld_")
    context.close()


def test_the_keyboard_reaches_the_content_first(
    chromium: Any, live_server: LiveServer, client: Client
) -> None:
    build()
    page = chromium.new_page(base_url=live_server.url)
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.close()
