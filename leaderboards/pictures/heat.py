"""Which entry does well on which target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from leaderboards.pictures.svg import document, element, group, shorten

LEFT = 236.0
HEAD_CHARACTERS = 16
CELL_WIDTH = 58.0
CELL_HEIGHT = 28.0
LABEL_CHARACTERS = 27
LEVELS = 6
DARK_FROM = 4  # from this level on the fill is dark, so its text is light
NO_VALUE = "\u2013"
WIDE_RATIO = 20.0  # above it a linear scale would show one colour only


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One entry: a value per target, or None where there is none."""

    label: str
    values: tuple[float | None, ...]


def heat_map(
    rows: Sequence[HeatRow],
    columns: Sequence[str],
    *,
    lower_is_better: bool,
    name: str = "heat",
    title: str,
) -> str:
    """Draw a table of entries by targets; a fuller colour is better on that target.

    Every cell shows its value as text; colour only repeats it. Levels are set per target,
    because targets differ in difficulty: 5 is the best value of the column and 0 the worst,
    on a logarithmic scale where the values are positive and span a factor over 20.

    Raises
    ------
    ValueError
        If a row has not one value per column.
    """
    if any(len(row.values) != len(columns) for row in rows):
        raise ValueError("a row of a heat map has one value per column")
    levels = [
        column_levels([row.values[index] for row in rows], lower_is_better=lower_is_better)
        for index in range(len(columns))
    ]
    top = head_height(columns)
    drawn = [_head(column, index, top) for index, column in enumerate(columns)]
    for row_index, row in enumerate(rows):
        y = top + CELL_HEIGHT * row_index
        drawn.append(_label(row.label, y))
        drawn += [
            _cell(row, column, levels[index][row_index], index=index, y=y)
            for index, column in enumerate(columns)
        ]
    return document(
        drawn,
        width=LEFT + CELL_WIDTH * max(len(columns), 1) + 44,
        height=top + CELL_HEIGHT * max(len(rows), 1) + 8,
        class_="heat-picture",
        name=name,
        title=title,
        description=_told(rows, columns, levels),
    )


def column_levels(values: Sequence[float | None], *, lower_is_better: bool) -> list[int | None]:
    """Sort one target's values into levels: 5 at the best, 0 at the worst, None without a value."""
    known = [value for value in values if value is not None]
    if not known:
        return [None] * len(values)
    low, high = min(known), max(known)
    wide = low > 0 and high / low > WIDE_RATIO
    scale = math.log if wide else float
    bottom, span = scale(low), scale(high) - scale(low)
    found: list[int | None] = []
    for value in values:
        if value is None:
            found.append(None)
            continue
        place = (scale(value) - bottom) / span if span > 0 else (0.0 if lower_is_better else 1.0)
        goodness = 1 - place if lower_is_better else place
        found.append(round(goodness * (LEVELS - 1)))
    return found


def head_height(columns: Sequence[str]) -> float:
    """Return the room that slanted column heads need: the cells begin below it."""
    longest = max((min(len(column), HEAD_CHARACTERS) for column in columns), default=0)
    return 26 + 4.6 * longest


def cell_x(column: int) -> float:
    """Return the left edge of a column's cells."""
    return LEFT + CELL_WIDTH * column


def _head(column: str, index: int, top: float) -> str:
    x, y = cell_x(index) + CELL_WIDTH / 2, top - 8
    text = element(
        "text",
        shorten(column, HEAD_CHARACTERS),
        x=x - 6,
        y=y,
        class_="tick",
        transform=f"rotate(-40 {x - 6:g} {y:g})",
    )
    return group([text], title=column)


def _label(label: str, y: float) -> str:
    text = element(
        "text",
        shorten(label, LABEL_CHARACTERS),
        x=LEFT - 12,
        y=y + CELL_HEIGHT / 2 + 4,
        class_="label",
        text_anchor="end",
    )
    return group([text], title=label)


def _cell(row: HeatRow, column: str, level: int | None, *, index: int, y: float) -> str:
    x, value = cell_x(index), row.values[index]
    text = NO_VALUE if value is None else compact(value)
    told = "no value" if value is None else f"{value:.6g}"
    rect = element(
        "rect",
        x=x + 1,
        y=y + 1,
        width=CELL_WIDTH - 2,
        height=CELL_HEIGHT - 2,
        rx=2,
        class_="heat-none" if level is None else f"heat-{level}",
    )
    written = element(
        "text",
        text,
        x=x + CELL_WIDTH / 2,
        y=y + CELL_HEIGHT / 2 + 4,
        class_="cell" if level is None or level < DARK_FROM else "cell on-full",
        text_anchor="middle",
    )
    return group([rect, written], title=f"{row.label} on {column}: {told}")


def compact(value: float) -> str:
    """Write a value in at most seven characters."""
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1e5 or size < 1e-3:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.3g}" if size < 1000 else f"{value:.0f}"


def _told(rows: Sequence[HeatRow], columns: Sequence[str], levels: list[list[int | None]]) -> str:
    best = []
    for index, column in enumerate(columns):
        winners = [
            row.label for row, level in zip(rows, levels[index], strict=True) if level == LEVELS - 1
        ]
        best.append(f"{column}: {', '.join(winners) if winners else 'no values'}")
    return "Best or nearly best per target. " + "; ".join(best) + "." if best else "No targets."
