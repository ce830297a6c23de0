"""Pictures of boards as SVG files, and the numbers in them as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence

from csp.decorators import csp_replace
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from leaderboards.costs import COSTS, costed
from leaderboards.fields import NothingToDraw, field_picture
from leaderboards.pictures import standalone
from leaderboards.pictures.standalone import STYLE_SOURCE
from leaderboards.progress import arrivals
from pages.board_csv import plain
from pages.boards.drawings import costs_picture, heat_picture, progress_picture, ranks_picture
from pages.boards.lines import BoardView
from pages.boards.seen import SeenBoard, seen_or_404
from pages.boards.targets import Breakdown, breakdown_of
from pages.views.board_files import attachment
from submissions.models import Submission

Rows = Iterable[Sequence[object]]


@csp_replace({"default-src": ["'none'"], "style-src": [f"'{STYLE_SOURCE}'"]})  # type: ignore[arg-type]
def svg(request: HttpRequest, challenge: str, round: str, name: str) -> HttpResponse:
    seen, view = seen_or_404(request, challenge, round)
    draw, _rows = _picture(name)
    picture = standalone(draw(seen, view))
    response = HttpResponse(picture, content_type="image/svg+xml; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="{seen.name}-{name}.svg"'
    return response


def data(request: HttpRequest, challenge: str, round: str, name: str) -> HttpResponse:
    seen, view = seen_or_404(request, challenge, round)
    _draw, rows = _picture(name)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for row in rows(seen, view):
        writer.writerow([plain(each) if isinstance(each, str) else each for each in row])
    return attachment(text.getvalue(), "text/csv", f"{seen.name}-{name}.csv")


def fields(
    request: HttpRequest, challenge: str, round: str, target: str, code: str
) -> HttpResponse:
    """Send the picture of a target's answer, an entry's prediction of it, and the error."""
    seen, view = seen_or_404(request, challenge, round)
    found = get_object_or_404(seen.round.targets.select_related("round"), slug=target)
    shown = {line.standing.submission.code: line.standing for line in view.lines}
    if code not in shown:
        raise Http404("no such entry on this board")
    submission = Submission.objects.get(pk=shown[code].submission_id)
    try:
        picture = field_picture(seen.visible, found, submission)
    except NothingToDraw:
        raise Http404("nothing to draw") from None
    return HttpResponse(picture, content_type="image/png")


def _ranks(_seen: SeenBoard, view: BoardView) -> str:
    return ranks_picture(view)


def _rank_rows(_seen: SeenBoard, view: BoardView) -> Rows:
    yield ["team", "method", "rank", "rank_low", "rank_high", "tie_group", "first_probability"]
    for line in view.ranked:
        row = line.standing
        yield [row.submission.team.name, row.submission.method.title, row.rank, row.rank_low,
               row.rank_high, row.tie_group, row.first_probability]  # fmt: skip


def _heat(seen: SeenBoard, view: BoardView) -> str:
    return heat_picture(_breakdown(seen, view))


def _heat_rows(seen: SeenBoard, view: BoardView) -> Rows:
    found = _breakdown(seen, view)
    yield ["team", "method", *(target.slug for target in found.targets)]
    for line, scores in found.rows:
        submission = line.standing.submission
        values = [None if score is None else score.value for score in scores]
        yield [submission.team.name, submission.method.title, *values]


def _breakdown(seen: SeenBoard, view: BoardView) -> Breakdown:
    found = breakdown_of(seen.round, view, view.lines, key=seen.choice.part.metric)
    if found is None:
        raise Http404("scores on single targets are not shown, or there are none")
    return found


def _progress(seen: SeenBoard, _view: BoardView) -> str:
    return progress_picture(seen.visible, arrivals(seen.visible))


def _progress_rows(seen: SeenBoard, _view: BoardView) -> Rows:
    yield ["at", "team", "method", "entry_kind", "value", "best_so_far"]
    for each in arrivals(seen.visible):
        submission = each.line.submission
        yield [each.at.isoformat(), submission.team.name, submission.method.title,
               submission.entry_kind, each.line.value, each.is_best]  # fmt: skip


def _costs(seen: SeenBoard, view: BoardView) -> str:
    key = seen.choice.cost or next(iter(COSTS))
    metric = view.primary.label if view.primary else ""
    return costs_picture(costed(seen.visible, key), cost=str(COSTS[key]), metric=metric)


def _cost_rows(seen: SeenBoard, _view: BoardView) -> Rows:
    key = seen.choice.cost or next(iter(COSTS))
    yield ["team", "method", "entry_kind", key, "value", "on_the_front"]
    for each in costed(seen.visible, key):
        submission = each.line.submission
        yield [submission.team.name, submission.method.title, submission.entry_kind, each.cost,
               each.value, each.is_front]  # fmt: skip


Drawn = tuple[Callable[[SeenBoard, BoardView], str], Callable[[SeenBoard, BoardView], Rows]]
PICTURES: dict[str, Drawn] = {
    "ranks": (_ranks, _rank_rows),
    "heat": (_heat, _heat_rows),
    "progress": (_progress, _progress_rows),
    "costs": (_costs, _cost_rows),
}


def _picture(name: str) -> Drawn:
    if name not in PICTURES:
        raise Http404("no such picture")
    return PICTURES[name]
