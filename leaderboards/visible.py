"""Boards and scores as one viewer may see them at one moment.

Pages, tables, feeds, the API and exports read boards here and nowhere else: what a round
withholds (see `leaderboards.sight`) never leaves these functions.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from django.db.models import Count, F, Max, Q, QuerySet

from accounts.models import Team, User
from accounts.selectors import active_teams_of, is_member
from catalog.models import Artifact
from challenges.disclosure import Kind, disclosed_at
from challenges.models import Round
from challenges.models.disclosure import ShownFrom
from challenges.selectors import Viewer
from leaderboards.entries import best_of
from leaderboards.models import BoardRevision, ShownChange, Standing
from leaderboards.rows import shown_rows
from leaderboards.shown import (
    ShownScore,
    ShownStanding,
    rounded,
    shown_scores,
    shown_standing,
)
from leaderboards.sight import Sight, sight_of, sights_of, whole_sight
from scoring.contract import Direction
from scoring.metrics import get_metric
from submissions.models import Score, Submission


@dataclass(frozen=True)
class VisibleBoard:
    """A round's board for one viewer; no revision: nothing is there, or nothing may be seen."""

    round: Round
    sight: Sight
    moment: datetime
    revision: BoardRevision | None
    changes_found: int | None = None  # by whoever asked for many boards, or for all in one query

    @cached_property
    def lines(self) -> tuple[ShownStanding, ...]:
        """The lines of the board in order, as this viewer may have them."""
        if self.revision is None:
            return ()
        rows = shown_rows(Standing.objects.filter(revision=self.revision)).order_by("position")
        return self._shown(rows)

    def page(self, *, after: int, limit: int) -> tuple[ShownStanding, ...]:
        """Return the lines behind the one at position `after`, at most `limit`.

        The last page costs what the first does: lines are found by position, not counted.
        """
        if self.revision is None:
            return ()
        rows = Standing.objects.filter(revision=self.revision, position__gt=after)
        return self._shown(shown_rows(rows).order_by("position")[:limit])

    def _shown(self, rows: QuerySet[Standing]) -> tuple[ShownStanding, ...]:
        return tuple(
            shown_standing(row, self.round, self.sight, revision=self.revision) for row in rows
        )

    @cached_property
    def changes(self) -> int:
        """How often anything changed that this round's boards show beside their revisions."""
        if self.changes_found is not None:
            return self.changes_found
        return changes_in([self.round]).get(self.round.pk, 0)

    @property
    def mark(self) -> str:
        """A text that changes when what is shown does, and never when only hidden things do."""
        round_, shown = self.round, self.revision.pk if self.revision else 0
        around: object = ""
        if self.revision is not None:
            # Where names are withheld, that somebody changed theirs would be told by the number.
            around = self.changes if self.sight.names else _digest_of_names(self.lines)
        opens = disclosed_at(round_, Kind.BOARD)
        state = round_.state_at(self.moment)
        return f"{round_.pk} {shown} {state} {opens} {around} {self.sight}"


def visible_board(
    round_: Round,
    viewer: Viewer,
    moment: datetime,
    *,
    as_of: datetime | None = None,
    number: int | None = None,
) -> VisibleBoard:
    """Return what `viewer` may see of a round's board at `moment`.

    Parameters
    ----------
    moment : datetime
        Now: clocks and policies look at it.
    as_of : datetime, optional
        The board as it was at an earlier moment, among the revisions that may be seen now.
    number : int, optional
        The revision of this number, among those that may be seen now.
    """
    return _board(round_, sight_of(round_, viewer, moment), moment, as_of=as_of, number=number)


def whole_board(round_: Round, moment: datetime) -> VisibleBoard:
    """Return the board with nothing withheld, for what only organizers get."""
    return _board(round_, whole_sight(round_, moment), moment)


def _board(
    round_: Round,
    sight: Sight,
    moment: datetime,
    *,
    as_of: datetime | None = None,
    number: int | None = None,
) -> VisibleBoard:
    revisions = visible_revisions(round_, sight, moment)
    if as_of is not None:
        revisions = revisions.filter(created_at__lte=as_of)
    if number is not None:
        revisions = revisions.filter(number=number)
    return VisibleBoard(round_, sight, moment, revisions.order_by("-number").first())


def visible_revisions(round_: Round, sight: Sight, moment: datetime) -> QuerySet[BoardRevision]:
    """Return the revisions of a board that may be seen at `moment` with this sight."""
    # The export of credit is long, and no page of a board shows it.
    revisions = BoardRevision.objects.filter(board__round=round_).defer("credit_export")
    if not sight.board:
        return revisions.none()
    return revisions.filter(_of_sheet(sight, moment))


def changes_in(rounds: Iterable[Round]) -> dict[int, int]:
    """Return how often what boards show beside their revisions changed, by round."""
    rows = ShownChange.objects.filter(round__in=rounds).order_by().values_list("round")
    return dict(rows.annotate(number=Count("pk")))


def _digest_of_names(lines: Sequence[ShownStanding]) -> str:
    shown = [(line.submission.code, line.submission.team, line.submission.method) for line in lines]
    return hashlib.sha256(repr(shown).encode()).hexdigest()


def latest_boards(board: VisibleBoard, *, number: int) -> list[VisibleBoard]:
    """Return the latest revisions of a board that its viewer may see, newest first.

    Their lines are read in a fixed number of queries.
    """
    revisions = list(
        visible_revisions(board.round, board.sight, board.moment).order_by("-number")[:number]
    )
    lines: dict[int, list[ShownStanding]] = {each.pk: [] for each in revisions}
    by_pk = {each.pk: each for each in revisions}
    rows = Standing.objects.filter(revision__in=revisions)
    for row in shown_rows(rows).order_by("position"):
        shown = shown_standing(row, board.round, board.sight, revision=by_pk[row.revision_id])
        lines[row.revision_id].append(shown)
    found = [VisibleBoard(board.round, board.sight, board.moment, each) for each in revisions]
    for each in found:
        if each.revision is not None:
            each.__dict__["lines"] = tuple(lines[each.revision.pk])  # what the property would read
    return found


def newest_revisions(
    rounds: Sequence[Round], sights: Mapping[int, Sight], moment: datetime
) -> dict[int, BoardRevision]:
    """Return the board of each round that has one to see, by round, in one query.

    `sights` are those of `leaderboards.sight.sights_of`, for at least these rounds.
    """
    asked = Q(pk__in=[])
    for each in rounds:
        if sights[each.pk].board:
            asked |= Q(board__round=each) & _of_sheet(sights[each.pk], moment)
    newest = BoardRevision.objects.filter(asked).order_by().values("board").annotate(last=Max("pk"))
    found = BoardRevision.objects.filter(pk__in=newest.values("last")).select_related("board")
    return {each.board.round_id: each for each in found}


def visible_standings(
    rounds: Iterable[Round],
    viewer: Viewer,
    moment: datetime,
    *,
    among: Q | None = None,
    named: bool = True,
) -> list[ShownStanding]:
    """Return lines of the boards of several rounds, those of the latest round first.

    Parameters
    ----------
    among : Q, optional
        Which standings, like those of a team.
    named : bool
        Leave out rounds whose names are withheld. Where lines are chosen by who made them this
        must be so: that a line is among them would tell whose it is.
    """
    by_pk = {each.pk: each for each in rounds}
    sights = sights_of(list(by_pk.values()), viewer, moment)
    asked = [each for each in by_pk.values() if sights[each.pk].names or not named]
    revisions = {
        revision.pk: (by_pk[pk], sights[pk], revision)
        for pk, revision in newest_revisions(asked, sights, moment).items()
    }
    rows = shown_rows(Standing.objects.filter(among or Q(), revision__in=revisions)).order_by(
        "-submission__round__closes_at", "revision", "position"
    )
    found = ((row, *revisions[row.revision_id]) for row in rows)
    return [
        shown_standing(row, round_, sight, revision=revision)
        for row, round_, sight, revision in found
    ]


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


def withheld_methods(viewer: Viewer, moment: datetime) -> set[int]:
    """Return the ids of all models of which `withholds_abstract` is true, for lists of many."""
    clocked = Round.objects.exclude(abstracts_shown=ShownFrom.ALWAYS)
    sights = sights_of(list(clocked), viewer, moment)
    closed = [pk for pk, sight in sights.items() if not sight.abstracts]
    if not closed:
        return set()
    entered = Submission.objects.filter(round__in=closed).order_by()
    own = active_teams_of(viewer) if isinstance(viewer, User) else Team.objects.none()
    rows = entered.exclude(method__team__in=own.values("pk")).values_list("method", flat=True)
    return set(rows.distinct())


def withholds_abstract(method: Artifact, viewer: Viewer, moment: datetime) -> bool:
    """Tell whether what a team wrote about its method waits for the clock of a round it is in."""
    if method.team is not None and is_member(viewer, method.team):
        return False
    entered = Submission.objects.filter(method=method).order_by().values("round")
    rounds = list(Round.objects.filter(pk__in=entered))
    sights = sights_of(rounds, viewer, moment)
    return any(not sight.abstracts for sight in sights.values())


def visible_standing(
    submission: Submission, viewer: Viewer, moment: datetime
) -> ShownStanding | None:
    """Return the line of a submission's board that stands for it, if it may be seen."""
    board = visible_board(submission.round, viewer, moment)
    return next((line for line in board.lines if line.submission_id == submission.pk), None)


def _of_sheet(sight: Sight, moment: datetime) -> Q:
    sheet = BoardRevision.Sheet.PUBLIC if sight.public_sheet else BoardRevision.Sheet.WHOLE
    old_enough = Q() if sight.delay is None else Q(created_at__lte=moment - sight.delay)
    return Q(sheet=sheet) & old_enough


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
