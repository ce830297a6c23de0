"""What entries cost, as their makers declare it in the statements of their models."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.models import Statement
from leaderboards.pictures import front
from leaderboards.shown import ShownStanding
from leaderboards.visible import VisibleBoard
from submissions.models import Submission

# Numbers that a statement may declare; the others are words.
COSTS: dict[str, str | Promise] = {
    "device_hours": _("device-hours of training"),
    "parameters": _("number of parameters"),
}


@dataclass(frozen=True, slots=True)
class Costed:
    """An entry with what it cost; on the front, no other is both cheaper and better."""

    line: ShownStanding
    cost: float
    value: float
    is_front: bool


def costed(board: VisibleBoard, key: str) -> list[Costed]:
    """Return the ranked and reference entries with a declared cost, the cheapest first.

    What a team says of its method waits for the clock of descriptions, and for names.
    """
    if board.revision is None or not (board.sight.names and board.sight.abstracts):
        return []
    costs = _declared(board, key)
    lines = [line for line in board.lines if line.submission_id in costs and line.value is not None]
    points = [(costs[line.submission_id], float(line.value or 0.0)) for line in lines]
    lower = board.revision.rule["direction"] == "lower"
    best = set(front(points, lower_is_better=lower))
    found = [
        Costed(line, cost, value, place in best)
        for place, (line, (cost, value)) in enumerate(zip(lines, points, strict=True))
    ]
    return sorted(found, key=lambda each: (each.cost, each.line.position))


def _declared(board: VisibleBoard, key: str) -> dict[int, float]:
    """Return the declared numbers by submission: of each method the newest published statement."""
    lines = {line.submission_id for line in board.lines}
    methods = dict(Submission.objects.filter(pk__in=lines).values_list("pk", "method"))
    newest: dict[int, object] = {}
    rows = Statement.objects.filter(
        artifact__in=set(methods.values()), published_at__isnull=False
    ).order_by("artifact", "number")
    for artifact, answers in rows.values_list("artifact", "answers"):
        newest[artifact] = answers.get(key)
    found = {pk: _number(newest.get(method)) for pk, method in methods.items()}
    return {pk: cost for pk, cost in found.items() if cost is not None}


def _number(answer: object) -> float | None:
    """Return a declared number; "not disclosed" and words are none."""
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return None
    return float(answer) if math.isfinite(answer) and answer >= 0 else None
