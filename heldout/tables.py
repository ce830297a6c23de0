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
            line["entry_kind"],
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
