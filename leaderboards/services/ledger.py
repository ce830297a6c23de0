"""The credit ledger: post a round's books, reverse what they replace, recompute them all."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import transaction

from catalog.models import Artifact
from challenges.models import Round
from leaderboards.entries import entries_of, rule_of
from leaderboards.models import CreditBook, CreditEntry
from leaderboards.services.facts import credit_facts, settled
from leaderboards.twins import search_is_awaited
from scoring.credit import COMMONS, Books, Posting
from scoring.credit import Round as Facts
from scoring.credit.export import (
    differences,
    facts_text,
    from_json,
    to_canonical_json,
)
from submissions.models import Submission


def post_due_books() -> list[CreditBook]:
    """Post the books of every revealed round that has none yet, once its entries are compared."""
    due = Round.objects.filter(revealed_at__isnull=False, credit_books__isnull=True)
    ready = (each for each in due if not search_is_awaited(each))
    posted = (post_book(each, reason="The round was revealed.") for each in ready)
    return [book for book in posted if book is not None]


def post_book(round_: Round, *, reason: str) -> CreditBook | None:
    """Post a round's books as they follow from its scores now.

    Entries of an earlier book are reversed, line by line, and the new ones posted, in one
    transaction. None when the facts are those of the last book.
    """
    facts, books = _current(round_)
    export = to_canonical_json(facts, books)
    digest = _facts_digest(export)
    with transaction.atomic():
        Round.objects.select_for_update().get(pk=round_.pk)
        last = round_.credit_books.order_by("-number").first()
        if last is not None and last.facts_sha256 == digest:
            return None
        book = CreditBook.objects.create(
            round=round_,
            number=last.number + 1 if last else 1,
            reason=reason,
            export=export,
            facts_sha256=digest,
            minted_micropoints=books.minted,
            open_micropoints=books.open_headroom or 0,
            unmet=list(books.unmet),
        )
        _reverse_standing_entries(book)
        CreditEntry.objects.bulk_create(_entries(book, books))
    return book


def check_books() -> list[str]:
    """Recompute all credit; return every difference in plain words, nothing when all agrees.

    Three ways: each book from its own export, the ledger's rows against the book, and the newest
    book of each round against what its scores say today.
    """
    found: list[str] = []
    for book in CreditBook.objects.select_related("round__challenge").order_by("round", "number"):
        export = from_json(book.export)
        claimed = export.books
        told = differences(claimed, settled(export.round))
        found += [f"{book}: {difference}" for difference in told]
        found += [f"{book}: {difference}" for difference in _ledger_differences(book, claimed)]
    for round_ in Round.objects.filter(credit_books__isnull=False).distinct():
        newest = round_.credit_books.order_by("-number").select_related("round").first()
        if newest is not None:
            found += [f"{newest}: {difference}" for difference in _drift(newest)]
    return found


def _current(round_: Round) -> tuple[Facts, Books]:
    rule = rule_of(round_)
    entries = entries_of(round_, rule)
    facts = credit_facts(round_, entries, rule, published_at=round_.revealed_at)
    return facts, settled(facts)


def _facts_digest(export: str) -> str:
    return hashlib.sha256(facts_text(export).encode()).hexdigest()


def _reverse_standing_entries(book: CreditBook) -> None:
    standing = CreditEntry.objects.filter(
        round=book.round, reverses__isnull=True, reversed_by__isnull=True
    )
    CreditEntry.objects.bulk_create(
        CreditEntry(
            book=book,
            round=book.round,
            kind=entry.kind,
            account_id=entry.account_id,
            result=entry.result,
            unit=entry.unit,
            path=entry.path,
            micropoints=-entry.micropoints,
            self_use=entry.self_use,
            reverses=entry,
        )
        for entry in standing
    )


def _entries(book: CreditBook, books: Books) -> list[CreditEntry]:
    accounts = _accounts(books.postings)
    return [
        CreditEntry(
            book=book,
            round=book.round,
            kind=posting.kind.value,
            account=accounts[posting.account],
            result=posting.result or "",
            unit=posting.unit or "",
            path=list(posting.path),
            micropoints=posting.micropoints,
            self_use=posting.self_use,
        )
        for posting in books.postings
    ]


def _accounts(postings: Iterable[Posting]) -> dict[str, Artifact | None]:
    """Find the artifact behind each account: a result's own half lands on its method (ADR 5)."""
    names = {posting.account for posting in postings}
    accounts: dict[str, Artifact | None] = {COMMONS: None}
    methods = Submission.objects.filter(code__in=names).select_related("method")
    accounts |= {each.code: each.method for each in methods}
    slugs = {name.partition("@")[0] for name in names}
    for artifact in Artifact.objects.filter(slug__in=slugs):
        accounts[f"{artifact.slug}@{artifact.version}"] = artifact
    return accounts


def _key(kind: str, unit: str, path: Sequence[str]) -> tuple[str, str, tuple[str, ...]]:
    return kind, unit, tuple(path)


def _ledger_differences(book: CreditBook, claimed: Books) -> list[str]:
    """Compare the rows of one book with what it claims, and its reversals with what they undo."""
    posted: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
    for entry in book.entries.filter(reverses__isnull=True):
        posted[_key(entry.kind, entry.unit, entry.path)] += entry.micropoints
    expected: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
    for posting in claimed.postings:
        expected[_key(posting.kind.value, posting.unit or "", posting.path)] += posting.micropoints
    found = [
        f"{' -> '.join(key[2])}: the ledger has {posted[key]} micro-points, "
        f"the book says {expected[key]}"
        for key in sorted(posted.keys() | expected.keys())
        if posted[key] != expected[key]
    ]
    if sum(posted.values()) != book.minted_micropoints:
        found.append(f"entries sum to {sum(posted.values())}, not {book.minted_micropoints}")
    return found + [
        f"entry {entry.pk} does not undo entry {entry.reverses_id}"
        for entry in book.entries.filter(reverses__isnull=False).select_related("reverses")
        if entry.reverses is None or entry.micropoints + entry.reverses.micropoints
    ]


def _drift(book: CreditBook) -> list[str]:
    _, computed = _current(book.round)
    return list(differences(from_json(book.export).books, computed))
