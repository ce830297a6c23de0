"""The newest board of a round as everyone may see it, with its text, found in one query.

It is what `leaderboards.visible` finds for somebody who is not signed in, for those who ask for
nothing else all day.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db import DEFAULT_DB_ALIAS
from django.db.models import (
    Count,
    Exists,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
)
from django.db.models.functions import Coalesce

from challenges.models import Challenge, Round, Target
from challenges.selectors import visible_rounds
from leaderboards.compiled import Compiled
from leaderboards.documents import Piece, pieces_of
from leaderboards.models import BoardRevision, ShownChange
from leaderboards.sight import sight_for_everyone
from leaderboards.visible import VisibleBoard

# What of a round decides what may be seen of its board, and what the board's document tells of it.
_LOOKED_AT = {
    "id", "slug", "challenge_id", "published_at", "opens_at", "closes_at", "grace_minutes",
    "revealed_at", "finalized_at", "board_policy", "board_delay_hours", "shown_decimals",
    "names_shown", "names_shown_at", "target_scores_shown", "target_scores_shown_at",
    "predictions_shown", "predictions_shown_at", "abstracts_shown", "abstracts_shown_at",
}  # fmt: skip
# In the order of the model, in which rows become instances.
_OF_ROUND = tuple(
    each.attname for each in Round._meta.concrete_fields if each.attname in _LOOKED_AT
)
_OF_BOARD = ("is_split", "changes", "board", "board__current", "board__current_public")
_OF_PIECE = ("key", "start", "total", "head", "lines")
_PRIVATE = Target.objects.filter(round=OuterRef("pk"), is_private=True, cancelled_at__isnull=True)
_CHANGES = (
    ShownChange.objects.filter(round=OuterRef("pk"))
    .order_by()
    .values("round")
    .values(number=Count("pk"))
)
_FOUND = Compiled(
    lambda: (
        visible_rounds(AnonymousUser())
        .filter(challenge__slug="challenge", slug="round")
        .select_related(None)
        .order_by()
        .annotate(
            is_split=Exists(_PRIVATE),
            changes=Coalesce(Subquery(_CHANGES, output_field=IntegerField()), 0),
            # Which of them is of today is known from their keys.
            piece=FilteredRelation(
                "board__documents",
                condition=Q(board__documents__start__gt=12, board__documents__start__lt=13),
            ),
        )
        .values_list(*_OF_ROUND, *_OF_BOARD, *(f"piece__{name}" for name in _OF_PIECE))
    ),
    challenge="challenge",
    round="round",
    over=12,
    under=13,
)


def public_board(
    challenge: str, round_slug: str, moment: datetime, *, after: int, limit: int | None
) -> tuple[VisibleBoard, list[Piece]] | None:
    """Return the board as everyone may see it, and what is stored of the lines of a page.

    None where it has to be looked for more closely. What of its round and revision is not needed
    for most answers is loaded when it is asked for.
    """
    over, under = pieces_of(after, limit)
    rows = _FOUND.rows(challenge=challenge, round=round_slug, over=over, under=under)
    if not rows:
        return None
    end = len(_OF_ROUND)
    split, changes, board_pk, whole, public = rows[0][end : end + len(_OF_BOARD)]
    round_ = Round.from_db(DEFAULT_DB_ALIAS, _OF_ROUND, rows[0][:end])
    named = ("id", "slug")
    round_.challenge = Challenge.from_db(DEFAULT_DB_ALIAS, named, (round_.challenge_id, challenge))
    sight = sight_for_everyone(round_, moment, is_split=bool(split))
    newest = public if sight.public_sheet else whole
    if not sight.board or sight.delay is not None or newest is None:
        return None
    revision = BoardRevision.from_db(DEFAULT_DB_ALIAS, ("id", "board_id"), (newest, board_pk))
    board = VisibleBoard(round_, sight, moment, revision, changes)
    pieces = [Piece(*row[end + len(_OF_BOARD) :]) for row in rows if row[-1] is not None]
    return board, pieces
