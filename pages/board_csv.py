"""The board as a table for other programs."""

from __future__ import annotations

import csv

from django.http import HttpResponse

from pages.boards import BoardView, Line

HEAD = [
    "position", "status", "rank", "rank_low", "rank_high", "tie_group", "team", "team_slug",
    "method", "method_slug", "method_version", "entry_kind", "value", "value_low", "value_high",
    "answered", "offered", "skill_ppm", "credit_micropoints", "combined_from",
    "submission", "track", "submissions_used", "first_probability",
]  # fmt: skip
# Full-width signs too: some programs read them as the plain ones. (Empty text begins no formula.)
FORMULA = tuple("=+-@＝＋－＠")  # noqa: RUF001


def write_board(board: BoardView, to: HttpResponse) -> None:
    """Write one row per line of the board; a missing value is an empty cell."""
    writer = csv.writer(to)
    writer.writerow([*HEAD, *(column.key for column in board.others)])
    for line in board.lines:
        writer.writerow([*_row(line), *line.cells])


def plain(text: str) -> str:
    """Keep a spreadsheet from running a person's text as a formula."""
    return f"'{text}" if text.lstrip()[:1] in FORMULA or text[:1].isspace() else text


def _row(line: Line) -> list[object]:
    standing = line.standing
    submission = standing.submission
    return [
        standing.position,
        standing.status,
        standing.rank,
        standing.rank_low,
        standing.rank_high,
        standing.tie_group,
        plain(submission.team.name),
        plain(submission.team.slug),
        plain(submission.method.title),
        plain(submission.method.slug),
        submission.method.version,
        submission.entry_kind,
        standing.value,
        standing.value_low,
        standing.value_high,
        standing.answered,
        standing.offered,
        standing.skill_ppm,
        standing.credit_micropoints,
        submission.combined_from,
        submission.code,
        plain(submission.track.slug) if submission.track else "",
        standing.submissions_used,
        standing.first_probability,
    ]
