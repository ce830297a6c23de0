"""A thin bar of parts, for a cell of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leaderboards.pictures.svg import document, element

WIDTH = 160.0
HEIGHT = 10.0


@dataclass(frozen=True, slots=True)
class BarPart:
    """One part: its amount, what it is called, and its style class."""

    amount: float
    label: str
    class_: str


def stacked_bar(parts: Sequence[BarPart], *, largest: float, name: str, title: str) -> str:
    """Draw parts side by side, on a scale that ends at `largest`.

    Parameters
    ----------
    parts : sequence of BarPart
        Amounts below zero are refused.
    largest : float
        The amount that fills the width; the same for all bars of a table.
    name : str
        Prefix of ids, unique in the page.

    Raises
    ------
    ValueError
        If an amount is below zero or the parts are longer than the scale.
    """
    total = sum(part.amount for part in parts)
    if any(part.amount < 0 for part in parts):
        raise ValueError("a bar cannot show an amount below zero")
    if total > largest * (1 + 1e-9):
        raise ValueError("the parts are longer than the scale")
    scale = WIDTH / largest if largest > 0 else 0.0
    drawn = [element("rect", x=0, y=HEIGHT / 2 - 0.5, width=WIDTH, height=1, class_="bar-track")]
    left = 0.0
    for part in parts:
        width = part.amount * scale
        if width > 0:
            drawn.append(
                element("rect", x=left, y=0, width=width, height=HEIGHT, class_=part.class_)
            )
        left += width
    told = ", ".join(f"{part.label} {part.amount:.4g}" for part in parts)
    return document(
        drawn,
        width=WIDTH,
        height=HEIGHT,
        class_="bar-picture",
        name=name,
        title=title,
        description=told or "nothing yet",
    )
