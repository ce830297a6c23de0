"""Where the lines of a board come from: versions, corrections, and what was taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from challenges.models import Reference
from leaderboards.models import Standing
from leaderboards.rows import shown_rows_of_many
from leaderboards.shown import ShownStanding, shown_standing
from leaderboards.visible import VisibleBoard, visible_revisions
from submissions.models import ScoringRun, SubmissionState


@dataclass(frozen=True, slots=True)
class Provenance:
    """The scoring that a line is computed from."""

    run: int
    references: Mapping[str, int]  # target to the version of its answer
    metrics: Mapping[str, Any]
    engine: str
    scored_at: datetime
    received_at: datetime
    sha256: str

    @property
    def corrected(self) -> dict[str, int]:
        """The targets whose answer was replaced before this scoring, with the version used."""
        return {slug: version for slug, version in self.references.items() if version > 1}


def provenance_of(*boards: VisibleBoard) -> dict[int, Provenance]:
    """Return by scoring run how the lines of some boards were scored, in one query."""
    runs = {line.run_id: board for board in boards for line in board.lines if line.run_id}
    rows = ScoringRun.objects.filter(pk__in=runs).select_related("submission")
    return {row.pk: _provenance(row, runs[row.pk]) for row in rows}


def corrected_runs(board: VisibleBoard) -> set[int]:
    """Return the runs behind a board's lines that are on an answer which replaced another."""
    if not Reference.objects.filter(target__round=board.round, version__gt=1).exists():
        return set()
    return {each for each, found in _scored(board) if any(v > 1 for v in found.values())}


def _scored(board: VisibleBoard) -> Iterable[tuple[int, Mapping[str, int]]]:
    runs = [line.run_id for line in board.lines if line.run_id]
    return ScoringRun.objects.filter(pk__in=runs).values_list("pk", "reference_versions")


def _provenance(row: ScoringRun, board: VisibleBoard) -> Provenance:
    return Provenance(
        run=row.number,
        references=row.reference_versions,
        metrics=row.metric_versions,
        engine=row.engine_version,
        scored_at=row.finished_at,
        received_at=row.submission.received_at,
        # Who made a file could be found by its digest.
        sha256=row.submission.sha256 if board.sight.names else "",
    )


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An entry that stood on the board and was withdrawn."""

    line: ShownStanding = field(repr=False)
    withdrawn_at: datetime | None
    last_revision: int


def tombstones(board: VisibleBoard) -> list[Tombstone]:
    """Return what was withdrawn since it stood on a revision that may be seen, latest first.

    Each with its last line. A withdrawal stays on record: a board must not forget it.
    """
    if board.revision is None:
        return []
    revisions = visible_revisions(board.round, board.sight, board.moment).filter(
        number__lte=board.revision.number
    )
    rows = shown_rows_of_many(
        Standing.objects.filter(revision__in=revisions, submission__state=SubmissionState.WITHDRAWN)
    ).order_by("submission", "-revision__number")
    return _latest(rows, board)


def _latest(rows: Iterable[Standing], board: VisibleBoard) -> list[Tombstone]:
    found: dict[int, Tombstone] = {}
    for row in rows:
        if row.submission_id not in found:
            found[row.submission_id] = Tombstone(
                shown_standing(row, board.round, board.sight),
                row.submission.finished_at,
                row.revision.number,
            )
    return list(found.values())
