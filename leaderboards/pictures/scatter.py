"""Two numbers of each entry against each other: values over time, or error against cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from leaderboards.pictures.heat import compact
from leaderboards.pictures.svg import document, element, group, shorten

WIDTH, HEIGHT = 760.0, 380.0
LEFT, RIGHT, TOP, BOTTOM = 84.0, 24.0, 24.0, 52.0
TICKS = 5
WIDE_RATIO = 20.0  # above it a linear scale would press most dots to one side
MOST_LABELS = 12
TICK_CHARACTER = 7.0  # about the width of one, in the units of the picture


@dataclass(frozen=True, slots=True)
class Dot:
    """One entry: where it is, what it is called, and whether it is set apart."""

    x: float
    y: float
    label: str
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a picture."""

    name: str
    write: Callable[[float], str] = compact


def scatter(
    dots: Sequence[Dot],
    *,
    x: Axis,
    y: Axis,
    steps: Sequence[tuple[float, float]] = (),
    name: str,
    title: str,
) -> str:
    """Draw dots, and a staircase through `steps`, which run from left to right.

    The first dots are filled, others are rings, so that colour is not needed to tell them
    apart. Scales are logarithmic where positive values span a factor over 20.

    Returns
    -------
    str
        An SVG element.
    """
    across = _scale([dot.x for dot in dots], LEFT + 12, WIDTH - RIGHT - 12)
    upward = _scale([dot.y for dot in dots], HEIGHT - BOTTOM - 12, TOP + 12)
    drawn = [*_grid(dots, across, upward, x=x, y=y)]
    if steps:
        drawn.append(element("path", d=_staircase(steps, across, upward), class_="staircase"))
    labelled = 0
    for dot in sorted(dots, key=lambda each: each.is_first):  # the first stand before the others
        has_label = dot.is_first and labelled < MOST_LABELS
        labelled += has_label
        drawn.append(_dot(dot, across(dot.x), upward(dot.y), x=x, y=y, has_label=has_label))
    return document(
        drawn,
        width=WIDTH,
        height=HEIGHT,
        class_="scatter-picture",
        name=name,
        title=title,
        description=_told(dots, x=x, y=y),
    )


def _scale(values: Sequence[float], start: float, end: float) -> Callable[[float], float]:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    measure = math.log if low > 0 and high / low > WIDE_RATIO else float
    first, span = measure(low), measure(high) - measure(low)

    def place(value: float) -> float:
        share = (measure(value) - first) / span if span > 0 else 0.5
        return start + (end - start) * share

    return place


def _grid(
    dots: Sequence[Dot],
    across: Callable[[float], float],
    upward: Callable[[float], float],
    *,
    x: Axis,
    y: Axis,
) -> list[str]:
    floor = HEIGHT - BOTTOM
    drawn = [element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=floor, y2=floor, class_="axis")]
    for value in ticks([dot.y for dot in dots]):
        at = upward(value)
        drawn.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="grid"))
        drawn.append(
            element("text", y.write(value), x=LEFT - 8, y=at + 4, class_="tick", text_anchor="end")
        )
    drawn += _times(ticks([dot.x for dot in dots]), across, x=x, floor=floor)
    drawn.append(
        element("text", x.name, x=WIDTH - RIGHT, y=HEIGHT - 10, class_="axis-name",
                text_anchor="end")
    )  # fmt: skip
    drawn.append(element("text", y.name, x=8, y=14, class_="axis-name"))
    return drawn


def _times(
    values: Sequence[float], across: Callable[[float], float], *, x: Axis, floor: float
) -> list[str]:
    """Write below the axis; a label that would run into the one before is left out."""
    drawn: list[str] = []
    until = 0.0
    for value in values:
        at, width = across(value), TICK_CHARACTER * len(x.write(value))
        is_last = at + width / 2 > WIDTH
        start = at - (width if is_last else width / 2)
        drawn.append(element("line", x1=at, x2=at, y1=floor, y2=floor + 5, class_="axis"))
        if start < until:
            continue
        until = start + width
        anchor = "end" if is_last else "middle"
        drawn.append(
            element("text", x.write(value), x=at, y=floor + 20, class_="tick", text_anchor=anchor)
        )
    return drawn


def ticks(values: Sequence[float]) -> list[float]:
    """Return a few values from the least to the largest, evenly on the scale that is drawn."""
    if not values:
        return []
    low, high = min(values), max(values)
    if low == high:
        return [low]
    shares = [place / (TICKS - 1) for place in range(TICKS)]
    if low > 0 and high / low > WIDE_RATIO:
        return [low * (high / low) ** share for share in shares]
    return [low + (high - low) * share for share in shares]


def _staircase(
    steps: Sequence[tuple[float, float]],
    across: Callable[[float], float],
    upward: Callable[[float], float],
) -> str:
    path = f"M{across(steps[0][0]):.2f} {upward(steps[0][1]):.2f}"
    for right, height in steps[1:]:
        path += f"H{across(right):.2f}V{upward(height):.2f}"
    return f"{path}H{WIDTH - RIGHT:.2f}"


def _dot(dot: Dot, at: float, height: float, *, x: Axis, y: Axis, has_label: bool) -> str:
    drawn = [element("circle", cx=at, cy=height, r=5, class_=f"dot{' is-first' * dot.is_first}")]
    if has_label:
        far = at > WIDTH * 0.7
        drawn.append(
            element("text", shorten(dot.label, 24), x=at - 9 if far else at + 9, y=height - 7,
                    class_="note", text_anchor="end" if far else "start")
        )  # fmt: skip
    return group(drawn, title=f"{dot.label}: {y.write(dot.y)} at {x.write(dot.x)}")


def _told(dots: Sequence[Dot], *, x: Axis, y: Axis) -> str:
    if not dots:
        return "Nothing to show yet."
    first = [dot for dot in dots if dot.is_first]
    told = "; ".join(
        f"{dot.label}: {y.name} {y.write(dot.y)}, {x.name} {x.write(dot.x)}" for dot in first
    )
    return f"{len(dots)} entries. {told}."


def front(points: Sequence[tuple[float, float]], *, lower_is_better: bool) -> list[int]:
    """Return which points no other beats in both: less on the first axis, better on the second.

    In the order of the first axis. Of equal points the first stands for all.

    Examples
    --------
    >>> front([(1.0, 5.0), (2.0, 3.0), (3.0, 4.0), (4.0, 1.0)], lower_is_better=True)
    [0, 1, 3]
    """
    sign = 1.0 if lower_is_better else -1.0
    costs = [(first, sign * second) for first, second in points]
    found: list[int] = []
    best = math.inf
    for place in sorted(range(len(costs)), key=costs.__getitem__):
        if costs[place][1] < best:
            best = costs[place][1]
            found.append(place)
    return found
