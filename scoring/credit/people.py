"""Step 5: from accounts to people, by the shares they confirmed.

Shares change state long after a round's books are closed: someone confirms, or claims a share of
an outside dataset. So people's credit is computed from the books when it is asked for; the books
themselves never change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scoring.credit.checks import WHOLE_BP
from scoring.credit.records import COMMONS, Books, CreditKind, Round, Share
from scoring.credit.rounding import split


@dataclass(frozen=True, slots=True)
class PersonLine:
    """What one person has from one account of a round.

    ``person`` is None where an account has no shares yet. Lines that are not ``confirmed`` wait in
    escrow.
    """

    person: str | None
    account: str
    kind: CreditKind
    micropoints: int
    self_use: bool
    confirmed: bool


def equal_shares(people: Iterable[str], *, confirmed: bool = True) -> tuple[Share, ...]:
    """Part 10,000 basis points equally; what does not divide goes to the smallest ids."""
    parts = split(WHOLE_BP, dict.fromkeys(sorted(set(people)), 1))
    return tuple(Share(person, parts[person], confirmed) for person in parts)


def shares_of(round_: Round) -> dict[str, tuple[Share, ...]]:
    """Shares of every account of a round but the commons, which belongs to nobody."""
    return {owner.id: owner.shares for owner in round_.owners}


def people(books: Books, shares: Mapping[str, tuple[Share, ...]]) -> tuple[PersonLine, ...]:
    """Divide every account's credit among its people.

    Independent credit and self-use are divided apart, each to the last micro-point.

    Parameters
    ----------
    books : Books
    shares : mapping of account id to shares that sum to 10,000 basis points

    Returns
    -------
    tuple of PersonLine
        Sums to the books without the commons.
    """
    held: Counter[tuple[str, CreditKind, bool]] = Counter()
    for posting in books.postings:
        if posting.account != COMMONS:
            held[posting.account, posting.kind, posting.self_use] += posting.micropoints
    lines: list[PersonLine] = []
    for (account, kind, self_use), total in sorted(held.items()):
        owners = shares.get(account, ())
        if not owners:
            lines.append(PersonLine(None, account, kind, total, self_use, confirmed=False))
            continue
        parts = split(total, {share.person: share.basis_points for share in owners})
        lines += [
            PersonLine(share.person, account, kind, parts[share.person], self_use, share.confirmed)
            for share in owners
            if parts[share.person]
        ]
    return tuple(lines)


def totals_by_person(lines: Iterable[PersonLine]) -> dict[str, dict[CreditKind, int]]:
    """Confirmed credit of every person by kind, self-use included."""
    totals: dict[str, Counter[CreditKind]] = {}
    for line in lines:
        if line.confirmed and line.person is not None:
            totals.setdefault(line.person, Counter())[line.kind] += line.micropoints
    return {person: dict(by_kind) for person, by_kind in sorted(totals.items())}
