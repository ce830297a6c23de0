"""Reads of boards and credit: for pages, the API and exports alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from catalog.models import Artifact, Contribution
from challenges.models import Round, Target
from leaderboards.credit import Books, CreditKind, Posting
from leaderboards.credit import Round as Facts
from leaderboards.credit.board import DatasetLine, dataset_board
from leaderboards.credit.export import from_json
from leaderboards.credit.people import PersonLine, people
from leaderboards.identity import artifact_id, shares_of
from leaderboards.models import Board, BoardRevision, CreditBook, Standing
from submissions.models import Score, Submission


def current_revision(round_: Round) -> BoardRevision | None:
    """Return the newest revision of a round's board."""
    board = Board.objects.filter(round=round_).select_related("current").first()
    return board.current if board else None


def standings(revision: BoardRevision) -> QuerySet[Standing]:
    """Return a revision's lines in order, with all that a row shows."""
    return revision.standings.select_related(
        "submission__team", "submission__method"
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
    artifacts = _artifacts(line.account for line in lines)
    return [DatasetRow(line, artifacts[line.account]) for line in lines]


def target_set_credit(round_: Round) -> int:
    """Return the micro-points of a round's own targets."""
    credit = round_credit(round_)
    return credit.books.by_kind()[CreditKind.TARGETS] if credit else 0


@dataclass(frozen=True, slots=True)
class Flow:
    """One posting of a result with its path as artifacts, for the table and the picture."""

    posting: Posting
    steps: tuple[str, ...]
    artifact: Artifact | None


def where_points_went(submission: Submission) -> list[Flow]:
    """Return every posting that came through a submission, the team's own half first."""
    credit = round_credit(submission.round)
    if credit is None:
        return []
    postings = [each for each in credit.books.postings if each.result == submission.code]
    postings.sort(key=lambda each: (len(each.path), -each.micropoints, each.path))
    artifacts = _artifacts(name for each in postings for name in each.path)
    artifacts[submission.code] = submission.method
    return [
        Flow(
            posting=each,
            steps=tuple(
                artifacts[name].title if name in artifacts else "commons" for name in each.path
            ),
            artifact=artifacts.get(each.account),
        )
        for each in postings
    ]


@dataclass(frozen=True, slots=True)
class Use:
    """A result that an artifact helped, and the credit it brought."""

    submission: Submission
    micropoints: int
    self_use: bool


def results_using(artifact: Artifact) -> list[Use]:
    """Return the results that sent credit to an artifact, most credit first."""
    rounds = Round.objects.filter(published_at__isnull=False).select_related("challenge")
    brought: dict[tuple[str, bool], int] = defaultdict(int)
    for round_ in rounds:
        credit = round_credit(round_)
        for posting in credit.books.postings if credit else ():
            if posting.account == artifact_id(artifact) and posting.result:
                brought[posting.result, posting.self_use] += posting.micropoints
    codes = {code for code, _ in brought}
    found = {
        each.code: each
        for each in Submission.objects.filter(code__in=codes).select_related(
            "team", "method", "round__challenge"
        )
    }
    uses = [Use(found[code], amount, own) for (code, own), amount in brought.items()]
    return sorted(uses, key=lambda use: (-use.micropoints, use.submission.code))


def artifact_credit(artifact: Artifact) -> dict[str, int]:
    """Return an artifact's micro-points: total, self-use, as targets, as method."""
    total = {"total": 0, "self_use": 0, "targets": 0, "method": 0}
    results = set(artifact.submissions.values_list("code", flat=True))
    for round_ in Round.objects.filter(published_at__isnull=False).select_related("challenge"):
        credit = round_credit(round_)
        for posting in credit.books.postings if credit else ():
            if posting.account != artifact_id(artifact) and posting.account not in results:
                continue
            total["total"] += posting.micropoints
            total["self_use"] += posting.micropoints if posting.self_use else 0
            if posting.kind in {CreditKind.TARGETS, CreditKind.METHOD}:
                total[posting.kind.value] += posting.micropoints
    return total


@dataclass(frozen=True, slots=True)
class PersonCredit:
    """One line of a person's credit."""

    line: PersonLine
    round: Round
    artifact: Artifact | None


def person_credit(user: User) -> list[PersonCredit]:
    """Return what a person has been credited, by round and artifact; shares as they are today."""
    found: list[PersonCredit] = []
    mine = set(Contribution.objects.filter(person=user).values_list("artifact_id", flat=True))
    for round_ in Round.objects.filter(published_at__isnull=False).select_related("challenge"):
        credit = round_credit(round_)
        if credit is None:
            continue
        owned = {
            name: artifact
            for name, artifact in _account_artifacts(credit.books).items()
            if artifact.pk in mine
        }
        lines = people(credit.books, {name: shares_of(each) for name, each in owned.items()})
        found += [
            PersonCredit(line, round_, owned[line.account])
            for line in lines
            if line.person == user.username and line.account in owned
        ]
    return sorted(found, key=lambda each: (-each.line.micropoints, each.line.account))


def target_table(target: Target, revision: BoardRevision) -> list[tuple[Standing, Score | None]]:
    """Return each line of a board with its score of the ranking metric on one target."""
    rows = list(standings(revision))
    scores = {
        score.run.submission_id: score
        for score in Score.objects.filter(
            target=target,
            metric__is_primary=True,
            run__is_current=True,
            run__submission__in=[row.submission_id for row in rows],
        ).select_related("run")
    }
    return [(row, scores.get(row.submission_id)) for row in rows]


def target_matrix(revision: BoardRevision) -> dict[tuple[str, str], float | None]:
    """Return the ranking metric's value by (submission code, target slug), for the heat map."""
    scores = Score.objects.filter(
        run__is_current=True,
        metric__is_primary=True,
        target__isnull=False,
        run__submission__standings__revision=revision,
    ).values_list("run__submission__code", "target__slug", "value")
    return {(code, slug): value for code, slug, value in scores}


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


def _artifacts(names: Iterable[str]) -> dict[str, Artifact]:
    wanted = {name for name in names if "@" in name}
    slugs = {name.partition("@")[0] for name in wanted}
    found = {
        artifact_id(each): each
        for each in Artifact.objects.filter(slug__in=slugs).select_related("team")
    }
    return {name: found[name] for name in wanted if name in found}


def _account_artifacts(books: Books) -> dict[str, Artifact]:
    """Return the artifact behind each account of a book; a result's is its method."""
    names = {posting.account for posting in books.postings}
    found = _artifacts(names)
    methods = Submission.objects.filter(code__in=names).select_related("method")
    return found | {each.code: each.method for each in methods}
