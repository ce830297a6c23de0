"""Boards of rounds as pages: the board in every view, and what entries did on each target."""

from __future__ import annotations

from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.selectors import active_teams_of
from leaderboards.provenance import corrected_runs, provenance_of, tombstones
from leaderboards.visible import visible_board, visible_revisions
from pages.boards import BoardView, Line, board_of, breakdown_of, heat_picture, ranks_picture
from pages.boards.commands import commands_for
from pages.boards.heads import heads_of, metric_heads
from pages.boards.seen import (
    page_of,
    permanent_address,
    seen_board,
    seen_or_404,
    visible_round,
)
from pages.boards.settings import settings_of

__all__ = ["breakdown", "lines_of", "visible_round"]
MOST_REVISIONS = 20


def board(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    seen = seen_board(request, challenge, round)
    view, visible = seen.view, seen.visible
    revisions = visible_revisions(seen.round, visible.sight, visible.moment)
    context = {
        "round": seen.round,
        "state": seen.round.state_at(visible.moment),
        "board": view,
        "choice": seen.choice,
        "sight": visible.sight,
        "lines": lines_of(request, view),
        "settings": settings_of(seen.round, visible, seen.choice),
        "heads": heads_of(seen.choice),
        "other_heads": metric_heads(view, seen.choice) if view else [],
        "corrected": corrected_runs(visible),
        "tombstones": tombstones(visible),
        "revisions": revisions.only("number", "created_at").order_by("-number")[:MOST_REVISIONS],
        "is_posted": seen.round.credit_books.exists(),
        "picture": ranks_picture(view) if view and view.ranked else "",
        "here": seen.choice.kept(),
        "entry_base": f"{page_of(seen)}entries/",
        "permanent": permanent_address(request, seen),
    }
    return render(request, "pages/board.html", context)


def entry(request: HttpRequest, challenge: str, round: str, code: str) -> HttpResponse:
    """Show how one line of a board came about."""
    seen, view = seen_or_404(request, challenge, round)
    line = next((each for each in view.lines if each.standing.submission.code == code), None)
    if line is None:
        raise Http404("no such entry on this board")
    scored = provenance_of(seen.visible).get(line.standing.run_id or 0)
    inputs = list(line.standing.submission.method.parents)
    prefetch_related_objects(inputs, "contributions__person")
    context = {
        "round": seen.round,
        "board": view,
        "line": line,
        "scored": scored,
        "inputs": inputs,
        "sight": seen.visible.sight,
        "commands": commands_for(seen, line, scored),
    }
    return render(request, "pages/board_entry.html", context)


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


def lines_of(request: HttpRequest, board: BoardView | None) -> list[Line]:
    """Return the lines to show: the first, or every one where the address asks for it."""
    if board is None:
        return []
    return board.lines if "all" in request.GET else board.first
