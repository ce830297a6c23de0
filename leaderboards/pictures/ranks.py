"""Where each entry stands, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from leaderboards.pictures.svg import document, element, group, shorten

WIDTH = 760.0
LEFT = 250.0  # labels end here
RIGHT = 24.0
TOP = 44.0
ROW = 26.0
LABEL_CHARACTERS = 32
MOST_TICKS = 12


@dataclass(frozen=True, slots=True)
class RankLine:
    """One ranked entry: its rank and the 95 % interval of it, and its tie group (1 is the top)."""

    label: str
    rank: int
    low: int
    high: int
    group: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.low <= self.rank <= self.high:
            raise ValueError(f"the rank of {self.label!r} is not inside its interval")


def rank_intervals(lines: Sequence[RankLine], *, name: str = "ranks", title: str) -> str:
    """Draw one row per entry: a dot at its rank, a line over its 95 % rank interval.

    Parameters
    ----------
    lines : sequence of RankLine
        In the order of the board.
    name : str
        Prefix of ids, unique in the page.
    title : str
        What the picture shows, in one sentence.

    Returns
    -------
    str
        An SVG element. Rank r lies at ``rank_x(r, last)``, row i at ``row_y(i)``.
    """
    last = max((line.high for line in lines), default=1)
    height = TOP + ROW * max(len(lines), 1) + 12
    drawn = [*_bands(lines), *_axis(last, height)]
    drawn += [_line(line, row_y(index), last) for index, line in enumerate(lines)]
    return document(
        drawn,
        width=WIDTH,
        height=height,
        class_="rank-picture",
        name=name,
        title=title,
        description=_told(lines),
    )


def rank_x(rank: int, last: int) -> float:
    """Return the horizontal place of a rank when the axis runs from 1 to `last`."""
    span = WIDTH - LEFT - RIGHT - 16
    return LEFT + 8 + (span * (rank - 1) / (last - 1) if last > 1 else span / 2)


def row_y(index: int) -> float:
    """Return the vertical middle of a row."""
    return TOP + ROW * index + ROW / 2


def _axis(last: int, height: float) -> list[str]:
    step = max(1, -(-last // MOST_TICKS))
    ticks = sorted({1, *range(step, last + 1, step)})
    drawn = [
        element("text", "rank", x=LEFT - 14, y=TOP - 12, class_="axis-name", text_anchor="end")
    ]
    for rank in ticks:
        x = rank_x(rank, last)
        drawn.append(element("line", x1=x, x2=x, y1=TOP - 4, y2=height - 8, class_="grid"))
        drawn.append(
            element("text", str(rank), x=x, y=TOP - 12, class_="tick", text_anchor="middle")
        )
    return drawn


def _bands(lines: Sequence[RankLine]) -> list[str]:
    drawn, index = [], 0
    for number, members in groupby(lines, key=lambda line: line.group):
        count = len(list(members))
        if number is not None and number % 2 == 1:
            drawn.append(
                element(
                    "rect",
                    x=0,
                    y=TOP + ROW * index,
                    width=WIDTH,
                    height=ROW * count,
                    class_="band band-top" if number == 1 else "band",
                )
            )
        index += count
    return drawn


def _line(line: RankLine, y: float, last: int) -> str:
    low, high = rank_x(line.low, last), rank_x(line.high, last)
    top = " is-top" if line.group == 1 else ""
    drawn = [
        element(
            "text",
            shorten(line.label, LABEL_CHARACTERS),
            x=LEFT - 14,
            y=y + 4,
            class_="label",
            text_anchor="end",
        ),
        element("line", x1=low, x2=high, y1=y, y2=y, class_=f"interval{top}"),
    ]
    drawn += [
        element("line", x1=end, x2=end, y1=y - 5, y2=y + 5, class_=f"interval{top}")
        for end in (low, high)
    ]
    drawn.append(element("circle", cx=rank_x(line.rank, last), cy=y, r=5, class_=f"point{top}"))
    return group(drawn, title=f"{line.label}: {_interval(line)}")


def _interval(line: RankLine) -> str:
    return f"rank {line.rank}, 95 % interval {line.low} to {line.high}"


def _told(lines: Sequence[RankLine]) -> str:
    if not lines:
        return "No ranked entries yet."
    return "; ".join(f"{line.label}: {_interval(line)}" for line in lines) + "."
