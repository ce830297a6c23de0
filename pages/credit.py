"""What the pages show of credit: sums over the ledger, which nets out its own corrections."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet, Sum

from accounts.models import Team, User
from catalog.models import SHARES_TOTAL_BP, Artifact, Contribution, LineageEdge
from challenges.models import Round
from leaderboards.models import CreditBook, CreditEntry, Standing
from leaderboards.pictures import BarPart, Flow, credit_flow, stacked_bar
from pages.boards import current_standings
from submissions.models import Submission

LEVELS = 4  # how far upstream of a result credit runs
KINDS = CreditEntry.Kind
COMMONS_LABEL = "Commons: lineage not declared"


@dataclass(slots=True)
class DatasetLine:
    """One dataset or target set with what it was credited, in micro-points."""

    artifact: Artifact
    independent: int = 0
    self_use: int = 0
    targets: int = 0
    results: set[str] = field(default_factory=set)
    teams: set[Team] = field(default_factory=set)
    best_skill_ppm: int | None = None
    rank: int | None = None
    bar: str = ""

    @property
    def total(self) -> int:
        return self.independent + self.self_use + self.targets


def dataset_lines(rounds: QuerySet[Round]) -> list[DatasetLine]:
    """Return all datasets credited in these rounds, ranked by independent credit.

    Equal credit shares a rank; the order inside is more teams first, then the older.
    """
    lines: dict[int, DatasetLine] = {}
    found = (
        CreditEntry.objects.filter(round__in=rounds, kind__in=[KINDS.DATA, KINDS.TARGETS])
        .values("account", "kind", "self_use", "result")
        .annotate(amount=Sum("micropoints"))
        .filter(~Q(amount=0))
        .order_by("account", "result")
    )
    rows = list(found)
    artifacts = Artifact.objects.in_bulk({row["account"] for row in rows})
    standings = _standings_by_code(rounds)
    for row in rows:
        line = lines.setdefault(row["account"], DatasetLine(artifacts[row["account"]]))
        if row["kind"] == KINDS.TARGETS:
            line.targets += row["amount"]
            continue
        if row["self_use"]:
            line.self_use += row["amount"]
        else:
            line.independent += row["amount"]
        _note_use(line, standings.get(row["result"]), row["result"], own=row["self_use"])
    return _ranked(list(lines.values()))


def _note_use(line: DatasetLine, standing: Standing | None, code: str, *, own: bool) -> None:
    line.results.add(code)
    if standing is None:
        return
    if not own:
        line.teams.add(standing.submission.team)
    if standing.skill_ppm is not None:
        line.best_skill_ppm = max(line.best_skill_ppm or 0, standing.skill_ppm)


def _ranked(lines: list[DatasetLine]) -> list[DatasetLine]:
    lines.sort(
        key=lambda line: (
            -line.independent,
            -len(line.teams),
            -line.total,
            line.artifact.registered_at,
            line.artifact.pk,
        )
    )
    largest = max((line.total for line in lines), default=0)
    rank, last = 0, -1
    for index, line in enumerate(lines, start=1):
        if line.independent != last:
            rank, last = index, line.independent
        line.rank = rank if line.independent > 0 else None
        line.bar = _bar(line, largest, name=f"bar-{line.artifact.pk}")
    return lines


def _bar(line: DatasetLine, largest: int, *, name: str) -> str:
    return stacked_bar(
        [
            BarPart(line.independent / 1e6, "by independent teams", "bar-independent"),
            BarPart(line.self_use / 1e6, "self-use", "bar-self"),
            BarPart(line.targets / 1e6, "as targets", "bar-targets"),
        ],
        largest=largest / 1e6,
        name=name,
        title=f"Credit of {line.artifact.title}",
    )


def _standings_by_code(rounds: QuerySet[Round]) -> dict[str, Standing]:
    return {
        standing.submission.code: standing
        for standing in current_standings(rounds).filter(skill_ppm__isnull=False)
    }


def current_book(round_: Round) -> CreditBook | None:
    """Return the newest book of a round; None while nothing is posted."""
    return round_.credit_books.first()


def credit_of_artifact(artifact: Artifact) -> DatasetLine:
    """Return one artifact's credit over all rounds; a model's own part counts as independent."""
    line = DatasetLine(artifact)
    for row in artifact.credit_entries.values("kind", "self_use").annotate(
        amount=Sum("micropoints")
    ):
        if row["kind"] == KINDS.TARGETS:
            line.targets += row["amount"]
        elif row["self_use"]:
            line.self_use += row["amount"]
        else:
            line.independent += row["amount"]
    return line


@dataclass(slots=True)
class PersonLine:
    """A person's part of one artifact, in micro-points by kind."""

    contribution: Contribution
    amounts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.amounts.values())

    @property
    def is_confirmed(self) -> bool:
        return self.contribution.confirmed_at is not None


@dataclass(frozen=True, slots=True)
class PersonCredit:
    """A person's credit: by kind, in total, and what waits for a confirmation."""

    by_kind: list[tuple[str, int]]
    total: int
    escrow: int
    lines: list[PersonLine]


def person_credit(user: User) -> PersonCredit:
    """Add up a person's confirmed shares of all credit, rounded down to a micro-point each."""
    contributions = list(user.contributions.select_related("artifact").order_by("-artifact_id"))
    lines = {row.artifact_id: PersonLine(row) for row in contributions}
    for row in (
        CreditEntry.objects.filter(account__in=lines)
        .values("account", "kind")
        .annotate(amount=Sum("micropoints"))
        .order_by()
    ):
        line = lines[row["account"]]
        part = row["amount"] * line.contribution.share_bp // SHARES_TOTAL_BP
        line.amounts[row["kind"]] = part
    confirmed = [line for line in lines.values() if line.is_confirmed]
    kinds = [KINDS.METHOD, KINDS.DATA, KINDS.TARGETS]
    return PersonCredit(
        by_kind=[
            (str(kind.label), sum(line.amounts.get(kind, 0) for line in confirmed))
            for kind in kinds
        ],
        total=sum(line.total for line in confirmed),
        escrow=sum(line.total for line in lines.values() if not line.is_confirmed),
        lines=sorted(lines.values(), key=lambda line: -line.total),
    )


@dataclass(frozen=True, slots=True)
class WayRow:
    """What one account received of a result's points, along one path."""

    entry: CreditEntry
    amount: int

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(str(step) for step in self.entry.path)

    @property
    def steps(self) -> int:
        """How many steps upstream of the result the account is."""
        return len(self.entry.path) - 1


@dataclass(frozen=True, slots=True)
class Way:
    """Where the points of one result went."""

    submission: Submission
    total: int
    rows: list[WayRow]
    picture: str


def where_points_went(submission: Submission) -> Way | None:
    """Return the ledger's lines of one result, netted, with their picture; None without any."""
    amounts: dict[tuple[str, ...], int] = defaultdict(int)
    entries: dict[tuple[str, ...], CreditEntry] = {}
    for entry in CreditEntry.objects.filter(
        result=submission.code, round=submission.round_id
    ).select_related("account"):
        path = tuple(str(step) for step in entry.path)
        amounts[path] += entry.micropoints
        entries.setdefault(path, entry)
    rows = [WayRow(entries[path], amount) for path, amount in amounts.items() if amount > 0]
    if not rows:
        return None
    rows.sort(key=lambda row: (row.steps, -row.amount, row.entry.pk))
    return Way(submission, sum(row.amount for row in rows), rows, _picture(submission, rows))


def _picture(submission: Submission, rows: list[WayRow]) -> str:
    result = rows[0].path[0]
    labels = {result: f"{submission.team.name} (the result)"}
    classes = {result: "method"}
    for row in rows:
        account = row.entry.account
        labels.setdefault(row.path[-1], account.title if account else COMMONS_LABEL)
        classes.setdefault(row.path[-1], str(row.entry.kind))
    return credit_flow(
        [Flow(row.path, row.amount / 1e6) for row in rows],
        labels=labels,
        classes=classes,
        name=f"flow-{submission.code}",
        title=f"Where the points of {submission.team.name} went",
    )


def results_using(artifact: Artifact, rounds: QuerySet[Round]) -> list[Standing]:
    """Return the board lines whose method was built on this artifact, directly or upstream."""
    generation, seen = {artifact.pk}, {artifact.pk}
    for _ in range(LEVELS):
        children = LineageEdge.objects.filter(parent__in=generation).values_list("child", flat=True)
        generation = set(children) - seen
        if not generation:
            break
        seen |= generation
    return list(
        current_standings(rounds)
        .filter(submission__method__in=seen - {artifact.pk})
        .order_by("-submission__round__closes_at", "position")
    )

