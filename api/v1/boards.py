"""Boards: the newest, an earlier one, and the scores on single targets, as far as they are shown.

Everything comes from `leaderboards.visible`: what a round withholds is not in it.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from api.conditional import answer_if_changed, etag_of
from api.v1.access import find_round, viewer
from api.v1.serializers import ErrorSerializer, ScoreSerializer
from leaderboards.documents import Piece, page_document, stored_page, stored_pieces
from leaderboards.models import BoardRevision
from leaderboards.public_board import public_board
from leaderboards.shown import ShownStanding
from leaderboards.sight import sight_of
from leaderboards.visible import VisibleBoard, visible_board, visible_revisions
from leaderboards.visible_scores import board_scores

REFUSED = {400: ErrorSerializer, 404: ErrorSerializer}
WHICH = [
    OpenApiParameter("revision", int, description="The revision of this number."),
    OpenApiParameter(
        "at",
        str,
        description="The board as it stood at this moment (ISO 8601), or at the end of this day.",
    ),
]
PAGE = [
    OpenApiParameter(
        "limit", int, description="At most so many lines, up to 500; without it, all of them."
    ),
    OpenApiParameter(
        "after", int, description="Lines behind this position: `next` of the page before."
    ),
]
LARGEST = 2**31 - 1
MOST_LINES = 500


class RevisionSerializer(serializers.ModelSerializer[BoardRevision]):
    revision = serializers.IntegerField(source="number")
    computed_at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = BoardRevision
        fields = ["revision", "computed_at"]


class EntryScoresSerializer(serializers.Serializer[Any]):
    """A line of the board and its scores on single targets."""

    rank = serializers.IntegerField(allow_null=True)
    submission = serializers.CharField(allow_null=True, help_text="Null while names are withheld.")
    team = serializers.CharField()
    method = serializers.CharField()
    entry_kind = serializers.CharField()
    scores = ScoreSerializer(many=True)


class BoardScoresSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(allow_null=True)
    visible = serializers.BooleanField(help_text="Whether scores on targets are shown to you.")
    entries = EntryScoresSerializer(many=True)


class Leaderboard(APIView):
    """Read a board of a round. Send If-None-Match to hear 304 until it changes."""

    @extend_schema(
        operation_id="leaderboard_read",
        parameters=[*WHICH, *PAGE],
        responses={200: OpenApiResponse(OpenApiTypes.OBJECT), **REFUSED},
    )
    def get(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        after, limit = _page(request)
        found = _found_for_everyone(request, challenge, round_slug, after, limit)
        if found is None:
            board = asked_board(request, challenge, round_slug)
            found = board, stored_pieces(board, after, limit)
        board, pieces = found
        # An organizer's board is nobody else's, so no cache between may keep it for others.
        return answer_if_changed(
            request,
            etag=etag_of(board.mark) if limit is None else etag_of(board.mark, after, limit),
            build=lambda: (
                _stored(request, board, pieces, after, limit) or page_document(board, after, limit)
            ),
            public=not board.sight.everything,
        )


class BoardRevisions(APIView):
    """List the revisions of a board that the caller may see, newest first."""

    @extend_schema(
        operation_id="leaderboard_revisions_list",
        responses={200: RevisionSerializer(many=True), 404: ErrorSerializer},
    )
    def get(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        round_, now = find_round(request, challenge, round_slug), timezone.now()
        rows = visible_revisions(round_, sight_of(round_, viewer(request), now), now)
        content = RevisionSerializer(rows.order_by("-number"), many=True).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)


class BoardScores(APIView):
    """Read the scores on single targets behind a board, line by line."""

    @extend_schema(
        operation_id="leaderboard_scores_read",
        parameters=WHICH,
        responses={200: BoardScoresSerializer, **REFUSED},
    )
    def get(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        board = asked_board(request, challenge, round_slug)
        return answer_if_changed(
            request, etag=etag_of("scores", board.mark), build=lambda: _scores_document(board)
        )


def asked_board(request: Request, challenge: str, round_slug: str) -> VisibleBoard:
    """Return the board that a request asks for by `revision` or `at`; 404 if there is none."""
    round_ = find_round(request, challenge, round_slug)
    number, as_of = _number(request), _moment(request)
    board = visible_board(round_, viewer(request), timezone.now(), as_of=as_of, number=number)
    if number is not None and board.revision is None:
        raise Http404
    return board


def _found_for_everyone(
    request: Request, challenge: str, round_slug: str, after: int, limit: int | None
) -> tuple[VisibleBoard, list[Piece]] | None:
    """Return the newest board if nobody in particular asks for it; None where another is asked."""
    asked = request.query_params
    if request.user.is_authenticated or asked.get("revision") or asked.get("at"):
        return None
    return public_board(challenge, round_slug, timezone.now(), after=after, limit=limit)


def _stored(
    request: Request, board: VisibleBoard, pieces: list[Piece], after: int, limit: int | None
) -> HttpResponse | None:
    """Return a board from what is stored of it, if it is wanted as it is stored."""
    if request.accepted_media_type != "application/json":  # with an indent, maybe
        return None
    text = stored_page(board, pieces, after=after, limit=limit)
    return None if text is None else HttpResponse(text, content_type="application/json")


def _number(request: Request) -> int | None:
    number = _whole(request, "revision", "Give the number of a revision.")
    if number is not None and number > LARGEST:
        raise Http404
    return number


def _whole(request: Request, name: str, remedy: str) -> int | None:
    text = request.query_params.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise ValidationError({name: [remedy]})
    return int(text[:10])


def _page(request: Request) -> tuple[int, int | None]:
    """Return behind which position a page begins, and how many lines it has at most."""
    limit = _whole(request, "limit", f"Give a number from 1 to {MOST_LINES}.")
    after = _whole(request, "after", "Give the position that `next` of the page before names.")
    if limit is not None and not 1 <= limit <= MOST_LINES:
        raise ValidationError({"limit": [f"Give a number from 1 to {MOST_LINES}."]})
    if after is not None and limit is None:
        raise ValidationError({"limit": ["Say how many lines a page has."]})
    return min(after or 0, LARGEST), limit


def _moment(request: Request) -> datetime | None:
    text = request.query_params.get("at", "")
    if not text:
        return None
    try:
        day = parse_date(text) if len(text) == 10 else None
        moment = None if day else parse_datetime(text)
    except ValueError:
        day = moment = None
    if day is not None:
        return datetime.combine(day, time.max, tzinfo=UTC)
    if moment is None:
        raise ValidationError({"at": ["Write a day or moment like 2026-11-20T12:00:00Z."]})
    return timezone.make_aware(moment, UTC) if timezone.is_naive(moment) else moment


def _scores_document(board: VisibleBoard) -> Any:
    rows: dict[int, list[Any]] = {line.submission_id: [] for line in board.lines}
    for score in board_scores(board):
        rows[score.submission_id].append(score)
    content = {
        "revision": board.revision and board.revision.number,
        "visible": board.sight.target_scores,
        "entries": [_entry(line, rows[line.submission_id]) for line in board.lines],
    }
    return BoardScoresSerializer(content).data


def _entry(line: ShownStanding, scores: list[Any]) -> dict[str, Any]:
    return {
        "rank": line.rank,
        "submission": line.submission.code or None,
        "team": line.submission.team.name,
        "method": line.submission.method.title,
        "entry_kind": line.submission.entry_kind,
        "scores": scores,
    }
