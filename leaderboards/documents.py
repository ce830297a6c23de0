"""Boards as JSON: made of their lines, or put together from text that was stored of them.

What is stored is what everyone may have of a board whose names are shown, under a key of all that
decides it. The round's own part, with its clock, is written at each request.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from challenges.disclosure import Kind, disclosed_at
from leaderboards.identity import artifact_id
from leaderboards.models import BoardDocument
from leaderboards.shown import ShownStanding
from leaderboards.visible import VisibleBoard

FORM = 2  # changes when stored text is written in another way
PIECE = 100  # lines in a row: a page is read without the rest of the board
MOST_LINES = 2**31 - 1
# JSON may hold these as they are, JavaScript may not.
_NOT_PLAIN = {ord("\u2028"): "\\u2028", ord("\u2029"): "\\u2029"}


@dataclass(frozen=True, slots=True)
class Piece:
    """Some lines of a board, as they are stored."""

    key: str
    start: int
    total: int
    head: str
    lines: str


def board_document(
    board: VisibleBoard, *, lines: Sequence[ShownStanding] | None = None
) -> dict[str, Any]:
    """Return a board as JSON: the rule, the columns and every line that may be seen.

    `lines` may be given in the place of the board's own: a part of it, ranked by itself.
    """
    head = _round_document(board)
    if board.revision is None:
        return {**head, "revision": None, "rule": None, "columns": [], "standings": []}
    shown = board.lines if lines is None else lines
    standings = [standing_document(row) for row in shown]
    return {**head, **revision_document(board), "standings": standings}


def page_document(board: VisibleBoard, after: int, limit: int | None) -> dict[str, Any]:
    """Return a board, or a page of it with the position that the next page begins behind."""
    if limit is None:
        return board_document(board)
    lines = board.page(after=after, limit=limit + 1)
    has_more, lines = len(lines) > limit, lines[:limit]
    following = lines[-1].position if has_more else None
    return board_document(board, lines=lines) | {"next": following}


def stored_pieces(board: VisibleBoard, after: int, limit: int | None) -> list[Piece]:
    """Return what is stored of the lines of a page."""
    key = key_of(board)
    if key is None or board.revision is None:
        return []
    over, under = pieces_of(after, limit)
    rows = BoardDocument.objects.filter(
        board=board.revision.board_id, key=key, start__gt=over, start__lt=under
    )
    return [Piece(*row) for row in rows.values_list("key", "start", "total", "head", "lines")]


def pieces_of(after: int, limit: int | None) -> tuple[int, int]:
    """Return between which numbers the pieces begin that a page is made of."""
    return after - PIECE, MOST_LINES if limit is None else after + limit


def stored_page(
    board: VisibleBoard, pieces: Iterable[Piece], *, after: int, limit: int | None
) -> str | None:
    """Return the text of `page_document` from what is stored; None where not all of it is."""
    key = key_of(board)
    found = sorted((each for each in pieces if each.key == key), key=attrgetter("start"))
    if not found:
        return None
    first, total = found[0].start, found[0].total
    end = MOST_LINES if limit is None else after + limit
    if [each.start for each in found] != list(range(first, min(end, total), PIECE)):
        return None
    lines = "\n".join(each.lines for each in found).split("\n")[after - first : end - first]
    following = "" if limit is None else f',"next":{end if end < total else "null"}'
    own = as_text(_round_document(board))[1:-1]
    return f'{{{own},{found[0].head},"standings":[{",".join(lines)}]{following}}}'


def key_of(board: VisibleBoard) -> str | None:
    """Return the key of what is stored of a board; None where nothing may be.

    It holds what decides the lines and the revision's part: the revision, what changed around it
    since, and whatever of the sight is looked at in writing them. Where names are withheld, or an
    organizer looks, nothing is stored.
    """
    sight = board.sight
    if board.revision is None or sight.everything or not sight.names:
        return None
    looked_at = f"{sight.credit:d}{sight.is_whole:d} {sight.decimals}"
    return f"{FORM} {board.revision.pk} {board.changes} {looked_at}"


def as_text(content: Any) -> str:
    """Return JSON as the API writes it."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_NOT_PLAIN) if not text.isascii() else text


def revision_document(board: VisibleBoard) -> dict[str, Any]:
    """Return what a revision says of itself, but its lines."""
    revision = board.revision
    if revision is None:
        raise ValueError("there is no revision to tell of")
    return {
        "revision": revision.number,
        "computed_at": revision.created_at.isoformat(),
        # A digest of few unknown numbers can be tried out, so it waits for them.
        "inputs_sha256": revision.inputs_sha256 if board.sight.is_whole else None,
        "rule": revision.rule,
        "targets": revision.target_slugs,
        "columns": revision.columns,
    }


def _round_document(board: VisibleBoard) -> dict[str, Any]:
    round_ = board.round
    return {
        "challenge": round_.challenge.slug,
        "round": round_.slug,
        "state": round_.state_at(board.moment).value,
        "url": round_.get_absolute_url(),
        "visible": board.sight.board,
        "visible_from": _visible_from(board),
    }


def _visible_from(board: VisibleBoard) -> str | None:
    """Return when a hidden board is shown, where that is known."""
    if board.sight.board:
        return None
    moment = disclosed_at(board.round, Kind.BOARD)
    return None if moment is None else moment.isoformat()


def standing_document(row: ShownStanding) -> dict[str, Any]:
    submission = row.submission
    return {
        "rank": row.rank,
        "rank_low": row.rank_low,
        "rank_high": row.rank_high,
        "first_probability": row.first_probability,
        "tie_group": row.tie_group,
        "status": row.status,
        "entry_kind": submission.entry_kind,
        "combined_from": submission.combined_from,
        "against_first": row.against_first,
        "track": row.submission.track and row.submission.track.slug,
        "insider_of": row.insider_of if row.is_named else [],
        "submission": submission.code or None,
        "team": {"slug": submission.team.slug or None, "name": submission.team.name},
        "method": {
            "slug": submission.method.slug or None,
            "version": submission.method.version or None,
            "title": submission.method.title,
            "disclosure": submission.method.disclosure,
            "built_on": [artifact_id(parent) for parent in submission.method.parents],
        },
        "value": row.value,
        "value_low": row.value_low,
        "value_high": row.value_high,
        "values": row.values,
        "answered": row.answered,
        "offered": row.offered,
        "submissions_used": row.submissions_used,
        "skill_ppm": row.skill_ppm,
        "credit_micropoints": row.credit_micropoints,
    }
