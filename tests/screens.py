"""Pictures of the site's pages, and what they weigh:
`python -m tests.screens ADDRESS ENTRANT:PASSWORD ORGANIZER:PASSWORD`.

ADDRESS is where the demo is served (`make demo` prints it, with the logins). Pictures go to
docs/screens/, and the table of weights into docs/pages.md. What a page weighs is what came over
the wire, from a server that compresses or not.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import BROWSER_FLAGS

ROOT = Path(__file__).resolve().parents[1]
FOLDER, PAGE = ROOT / "docs" / "screens", ROOT / "docs" / "pages.md"
WHOLE = {"home", "round", "board", "submission", "submit", "glossary"}  # in all four ways
TALLEST = 2400
MOST_BYTES = 3_000_000
QUALITY = 27
BEGIN, END = "<!-- weights -->", "<!-- end of weights -->"


@dataclass(frozen=True)
class Shot:
    """A page to look at, and who looks."""

    name: str
    path: str
    who: str = ""


def shots(visitor: Page, entrant: Page) -> list[Shot]:
    """Find the addresses of the demo by its links."""
    visitor.goto("/")
    rounds = visitor.eval_on_selector_all(
        "main a[href^='/challenges/']", "all => all.map(a => a.getAttribute('href'))"
    )
    of_burgers = [each for each in rounds if "burgers" in each and each.count("/") == 4]
    open_, round_ = of_burgers[0], of_burgers[-1]  # the page has the open ones first
    challenge = round_.rsplit("/", 2)[0] + "/"
    visitor.goto(round_)
    model = _first(visitor, "a[href^='/models/']")
    target = _first(visitor, "a[href*='/targets/']")
    visitor.goto("/datasets/")
    dataset = _first(visitor, "main a[href^='/datasets/']:not([href='/datasets/'])")
    return [
        Shot("home", "/"),
        Shot("challenge", challenge),
        Shot("round", round_),
        Shot("board", f"{round_}board/"),
        Shot("scores", f"{round_}scores/"),
        Shot("target", target),
        Shot("credit", f"{round_}credit/"),
        Shot("datasets", "/datasets/"),
        Shot("dataset", dataset),
        Shot("model", model),
        Shot("catalog", "/catalog/"),
        Shot("metric", "/metrics/nrmse/"),
        Shot("glossary", "/glossary/"),
        Shot("help", "/help/"),
        Shot("search", "/search/?q=burgers"),
        Shot("sign-up", "/signup/"),
        Shot("submissions", "/submissions/", "entrant"),
        Shot("submission", _first_submission(entrant), "entrant"),
        Shot("submit", f"{open_}submit/", "entrant"),
        Shot("account", "/account/", "entrant"),
        Shot("tokens", "/account/tokens/", "entrant"),
        Shot("organizing", "/organizing/", "organizer"),
    ]


def _first(page: Page, selector: str) -> str:
    return str(page.locator(selector).first.get_attribute("href"))


def _first_submission(entrant: Page) -> str:
    entrant.goto("/submissions/")
    return _first(entrant, "main a[href^='/submissions/']:not([href='/submissions/'])")


def sign_in(browser: Browser, address: str, login: str) -> dict[str, Any]:
    """Sign somebody in; return the browser's memory of it. `login` is NAME:PASSWORD."""
    name, _, password = login.partition(":")
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/login/")
    page.fill("input[name=login], input[name=username]", name)
    page.fill("input[name=password]", password)
    page.click("main form button[type=submit]")
    page.wait_for_load_state()
    state: dict[str, Any] = context.storage_state()
    context.close()
    return state


def take(page: Page, shot: Shot, *, width: int, scheme: str) -> int:
    """Take one picture; return its size."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(shot.path)
    tall = min(TALLEST, int(page.evaluate("document.documentElement.scrollHeight")))
    clip = {"x": 0, "y": 0, "width": width, "height": tall}
    shown = page.screenshot(full_page=True, clip=clip)
    path = FOLDER / f"{shot.name}-{width}-{scheme}.webp"
    Image.open(io.BytesIO(shown)).convert("RGB").save(path, quality=QUALITY, method=6)
    return path.stat().st_size


def weigh(context: Any, shot: Shot) -> dict[str, int]:
    """Return the bytes that came over the wire for a first visit, by kind."""
    page = context.new_page()
    wire = context.new_cdp_session(page)
    kinds: dict[str, str] = {}
    weights: dict[str, int] = {}

    def note(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def add(event: dict[str, Any]) -> None:
        kind = kinds.get(event["requestId"], "Other")
        weights[kind] = weights.get(kind, 0) + int(event["encodedDataLength"])

    wire.on("Network.responseReceived", note)
    wire.on("Network.loadingFinished", add)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(shot.path, wait_until="networkidle")
    page.close()
    return weights


def table(rows: list[tuple[Shot, dict[str, int]]]) -> str:
    """Write the weights as a table."""
    lines = ["| page | HTML | CSS | scripts | other | together |", "|---|---|---|---|---|---|"]
    for shot, weights in rows:
        parts = [weights.get(kind, 0) for kind in ("Document", "Stylesheet", "Script")]
        total = sum(weights.values())
        numbers = [*parts, total - sum(parts), total]
        cells = " | ".join(f"{number / 1000:.1f} kB" for number in numbers)
        lines.append(f"| {shot.name} | {cells} |")
    return "\n".join(lines)


def main(address: str, entrant_login: str, organizer_login: str) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
        states = {
            "": None,
            "entrant": sign_in(browser, address, entrant_login),
            "organizer": sign_in(browser, address, organizer_login),
        }
        contexts = {
            who: browser.new_context(base_url=address, storage_state=state, locale="en-GB")
            for who, state in states.items()
        }
        tabs = {who: context.new_page() for who, context in contexts.items()}
        found = shots(tabs[""], tabs["entrant"])
        size, rows = 0, []
        for shot in found:
            ways = [(1280, "light"), (390, "dark")]
            ways += [(1280, "dark"), (390, "light")] if shot.name in WHOLE else []
            size += sum(take(tabs[shot.who], shot, width=w, scheme=s) for w, s in ways)
            rows.append((shot, weigh(contexts[shot.who], shot)))
        browser.close()
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table(rows)}\n{END}{after}", encoding="utf-8")
    sys.stdout.write(f"{len(list(FOLDER.iterdir()))} pictures, {size / 1e6:.1f} MB\n")
    if size > MOST_BYTES:
        sys.exit("more than the repository should carry: fewer pages or a lower quality")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: python -m tests.screens ADDRESS ENTRANT:PASSWORD ORGANIZER:PASSWORD")
    main(sys.argv[1].rstrip("/"), sys.argv[2], sys.argv[3])
