"""The public export of a round's credit, and its recomputation by anyone.

An export is one JSON document: the facts (``round``) and the books the platform made of them
(``books``). Canonical form: UTF-8, keys sorted, no spaces, moments in UTC, lists of facts
sorted, one line feed at the end. Equal facts give equal bytes, so an export can be hashed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from scoring.credit.books import settle
from scoring.credit.codec import ExportError, JsonValue, from_json_value, to_json_value
from scoring.credit.records import Books, Posting, Round

FORMAT = "heldout-credit"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Export:
    """A round's facts with the books that are claimed for it."""

    round: Round
    books: Books


def to_canonical_json(round_: Round, books: Books) -> str:
    """Write the export of a round.

    Parameters
    ----------
    round_ : Round
    books : Books
        As the platform has them, from :func:`settle` or from its ledger.
    """
    document = {
        "format": FORMAT,
        "version": VERSION,
        "round": _round_document(round_),
        "books": to_json_value(replace(books, postings=_sorted_postings(books))),
    }
    return _canonical(document) + "\n"


def facts_text(export: str) -> str:
    """Return the facts of an export alone, in canonical form: equal facts, equal text."""
    return _canonical(json.loads(export)["round"])


def from_json(text: str) -> Export:
    """Read an export.

    Raises
    ------
    ExportError
        If it is not an export of a known version, or a field is wrong; names the place.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ExportError(f"this is not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ExportError(f'this is not a credit export: "format" must be "{FORMAT}"')
    if document.get("version") != VERSION:
        raise ExportError(f'"version" must be {VERSION}: this program knows no other')
    facts = {key: each for key, each in document.items() if key not in ("format", "version")}
    return from_json_value(Export, facts, where="export")


def recompute(text: str) -> Books:
    """Make a round's books again, from nothing but the facts in its export.

    Raises
    ------
    ExportError
        If the export cannot be read.
    RecordError
        If its facts contradict each other.
    """
    return settle(from_json(text).round)


def differences(claimed: Books, computed: Books) -> tuple[str, ...]:
    """Tell in plain words where two books of one round differ; empty when they agree."""
    found = [
        f"{name}: claimed {getattr(claimed, name)!r}, computed {getattr(computed, name)!r}"
        for name in ("round", "unmet", "small", "skills", "open_headroom")
        if getattr(claimed, name) != getattr(computed, name)
    ]
    one, other = _by_path(claimed), _by_path(computed)
    for key in sorted(one.keys() | other.keys()):
        first, second = one.get(key, []), other.get(key, [])
        if first != second:
            unit, path = key
            way = " -> ".join(path) + (f" (unit {unit})" if unit else "")
            found.append(f"{way}: claimed {_told(first)}, computed {_told(second)}")
    return tuple(found)


def _by_path(books: Books) -> dict[tuple[str, tuple[str, ...]], list[Posting]]:
    postings: dict[tuple[str, tuple[str, ...]], list[Posting]] = {}
    for posting in _sorted_postings(books):
        postings.setdefault((posting.unit or "", posting.path), []).append(posting)
    return postings


def _told(postings: list[Posting]) -> str:
    return (
        " and ".join(
            f"{posting.micropoints} micro-points to {posting.account} ({posting.kind}"
            f"{', self-use' if posting.self_use else ''})"
            for posting in postings
        )
        or "nothing"
    )


def _sorted_postings(books: Books) -> tuple[Posting, ...]:
    return tuple(
        sorted(
            books.postings,
            key=lambda each: (each.account, each.unit or "", each.path, each.micropoints),
        )
    )


def _round_document(round_: Round) -> JsonValue:
    """Put the facts into one form: read back once, so that what is written can be read."""
    facts = from_json_value(Round, to_json_value(round_), where="round")
    return _in_one_order(to_json_value(facts))


def _in_one_order(value: JsonValue) -> JsonValue:
    """Sort every list: among the facts (not the books) each one is a set."""
    if isinstance(value, dict):
        return {key: _in_one_order(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted((_in_one_order(each) for each in value), key=_canonical)
    return value


def _canonical(value: JsonValue) -> str:
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
