"""The table of what is expected: `table.txt`, one line for each address and method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

VIEWERS: Mapping[str, str] = {
    "anonymous": "Nobody is signed in.",
    "entrant": "Takes part in the round with another team.",
    "own team": "Is in the team whose submission, token and method the address names.",
    "insider": "Made the round's targets, and has no role in the challenge.",
    "staff": "May use the admin, and has no role in any challenge.",
    "organizer": "Organizes the challenge.",
    "other organizer": "Organizes another challenge.",
    "operator": "Superuser.",
    "owner": "Owns the challenge: organizes it, and decides who has which role in it.",
    "assessor": "Assesses the challenge.",
    "target provider": "Provided the target that the address names, here u01; has no other role.",
}
TABLE = Path(__file__).with_name("table.txt")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"
BEGINNING = """\
# Permissions

What every address of the site answers to every kind of visitor. A test goes to all of them and
compares; an address that is not in the table fails it. Written from `tests/permissions/table.txt`
by `python -m tests.permissions --write`.

| Answer | Means |
|---|---|
| 200, 201, 204 | Done or shown. Of a form that was sent empty, 200 is the form again. |
| 302 | Sent on: to sign in, or after the act was done. |
| 400, 415, 422 | Allowed, but the request, which is sent empty, is not complete. |
| 401 | Sign in first. |
| 403 | Not for you. |
| 404 | Out of your sight: the same as if it were not there. |
| 405 | No such act on this address. |
| 503 | The site is not ready (there is no broker in this test). |

"""
Rows = dict[tuple[str, str], tuple[int, ...]]


def read() -> Rows:
    """Return the expected codes by route and method, one per visitor."""
    rows: Rows = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            codes, _, rest = line.partition("|")
            method, _, route = rest.strip().partition(" /")
            rows[route, method] = tuple(int(code) for code in codes.split())
    return rows


def line_of(route: str, method: str, codes: Iterable[int]) -> str:
    """Return a row as it stands in the file."""
    return f"{' '.join(str(code) for code in codes)} | {method} /{route}"


def markdown(rows: Mapping[tuple[str, str], tuple[int, ...]]) -> str:
    """Return the page of the documentation."""
    visitors = [f"- **{name}**: {meaning}" for name, meaning in VIEWERS.items()]
    head = [
        "| Address | Method | " + " | ".join(VIEWERS) + " |",
        "|---" * (len(VIEWERS) + 2) + "|",
    ]
    body = [
        f"| `/{route.replace('|', chr(92) + '|')}` | {method} | {' | '.join(map(str, codes))} |"
        for (route, method), codes in rows.items()
    ]
    return BEGINNING + "\n".join([*visitors, "", *head, *body]) + "\n"
