"""Boards as files for other programs, all of them in the view that the address asks for."""

from __future__ import annotations

import io
from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone

from leaderboards.changes import Changes, changes_between, history_of
from leaderboards.documents import board_document
from leaderboards.models import BoardRevision
from leaderboards.visible import latest_boards
from pages.board_csv import write_board
from pages.boards.archive import archive, published
from pages.boards.exports import feed_of, latex_table, rule_json, said_of, write_scores
from pages.boards.lines import board_of
from pages.boards.seen import (
    SeenBoard,
    page_of,
    permanent_address,
    seen_board,
    seen_or_404,
    seen_sheet,
    visible_round,
)

MOST_ITEMS = 20


def board_csv(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    seen, view = seen_or_404(request, challenge, round)
    response = attachment("", "text/csv", f"{seen.name}.csv")
    write_board(view, response)
    return response


def board_json(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    seen, view = seen_or_404(request, challenge, round)
    lines = [line.standing for line in view.lines]
    content = board_document(seen.visible, lines=lines) | {"view": seen.choice.query}
    return JsonResponse(content, json_dumps_params={"ensure_ascii": False})


def board_tex(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    seen, view = seen_or_404(request, challenge, round)
    address = permanent_address(request, seen)
    text = latex_table(view, title=str(seen.round), address=address)
    return attachment(text, "application/x-tex", f"{seen.name}.tex")


def board_atom(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    seen = seen_board(request, challenge, round)
    text = feed_of(
        seen.visible,
        _revisions(seen),
        address=request.build_absolute_uri(),
        page=request.build_absolute_uri(page_of(seen)),
    )
    return HttpResponse(text, content_type="application/atom+xml; charset=utf-8")


def _revisions(seen: SeenBoard) -> Iterator[tuple[BoardRevision, Changes | None, str]]:
    """Yield the latest revisions with what changed since the one before."""
    boards = latest_boards(seen.visible, number=MOST_ITEMS + 1)
    history = history_of(boards)
    for place, board in enumerate(boards[:MOST_ITEMS]):
        older = boards[place + 1] if place + 1 < len(boards) else None
        view = board_of(board)
        if view is not None:
            changes = changes_between(older, board, history) if older else None
            yield view.revision, changes, said_of(view)


def scores_csv(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    seen, _view = seen_or_404(request, challenge, round)
    sheet = seen_sheet(seen)
    if sheet is None:
        raise Http404("scores on single targets are not shown yet")
    text = io.StringIO()
    codes = {
        line.submission_id: line.submission.code or line.submission.team.name
        for line in seen.visible.lines
    }
    write_scores(sheet, codes, text)
    return attachment(text.getvalue(), "text/csv", f"{seen.name}-scores.csv")


def rule(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    seen, _view = seen_or_404(request, challenge, round)
    sheet = seen_sheet(seen)
    if sheet is None:
        raise Http404("scores on single targets are not shown yet")
    return attachment(rule_json(sheet), "application/json", f"{seen.name}-rule.json")


def archive_zip(request: HttpRequest, challenge: str, round: str) -> StreamingHttpResponse:
    """Send all of a revealed round: what everyone may have of it, whoever asks."""
    found = visible_round(request, challenge, round)
    page = reverse("pages:board", args=[challenge, round])
    ready = published(found, timezone.now(), address=request.build_absolute_uri(page))
    if ready is None:
        raise Http404("the round is not revealed, or its scores are withheld")
    response = StreamingHttpResponse(archive(ready), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{ready.name}.zip"'
    return response


def attachment(text: str, kind: str, name: str) -> HttpResponse:
    """Return text as a file to be kept."""
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
