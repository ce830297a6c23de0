"""Compute the credit of a round again from its public export, without a server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heldout.offline import EXIT_OK, EXIT_PROBLEMS, UsageError, add_command, show
from heldout.tables import table
from scoring.credit import Books, CreditError, settle
from scoring.credit.codec import to_json_value
from scoring.credit.export import differences, from_json
from scoring.credit.rule import MICRO

STANDARD_INPUT = "-"
RECORDS = "records/*/credit-*.json"  # where `bundle_export --with-credit` puts them


@dataclass(frozen=True, slots=True)
class Checked:
    """One export: its books computed again, and where they are not what it claims."""

    name: str
    computed: Books
    differences: tuple[str, ...]


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    text = "compute the credit of rounds again from their public exports"
    parser: argparse.ArgumentParser = subparsers.add_parser("credit", help=text, description=text)
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    command = add_command(
        inner,
        "recompute",
        run=_recompute,
        help_text="make a round's books again from the facts in its export, and compare",
    )
    command.add_argument(
        "exports",
        nargs="+",
        metavar="EXPORT",
        help="a round's credit.json, a folder of a bundle with credit, or - for standard input",
    )


def _recompute(arguments: argparse.Namespace) -> int:
    checked = [_checked(name, text) for name, text in _texts(arguments.exports)]
    show(
        arguments,
        [_record(each) for each in checked],
        text="\n\n".join(_text(each) for each in checked),
    )
    return EXIT_PROBLEMS if any(each.differences for each in checked) else EXIT_OK


def _texts(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        if name == STANDARD_INPUT:
            yield "standard input", sys.stdin.read()
        elif Path(name).is_dir():
            found = sorted(Path(name).glob(RECORDS)) or sorted(Path(name).glob("credit*.json"))
            if not found:
                raise UsageError(f"{name}: there is no {RECORDS} in this folder")
            yield from ((str(path), _read(path)) for path in found)
        else:
            yield name, _read(Path(name))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: this is not UTF-8 text, so it is no credit export") from None


def _checked(name: str, text: str) -> Checked:
    try:
        export = from_json(text)
        computed = settle(export.round)
    except CreditError as error:
        # Facts that contradict each other mint nothing: their books say so, in these words.
        problems = getattr(error, "problems", None)
        if problems is None:
            raise UsageError(f"{name}: {error}") from None
        computed = Books(
            export.round.id, problems, small=False, skills=(), postings=(), open_headroom=None
        )
    return Checked(name, computed, differences(export.books, computed))


def _record(each: Checked) -> dict[str, Any]:
    return {
        "export": each.name,
        "agrees": not each.differences,
        "differences": list(each.differences),
        "minted_micropoints": each.computed.minted,
        "accounts": each.computed.by_account(),
        "books": to_json_value(each.computed),
    }


def _text(each: Checked) -> str:
    books = each.computed
    lines = [f"{books.round} ({each.name})"]
    if books.unmet:
        lines += ["mints nothing, because:", *(f"  {condition}" for condition in books.unmet)]
    else:
        kind_of = {posting.account: posting.kind.value for posting in books.postings}
        totals = sorted(books.by_account().items(), key=lambda item: (-item[1], item[0]))
        rows = [[name, kind_of[name], _points(amount)] for name, amount in totals]
        rows += [["all", "", _points(books.minted)]]
        rows += [["head-room still open", "", _points(books.open_headroom or 0)]]
        lines += [table(["account", "for", "points"], rows)]
    if each.differences:
        lines += [f"{len(each.differences)} differences from what the export claims:"]
        lines += [f"  {difference}" for difference in each.differences]
    else:
        lines += [f"{len(books.postings)} postings computed again: no difference."]
    return "\n".join(lines)


def _points(micropoints: int) -> str:
    """Write points with all their six decimals: nothing is rounded here."""
    return f"{micropoints // MICRO}.{micropoints % MICRO:06}"
