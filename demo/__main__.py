"""`make demo`: hold a PDE challenge for real, then serve the site.

Everything a participant does goes through the public API; everything an organizer does goes
through the services behind the admin and the bundle import; scoring happens in worker processes.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

from config import environment
from config.claims import EmbeddedError
from config.embedded import Embedded
from demo.bundles import BURGERS, DIGITS
from demo.cast import BURGERS_ENTRIES, GUEST, ORGANIZER, PEOPLE
from demo.hold import Participants
from heldout.client import Client
from heldout.tables import board_table, crowd_lines, dataset_table, points

HELD = f"{BURGERS}/2026"
OPEN = f"{BURGERS}/open"
TEN = f"{DIGITS}/2002"


def say(line: str = "") -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


def main() -> int:
    """Hold the demo's rounds, print both boards, and serve unless SERVE=0."""
    begun = time.monotonic()
    home = environment.home()
    serve = environment.boolean("SERVE", default=True)
    port = environment.integer("PORT", default=8000)
    try:
        with Embedded(home, port=port, quiet=True) as site:
            _prepare(site)
            hold(site, home)
            say()
            say(f"Done in {time.monotonic() - begun:.0f} s.")
            if not serve:
                return 0
            _tell_logins(site, home)
            return site.wait()
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _prepare(site: Embedded) -> None:
    os.environ.update(site.environ)
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    import django

    django.setup()


def hold(site: Embedded, home: Path) -> None:
    """Hold the Burgers round from publishing to credit, and fill the board of ten numbers."""
    from demo.stage import end_round, is_revealed, stage_demo

    folder = home / "demo"
    passwords = _passwords(folder / "logins.json")
    say(f"The site runs at {site.url}, its worker and scheduler beside it.")
    say("Organizers import two bundles and open their rounds (answers sealed by hash).")
    stage_demo(folder / "bundles", passwords)
    people = Participants(site.url, passwords, folder / "entries", say)
    if not is_revealed(HELD):
        say(f"Teams download inputs and data of {HELD}, train, predict and submit:")
        people.wait(ORGANIZER, people.hold_burgers(HELD))
    say(f"Teams hand in their numbers for {TEN}:")
    people.wait(ORGANIZER, people.hold_digits(TEN))
    people.wait_for_board(HELD, lines=len(BURGERS_ENTRIES))
    if not is_revealed(HELD):
        say(f"Organizers close {HELD} and reveal its answers; credit is posted to the ledger.")
        end_round(HELD)
    people.wait_for_credit(HELD)
    people.wait_for_consensus(HELD)
    _print_boards(site)
    _check_credit(site)


def _passwords(path: Path) -> dict[str, str]:
    """Return everybody's password, drawn at the first demo and kept for their owner only."""
    if path.exists():
        known: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    else:
        known = {}
    for person in PEOPLE:
        known.setdefault(person.username, secrets.token_urlsafe(9))
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(known, file, indent=1)
    return known


def _print_boards(site: Embedded) -> None:
    with Client(site.url) as client:
        board, credit = client.leaderboard(HELD), client.datasets(HELD)
        digits = client.leaderboard(TEN)
    totals = credit["totals"]
    say()
    say(f"Models by score: {HELD}  {site.url}{board['url']}")
    say(board_table(board))
    say("Does the crowd beat the winner?")
    for line in crowd_lines(board):
        say(f"  {line}")
    say()
    say(f"Datasets by credit: {HELD}  {site.url}{board['url']}datasets/")
    say(dataset_table(credit))
    say(
        f"Minted {points(totals['minted_micropoints'])} of 1000 points: "
        f"methods {points(totals['method_micropoints'])}, "
        f"data {points(totals['data_micropoints'])}, "
        f"targets {points(totals['targets_micropoints'])}, "
        f"commons {points(totals['commons_micropoints'])}; "
        f"head-room still open {points(totals['open_micropoints'])}."
    )
    say()
    say(f"Models by score: {TEN}  {site.url}{digits['url']}")
    say(board_table(digits))


def _check_credit(site: Embedded) -> None:
    """Recompute all credit in a process of its own and show what it says."""
    ended = subprocess.run(
        [
            sys.executable,
            str(environment.BASE_DIR / "manage.py"),
            "recompute_credit",
            "--check",
        ],
        env=site.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    say()
    say("manage.py recompute_credit --check: " + (ended.stdout + ended.stderr).strip())
    if ended.returncode:
        raise SystemExit(1)


def _tell_logins(site: Embedded, home: Path) -> None:
    passwords = _passwords(home / "demo" / "logins.json")
    say()
    say(f"The site:     {site.url}/")
    say(f"Try it as     {GUEST} / {passwords[GUEST]}   ({OPEN} and {TEN} are open)")
    say(f"Organizer:    {ORGANIZER} / {passwords[ORGANIZER]}   at {site.url}/admin/")
    say(f"All logins:   {home / 'demo' / 'logins.json'}")
    say("Ctrl-C stops everything; make demo goes on where this ended.")


if __name__ == "__main__":
    raise SystemExit(main())
