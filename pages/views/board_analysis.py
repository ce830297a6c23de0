"""What a board can be asked: is its order firm, who beats whom, what changed and when."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from leaderboards.changes import changes_between, history_of
from leaderboards.costs import COSTS, costed
from leaderboards.firmness import duels, stability
from leaderboards.progress import arrivals
from leaderboards.shaken import shake_ups
from leaderboards.visible import visible_board, visible_revisions
from pages.boards.analysis import duel_table, stability_table, target_table
from pages.boards.choice import number_of
from pages.boards.drawings import costs_picture, progress_picture
from pages.boards.seen import SeenBoard, seen_board, seen_sheet, visible_round

MOST_REVISIONS = 50
MOST_TARGET_MOVES = 500


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
    changes = changes_between(old, new, history_of([old, new])) if numbers else None
    context = {
        "round": found,
        "old": old.revision,
        "new": new.revision,
        "numbers": numbers,
        "sight": newest.sight,
        "changes": changes,
        "target_moves": changes.targets[:MOST_TARGET_MOVES] if changes else [],
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


def shake_up_page(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    seen = seen_board(request, challenge, round)
    by_key = {line.submission_id: line for line in seen.visible.lines}
    tables = [
        (found, [(by_key[row.key], row) for row in found.rows]) for found in shake_ups(seen.visible)
    ]
    has_private = seen.round.targets.filter(is_private=True, cancelled_at__isnull=True).exists()
    context = _context(seen) | {"tables": tables, "has_private": has_private}
    return render(request, "pages/board_shake_up.html", context)


def costs_page(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    seen = seen_board(request, challenge, round)
    key = seen.choice.cost or next(iter(COSTS))
    found = costed(seen.visible, key)
    column = seen.visible.revision.columns[0] if seen.visible.revision else {}
    metric = str(column.get("label") or column.get("key") or "")
    context = _context(seen) | {
        "rows": found,
        "costs": COSTS.items(),
        "cost": key,
        "cost_name": COSTS[key],
        "metric": metric,
        "silent": len(seen.visible.lines) - len(found),
        "picture": costs_picture(found, cost=str(COSTS[key]), metric=metric) if found else "",
    }
    return render(request, "pages/board_costs.html", context)


def _context(seen: SeenBoard) -> dict[str, object]:
    return {
        "round": seen.round,
        "board": seen.view,
        "choice": seen.choice,
        "sight": seen.visible.sight,
        "revision": seen.visible.revision,
    }
