"""Where the points of one result went: from the result upstream to what it was built on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from leaderboards.pictures.svg import document, element, group, number, shorten

COLUMN = 240.0
NODE_WIDTH = 12.0
TOP = 16.0
GAP = 20.0
SLOT = 34.0  # a node's two lines of text need this much, however thin the node
SCALE_HEIGHT = 180.0  # what the whole result is high
LABEL_CHARACTERS = 27

Place = tuple[int, str]  # how many steps from the result, and which account


@dataclass(frozen=True, slots=True)
class Flow:
    """Points that one account received along one path.

    `path` runs from the result to the account, both included; a path of one step is what stays
    with the result's own team.
    """

    path: tuple[str, ...]
    points: float

    def __post_init__(self) -> None:
        if not self.path or self.points < 0:
            raise ValueError("a flow has a path, and points of zero or more")


@dataclass(slots=True)
class _Node:
    inflow: float = 0.0
    kept: float = 0.0
    top: float = 0.0


def credit_flow(
    flows: Sequence[Flow],
    *,
    labels: Mapping[str, str],
    classes: Mapping[str, str],
    name: str = "flow",
    title: str,
) -> str:
    """Draw the way of a result's points, one column per step of lineage.

    Parameters
    ----------
    flows : sequence of Flow
        All from one result.
    labels : mapping of str to str
        What each step of a path is called; a step without one is shown as it is.
    classes : mapping of str to str
        A style class per step: method, data, targets or commons.

    Returns
    -------
    str
        An SVG element. All heights are in proportion to points: the result is 180 high.

    Raises
    ------
    ValueError
        If the flows do not begin at one result.
    """
    if len({flow.path[0] for flow in flows}) > 1:
        raise ValueError("the flows of one picture begin at one result")
    nodes, ribbons = _add_up(flows)
    total = sum(flow.points for flow in flows)
    scale = SCALE_HEIGHT / total if total > 0 else 0.0
    height = _place(nodes, ribbons, scale)
    depth = max((place[0] for place in nodes), default=0)
    drawn = _ribbons(nodes, ribbons, scale, classes)
    drawn += [
        _draw_node(place, node, scale, labels, classes) for place, node in sorted(nodes.items())
    ]
    return document(
        drawn,
        width=COLUMN * (depth + 1),
        height=height,
        class_="flow-picture",
        name=name,
        title=title,
        description=_told(flows, labels),
    )


def _add_up(flows: Iterable[Flow]) -> tuple[dict[Place, _Node], dict[tuple[Place, Place], float]]:
    nodes: dict[Place, _Node] = defaultdict(_Node)
    ribbons: dict[tuple[Place, Place], float] = defaultdict(float)
    for flow in flows:
        places = list(enumerate(flow.path))
        for place in places:
            nodes[place].inflow += flow.points
        for start, end in pairwise(places):
            ribbons[start, end] += flow.points
        nodes[places[-1]].kept += flow.points
    return dict(nodes), dict(ribbons)


def _place(
    nodes: dict[Place, _Node], ribbons: dict[tuple[Place, Place], float], scale: float
) -> float:
    """Stack each column from the top and return the height of the picture.

    A column follows the order of the one before it, so that ribbons cross little.
    """
    columns: dict[int, list[Place]] = defaultdict(list)
    for place in nodes:
        columns[place[0]].append(place)
    sources: dict[Place, list[Place]] = defaultdict(list)
    for start, end in ribbons:
        sources[end].append(start)
    bottom = TOP + SLOT
    for _, members in sorted(columns.items()):
        ranked = sorted(members, key=lambda place: (*_order(place, nodes, sources), place[1]))
        top = TOP
        for place in ranked:
            nodes[place].top = top
            top += max(nodes[place].inflow * scale, SLOT) + GAP
        bottom = max(bottom, top)
    return bottom


def _order(
    place: Place, nodes: dict[Place, _Node], sources: dict[Place, list[Place]]
) -> tuple[float, float]:
    above = [nodes[source].top for source in sources[place]]
    return (sum(above) / len(above) if above else 0.0, -nodes[place].inflow)


def _ribbons(
    nodes: dict[Place, _Node],
    ribbons: dict[tuple[Place, Place], float],
    scale: float,
    classes: Mapping[str, str],
) -> list[str]:
    # What a node keeps stays at the top of its right edge; ribbons leave below it.
    leaving = {place: node.top + node.kept * scale for place, node in nodes.items()}
    arriving = {place: node.top for place, node in nodes.items()}
    drawn = []
    order = sorted(ribbons, key=lambda pair: (pair[0][0], nodes[pair[0]].top, nodes[pair[1]].top))
    for start, end in order:
        width = ribbons[start, end] * scale
        x1, x2 = start[0] * COLUMN + NODE_WIDTH, end[0] * COLUMN
        drawn.append(
            element(
                "path",
                d=_band(x1, leaving[start], x2, arriving[end], width),
                class_=f"ribbon {classes.get(end[1], 'method')}",
            )
        )
        leaving[start] += width
        arriving[end] += width
    return drawn


def _band(x1: float, y1: float, x2: float, y2: float, width: float) -> str:
    middle = (x1 + x2) / 2
    points = [x1, y1, middle, y1, middle, y2, x2, y2]
    back = [middle, y2 + width, middle, y1 + width, x1, y1 + width]
    a, b = [number(value) for value in points], [number(value) for value in back]
    return (
        f"M{a[0]} {a[1]}C{a[2]} {a[3]} {a[4]} {a[5]} {a[6]} {a[7]}"
        f"V{number(y2 + width)}C{b[0]} {b[1]} {b[2]} {b[3]} {b[4]} {b[5]}Z"
    )


def _draw_node(
    place: Place,
    node: _Node,
    scale: float,
    labels: Mapping[str, str],
    classes: Mapping[str, str],
) -> str:
    x = place[0] * COLUMN
    label = labels.get(place[1], place[1])
    passed = node.inflow - node.kept
    note = f"{node.kept:.2f} points" + (f", passes on {passed:.2f}" if passed > 5e-7 else "")
    return group(
        [
            element(
                "rect",
                x=x,
                y=node.top,
                width=NODE_WIDTH,
                height=max(node.inflow * scale, 1),
                class_=f"node {classes.get(place[1], 'method')}",
            ),
            element(
                "text",
                shorten(label, LABEL_CHARACTERS),
                x=x + NODE_WIDTH + 8,
                y=node.top + 12,
                class_="label",
            ),
            element("text", note, x=x + NODE_WIDTH + 8, y=node.top + 28, class_="note"),
        ],
        title=f"{label}: {note}",
    )


def _told(flows: Sequence[Flow], labels: Mapping[str, str]) -> str:
    if not flows:
        return "No points yet."
    lines = [
        f"{flow.points:.2f} points to "
        f"{' through '.join(labels.get(step, step) for step in reversed(flow.path))}"
        for flow in flows
    ]
    return "; ".join(lines) + "."
