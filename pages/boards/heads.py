"""Heads of a board's columns as links: sorting needs no script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pages.boards.choice import SORTS, Choice
from pages.boards.lines import BoardView, Column


@dataclass(frozen=True, slots=True)
class Head:
    """Where a column's head leads, and how the table is sorted by it now."""

    href: str
    aria: str  # for aria-sort; empty where it is not sorted by this column


def heads_of(choice: Choice, *, base: str = "") -> Mapping[str, Head]:
    """Return the heads of the columns that every board has."""
    return {key: _head(choice, key, base=base) for key in SORTS}


def metric_heads(view: BoardView, choice: Choice, *, base: str = "") -> list[tuple[Column, Head]]:
    """Return the other metrics of a board with their heads."""
    return [(column, _head(choice, column.key, base=base)) for column in view.others]


def _head(choice: Choice, key: str, *, base: str) -> Head:
    is_now = choice.sort == key or (not choice.sort and key == "rank")
    sort = f"-{key}" if is_now and not choice.descending else key
    aria = ("descending" if choice.descending else "ascending") if is_now else ""
    return Head(f"{base}{choice.kept(sort=sort)}#board", aria)
