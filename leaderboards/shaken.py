"""Public part against private part: who climbed a board that was shown, and who holds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from challenges.models import Target
from leaderboards.models import BoardRevision
from leaderboards.revisions import sheet_of
from leaderboards.sheets import Sheet, SheetTarget, board_of_metric
from leaderboards.shown import ShownStanding
from leaderboards.visible import VisibleBoard
from scoring.contract import Aggregate
from scoring.ranking.board import RankBoard
from scoring.ranking.stability import kendall_taus, shake_up


@dataclass(frozen=True, slots=True)
class Shaken:
    """One entry on both parts; up is a better rank on the private one."""

    key: int
    public: int
    private: int
    public_value: float | None
    private_value: float | None

    @property
    def places(self) -> int:
        return self.public - self.private


@dataclass(frozen=True, slots=True)
class ShakeUp:
    """Both orders of a track's competing entries, by the private one."""

    track: str
    rows: tuple[Shaken, ...]
    tau: float | None
    share: float  # mean change of rank over the number of entries
    public_targets: int
    private_targets: int

    @property
    def moved(self) -> int:
        return sum(row.places != 0 for row in self.rows)

    @property
    def same_first(self) -> bool:
        """Tell whether an entry that was first in public is first on the private part too."""
        return any(row.public == row.private == 1 for row in self.rows)


def shake_ups(board: VisibleBoard) -> list[ShakeUp]:
    """Return the shake-up of each track; nothing before the reveal, or without private targets."""
    if not board.sight.revealed or board.sight.public_targets:
        return []
    return _shake_ups(board, _private_of(board))


@dataclass(frozen=True, slots=True)
class SoFar:
    """Both orders before the reveal, as the board stands; its lines by submission."""

    revision: BoardRevision | None
    found: tuple[tuple[ShakeUp, tuple[tuple[ShownStanding, Shaken], ...]], ...]


def shaken_so_far(board: VisibleBoard) -> SoFar | None:
    """Return the shake-up before the reveal, for who sees everything; None without a private part.

    Nobody else may be told: it gives the ranks on answers that the board keeps back.
    """
    private = _private_of(board) if board.sight.everything else set()
    if not private:
        return None
    by_key = {line.submission_id: line for line in board.lines}
    found = [
        (each, tuple((by_key[row.key], row) for row in each.rows))
        for each in _shake_ups(board, private)
    ]
    return SoFar(board.revision, tuple(found))


def _private_of(board: VisibleBoard) -> set[str]:
    rows = Target.objects.filter(
        round=board.round, is_private=True, cancelled_at__isnull=True
    ).order_by()
    return set(rows.values_list("slug", flat=True))


def _shake_ups(board: VisibleBoard, private: Collection[str]) -> list[ShakeUp]:
    sheet = sheet_of(board) if private else None
    if sheet is None or sheet.column("")["aggregate"] == Aggregate.POOLED:
        return []
    tracks = dict.fromkeys(line.track for line in sheet.competing)
    found = [shake_up_of(sheet, private, track=track) for track in tracks]
    return [each for each in found if each is not None]


def shake_up_of(sheet: Sheet, private: Collection[str], *, track: str = "") -> ShakeUp | None:
    """Rank the entries of a track on either part by the board's rule; None with fewer than two."""
    parts = (
        [each for each in sheet.targets if each.slug not in private],
        [each for each in sheet.targets if each.slug in private],
    )
    if not all(parts):
        return None
    first, second = (_ranked(sheet, part, track=track) for part in parts)
    values = {int(line.entry): line for line in first.lines if line.rank is not None}
    rows = [
        Shaken(int(line.entry), before.rank, line.rank, before.value, line.value)
        for line in second.lines
        if line.rank is not None
        and (before := values.get(int(line.entry))) is not None
        and before.rank is not None
    ]
    if len(rows) < 2:
        return None
    public, hidden = _again([row.public for row in rows]), _again([row.private for row in rows])
    tau = float(kendall_taus(public[np.newaxis].astype(float), hidden.astype(float))[0])
    return ShakeUp(
        track=track,
        rows=tuple(rows),
        tau=None if np.isnan(tau) else tau,
        share=shake_up(public, hidden),
        public_targets=len(parts[0]),
        private_targets=len(parts[1]),
    )


def _ranked(sheet: Sheet, targets: list[SheetTarget], *, track: str) -> RankBoard:
    lines = [each for each in sheet.competing if each.track == track]
    return board_of_metric(sheet, sheet.column(""), lines, targets)


def _again(ranks: list[int]) -> NDArray[np.int64]:
    """Close the gaps that entries ranked on one part alone leave; ties stay ties."""
    return np.searchsorted(np.sort(ranks), ranks) + 1
