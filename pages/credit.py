"""What the pages show of credit: posted in the ledger, or as it would be if a round ended now.

Every function is given the credit that its visitor may see, `leaderboards.selectors.round_credits`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from operator import attrgetter

from django.db.models import QuerySet

from accounts.models import Team, User
from catalog.models import Artifact, Contribution, LineageEdge, Statement
from catalog.statements import completeness
from leaderboards.identity import artifact_id, person_id
from leaderboards.models import CreditEntry
from leaderboards.pictures import BarPart, Flow, credit_flow, stacked_bar
from leaderboards.selectors import RoundCredit, artifacts_named
from leaderboards.shown import ShownStanding
from scoring.credit import COMMONS, CreditKind, Posting, Share
from scoring.credit.board import DatasetLine, data_index, dataset_board
from scoring.credit.people import people
from submissions.models import Submission

LEVELS = 5  # generations of lineage that are followed down to results
COMMONS_LABEL = "Commons"
CLASSES = {CreditKind.METHOD: "method", CreditKind.DATA: "data", CreditKind.COMMONS: "commons"}


@dataclass(slots=True)
class DataRow:
    """One dataset or target set with what it was credited, in micro-points."""

    artifact: Artifact
    line: DatasetLine | None = None
    targets: int = 0
    results: set[str] = field(default_factory=set)
    teams: list[Team] = field(default_factory=list)
    best_skill_ppm: int | None = None
    first_use: datetime | None = None  # when the first round closed that it earned in
    last_use: datetime | None = None
    stated: int | None = None  # percent of its published statement; None without one
    bar: str = ""

    @property
    def effective_teams(self) -> Fraction | None:
        return self.line.effective_teams if self.line else None

    @property
    def self_use(self) -> int:
        return self.line.self_use if self.line else 0

    @property
    def independent(self) -> int:
        return self.line.independent if self.line else 0

    @property
    def total(self) -> int:
        return self.targets + (self.line.total if self.line else 0)

    @property
    def rank(self) -> int | None:
        """The rank among datasets; none for what no independent team made progress with."""
        return self.line.rank if self.line and self.line.independent > 0 else None


def data_rows(
    credits_: Iterable[RoundCredit], *, registered_since: datetime | None = None
) -> list[DataRow]:
    """Return all datasets and target sets with credit; datasets ranked, target sets after them.

    With `registered_since` only what was registered then or later, ranked among itself.
    """
    credits_ = list(credits_)
    lines = dataset_board(
        ((each.facts, each.books) for each in credits_), registered_since=registered_since
    )
    targets = _target_amounts(credits_)
    artifacts = artifacts_named([*(line.account for line in lines), *targets])
    rows = {
        line.account: DataRow(artifacts[line.account], line)
        for line in lines
        if line.total > 0 and line.account in artifacts
    }
    for name, amount in targets.items():
        found = artifacts.get(name)
        if found and (registered_since is None or found.registered_at >= registered_since):
            rows.setdefault(name, DataRow(artifacts[name])).targets = amount
    _add_uses(rows, credits_)
    _add_statements(rows.values())
    largest = max((row.total for row in rows.values()), default=0)
    for row in rows.values():
        row.bar = _bar(row, largest)
    return list(rows.values())


def _target_amounts(credits_: Iterable[RoundCredit]) -> dict[str, int]:
    amounts: dict[str, int] = defaultdict(int)
    for credit in credits_:
        for posting in credit.books.postings:
            if posting.kind is CreditKind.TARGETS:
                amounts[posting.account] += posting.micropoints
    return dict(amounts)


def _add_uses(rows: dict[str, DataRow], credits_: Iterable[RoundCredit]) -> None:
    slugs: dict[str, set[str]] = defaultdict(set)
    for credit in credits_:
        team_of = {result.id: result.team for result in credit.facts.results}
        skills = {line.result: line.skill_ppm for line in credit.books.skills}
        for posting in credit.books.postings:
            row = rows.get(posting.account)
            if row is None or posting.result is None or posting.kind is not CreditKind.DATA:
                continue
            row.results.add(posting.result)
            closed = credit.facts.closed_at
            row.first_use = min(row.first_use or closed, closed)
            row.last_use = max(row.last_use or closed, closed)
            if not posting.self_use:
                slugs[posting.account].add(team_of[posting.result])
            reached = skills.get(posting.result)
            if reached is not None:
                row.best_skill_ppm = max(row.best_skill_ppm or 0, reached)
    teams = {team.slug: team for team in Team.objects.filter(slug__in=set().union(*slugs.values()))}
    for account, names in slugs.items():
        found = [teams[name] for name in names if name in teams]
        rows[account].teams = sorted(found, key=attrgetter("name"))


def _add_statements(rows: Iterable[DataRow]) -> None:
    by_artifact = {row.artifact.pk: row for row in rows}
    published = Statement.objects.filter(artifact__in=by_artifact, published_at__isnull=False)
    for statement in published.order_by("number"):  # the newest comes last, and stays
        row = by_artifact[statement.artifact_id]
        row.stated = completeness(statement.answers, row.artifact.kind).percent


def _bar(row: DataRow, largest: int) -> str:
    return stacked_bar(
        [
            BarPart(row.independent / 1e6, "by independent teams", "bar-independent"),
            BarPart(row.self_use / 1e6, "self-use", "bar-self"),
            BarPart(row.targets / 1e6, "as targets", "bar-targets"),
        ],
        largest=largest / 1e6,
        name=f"bar-{row.artifact.pk}",
        title=f"Credit of {row.artifact.title}",
    )


def row_of(artifact: Artifact, rows: Iterable[DataRow]) -> DataRow:
    """Return an artifact's row, empty if it has no credit."""
    return next((row for row in rows if row.artifact == artifact), DataRow(artifact))


@dataclass(slots=True)
class PersonRow:
    """A person's part of one artifact, in micro-points by kind."""

    contribution: Contribution
    amounts: dict[CreditKind, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def total(self) -> int:
        return sum(self.amounts.values())


@dataclass(frozen=True, slots=True)
class PersonRound:
    """What a person has of one round in confirmed shares, in micro-points."""

    round: str  # challenge/round
    micropoints: int
    is_posted: bool


@dataclass(frozen=True, slots=True)
class PersonCredit:
    """A person's credit: by kind, in total, and what waits for a confirmation.

    `data_index` is the largest d such that d datasets of the person are each used by at least d
    independent teams.
    """

    by_kind: list[tuple[CreditEntry.Kind, int]]
    total: int
    escrow: int
    rows: list[PersonRow]
    rounds: list[PersonRound]
    data_index: int


def person_credit(
    user: User, credits_: Iterable[RoundCredit], artifacts: QuerySet[Artifact]
) -> PersonCredit:
    """Divide the credit of a person's artifacts by shares, exactly as the books' rule does.

    Only what is among `credits_` and `artifacts` counts: what the visitor may see.
    """
    mine = user.contributions.filter(artifact__in=artifacts).select_related("artifact")
    rows = {row.artifact_id: PersonRow(row) for row in mine}
    accounts, shares = _accounts_of(rows)
    credits_ = list(credits_)
    rounds = []
    for credit in credits_:
        in_round = 0
        for line in people(credit.books, shares):
            if line.person == user.username and line.account in accounts:
                row = rows[accounts[line.account]]
                row.amounts[line.kind] += line.micropoints
                in_round += line.micropoints if row.contribution.confirmed_at else 0
        if in_round:
            rounds.append(PersonRound(credit.facts.id, in_round, credit.is_posted))
    confirmed = [row for row in rows.values() if row.contribution.confirmed_at]
    waiting = [row for row in rows.values() if not row.contribution.confirmed_at]
    kinds = [CreditKind.METHOD, CreditKind.DATA, CreditKind.TARGETS]
    return PersonCredit(
        by_kind=[
            (CreditEntry.Kind(kind.value), sum(row.amounts[kind] for row in confirmed))
            for kind in kinds
        ],
        total=sum(row.total for row in confirmed),
        escrow=sum(row.total for row in waiting),
        rows=sorted(rows.values(), key=lambda row: (-row.total, row.contribution.artifact.title)),
        rounds=rounds,
        data_index=_data_index(confirmed, credits_),
    )


def _data_index(confirmed: Iterable[PersonRow], credits_: Iterable[RoundCredit]) -> int:
    mine = {artifact_id(row.contribution.artifact) for row in confirmed}
    lines = dataset_board((each.facts, each.books) for each in credits_)
    return data_index(line.independent_teams for line in lines if line.account in mine)


def _accounts_of(
    artifact_ids: Iterable[int],
) -> tuple[dict[str, int], dict[str, tuple[Share, ...]]]:
    """Return the accounts that stand for these artifacts, and each account's shares.

    A result's account is the submission's code; its people are those of its method.
    """
    artifacts = Artifact.objects.filter(pk__in=list(artifact_ids)).prefetch_related(
        "contributions__person", "submissions"
    )
    accounts: dict[str, int] = {}
    shares: dict[str, tuple[Share, ...]] = {}
    for artifact in artifacts:
        names = [artifact_id(artifact), *(each.code for each in artifact.submissions.all())]
        parts = tuple(
            Share(person_id(each), each.share_bp, each.confirmed_at is not None)
            for each in sorted(artifact.contributions.all(), key=attrgetter("pk"))
        )
        for name in names:
            accounts[name] = artifact.pk
            shares[name] = parts if artifact.shares_sealed else ()
    return accounts, shares


@dataclass(frozen=True, slots=True)
class WayRow:
    """What one account received of a result's points, along one path."""

    posting: Posting
    artifact: Artifact | None
    through: tuple[str, ...] = ()  # titles between the result and the account

    @property
    def steps(self) -> int:
        """How many steps upstream of the result the account is."""
        return len(self.posting.path) - 1


@dataclass(frozen=True, slots=True)
class Way:
    """Where the points of one result went."""

    submission: Submission
    is_posted: bool
    total: int
    rows: list[WayRow]
    picture: str


def ways_of(submissions: Iterable[Submission], credits_: Iterable[RoundCredit]) -> list[Way]:
    """Return where the points of each of these results went, if it has any."""
    by_code = {each.code: each for each in submissions}
    found: dict[str, tuple[bool, list[Posting]]] = {}
    for credit in credits_:
        for posting in credit.books.postings:
            if posting.result in by_code and posting.micropoints > 0:
                found.setdefault(posting.result, (credit.is_posted, []))[1].append(posting)
    names = {step for _, postings in found.values() for each in postings for step in each.path}
    artifacts = artifacts_named(names) | {code: each.method for code, each in by_code.items()}
    return [
        _way(by_code[code], postings, artifacts, is_posted=is_posted)
        for code, (is_posted, postings) in found.items()
    ]


def _way(
    submission: Submission,
    postings: list[Posting],
    artifacts: dict[str, Artifact],
    *,
    is_posted: bool,
) -> Way:
    postings.sort(key=lambda each: (len(each.path), -each.micropoints, each.path))
    labels = {name: artifact.title for name, artifact in artifacts.items()}
    labels |= {COMMONS: COMMONS_LABEL, submission.code: f"{submission.team.name} (the result)"}
    classes = {posting.account: CLASSES[posting.kind] for posting in postings}
    picture = credit_flow(
        [Flow(posting.path, posting.micropoints / 1e6) for posting in postings],
        labels=labels,
        classes=classes,
        name=f"flow-{submission.code}",
        title=f"Where the points of {submission.team.name} went",
    )
    return Way(
        submission=submission,
        is_posted=is_posted,
        total=sum(posting.micropoints for posting in postings),
        rows=[
            WayRow(
                posting,
                artifacts.get(posting.account),
                tuple(labels.get(step, step) for step in posting.path[1:-1]),
            )
            for posting in postings
        ],
        picture=picture,
    )


@dataclass(frozen=True, slots=True)
class UseRow:
    """A board line whose method was built on an artifact, and the credit it brought."""

    standing: ShownStanding
    micropoints: int | None


def results_using(
    artifact: Artifact, standings: Iterable[ShownStanding], credits_: Iterable[RoundCredit]
) -> list[UseRow]:
    """Return board lines whose method was built on this artifact with what they brought it."""
    brought: dict[str, int] = defaultdict(int)
    for credit in credits_:
        for posting in credit.books.postings:
            if posting.account == artifact_id(artifact) and posting.result:
                brought[posting.result] += posting.micropoints
    return [UseRow(each, brought.get(each.submission.code)) for each in standings]


def descendants_of(artifact: Artifact) -> set[int]:
    """Return the keys of what was built on an artifact, directly or upstream."""
    generation, seen = {artifact.pk}, {artifact.pk}
    for _ in range(LEVELS):
        edges = LineageEdge.objects.filter(parent__in=generation)
        children = edges.exclude(status=LineageEdge.Status.REJECTED).values_list("child", flat=True)
        generation = set(children) - seen
        if not generation:
            break
        seen |= generation
    return seen - {artifact.pk}
