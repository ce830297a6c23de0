"""Reads of boards and credit: for pages, the API and exports alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Max, QuerySet

from catalog.models import Artifact
from challenges.models import Round
from challenges.selectors import Viewer
from leaderboards.dataset_views import DatasetView, viewed_rounds
from leaderboards.identity import artifact_id
from leaderboards.models import Board, BoardRevision, Consensus, CreditBook, Standing
from leaderboards.sight import sights_of
from leaderboards.visible import VisibleBoard, newest_revisions
from scoring.credit import Books
from scoring.credit import Round as Facts
from scoring.credit.board import DatasetLine, dataset_board
from scoring.credit.export import Export, from_json
from submissions.models import Submission


def current_revision(round_: Round) -> BoardRevision | None:
    """Return the newest whole revision of a round's board, whoever may see it."""
    board = Board.objects.filter(round=round_).select_related("current").first()
    return board.current if board else None


def standings(revision: BoardRevision) -> QuerySet[Standing]:
    """Return a revision's lines in order, with all that a row shows."""
    return revision.standings.select_related(
        "submission__team", "submission__method", "submission__track"
    ).prefetch_related("submission__method__parent_edges__parent")


@dataclass(frozen=True, slots=True)
class RoundCredit:
    """A round's credit: posted in the ledger, or as it would be if the round ended now."""

    facts: Facts
    books: Books
    book: CreditBook | None

    @property
    def is_posted(self) -> bool:
        return self.book is not None


def round_credits(rounds: Iterable[Round], viewer: Viewer, moment: datetime) -> list[RoundCredit]:
    """Return the credit of each round that the viewer may see, by the rounds' names.

    It is that of the newest book, else the provisional one of the board. None of it may be seen
    while whole values or names are withheld.
    """
    rounds = list(rounds)
    sights = sights_of(rounds, viewer, moment)
    open_to = [each for each in rounds if sights[each.pk].credit]
    newest = (
        CreditBook.objects.filter(round__in=open_to)
        .order_by()
        .values("round")
        .annotate(last=Max("pk"))
    )
    books = list(CreditBook.objects.filter(pk__in=[row["last"] for row in newest]))
    posted = {book.round_id for book in books}
    waiting = [each for each in open_to if each.pk not in posted]
    boards = newest_revisions(waiting, sights, moment)
    exports = [(book.export, book) for book in books] + [
        (revision.credit_export, None) for revision in boards.values() if revision.credit_export
    ]
    found = []
    for export, book in exports:
        parsed = _parsed(export)
        found.append(RoundCredit(parsed.round, parsed.books, book))
    return sorted(found, key=lambda credit: credit.facts.id)


@lru_cache(maxsize=128)
def _parsed(export: str) -> Export:
    return from_json(export)


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """A line of the dataset board with its artifact."""

    line: DatasetLine
    artifact: Artifact


def dataset_rows(
    credits: Iterable[RoundCredit], *, registered_since: datetime | None = None
) -> list[DatasetRow]:
    """Rank the datasets behind the results of some rounds by independent credit.

    With `registered_since` only what was registered then or later, ranked among itself.
    """
    lines = dataset_board(
        ((credit.facts, credit.books) for credit in credits), registered_since=registered_since
    )
    artifacts = artifacts_named(line.account for line in lines)
    return [DatasetRow(line, artifacts[line.account]) for line in lines]


def consensus_obstacles(board: VisibleBoard) -> list[Consensus]:
    """Return why a revealed board has no consensus of its entries, where it has none."""
    kinds = {line.submission.entry_kind for line in board.lines}
    if not board.sight.revealed or Submission.EntryKind.CONSENSUS in kinds:
        return []
    rows = Consensus.objects.filter(round=board.round, is_current=True).exclude(reason="")
    return list(rows.select_related("track"))


def dataset_board_document(round_: Round, viewer: Viewer, moment: datetime) -> dict[str, Any]:
    """Return a round's credit board as JSON: datasets, targets, commons, head-room."""
    credits = round_credits([round_], viewer, moment)
    head = {"challenge": round_.challenge.slug, "round": round_.slug}
    if not credits:
        return {**head, "posted": False, "unmet": [], "datasets": [], "totals": None}
    credit, books = credits[0], credits[0].books
    return {
        **head,
        "posted": credit.is_posted,
        "unmet": list(books.unmet),
        "totals": {
            "minted_micropoints": books.minted,
            "open_micropoints": books.open_headroom,
            **{f"{kind.value}_micropoints": sum_ for kind, sum_ in books.by_kind().items()},
        },
        "datasets": [_dataset_document(row) for row in dataset_rows(credits)],
    }


def datasets_document(view: DatasetView, viewer: Viewer, moment: datetime) -> dict[str, Any]:
    """Return the dataset board of a view as JSON, with the rounds whose credit it adds up."""
    rounds = viewed_rounds(view, viewer, moment).rounds
    credits = round_credits(rounds, viewer, moment)
    rows = dataset_rows(credits, registered_since=view.registered_since(moment))
    return {
        "view": view.words,
        "rounds": [{"round": each.facts.id, "posted": each.is_posted} for each in credits],
        "datasets": [_dataset_document(row) for row in rows],
    }


def _dataset_document(row: DatasetRow) -> dict[str, Any]:
    line, artifact = row.line, row.artifact
    effective = line.effective_teams
    return {
        "rank": line.rank,
        "slug": artifact.slug,
        "version": artifact.version,
        "title": artifact.title,
        "licence": artifact.licence,
        "total_micropoints": line.total,
        "independent_micropoints": line.independent,
        "self_use_micropoints": line.self_use,
        "independent_teams": line.independent_teams,
        "effective_teams": None if effective is None else round(float(effective), 3),
        "url": artifact.get_absolute_url(),
    }


def artifacts_named(names: Iterable[str]) -> dict[str, Artifact]:
    """Find the artifacts behind public ids, slug@version; other names are passed over."""
    wanted = {name for name in names if "@" in name}
    slugs = {name.partition("@")[0] for name in wanted}
    found = {
        artifact_id(each): each
        for each in Artifact.objects.filter(slug__in=slugs).select_related("team")
    }
    return {name: found[name] for name in wanted if name in found}
