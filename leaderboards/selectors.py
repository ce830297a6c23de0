"""Reads of boards and credit: for pages, the API and exports alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from catalog.models import Artifact
from challenges.models import Round
from leaderboards.credit import Books
from leaderboards.credit import Round as Facts
from leaderboards.credit.board import DatasetLine, dataset_board
from leaderboards.credit.export import from_json
from leaderboards.identity import artifact_id
from leaderboards.models import Board, BoardRevision, CreditBook, Standing


def current_revision(round_: Round) -> BoardRevision | None:
    """Return the newest revision of a round's board."""
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


def round_credit(round_: Round) -> RoundCredit | None:
    """Return a round's newest posted credit, else the provisional one of its board."""
    book = round_.credit_books.order_by("-number").first()
    if book is not None:
        export = from_json(book.export)
        return RoundCredit(export.round, export.books, book)
    revision = current_revision(round_)
    if revision is None or not revision.credit_export:
        return None
    export = from_json(revision.credit_export)
    return RoundCredit(export.round, export.books, None)


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """A line of the dataset board with its artifact."""

    line: DatasetLine
    artifact: Artifact


def dataset_rows(*, rounds: Iterable[Round]) -> list[DatasetRow]:
    """Rank the datasets behind the results of some rounds by independent credit."""
    credits = [credit for each in rounds if (credit := round_credit(each)) is not None]
    lines = dataset_board((credit.facts, credit.books) for credit in credits)
    artifacts = artifacts_named(line.account for line in lines)
    return [DatasetRow(line, artifacts[line.account]) for line in lines]


def board_document(round_: Round, revision: BoardRevision | None) -> dict[str, Any]:
    """Return a board as JSON: the rule, the columns and every line."""
    head = {
        "challenge": round_.challenge.slug,
        "round": round_.slug,
        "state": round_.state.value,
        "url": round_.get_absolute_url(),
    }
    if revision is None:
        return {**head, "revision": None, "rule": None, "columns": [], "standings": []}
    return {
        **head,
        "revision": revision.number,
        "computed_at": revision.created_at.isoformat(),
        "inputs_sha256": revision.inputs_sha256,
        "rule": revision.rule,
        "targets": revision.target_slugs,
        "columns": revision.columns,
        "standings": [_standing_document(row) for row in standings(revision)],
    }


def _standing_document(row: Standing) -> dict[str, Any]:
    submission = row.submission
    return {
        "rank": row.rank,
        "rank_low": row.rank_low,
        "rank_high": row.rank_high,
        "first_probability": row.first_probability,
        "tie_group": row.tie_group,
        "status": row.status,
        "entry_kind": submission.entry_kind,
        "track": submission.track and submission.track.slug,
        "insider_of": row.insider_of,
        "submission": submission.code,
        "team": {"slug": submission.team.slug, "name": submission.team.name},
        "method": {
            "slug": submission.method.slug,
            "version": submission.method.version,
            "title": submission.method.title,
            "disclosure": submission.method.disclosure,
            "built_on": [artifact_id(e.parent) for e in submission.method.parent_edges.all()],
        },
        "value": row.value,
        "value_low": row.value_low,
        "value_high": row.value_high,
        "values": row.values,
        "answered": row.answered,
        "offered": row.offered,
        "submissions_used": row.submissions_used,
        "skill_ppm": row.skill_ppm,
        "credit_micropoints": row.credit_micropoints,
    }


def dataset_board_document(round_: Round) -> dict[str, Any]:
    """Return a round's credit board as JSON: datasets, targets, commons, head-room."""
    credit = round_credit(round_)
    head = {"challenge": round_.challenge.slug, "round": round_.slug}
    if credit is None:
        return {**head, "posted": False, "unmet": [], "datasets": [], "totals": None}
    books = credit.books
    return {
        **head,
        "posted": credit.is_posted,
        "unmet": list(books.unmet),
        "totals": {
            "minted_micropoints": books.minted,
            "open_micropoints": books.open_headroom,
            **{f"{kind.value}_micropoints": sum_ for kind, sum_ in books.by_kind().items()},
        },
        "datasets": [_dataset_document(row) for row in dataset_rows(rounds=[round_])],
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
