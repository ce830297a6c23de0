"""The facts a round's credit is computed from, and the books that come out. Plain records.

Nothing here touches a database: the server fills these records from its tables, an outsider fills
them from the public export, and both get the same books. Every ``id`` is a public identifier.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from scoring.contract import Direction

# The account that takes what nobody may be named for. Reserved: no other record bears this id.
COMMONS = "commons"


class CreditError(Exception):
    """Base of everything the credit rule raises on purpose."""


class RecordError(CreditError, ValueError):
    """The facts contradict each other, so no books can be made; lists every problem found."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class NodeKind(StrEnum):
    """What an artifact in a lineage is; decides what it keeps of the credit that reaches it."""

    MODEL = "model"  # keeps half
    DERIVED = "derived"  # cleaned, harmonised, merged or re-labelled dataset: keeps half
    ORIGINAL = "original"  # measured, simulated or collected dataset: keeps all
    COPY = "copy"  # mirror or format copy (identical to, variant of): keeps nothing


class CreditKind(StrEnum):
    """What the credit is for."""

    METHOD = "method"  # results and models
    DATA = "data"  # datasets
    TARGETS = "targets"  # the round's own targets: the exact attribution of the question
    COMMONS = "commons"  # lineage not declared


@dataclass(frozen=True, slots=True)
class Share:
    """One person's part of an artifact version, in basis points (10,000 make the whole)."""

    person: str
    basis_points: int
    confirmed: bool = True  # until its owner confirms it, the share waits in escrow


@dataclass(frozen=True, slots=True)
class Baseline:
    """A public baseline's score in one scoring unit; None when it could not be scored."""

    id: str
    value: float | None


@dataclass(frozen=True, slots=True)
class ScoringUnit:
    """A dimension or track that the charter scores apart; most rounds have one.

    ``perfect`` is the best possible value, or the agreement between replicate measurements. It is
    frozen when the round opens. Without one there is no scale, so the round mints nothing.
    """

    id: str
    direction: Direction
    perfect: float | None
    baselines: tuple[Baseline, ...]

    @property
    def baseline(self) -> float | None:
        """The best public baseline, or None where none was scored."""
        values = [each.value for each in self.baselines if each.value is not None]
        if not values:
            return None
        return max(values) if self.direction is Direction.HIGHER else min(values)


@dataclass(frozen=True, slots=True)
class UnitScore:
    """A result's score in one scoring unit.

    ``value`` is None when the score is missing. ``significant`` says whether the one-sided 95 %
    paired-bootstrap bound is better than the best baseline; None where nobody tested it, which is
    allowed only in a small round.
    """

    unit: str
    value: float | None
    significant: bool | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One team's one designated final entry, with the lineage it declares.

    ``inputs`` are the datasets and base models it was built on. The method that made the entry is
    the same work as the entry, so it is not an input: its inputs are.
    ``members`` are all people of the team, whether or not they have a share.
    """

    id: str
    team: str
    scores: tuple[UnitScore, ...]
    inputs: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()

    @property
    def people(self) -> frozenset[str]:
        return frozenset(self.members) | {share.person for share in self.shares}


@dataclass(frozen=True, slots=True)
class Node:
    """One artifact version in the lineage of at least one result.

    ``may_earn`` is False when its statement is incomplete or a steward ruled its credit forfeit:
    what it would have kept goes to the commons, what it passes on still reaches its inputs.
    """

    id: str
    kind: NodeKind
    registered_at: datetime
    inputs: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()
    may_earn: bool = True

    @property
    def people(self) -> frozenset[str]:
        return frozenset(share.person for share in self.shares)


@dataclass(frozen=True, slots=True)
class TargetUnit:
    """One target and its weight in evaluation units.

    Targets that bear the same ``cluster`` are near-duplicates and share one target's units.
    A withdrawn target counts nothing, whatever its units.
    """

    id: str
    units: Fraction = Fraction(1)
    cluster: str | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class TargetSet:
    """Targets that the same people contributed in the same shares."""

    id: str
    targets: tuple[TargetUnit, ...]
    shares: tuple[Share, ...] = ()

    @property
    def people(self) -> frozenset[str]:
        return frozenset(share.person for share in self.shares)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two results that share their mistakes: how far from each other, and from perfect.

    Both numbers are in the unit of the scoring unit; ``gap`` is that of the better result.
    """

    one: str
    other: str
    distance: float
    gap: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """How results were compared with each other, and which were found to be near duplicates.

    They are if ``distance <= percent / 100 * gap``. ``obstacle`` says why none were compared, in
    words; ``unmeasured`` pairs were near by their scores, and could not be compared.
    """

    percent: float
    pairs: tuple[Likeness, ...] = ()
    measured: int = 0
    unmeasured: int = 0
    obstacle: str | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """Everything a round's credit depends on.

    ``near_duplicates`` are pairs of result ids whose predictions are closer than the threshold
    frozen at opening; chains of them count as one player. ``comparison`` says how those were
    found whose files are not the same; None where only identical files count as one.
    """

    id: str
    opened_at: datetime
    closed_at: datetime
    answers_committed_at: datetime | None
    answers_published_at: datetime | None
    embargo_until: datetime | None
    target_statement_complete: bool
    units: tuple[ScoringUnit, ...]
    results: tuple[Result, ...]
    nodes: tuple[Node, ...] = ()
    target_sets: tuple[TargetSet, ...] = ()
    near_duplicates: tuple[tuple[str, str], ...] = ()
    # Left out of an export where there is none: facts from before it was there keep their digest.
    comparison: Comparison | None = field(default=None, metadata={"omit_none": True})

    @property
    def owners(self) -> tuple[Result | Node | TargetSet, ...]:
        """Every account of the round that belongs to people: all but the commons."""
        return (*self.results, *self.nodes, *self.target_sets)

    @property
    def assessed_targets(self) -> tuple[TargetUnit, ...]:
        """The targets that count, in the order of their sets."""
        return tuple(
            target for each in self.target_sets for target in each.targets if not target.withdrawn
        )


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of the books: this much, to this account, along this path.

    ``path`` runs from the result (or the target) to the account, both included. ``self_use`` marks
    credit that reaches an artifact from a team one of whose people contributed to it.
    """

    account: str
    kind: CreditKind
    path: tuple[str, ...]
    micropoints: int
    unit: str | None = None  # None for the targets' pot, which no score divides
    result: str | None = None
    self_use: bool = False


@dataclass(frozen=True, slots=True)
class SkillLine:
    """How far one result came in one scoring unit, and which player it counts as.

    ``skill_ppm`` is None when the score is missing.
    """

    unit: str
    result: str
    player: str
    skill_ppm: int | None


@dataclass(frozen=True, slots=True)
class Books:
    """A round's credit. With any condition in ``unmet`` nothing is minted.

    ``open_headroom`` is the part of the budget that no result has earned yet, in micro-points, or
    None for a round that mints nothing. ``small`` says that the significance gate was off.
    """

    round: str
    unmet: tuple[str, ...]
    small: bool
    skills: tuple[SkillLine, ...]
    postings: tuple[Posting, ...]
    open_headroom: int | None

    @property
    def minted(self) -> int:
        """All micro-points of the round."""
        return sum(posting.micropoints for posting in self.postings)

    def by_account(self) -> dict[str, int]:
        """Micro-points of every account, the commons included."""
        totals: Counter[str] = Counter()
        for posting in self.postings:
            totals[posting.account] += posting.micropoints
        return dict(totals)

    def by_kind(self) -> dict[CreditKind, int]:
        """Micro-points of every kind of credit."""
        totals = dict.fromkeys(CreditKind, 0)
        for posting in self.postings:
            totals[posting.kind] += posting.micropoints
        return totals
