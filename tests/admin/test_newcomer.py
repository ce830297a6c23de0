"""A newcomer's way in a real browser: from signing in to a published round with a scored entry.

It does what docs/organizers.md says, in its order.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from challenges.models import Round, RoundState
from submissions.models import Score, Submission, SubmissionState
from submissions.services.claim import claim_next
from submissions.services.score import score_claimed
from tests.admin.forms import organizer
from tests.factories import make_team, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PASSWORD = "a long enough one 7"
TARGETS = """\
slug,title,summary,classes,answer
m01,Ethanol,CCO,alcohol,-0.31
m02,Hexane,CCCCCC,alkane,3.90
m03,Phenol,Oc1ccccc1,aromatic,1.46
"""
WORDS = ("mission", "cohort", "annotation", "metrics", "ranking", "release", "publication")


def sign_in(context: Any, username: str) -> Any:
    page = context.new_page()
    page.goto("/login/?next=/")
    page.fill("[name=username], [name=login]", username)
    page.fill("[name=password]", PASSWORD)
    page.locator("main button[type=submit], main input[type=submit]").first.click()
    page.wait_for_url("**/")
    return page


def begin(page: Any) -> None:
    page.goto("/admin/")
    page.click("text=New challenge from a template")
    page.click("text=Numbers in a table")
    page.fill("#id_title", "Partition coefficients")
    page.fill("#id_slug", "partition")
    opens = timezone.now() - timedelta(hours=1)
    page.fill("#id_opens_at_0", f"{opens:%Y-%m-%d}")
    page.fill("#id_opens_at_1", f"{opens:%H:%M:%S}")
    page.click("text=Begin this challenge")
    page.wait_for_selector(".checklist li.missing")


def write_charter(page: Any) -> None:
    """Follow the checklist's first link, and write over every prompt of the form."""
    page.locator(".checklist li.missing a").first.click()
    page.wait_for_selector("#id_ethics")
    assert "/challenges/challenge/" in page.url
    page.fill("#id_summary", "How do small molecules share themselves between two liquids?")
    for name in ("domain_question", "domain_primer", "ml_task", "ml_primer", "data_statement"):
        page.fill(f"#id_{name}", f"What we have to say on {name}.")
    page.fill("#id_ethics", "Common solvents; no risk is known.")
    page.click("[name=_save]")
    page.wait_for_selector(".success")


def write_rules(page: Any, address: str) -> None:
    page.goto(address)
    page.fill("#id_task", "A CSV file with the columns `target` and `value`, as log units.")
    page.fill("#id_embargo", "Nothing is held back.")
    page.fill("#id_design_items", json.dumps({name: "As the charter says." for name in WORDS}))
    page.click("[name=_continue]")
    page.wait_for_selector(".success")


def upload_targets(page: Any, folder: Path) -> None:
    page.click("text=Upload many targets")
    table = folder / "targets.csv"
    table.write_text(TARGETS.replace("3.90", "three"))
    page.set_input_files("#id_file", str(table))
    page.check("#id_replace")
    page.click("input[value=Upload]")
    assert "line 3" in page.locator(".errornote").inner_text()
    table.write_text(TARGETS)
    page.set_input_files("#id_file", str(table))
    page.check("#id_replace")
    page.click("input[value=Upload]")
    page.wait_for_selector("text=3 targets made, 0 changed, 3 removed, 3 answers stored.")


def publish(page: Any) -> None:
    assert page.locator(".checklist li.missing").all_inner_texts() == []
    page.click("text=Preview as participant")
    assert "Submit a prediction" in page.content()
    page.click("text=Back to the form")
    page.click("text=Publish this round")
    page.click("input[value='Publish this round']")
    page.wait_for_selector(".success")


def submit(page: Any, folder: Path, round_: Round) -> None:
    file = folder / "mine.csv"
    file.write_text("target,value\nm01,0\nm02,4\nm03,1.5\n")
    page.goto(f"{round_.get_absolute_url()}submit/")
    page.set_input_files("input[type=file]", str(file))
    page.fill("[name=method_title]", "By hand")
    page.locator("main button[type=submit]").last.click()
    page.wait_for_url("**/submissions/*/")


def test_from_signing_in_to_a_scored_submission(
    chromium: Any, live_server: LiveServer, tmp_path: Path
) -> None:
    ben = make_user("ben")
    make_team(ben)
    for person in (organizer("ada"), ben):
        person.set_password(PASSWORD)
        person.save()
    told: list[str] = []
    desk = chromium.new_context(base_url=live_server.url)
    page = sign_in(desk, "ada")
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    begin(page)
    address = page.url
    write_charter(page)
    write_rules(page, address)
    upload_targets(page, tmp_path)
    publish(page)
    round_ = Round.objects.get()
    assert round_.state is RoundState.OPEN

    entrant = chromium.new_context(base_url=live_server.url)
    submit(sign_in(entrant, "ben"), tmp_path, round_)
    claim = claim_next(worker="here")
    assert claim is not None
    score_claimed(claim)
    entry = Submission.objects.get()
    assert entry.state == SubmissionState.SCORED
    mae = Score.objects.get(metric__is_primary=True, target__isnull=True).value
    assert mae == pytest.approx((0.31 + 0.10 + 0.04) / 3)

    page.goto("/admin/")
    page.click("text=Live overview")
    assert entry.code in page.locator(".live").inner_text()
    assert told == []
    desk.close()
    entrant.close()


def test_the_desk_fits_a_phone_in_the_dark_and_keeps_the_policy(
    chromium: Any, live_server: LiveServer
) -> None:
    ada = organizer("ada")
    ada.set_password(PASSWORD)
    ada.save()
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    context = chromium.new_context(base_url=live_server.url, **phone)
    page, told = sign_in(context, "ada"), []
    page.on("console", lambda message: told.append(message.text))
    begin(page)
    pk = Round.objects.get().pk
    at = f"/admin/challenges/round/{pk}/"
    for address in (
        "/admin/",
        "/admin/challenges/challenge/new/",
        "/admin/challenges/challenge/new/forecast/",
        f"{at}targets/",
        f"{at}metrics/?q=error",
        f"{at}clone/",
        f"{at}act/publish/",
        f"/admin/submissions/submission/overview/{pk}/",
        f"/admin/submissions/submission/overview/{pk}/grant/",
    ):
        assert page.goto(address).status == 200
        assert page.evaluate(WIDER) == 0, address
    assert told == []
    context.close()
