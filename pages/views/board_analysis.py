"""What a board can be asked: is its order firm, who beats whom, what changed and when."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from leaderboards.changes import changes_between, history_of
from leaderboards.firmness import duels, stability
from leaderboards.progress import arrivals
from leaderboards.visible import visible_board, visible_revisions
from pages.boards.analysis import duel_table, stability_table, target_table
from pages.boards.choice import number_of
from pages.boards.drawings import progress_picture
from pages.boards.seen import SeenBoard, seen_board, seen_sheet, visible_round

MOST_REVISIONS = 50


def stability_page(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    seen = seen_board(request, challenge, round)
    sheet = seen_sheet(seen)
    found = stability(sheet) if sheet and sheet.competing else None
    context = _context(seen) | {
        "stability": found,
        "table": stability_table(found, seen.visible.lines) if found else None,
    }
    return render(request, "pages/board_stability.html", context)


def duels_page(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    seen = seen_board(request, challenge, round)
    sheet = seen_sheet(seen)
    found = duels(sheet) if sheet and sheet.competing else None
    context = _context(seen) | {
        "duels": found,
        "table": duel_table(found, seen.visible.lines) if found else None,
    }
    return render(request, "pages/board_duels.html", context)


def targets_page(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    seen = seen_board(request, challenge, round)
    sheet = seen_sheet(seen)
    context = _context(seen) | {"table": target_table(sheet, seen.choice) if sheet else None}
    return render(request, "pages/board_targets.html", context)


def changes_page(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    found, now = visible_round(request, challenge, round), timezone.now()
    newest = visible_board(found, request.user, now)
    numbers = list(
        visible_revisions(found, newest.sight, now)
        .order_by("-number")
        .values_list("number", "created_at")[:MOST_REVISIONS]
    )
    last = numbers[0][0] if numbers else 0
    end = number_of(request.GET.get("to", "")) or last
    start = number_of(request.GET.get("from", "")) or max(end - 1, 1)
    old = visible_board(found, request.user, now, number=start)
    new = visible_board(found, request.user, now, number=end)
    if numbers and (old.revision is None or new.revision is None):
        raise Http404("no such revision")
    context = {
        "round": found,
        "old": old.revision,
        "new": new.revision,
        "numbers": numbers,
        "sight": newest.sight,
        "changes": changes_between(old, new, history_of([old, new])) if numbers else None,
    }
    return render(request, "pages/board_changes.html", context)


def progress_page(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    seen = seen_board(request, challenge, round)
    found = arrivals(seen.visible)
    context = _context(seen) | {
        "arrivals": list(reversed(found)),
        "picture": progress_picture(seen.visible, found) if found else "",
    }
    return render(request, "pages/board_progress.html", context)


def _context(seen: SeenBoard) -> dict[str, object]:
    return {
        "round": seen.round,
        "board": seen.view,
        "choice": seen.choice,
        "sight": seen.visible.sight,
        "revision": seen.visible.revision,
    }
