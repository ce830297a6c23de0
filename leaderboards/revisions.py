"""The scores that a board was computed from, as arrays."""

from __future__ import annotations

from challenges.models import Target
from challenges.selectors import target_weights
from leaderboards.models import Standing
from leaderboards.sheets import Sheet, SheetLine, SheetTarget
from leaderboards.shown import ShownStanding
from leaderboards.visible import VisibleBoard, board_values
from submissions.models import Submission


def sheet_of(board: VisibleBoard) -> Sheet | None:
    """Return what may be seen of the scores behind a board, in three queries; None if nothing."""
    if board.revision is None or not board.sight.parts:
        return None
    values: dict[tuple[int, str, str], float] = {}
    pooled: dict[tuple[int, str], float] = {}
    for line, key, slug, value in board_values(board):
        if slug is None:
            pooled[line, key] = value
        else:
            values[line, key, slug] = value
    return Sheet(
        rule=board.revision.rule,
        columns=board.revision.columns,
        lines=[_line(standing) for standing in board.lines],
        targets=_targets(board),
        values=values,
        pooled=pooled,
    )


def _targets(board: VisibleBoard) -> list[SheetTarget]:
    revision = board.revision
    if revision is None:
        return []
    rows = Target.objects.filter(round=board.round, slug__in=revision.target_slugs)
    if board.sight.public_targets:
        rows = rows.filter(is_private=False)
    weights = target_weights(list(rows))
    found = {
        each.slug: SheetTarget(each.slug, weights[each.slug], each.family, tuple(each.classes))
        for each in rows
    }
    return [found[slug] for slug in revision.target_slugs if slug in found]


def _line(standing: ShownStanding) -> SheetLine:
    is_participant = standing.submission.entry_kind == Submission.EntryKind.PARTICIPANT
    unranked = standing.status == Standing.Status.UNRANKED
    # Without a value nobody asked yet whether it would be ranked.
    left_out = standing.status == Standing.Status.INCOMPLETE and bool(standing.insider_of)
    competes = is_participant and not unranked and not left_out
    return SheetLine(standing.submission_id, competes=competes)
