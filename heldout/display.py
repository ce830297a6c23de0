"""Lists that a notebook shows as tables. What came from a server is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Generic, TypeVar, overload

from heldout.tables import table

T = TypeVar("T")
MOST_ROWS = 60


def html_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str = "") -> str:
    """Lay out cells as an HTML table.

    >>> html_table(["a"], [["<b>"]])
    '<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>'
    """
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows[:MOST_ROWS]
    )
    left = len(rows) - MOST_ROWS
    more = f"<p>... and {left} more</p>" if left > 0 else ""
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>{more}"


class Listing(Sequence[T], Generic[T]):
    """A read-only list with a table for people."""

    def __init__(
        self, items: Sequence[T], *, heads: Sequence[str], rows: Sequence[Sequence[str]]
    ) -> None:
        self._items = tuple(items)
        self._heads = tuple(heads)
        self._rows = [tuple(row) for row in rows]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: Any) -> Any:
        return self._items[place]

    def __repr__(self) -> str:
        return table(self._heads, self._rows)

    def _repr_html_(self) -> str:
        return html_table(self._heads, self._rows)
