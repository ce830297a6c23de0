"""Boards as plain text tables, for terminals and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MICRO = 1_000_000


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay rows out in columns; columns that hold only numbers are set flush right."""
    if not rows:
        return "(nothing yet)"
    columns = list(zip(heads, *rows, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    right = [all(_is_number(cell) for cell in column[1:]) for column in columns]

    def line(cells: Sequence[str]) -> str:
        laid = [
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(cells, widths, right, strict=True)
        ]
        return "  ".join(laid).rstrip()

    return "\n".join([line(heads), line(["-" * width for width in widths]), *map(line, rows)])


def _is_number(cell: str) -> bool:
    return not cell or cell[0].isdigit() or (cell[:1] in "-+." and cell[1:2].isdigit())


def points(micropoints: int | None) -> str:
    """Write micro-points as points with two decimals."""
    return "" if micropoints is None else f"{micropoints / MICRO:.2f}"


def _interval(low: float | None, high: float | None, form: str) -> str:
    return "" if low is None or high is None else f"[{low:{form}}, {high:{form}}]"


def _kind(line: dict[str, Any]) -> str:
    number = line.get("combined_from")  # a site of an earlier release does not say
    return line["entry_kind"] if number is None else f"{line['entry_kind']} of {number}"


def crowd_lines(board: dict[str, Any]) -> list[str]:
    """Say of each consensus how it stands against the first entry, no surer than the board is."""
    return [_crowd_line(line) for line in board["standings"] if line.get("against_first")]


def _crowd_line(line: dict[str, Any]) -> str:
    duel = line["against_first"]
    low, high = duel["advantage_low"], duel["advantage_high"]
    told = (
        f"{line['method']['title']} of {line['combined_from']} entries: {line['value']:.5g}, "
        f"the first entry {duel['value']:.5g}"
    )
    if low is None or high is None:
        return f"{told}; these targets do not tell whether that is more than chance."
    verdict = "better" if low > 0 else "worse" if high < 0 else "nobody can tell which is better"
    return f"{told}: {verdict} (95 % interval of its advantage [{low:.3g}, {high:.3g}])."


def board_table(board: dict[str, Any]) -> str:
    """Lay out a round's board: models by score."""
    primary = board["columns"][0]["label"] if board["columns"] else "value"
    heads = ["rank", "95 %", "group", "team", "method", "kind", primary, "95 % ", "cover", "credit"]
    rows = [
        [
            str(line["rank"] or "-"),
            _interval(line["rank_low"], line["rank_high"], "d"),
            str(line["tie_group"] or ""),
            line["team"]["name"],
            line["method"]["title"],
            _kind(line),
            "" if line["value"] is None else f"{line['value']:.5g}",
            _interval(line["value_low"], line["value_high"], ".3g"),
            f"{line['answered']}/{line['offered']}",
            points(line["credit_micropoints"]),
        ]
        for line in board["standings"]
    ]
    return table(heads, rows)


def dataset_table(board: dict[str, Any]) -> str:
    """Lay out a round's credit board: datasets by the credit independent teams brought them."""
    heads = ["rank", "dataset", "independent", "self-use", "total", "teams", "licence"]
    rows = [
        [
            str(line["rank"]),
            f"{line['title']} ({line['slug']}@{line['version']})",
            points(line["independent_micropoints"]),
            points(line["self_use_micropoints"]),
            points(line["total_micropoints"]),
            str(line["independent_teams"]),
            line["licence"],
        ]
        for line in board["datasets"]
    ]
    return table(heads, rows)


def challenge_rows(challenges: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return a row for each challenge: its open rounds, and when the first of them closes."""
    rows = []
    for each in challenges:
        open_ones = [one for one in each["rounds"] if one["state"] == "open"]
        names = ", ".join(f"{each['challenge']}/{one['slug']}" for one in open_ones)
        closing = min((one["closes_at"] for one in open_ones), default="")
        rows.append([each["challenge"], names, closing, str(len(each["rounds"]))])
    return rows


def submission_text(address: str, content: dict[str, Any]) -> str:
    """Lay out a submission: its state, why, what is left of the quota, its scores."""
    lines = [f"submission {content['code']}: {content['state']}", f"{address}{content['url']}"]
    if content.get("reason"):
        lines.append(content["reason"])
    if content.get("queue_position"):
        lines.append(f"place in the queue: {content['queue_position']}{_soon(content)}")
    if quota := content.get("quota"):
        left = f"{quota['left']} of {quota['limit']} submissions left"
        lines.append(f"{left}, resets at {quota['resets_at']}")
    rows = [
        [s["target"] or "all targets", s["metric"], score_text(s)]
        for s in content.get("scores") or ()
    ]
    return "\n".join(lines) + ("\n\n" + table(["target", "metric", "score"], rows) if rows else "")


def _soon(content: dict[str, Any]) -> str:
    seconds = (content.get("queue") or {}).get("eta_seconds")
    return "" if seconds is None else f", scored in about {seconds} s"


def score_text(score: dict[str, Any]) -> str:
    """Write a score, or why there is none."""
    return f"{score['value']:.6g}" if score["status"] == "ok" else str(score["status"])
