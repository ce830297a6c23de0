"""A newcomer's way by docs/organizers.md in a real browser: from a template to an open round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils import timezone

from challenges.models import Round, RoundState
from tests.admin.forms import organizer

TARGETS = """slug,title,summary,classes,answer
m01,Ethanol,CCO,alcohol,-0.31
m02,Hexane,CCCCCC,alkane,3.90
m03,Benzene,c1ccccc1,aromatic,2.13
"""
BASELINE = "target,value\nm01,1.9\nm02,1.9\nm03,1.9\n"


class Newcomer:
    """Somebody who clicks and types, and counts both."""

    def __init__(self, page: Any) -> None:
        self.page, self.clicks, self.boxes = page, 0, 0
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("response", self._see)

    def _hear(self, said: Any) -> None:
        if said.type == "error":
            self.complaints.append(said.text)

    def _see(self, response: Any) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")

    def click(self, what: str) -> None:
        self.page.locator(what).first.click()
        self.page.wait_for_load_state()
        self.clicks += 1

    def press(self, label: str) -> None:
        self.click(f"input[type=submit][value='{label}'], button:text-is('{label}')")

    def write(self, **values: str) -> None:
        for name, value in values.items():
            self.page.fill(f"main [name={name}], #content [name={name}]", value)
            self.boxes += 1

    def choose(self, path: Path, content: str) -> None:
        path.write_text(content)
        self.page.set_input_files("input[type=file]", str(path))

    def write_over_prompts(self) -> None:
        for box in self.page.locator("textarea, input[type=text]").all():
            if "TO WRITE" in box.input_value():
                box.fill("Measured at 25 °C by two laboratories.")
                self.boxes += 1

    def reads(self, what: str = "body") -> str:
        return str(self.page.inner_text(what))


def test_a_newcomer_opens_a_round_by_the_page_for_organizers(
    live_site: str, chromium: Any, tmp_path: Path
) -> None:
    organizer("ada")
    one = Newcomer(chromium.new_page(viewport={"width": 1280, "height": 900}))
    one.page.goto(f"{live_site}/admin/")
    one.write(username="ada", password="correct horse")
    one.click("main form button[type=submit]")
    begin_from_a_template(one)
    follow_the_checklist(one, one.page.url)
    upload_targets(one, tmp_path)
    look_over_metrics_and_makers(one)
    publish(one)
    assert Round.objects.get().state is RoundState.OPEN
    hand_in_a_baseline(one, tmp_path)
    assert Round.objects.get().submissions.get().entry_kind == "baseline"
    # The browser notes each refused request: that of the participant's file, twice over.
    assert [each for each in one.complaints if "403" not in each] == []
    # docs/organizers.md says how much work it is.
    assert (one.clicks, one.boxes) == (21, 24)


def begin_from_a_template(one: Newcomer) -> None:
    one.click("text=New challenge from a template")
    one.click("text=Numbers in a table")
    one.write(title="Solubility", slug="solubility", opens_at_0=f"{timezone.now():%Y-%m-%d}")
    one.write(opens_at_1="00:00:00")
    one.press("Begin this challenge")


def follow_the_checklist(one: Newcomer, draft: str) -> None:
    assert "21 things are missing" in one.reads(".checklist")
    for _of in ("the charter", "the round"):
        one.click(".checklist a:has-text('Mend it')")
        one.write_over_prompts()
        one.press("Save")
        # Whoever was sent somewhere to mend something is back at the list.
        assert one.page.url == f"{draft}#checklist-head"


def upload_targets(one: Newcomer, folder: Path) -> None:
    one.click("text=Upload many targets")
    one.choose(folder / "targets.csv", TARGETS)
    one.page.check("input[name=replace]")
    one.press("Upload")
    assert "Nothing is missing" in one.reads(".checklist")


def look_over_metrics_and_makers(one: Newcomer) -> None:
    one.click("text=Choose metrics")
    assert "below 10 one outlier decides its sign" in one.reads()
    one.page.go_back()
    one.click(".checklist summary:has-text('Whom the targets')")
    one.click(".checklist li:has-text('Whom the targets') a")
    one.click("text=Add another Contribution")
    one.write(**{"contributions-0-share_bp": "6000"})
    one.write(**{"contributions-1-name": "C. Doe", "contributions-1-share_bp": "4000"})
    one.press("Save")


def publish(one: Newcomer) -> None:
    one.click("text=Preview as participant")
    seen = one.reads("main")
    assert "Shown until the reveal" in seen
    assert "Scores and ranks are hidden" not in seen
    one.page.go_back()
    one.click("text=Publish this round")
    one.press("Publish this round")
    one.click("text=View on site")
    assert "Open" in one.reads("main")


def hand_in_a_baseline(one: Newcomer, folder: Path) -> None:
    one.click("text=Submit a prediction")
    # Whoever made the targets may not take part, and is told so; a baseline is taken.
    one.choose(folder / "mean.csv", BASELINE)
    one.page.wait_for_selector("text=made the targets of the round")
    one.page.select_option("[name=entry_kind]", "baseline")
    one.page.wait_for_selector("[data-fits]")
    one.write(method_title="The mean", method_summary="The same value for every molecule.")
    one.click("main form button[type=submit]")
    one.page.wait_for_url("**/submissions/*/")
