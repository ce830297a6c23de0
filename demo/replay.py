"""Hold a past round again, through the same doors as any round, and compare every number.

`make replay CASE=/folder/with/the/published/files`. The rules are in `cases/<slug>/case.yaml`;
the files, as received, go through the public API, the worker and the board. What comes out must
equal the tables that were published.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config import environment
from config.claims import EmbeddedError
from config.embedded import Embedded
from demo.cases import Case, CaseError, PublishedTable, read_case
from heldout.client import ApiError, Client
from heldout.tables import board_table, table

USERNAME = "replay"


@dataclass(slots=True)
class Comparison:
    """What a replay found: differences, refusals, and how much was compared."""

    rows: int = 0
    values: int = 0
    worst: dict[str, float] = field(default_factory=dict)  # metric key to largest difference
    differences: list[str] = field(default_factory=list)
    refused: dict[str, list[str]] = field(default_factory=dict)  # entry id to its problems


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit code is 0 when every number and every order agrees."""
    if len(arguments) != 1:
        print("Usage: python -m demo.replay FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0]).expanduser().resolve()
    try:
        case = read_case(description_of(folder), folder)
        home = environment.home() / f"replay-{case.slug}"
        with Embedded(home, port=int(os.environ.get("PORT") or 0), quiet=True) as site:
            return _hold(case, site, home)
    except (CaseError, EmbeddedError) as error:
        print(error, file=sys.stderr)
        return 2


def description_of(folder: Path) -> Path:
    """Return our description of the case in `folder`, by the folder's name.

    Raises
    ------
    CaseError
        If there is no such folder or no description.
    """
    path = environment.BASE_DIR / "cases" / folder.name / "case.yaml"
    if not folder.is_dir():
        raise CaseError(f"{folder} is not a folder; name the one that holds the published files")
    if not path.is_file():
        known = sorted(each.parent.name for each in environment.BASE_DIR.glob("cases/*/case.yaml"))
        raise CaseError(f"{folder.name} is none of the described cases: {', '.join(known)}")
    return path


def _hold(case: Case, site: Embedded, home: Path) -> int:
    os.environ.update(site.environ)
    import django

    django.setup()
    from demo.stage import stage_case

    print(f"{case.title}: {len(case.entries)} files as received, {len(case.targets)} targets")
    password = secrets.token_urlsafe(16)
    name = stage_case(case, username=USERNAME, password=password)
    with Client(site.url) as client:
        client.sign_in(USERNAME, password, name="replay", organize=True)
        comparison = hold_again(case, client, name)
        board = client.leaderboard(name)
    (home / "board.json").write_text(json.dumps(board, indent=1), encoding="utf-8")
    print(board_table(board))
    print()
    print(report(case, comparison))
    return 1 if comparison.differences else 0


def hold_again(case: Case, client: Client, name: str) -> Comparison:
    """Submit every file of a case to the round called `name`, wait, and compare the board."""
    comparison = Comparison()
    codes: dict[str, str] = {}
    for entry in case.entries:
        try:
            answer = client.submit(
                name,
                entry.path,
                method=entry.id,
                team=entry.team_slug,
                entry_kind=entry.kind,
                disclosure="undisclosed",
            )
        except ApiError as error:
            comparison.refused[entry.id] = [
                f"{problem['where']}: {problem['message']} {problem['remedy']}".strip()
                for problem in error.problems
            ] or [error.message]
            continue
        codes[answer["code"]] = entry.id
    for code, identifier in codes.items():
        state = client.wait(code)["state"]
        if state != "scored":
            comparison.differences.append(f"{identifier}: {state}, not scored")
    board = wait_for_board(client, name, entries=len(codes))
    lines = {codes[line["submission"]]: line for line in board["standings"]}
    for published in case.published:
        _compare(case, published, lines, comparison)
    unknown = sorted(set(comparison.refused) - set(case.unreadable))
    comparison.differences += [f"{each}: refused, though it was scored then" for each in unknown]
    return comparison


def wait_for_board(
    client: Client, name: str, *, entries: int, timeout_s: float = 120.0
) -> dict[str, Any]:
    """Poll the board until it has as many lines as there are entries.

    Raises
    ------
    TimeoutError
        If it has not after `timeout_s` seconds.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        board = client.leaderboard(name)
        if len(board["standings"]) >= entries:
            return board
        time.sleep(0.3)
    raise TimeoutError(f"The board of {name} has not shown {entries} lines in {timeout_s:.0f} s.")


def _compare(
    case: Case,
    published: PublishedTable,
    lines: Mapping[str, Mapping[str, Any]],
    comparison: Comparison,
) -> None:
    """Compare one published table with the board: every value, and the order of its rows."""
    shown = [identifier for identifier in published.ids if identifier in lines]
    comparison.rows += len(shown)
    for identifier in shown:
        for key, value in published.values[identifier].items():
            if key in lines[identifier]["values"]:
                ours = lines[identifier]["values"][key]
                if ours is None and (identifier, key) in published.stand_ins:
                    value = None  # undefined here, and older software wrote a stand-in for it
                _compare_value(case, f"{identifier} {key}", (value, ours), comparison)
    here = set(shown)
    order = [identifier for identifier in lines if identifier in here]
    if not _same_order(shown, order, published, case):
        comparison.differences.append(f"{published.path.name}: the order of the rows differs")


def _compare_value(
    case: Case,
    what: str,
    values: tuple[float | None, float | None],
    comparison: Comparison,
) -> None:
    published, ours = values
    comparison.values += 1
    if published is None and ours is None:
        return
    if published is None or ours is None:
        comparison.differences.append(f"{what}: published {published}, here {ours}")
        return
    key = what.rpartition(" ")[2]
    difference = abs(published - ours)
    comparison.worst[key] = max(comparison.worst.get(key, 0.0), difference)
    if not math.isclose(published, ours, rel_tol=case.tolerance, abs_tol=case.tolerance):
        comparison.differences.append(f"{what}: published {published!r}, here {ours!r}")


def _same_order(
    published_ids: Sequence[str], ours: Sequence[str], published: PublishedTable, case: Case
) -> bool:
    """Tell whether both orders agree; rows whose values tie within the tolerance may swap."""
    if len(published_ids) != len(ours):
        return False

    def value(identifier: str) -> float:
        found = published.values[identifier][case.primary]
        return math.inf if found is None else found

    return all(
        one == other or abs(value(one) - value(other)) <= case.tolerance
        for one, other in zip(published_ids, ours, strict=True)
    )


def report(case: Case, comparison: Comparison) -> str:
    """Tell in words and a table what was compared and what differs."""
    lines = [
        f"{comparison.values} published values of {comparison.rows} rows compared, "
        f"tolerance {case.tolerance:g}.",
        table(
            ["metric", "largest difference"],
            [[key, f"{value:.3g}"] for key, value in sorted(comparison.worst.items())],
        ),
    ]
    for identifier, problems in comparison.refused.items():
        lines.append(f"{identifier} was refused:")
        lines += [f"  {problem}" for problem in problems]
    lines += comparison.differences or ["Every number and the order of all rows agree."]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
