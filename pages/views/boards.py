"""Boards of rounds: as pages, and as files for other programs."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.selectors import active_teams_of
from challenges.models import Round
from challenges.selectors import visible_rounds
from leaderboards.visible import visible_board
from pages.board_csv import write_board
from pages.boards import BoardView, Line, board_of, breakdown_of, heat_picture


def breakdown(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    found = visible_round(request, challenge, round)
    shown = visible_board(found, request.user, timezone.now())
    board = board_of(shown, mine=active_teams_of(request.user))
    key, lines = request.GET.get("metric", ""), lines_of(request, board)
    table = breakdown_of(found, board, lines, key=key) if board else None
    if table is None and shown.sight.target_scores and "metric" in request.GET:
        raise Http404("no such metric in this round")
    context = {
        "round": found,
        "board": board,
        "sight": shown.sight,
        "table": table,
        "metrics": [each for each in found.metrics.all() if each.aggregate != "pooled"],
        "picture": heat_picture(table) if table else "",
    }
    return render(request, "pages/breakdown.html", context)


def board_csv(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    found = visible_round(request, challenge, round)
    board = board_of(visible_board(found, request.user, timezone.now()))
    if board is None:
        raise Http404("no board yet")
    name = f"{found.challenge.slug}-{found.slug}-revision-{board.revision.number}.csv"
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    write_board(board, response)
    return response


def lines_of(request: HttpRequest, board: BoardView | None) -> list[Line]:
    """Return the lines to show: the first, or every one where the address asks for it."""
    if board is None:
        return []
    return board.lines if "all" in request.GET else board.first


def visible_round(request: HttpRequest, challenge: str, round: str) -> Round:
    """Return a round this visitor may see; what is out of sight does not exist."""
    return get_object_or_404(visible_rounds(request.user), challenge__slug=challenge, slug=round)
