"""A stored revision of a board read again: which one, and the scores it was computed from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from challenges.models import Round, Target
from leaderboards.models import BoardRevision, Standing
from leaderboards.sheets import Sheet, SheetLine, SheetTarget
from submissions.models import Score, Submission


def revisions_of(round_: Round) -> QuerySet[BoardRevision]:
    """Return the revisions of a round's board, newest first."""
    return BoardRevision.objects.filter(board__round=round_).select_related("board")


def revision_at(round_: Round, moment: datetime) -> BoardRevision | None:
    """Return the board as it stood at a moment."""
    return revisions_of(round_).filter(created_at__lte=moment).first()


def revision_numbered(round_: Round, number: int) -> BoardRevision | None:
    """Return a revision by its number."""
    return revisions_of(round_).filter(number=number).first()


class NotKept(LookupError):
    """An old revision does not say from which scorings it was computed."""


def sheet_of(round_: Round, revision: BoardRevision, standings: Sequence[Standing]) -> Sheet:
    """Return the scores that a revision was computed from, in two queries.

    Raises
    ------
    NotKept
        If it was written before revisions named their scoring runs, and is not the newest.
    """
    targets = {each.slug: each for each in Target.objects.filter(round=round_)}
    values: dict[tuple[int, str, str], float] = {}
    pooled: dict[tuple[int, str], float] = {}
    for line, key, slug, value in _scores(revision, standings):
        if value is not None and slug is None:
            pooled[line, key] = value
        elif value is not None and slug is not None:
            values[line, key, slug] = value
    return Sheet(
        rule=revision.rule,
        columns=revision.columns,
        lines=[_line(standing) for standing in standings],
        targets=[_target(targets[slug]) for slug in revision.target_slugs if slug in targets],
        values=values,
        pooled=pooled,
    )


def _scores(
    revision: BoardRevision, standings: Sequence[Standing]
) -> Iterable[tuple[int, str, str | None, float | None]]:
    counted = Q(run__standings__revision=revision)
    if any(standing.run_id is None for standing in standings):
        newest = BoardRevision.objects.filter(board=revision.board_id).first()
        if newest is None or newest.pk != revision.pk:
            raise NotKept(f"{revision} does not name its scoring runs")
        counted = Q(
            run__is_current=True, run__submission__in=[each.submission_id for each in standings]
        )
    rows = Score.objects.filter(counted).values_list(
        "run__submission_id", "metric__key", "target__slug", "value"
    )
    return rows.iterator(chunk_size=5000)


def _line(standing: Standing) -> SheetLine:
    is_participant = standing.submission.entry_kind == Submission.EntryKind.PARTICIPANT
    unranked = standing.status == Standing.Status.UNRANKED
    return SheetLine(standing.submission_id, competes=is_participant and not unranked)


def _target(target: Target) -> SheetTarget:
    return SheetTarget(target.slug, target.weight, target.family, tuple(target.classes))
