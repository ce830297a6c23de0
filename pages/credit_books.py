"""The books of a round as its page, its JSON and its ledger show them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.utils.translation import gettext

from catalog.models import Artifact, LineageEdge
from challenges.models import Round
from challenges.selectors import Viewer, primary_metric
from leaderboards.last_winners import LastWinner, missing_winners_of, told_to_all
from leaderboards.lineage_review import (
    can_rule,
    comment_until,
    edges_in,
    is_open_to_comment,
    makers_in,
)
from leaderboards.models import CreditBook, CreditEntry, LineageObjection
from leaderboards.selectors import RoundCredit
from scoring.credit import Comparison, CreditKind
from scoring.credit import Round as Facts
from scoring.credit.export import to_canonical_json
from scoring.metrics.registry import get_metric
from submissions.models import Submission

LEDGER_COLUMNS = (
    "line", "book", "posted_at", "kind", "account", "result", "unit", "path", "micropoints",
    "self_use", "reverses_line",
)  # fmt: skip
WHOLE_BP = 10_000


@dataclass(frozen=True, slots=True)
class KindLine:
    """What a round gave out for one thing, in micro-points and as a share of all of it."""

    kind: CreditEntry.Kind
    micropoints: int
    share_bp: int


@dataclass(frozen=True, slots=True)
class ResultLine:
    """A result: what it received, and how that parted."""

    account: str
    method: Artifact | None
    received: int
    kept: int
    commons: int
    skill_ppm: int | None

    @property
    def upstream(self) -> int:
        return self.received - self.kept - self.commons


@dataclass(frozen=True, slots=True)
class TwinLine:
    """Two results that count as one player; without distance their files are the same."""

    methods: tuple[Artifact | None, Artifact | None]
    codes: tuple[str, str]
    distance: float | None = None
    gap: float | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Twins:
    """Which results count as one player, and by which threshold."""

    lines: list[TwinLine]
    comparison: Comparison | None
    obstacle: str  # why others than the same files were not compared, in the reader's language
    unit: str


@dataclass(frozen=True, slots=True)
class EdgeLine:
    """A declared input with the objection to it in this round, if there is one."""

    edge: LineageEdge
    objection: LineageObjection | None
    may_object: bool
    may_rule: bool


@dataclass(frozen=True, slots=True)
class BooksPage:
    """All that the page of a round's books shows."""

    credit: RoundCredit
    history: list[CreditBook]
    kinds: list[KindLine]
    results: list[ResultLine]
    twins: Twins
    edges: list[EdgeLine]
    comment_until: datetime | None
    is_open: bool
    lacking: list[LastWinner]  # that were first in the round before and are no baselines here
    best_baseline: Artifact | None


def books_page(round_: Round, credit: RoundCredit, viewer: Viewer, moment: datetime) -> BooksPage:
    """Gather the page; `credit` is what the viewer may see of the round's."""
    makers = makers_in(credit.facts)
    is_open = credit.is_posted and is_open_to_comment(round_, moment)
    revealed = round_.revealed_at is not None
    lacking = told_to_all(missing_winners_of(round_), moment) if revealed else []
    return BooksPage(
        credit=credit,
        history=list(round_.credit_books.order_by("-number")) if credit.is_posted else [],
        kinds=_kinds(credit),
        results=_results(credit, makers),
        twins=_twins(round_, credit.facts, makers),
        edges=_edges(round_, credit, viewer, is_open=is_open),
        comment_until=comment_until(round_),
        is_open=is_open,
        lacking=lacking,
        best_baseline=_best_baseline(credit),
    )


def _best_baseline(credit: RoundCredit) -> Artifact | None:
    """Return the method of the baseline that skill is measured against."""
    unit = credit.facts.units[0]
    code = next((each.id for each in unit.baselines if each.value == unit.baseline), None)
    found = Submission.objects.filter(code=code).select_related("method").first()
    return found.method if found else None


def _kinds(credit: RoundCredit) -> list[KindLine]:
    minted = credit.books.minted
    return [
        KindLine(CreditEntry.Kind(kind.value), amount, amount * WHOLE_BP // minted)
        for kind, amount in credit.books.by_kind().items()
        if minted
    ]


def _results(credit: RoundCredit, makers: dict[str, Artifact]) -> list[ResultLine]:
    received: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    commons: Counter[str] = Counter()
    for posting in credit.books.postings:
        if posting.result is None:
            continue
        received[posting.result] += posting.micropoints
        if posting.account == posting.result:
            kept[posting.result] += posting.micropoints
        elif posting.kind is CreditKind.COMMONS:
            commons[posting.result] += posting.micropoints
    skills = {line.result: line.skill_ppm for line in credit.books.skills}
    return [
        ResultLine(name, makers.get(name), amount, kept[name], commons[name], skills.get(name))
        for name, amount in sorted(received.items(), key=lambda item: (-item[1], item[0]))
    ]


def _twins(round_: Round, facts: Facts, makers: dict[str, Artifact]) -> Twins:
    compared = facts.comparison
    found = {(pair.one, pair.other): pair for pair in compared.pairs} if compared else {}
    lines = []
    for codes in facts.near_duplicates:
        pair = found.get(codes) or found.get((codes[1], codes[0]))
        methods = (makers.get(codes[0]), makers.get(codes[1]))
        if pair is None or compared is None:
            lines.append(TwinLine(methods, codes))
        else:
            limit = compared.percent / 100 * pair.gap
            lines.append(TwinLine(methods, codes, pair.distance, pair.gap, limit))
    unit = ""
    if found:
        primary = primary_metric(round_)
        unit = get_metric(primary.metric, primary.version).unit
    obstacle = gettext(compared.obstacle) if compared and compared.obstacle else ""
    return Twins(lines, compared, obstacle, "" if unit == "1" else unit)


def _edges(round_: Round, credit: RoundCredit, viewer: Viewer, *, is_open: bool) -> list[EdgeLine]:
    said = {
        each.edge_id: each
        for each in LineageObjection.objects.filter(round=round_).select_related(
            "edge", "round__challenge", "raised_by", "ruled_by"
        )
    }
    lines = []
    for edge in edges_in(credit.facts):
        objection = said.get(edge.pk)
        waits = objection is not None and objection.state == LineageObjection.State.OPEN
        lines.append(
            EdgeLine(
                edge=edge,
                objection=objection,
                may_object=is_open
                and viewer.is_authenticated
                and objection is None
                and edge.status != LineageEdge.Status.REJECTED,
                may_rule=waits and objection is not None and can_rule(viewer, objection),
            )
        )
    return lines


def export_of(credit: RoundCredit) -> str:
    """Return the public export, byte for byte as it was posted; or what it would be now."""
    return credit.book.export if credit.book else to_canonical_json(credit.facts, credit.books)


def write_ledger(round_: Round, response: HttpResponse) -> None:
    """Write every line of the ledger of a round, corrections included, in the order posted."""
    writer = csv.writer(response, lineterminator="\n")
    writer.writerow(LEDGER_COLUMNS)
    entries = CreditEntry.objects.filter(round=round_).select_related("book", "account")
    number: dict[int, int] = {}
    for line, entry in enumerate(entries.order_by("pk"), start=1):
        number[entry.pk] = line
        writer.writerow(_ledger_row(line, entry, number))


def _ledger_row(line: int, entry: CreditEntry, number: dict[int, int]) -> Iterable[object]:
    # The path ends in the account; a result's own half stands under the result's code.
    return (
        line,
        entry.book.number,
        entry.book.created_at.isoformat(),
        entry.kind,
        entry.path[-1],
        entry.result,
        entry.unit,
        " > ".join(entry.path),
        entry.micropoints,
        "true" if entry.self_use else "false",
        number[entry.reverses_id] if entry.reverses_id else "",
    )
