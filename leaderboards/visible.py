"""Boards and scores as one viewer may see them at one moment.

Pages, tables, feeds, the API and exports read boards here and nowhere else: what a round
withholds (see `leaderboards.sight`) never leaves these functions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Count, Max, Q, QuerySet

from accounts.models import Team, User
from accounts.selectors import active_teams_of, is_member
from catalog.models import Artifact
from challenges.disclosure import Kind, disclosed_at
from challenges.models import Round
from challenges.models.disclosure import ShownFrom
from challenges.selectors import Viewer
from leaderboards.models import BoardRevision, ShownChange, Standing
from leaderboards.rows import shown_rows
from leaderboards.shown import (
    ShownStanding,
    shown_standing,
)
from leaderboards.sight import Sight, sight_of, sights_of, whole_sight
from submissions.models import Submission


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
