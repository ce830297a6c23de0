"""Scores on single targets, of boards and submissions, as one viewer may see them at one moment.

As for boards (`leaderboards.visible`): what a round withholds never leaves these functions.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import F, Q, QuerySet

from accounts.selectors import is_member
from challenges.selectors import Viewer
from leaderboards.entries import best_of
from leaderboards.shown import ShownScore, ShownStanding, rounded, shown_scores
from leaderboards.sight import Sight, sight_of
from leaderboards.visible import VisibleBoard
from scoring.contract import Direction
from scoring.metrics import get_metric
from submissions.models import Score, Submission


def board_scores(board: VisibleBoard, *, among: Q | None = None) -> list[ShownScore]:
    """Return the scores on single targets of the entries of a board, as far as they may be seen."""
    if board.revision is None or not board.sight.target_scores:
        return []
    rows = Score.objects.filter(
        among or Q(),
        _scores_in(board.sight, board.moment, counted=_runs_of(board)),
        target__isnull=False,
    )
    return _counting(board.lines, _shown(rows, board.sight))


def _counting(lines: Sequence[ShownStanding], scores: list[ShownScore]) -> list[ShownScore]:
    """Return what counts for each line: not what its team provided, and of several the best."""
    if not any(line.part_runs or line.insider_of for line in lines):
        return scores
    by_submission: dict[int, list[ShownScore]] = defaultdict(list)
    by_run: dict[int, list[ShownScore]] = defaultdict(list)
    for score in scores:
        by_submission[score.submission_id].append(score)
        by_run[score.run_id].append(score)
    counting = []
    for line in lines:
        places: dict[tuple[int | None, int], list[ShownScore]] = defaultdict(list)
        own = [
            each
            for each in by_submission[line.submission_id]
            if each.target.slug not in line.part_runs
        ]
        parts = [
            each
            for slug, runs in line.part_runs.items()
            for run in runs
            for each in by_run[run]
            if each.target.slug == slug
        ]
        for each in (*own, *parts):
            if each.target.slug not in line.insider_of:
                places[each.target_id, each.metric_id].append(each)
        counting += [
            replace(_best(among), submission_id=line.submission_id) for among in places.values()
        ]
    return counting


def _best(scores: Sequence[ShownScore]) -> ShownScore:
    if len(scores) == 1:
        return scores[0]
    metric = scores[0].metric
    direction = get_metric(metric.metric, metric.version).direction
    return best_of(scores, is_lower_better=direction is Direction.LOWER)


def board_values(board: VisibleBoard) -> Iterator[tuple[int, str, str | None, float]]:
    """Yield the values that a board was computed from, as far as they may be seen.

    Each with its submission, the metric's key and the target's slug, None for a pooled value.
    """
    if board.revision is None or not board.sight.target_scores:
        return
    kinds = Q(target__isnull=False) if board.sight.public_targets else Q()
    rows = Score.objects.filter(
        kinds,
        _scores_in(board.sight, board.moment, counted=_runs_of(board)),
        value__isnull=False,
    ).values_list("run__submission_id", "run_id", "metric__key", "target__slug", "value")
    found = [
        (submission, run, key, slug, shown)
        for submission, run, key, slug, value in rows.iterator(chunk_size=5000)
        if (shown := rounded(value, board.sight)) is not None
    ]
    if any(line.part_runs or line.insider_of for line in board.lines):
        yield from _values_of_parts(board, {row[1:4]: row[4] for row in found})
        return
    for submission, _run, key, slug, value in found:
        yield submission, key, slug, value


def _values_of_parts(
    board: VisibleBoard, values: Mapping[tuple[int, str, str | None], float]
) -> Iterator[tuple[int, str, str | None, float]]:
    """Yield the same where lines are made of several runs: of each target the best that counts."""
    revision = board.revision
    for line in board.lines if revision else ():
        own = [] if line.run_id is None else [line.run_id]
        for column in revision.columns if revision else ():
            key, choose = column["key"], min if column["direction"] == "lower" else max
            for slug in revision.target_slugs if revision else ():
                runs = [] if slug in line.insider_of else line.part_runs.get(slug, own)
                among = [values[run, key, slug] for run in runs if (run, key, slug) in values]
                if among:
                    yield line.submission_id, key, slug, choose(among)
            is_one_file = not line.part_runs and not line.insider_of
            if is_one_file and own and (own[0], key, None) in values:
                yield line.submission_id, key, None, values[own[0], key, None]


def _runs_of(board: VisibleBoard) -> Q:
    """Return which runs a board is computed from: those its lines name.

    A revision from before lines named their runs is taken to be computed from the current ones.
    """
    if all(line.run_id is not None for line in board.lines):
        parts = {run for line in board.lines for part in line.part_runs.values() for run in part}
        own = Q(run__standings__revision=board.revision)
        return own | Q(run__in=parts) if parts else own
    submissions = [line.submission_id for line in board.lines]
    return Q(run__is_current=True, run__submission__in=submissions)


def submission_scores(submission: Submission, viewer: Viewer, moment: datetime) -> list[ShownScore]:
    """Return the scores of one submission that its team, or an organizer, may see.

    By metric, the primary first; of each the pooled value, or those on targets in their order.
    """
    sight = sight_of(submission.round, viewer, moment)
    if not sight.board or not (sight.everything or is_member(viewer, submission.team)):
        return []
    # Pooled values are over all targets, so they wait where some are private, and where what is
    # shown is not the score itself.
    kinds = Q(pk__in=[])
    if sight.target_scores:
        kinds |= Q(target__isnull=False)
    if not sight.public_targets and not sight.ladder:
        kinds |= Q(target__isnull=True)
    rows = Score.objects.filter(
        kinds,
        _scores_in(sight, moment, counted=Q(run__is_current=True)),
        run__submission=submission,
    )
    return _shown(rows, sight)


def scores_mark(submission: Submission, viewer: Viewer, moment: datetime) -> str:
    """Return a short text that changes when the scores that `submission_scores` gives do.

    While nothing may be seen it is always the same, whatever is scored again meanwhile.
    """
    scores = submission_scores(submission, viewer, moment)
    text = repr([(row.target_id, row.metric_id, row.status, row.value) for row in scores])
    return hashlib.sha256(text.encode()).hexdigest()


def _scores_in(sight: Sight, moment: datetime, *, counted: Q) -> Q:
    if sight.public_targets:
        counted &= Q(target__isnull=True) | Q(target__is_private=False)
    if sight.delay is not None:
        counted &= Q(run__finished_at__lte=moment - sight.delay)
    return counted


def _shown(rows: QuerySet[Score], sight: Sight) -> list[ShownScore]:
    ordered = rows.select_related("run", "metric", "target").order_by(
        "-metric__is_primary",
        "metric__position",
        "metric_id",
        F("target__position").asc(nulls_first=True),
        "target__slug",
    )
    return shown_scores(ordered, sight)
