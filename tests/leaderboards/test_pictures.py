"""Pictures are well-formed, say in words what they show, and put values where they belong."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboards.pictures import (
    BarPart,
    Flow,
    HeatRow,
    RankLine,
    credit_flow,
    heat_map,
    rank_intervals,
    stacked_bar,
)
from leaderboards.pictures.bar import WIDTH
from leaderboards.pictures.flow import COLUMN, NODE_WIDTH, SCALE_HEIGHT
from leaderboards.pictures.heat import (
    CELL_HEIGHT,
    cell_x,
    column_levels,
    compact,
    head_height,
)
from leaderboards.pictures.ranks import rank_x, row_y
from leaderboards.pictures.scatter import Axis, Dot, scatter

SVG = "{http://www.w3.org/2000/svg}"

# The worked example of the credit rule: the result of team A.
WORKED = [
    Flow(("a",), 118.75),
    Flow(("a", "m0"), 29.6875),
    Flow(("a", "m0", "d2"), 29.6875),
    Flow(("a", "d1"), 29.6875),
    Flow(("a", "d1", "d3"), 29.6875),
]


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # our own output


def ranks() -> str:
    lines = [
        RankLine("Ann", 1, 1, 2, 1),
        RankLine("Bob", 2, 1, 3, 1),
        RankLine("Eve", 3, 2, 3, 2),
    ]
    return rank_intervals(lines, title="Ranks")


def heat() -> str:
    rows = [HeatRow("Ann", (0.1, None)), HeatRow("Bob", (0.3, 2.0))]
    return heat_map(rows, ["u1", "u2"], lower_is_better=True, title="Scores")


def flow() -> str:
    return credit_flow(
        WORKED, labels={"a": "Team A"}, classes={"d1": "data", "d2": "data"}, title="Points"
    )


def bar() -> str:
    return stacked_bar(
        [BarPart(30, "independent", "one"), BarPart(10, "self-use", "two")],
        largest=80,
        name="bar-1",
        title="Credit",
    )


ALL = {"ranks": ranks, "heat": heat, "flow": flow, "bar": bar}


@pytest.mark.parametrize("name", ALL)
def test_picture_is_named_and_described_for_who_cannot_see_it(name: str) -> None:
    root = parsed(ALL[name]())
    assert root.get("role") == "img"
    told = {root.find(f"{SVG}title").get("id"), root.find(f"{SVG}desc").get("id")}  # type: ignore[union-attr]
    assert set(str(root.get("aria-labelledby")).split()) == told
    assert all(len(str(root.findtext(f"{SVG}{tag}"))) > 4 for tag in ("title", "desc"))


@pytest.mark.parametrize("name", ALL)
def test_picture_is_the_same_every_time(name: str) -> None:
    assert ALL[name]() == ALL[name]()


@pytest.mark.parametrize("name", ALL)
def test_picture_has_no_style_of_its_own_and_no_script(name: str) -> None:
    for element in parsed(ALL[name]()).iter():
        assert element.tag not in {f"{SVG}style", f"{SVG}script"}
        assert "style" not in element.attrib
        assert not [key for key in element.attrib if key.startswith("on")]


def test_description_says_what_the_picture_shows() -> None:
    assert parsed(ranks()).findtext(f"{SVG}desc") == (
        "Ann: rank 1, 95 % interval 1 to 2; Bob: rank 2, 95 % interval 1 to 3; "
        "Eve: rank 3, 95 % interval 2 to 3."
    )
    assert "29.69 points to d2 through m0 through Team A" in str(
        parsed(flow()).findtext(f"{SVG}desc")
    )
    assert parsed(heat()).findtext(f"{SVG}desc") == (
        "Best or nearly best per target. u1: Ann; u2: Bob."
    )
    assert parsed(bar()).findtext(f"{SVG}desc") == "independent 30, self-use 10"


def test_rank_dots_and_intervals_lie_at_their_ranks() -> None:
    root = parsed(ranks())
    dots = [(float(c.get("cx", "")), float(c.get("cy", ""))) for c in root.iter(f"{SVG}circle")]
    assert dots == [(rank_x(rank, 3), row_y(rank - 1)) for rank in (1, 2, 3)]
    assert rank_x(2, 3) - rank_x(1, 3) == rank_x(3, 3) - rank_x(2, 3) > 0
    spans = [
        (float(line.get("x1", "")), float(line.get("x2", "")))
        for line in root.iter(f"{SVG}line")
        if "interval" in str(line.get("class")) and line.get("x1") != line.get("x2")
    ]
    assert spans == [(rank_x(a, 3), rank_x(b, 3)) for a, b in ((1, 2), (1, 3), (2, 3))]


def test_the_top_group_is_shaded_over_its_rows() -> None:
    bands = [r for r in parsed(ranks()).iter(f"{SVG}rect") if "band-top" in str(r.get("class"))]
    assert len(bands) == 1
    top, height = float(bands[0].get("y", "")), float(bands[0].get("height", ""))
    assert top < row_y(0) < row_y(1) < top + height < row_y(2)


def test_a_rank_outside_its_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="not inside its interval"):
        RankLine("Ann", 1, 2, 3)


def test_heat_cells_show_their_value_at_their_place() -> None:
    root = parsed(heat())
    cells = [
        (rect.get("class"), float(rect.get("x", "")), float(rect.get("y", "")))
        for rect in root.iter(f"{SVG}rect")
    ]
    top = head_height(["u1", "u2"])
    assert cells == [
        ("heat-5", cell_x(0) + 1, top + 1),
        ("heat-none", cell_x(1) + 1, top + 1),
        ("heat-0", cell_x(0) + 1, top + CELL_HEIGHT + 1),
        ("heat-5", cell_x(1) + 1, top + CELL_HEIGHT + 1),
    ]
    texts = [t.text for t in root.iter(f"{SVG}text") if "cell" in str(t.get("class"))]
    assert texts == ["0.1", "\u2013", "0.3", "2"]


@pytest.mark.parametrize(
    ("values", "lower", "levels"),
    [
        ([1.0, 2.0, 3.0], True, [5, 2, 0]),
        ([1.0, 2.0, 3.0], False, [0, 2, 5]),
        ([1e-6, 1e-3, 1.0], True, [5, 2, 0]),  # logarithmic over a factor of a million
        ([4.0, None, 4.0], True, [5, None, 5]),
        ([4.0, 4.0], False, [5, 5]),
        ([None, None], True, [None, None]),
        ([-2.0, 0.0, 8.0], False, [0, 1, 5]),
    ],
)
def test_heat_levels_run_from_worst_to_best_of_a_column(
    values: list[float | None], lower: bool, levels: list[int | None]
) -> None:
    assert column_levels(values, lower_is_better=lower) == levels


def test_a_row_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="one value per column"):
        heat_map([HeatRow("Ann", (1.0,))], ["u1", "u2"], lower_is_better=True, title="x")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.123456, "0.123"), (1.2345e-7, "1.2e-7"), (-54321.0, "-54321"), (3e9, "3.0e9")],
)
def test_compact_numbers_fit_their_cell(value: float, text: str) -> None:
    assert compact(value) == text
    assert len(text) <= 7


def test_flow_heights_are_in_proportion_to_points() -> None:
    root = parsed(flow())
    nodes = {
        (float(r.get("x", "")), str(r.get("class"))): float(r.get("height", ""))
        for r in root.iter(f"{SVG}rect")
    }
    total = 237.5
    assert nodes[0.0, "node method"] == SCALE_HEIGHT
    assert nodes[COLUMN, "node method"] == pytest.approx(SCALE_HEIGHT * 59.375 / total, abs=0.01)
    assert nodes[2 * COLUMN, "node data"] == pytest.approx(SCALE_HEIGHT * 29.6875 / total, abs=0.01)


def test_ribbons_leave_below_what_a_node_keeps_and_do_not_overlap() -> None:
    starts = [
        tuple(float(part) for part in str(path.get("d"))[1:].split("C")[0].split())
        for path in parsed(flow()).iter(f"{SVG}path")
    ]
    from_result = sorted(y for x, y in starts if x == NODE_WIDTH)
    kept = SCALE_HEIGHT / 2
    assert from_result[0] - 16 == pytest.approx(kept, abs=0.01)
    assert from_result[1] - from_result[0] == pytest.approx(kept / 2, abs=0.01)


def test_flows_of_two_results_are_refused() -> None:
    with pytest.raises(ValueError, match="begin at one result"):
        credit_flow([Flow(("a",), 1), Flow(("b",), 1)], labels={}, classes={}, title="x")


def test_bar_parts_are_laid_end_to_end_on_the_common_scale() -> None:
    rects = {r.get("class"): r for r in parsed(bar()).iter(f"{SVG}rect")}
    first, second = rects["one"], rects["two"]
    assert float(first.get("width", "")) == WIDTH * 30 / 80
    assert float(second.get("x", "")) == WIDTH * 30 / 80
    assert float(second.get("width", "")) == WIDTH * 10 / 80


def test_bar_refuses_what_it_cannot_show() -> None:
    with pytest.raises(ValueError, match="below zero"):
        stacked_bar([BarPart(-1, "x", "x")], largest=1, name="b", title="x")
    with pytest.raises(ValueError, match="longer than the scale"):
        stacked_bar([BarPart(2, "x", "x")], largest=1, name="b", title="x")


def test_pictures_of_nothing_are_whole() -> None:
    for svg in (
        rank_intervals([], title="Ranks"),
        heat_map([], [], lower_is_better=True, title="Scores"),
        credit_flow([], labels={}, classes={}, title="Points"),
        stacked_bar([], largest=0, name="bar", title="Credit"),
    ):
        assert parsed(svg).tag == f"{SVG}svg"


@given(st.text(max_size=60))
def test_any_name_makes_a_well_formed_picture(name: str) -> None:
    for svg in (
        rank_intervals([RankLine(name, 1, 1, 1)], title=name),
        heat_map([HeatRow(name, (1.0,))], [name], lower_is_better=True, title=name),
        credit_flow([Flow((name,), 1.0)], labels={name: name}, classes={}, title=name),
        stacked_bar([BarPart(1, name, "one")], largest=1, name="bar", title=name),
    ):
        assert parsed(svg).find(f"{SVG}title") is not None


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_every_mark_lies_inside_the_picture(places: list[tuple[int, int, int]]) -> None:
    lines = [
        RankLine("x", rank, max(1, rank - below), rank + above) for rank, below, above in places
    ]
    root = parsed(rank_intervals(lines, title="Ranks"))
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    for dot in root.iter(f"{SVG}circle"):
        assert 0 < float(dot.get("cx", "")) < width
        assert 0 < float(dot.get("cy", "")) < height


def test_labels_of_times_do_not_run_into_each_other() -> None:
    dots = [Dot(float(x), 1.0, "A", False) for x in range(5)]
    times = Axis("time", lambda value: f"2026-11-28 06:2{value:.0f}")
    root = ElementTree.fromstring(scatter(dots, x=times, y=Axis("y"), name="s", title="S"))  # noqa: S314
    found = [each for each in root.iter() if "06:2" in (each.text or "") and each.get("x")]
    starts = [
        float(str(each.get("x"))) - 112 * (1 if each.get("text-anchor") == "end" else 0.5)
        for each in found
    ]
    assert len(found) >= 3
    assert all(after - before >= 112 for before, after in itertools.pairwise(starts))
