"""The scores that a board was computed from, as arrays."""

from __future__ import annotations

from dataclasses import replace

from challenges.models import Target
from challenges.selectors import target_weights
from leaderboards.entries import entries_of, rule_of
from leaderboards.models import Standing
from leaderboards.sheets import Sheet, SheetLine, SheetTarget
from leaderboards.shown import ShownStanding
from leaderboards.visible import VisibleBoard
from leaderboards.visible_scores import board_values
from submissions.models import Submission


def sheet_of(board: VisibleBoard, *, basis: str = "") -> Sheet | None:
    """Return what may be seen of the scores behind a board, in three queries; None if nothing.

    With a `basis` that is not the round's, by another choice among the models of each team.
    """
    if board.revision is None or not board.sight.parts:
        return None
    if basis and basis != board.round.model_basis:
        return _by_other_models(board, basis)
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


def has_other_models(board: VisibleBoard) -> bool:
    """Tell whether a board may be ranked by another choice of models: today's, shown at once."""
    return (
        board.round.models_per_target > 1
        and board.revision is not None
        and board.sight.parts
        and board.sight.delay is None
        and not board.sight.public_sheet
    )


def _by_other_models(board: VisibleBoard, basis: str) -> Sheet | None:
    """Return the scores as they count if each team is taken by its first model, or its best."""
    if not has_other_models(board) or board.revision is None:
        return None
    rule = replace(rule_of(board.round), basis=basis)
    lines = {line.submission_id: _line(line) for line in board.lines}
    values: dict[tuple[int, str, str], float] = {}
    pooled: dict[tuple[int, str], float] = {}
    for entry in entries_of(board.round, rule):
        key = entry.submission.pk
        if key not in lines:
            continue
        lines[key] = replace(lines[key], competes=entry.ranks)
        for metric, rows in entry.rows.items():
            for row in rows:
                if row.value is None:
                    continue
                if row.target is None:
                    pooled[key, metric] = row.value
                else:
                    values[key, metric, row.target] = row.value
    return Sheet(
        rule=board.revision.rule,
        columns=board.revision.columns,
        lines=list(lines.values()),
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
    track = standing.submission.track
    return SheetLine(standing.submission_id, competes=competes, track=track.slug if track else "")
