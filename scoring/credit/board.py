"""The dataset board: datasets ranked by the credit that independent teams brought them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from scoring.credit.records import Books, CreditKind, Round


@dataclass(frozen=True, slots=True)
class DatasetLine:
    """A dataset's line; credit in micro-points.

    ``effective_teams`` is ``(sum c)^2 / sum c^2`` over the independent credit c that each team
    brought, so a dataset that one team carries shows as 1; None when no independent team used it.
    """

    rank: int
    account: str
    total: int
    self_use: int
    independent_teams: int
    effective_teams: Fraction | None
    registered_at: datetime

    @property
    def independent(self) -> int:
        """What ranks: credit without self-use."""
        return self.total - self.self_use


def dataset_board(
    settled: Iterable[tuple[Round, Books]], *, registered_since: datetime | None = None
) -> tuple[DatasetLine, ...]:
    """Rank the datasets of one round, or of many.

    Sorted by independent credit, then by more independent teams, then by older registration; equal
    in all three is equal in rank.

    Parameters
    ----------
    registered_since : datetime, optional
        Rank newcomers among themselves: only datasets registered then or later.
    """
    total: Counter[str] = Counter()
    brought: dict[str, Counter[str]] = defaultdict(Counter)
    registered: dict[str, datetime] = {}
    for round_, books in settled:
        registered |= {node.id: node.registered_at for node in round_.nodes}
        team_of = {result.id: result.team for result in round_.results}
        for posting in books.postings:
            if posting.kind is not CreditKind.DATA or posting.result is None:
                continue
            if registered_since is not None and registered[posting.account] < registered_since:
                continue
            total[posting.account] += posting.micropoints
            if not posting.self_use:
                brought[posting.account][team_of[posting.result]] += posting.micropoints
    return _ranked(total, brought, registered)


def data_index(teams_of_each: Iterable[int]) -> int:
    """Return the largest d such that d datasets are each used by at least d independent teams.

    Parameters
    ----------
    teams_of_each : iterable of int
        The number of independent credited teams of each dataset of a person.
    """
    most_used = sorted(teams_of_each, reverse=True)
    return sum(teams >= place for place, teams in enumerate(most_used, start=1))


def _ranked(
    total: Counter[str], brought: dict[str, Counter[str]], registered: dict[str, datetime]
) -> tuple[DatasetLine, ...]:
    def merit(account: str) -> tuple[int, int, datetime]:
        by_team = brought[account]
        return -by_team.total(), -len(by_team), registered[account]

    ordered = sorted(total, key=lambda account: (merit(account), account))
    lines: list[DatasetLine] = []
    for place, account in enumerate(ordered, start=1):
        tied = place > 1 and merit(account) == merit(ordered[place - 2])
        by_team = brought[account]
        squares = sum(credit * credit for credit in by_team.values())
        lines.append(
            DatasetLine(
                rank=lines[-1].rank if tied else place,
                account=account,
                total=total[account],
                self_use=total[account] - by_team.total(),
                independent_teams=len(by_team),
                effective_teams=Fraction(by_team.total() ** 2, squares) if squares else None,
                registered_at=registered[account],
            )
        )
    return tuple(lines)
