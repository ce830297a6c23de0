"""Step 3: halves flow upstream along a declared lineage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations, product

import pytest
from hypothesis import given, settings

from scoring.credit import CreditKind, Node, NodeKind, Share
from scoring.credit.lineage import Part, flow, lineage_problems
from tests.scoring.credit_rounds import lineages, node, result, sole

MODEL, DERIVED, ORIGINAL, COPY = NodeKind


def flowed(*inputs: str, nodes: list[Node], **facts: object) -> list[Part]:
    known = {each.id: each for each in nodes}
    team = result("R", 1.0, *inputs, **facts)
    assert lineage_problems([team], known) == []
    return flow(team, known)


def by_path(parts: list[Part]) -> dict[str, Fraction]:
    return {" ".join(part.path): part.fraction for part in parts}


def test_a_result_keeps_half_and_parts_the_rest_equally() -> None:
    nodes = [node("D1", ORIGINAL), node("D2", ORIGINAL)]
    assert by_path(flowed("D1", "D2", nodes=nodes)) == {
        "R": Fraction(1, 2),
        "R D1": Fraction(1, 4),
        "R D2": Fraction(1, 4),
    }


@pytest.mark.parametrize("kind", [MODEL, DERIVED])
def test_a_model_and_a_derived_dataset_keep_half(kind: NodeKind) -> None:
    parts = flowed("N", nodes=[node("N", kind, "D"), node("D", ORIGINAL)])
    assert by_path(parts)["R N"] == by_path(parts)["R N D"] == Fraction(1, 4)


def test_what_a_model_keeps_is_method_credit_and_what_a_dataset_keeps_is_data_credit() -> None:
    parts = flowed("M", nodes=[node("M", MODEL, "D"), node("D", ORIGINAL)])
    kinds = {part.account: part.kind for part in parts}
    assert kinds == {"R": CreditKind.METHOD, "M": CreditKind.METHOD, "D": CreditKind.DATA}


@pytest.mark.parametrize("kind", [MODEL, DERIVED])
def test_a_half_without_declared_inputs_goes_to_the_commons(kind: NodeKind) -> None:
    assert by_path(flowed(nodes=[])) == {"R": Fraction(1, 2), "R commons": Fraction(1, 2)}
    assert by_path(flowed("N", nodes=[node("N", kind)])) == {
        "R": Fraction(1, 2),
        "R N": Fraction(1, 4),
        "R N commons": Fraction(1, 4),
    }


def test_a_copy_keeps_nothing_and_stays_on_the_path() -> None:
    nodes = [node("mirror", COPY, "csv"), node("csv", COPY, "D"), node("D", ORIGINAL)]
    assert by_path(flowed("mirror", nodes=nodes)) == {
        "R": Fraction(1, 2),
        "R mirror csv D": Fraction(1, 2),
    }


def test_a_copy_of_nothing_declared_passes_all_to_the_commons() -> None:
    assert by_path(flowed("mirror", nodes=[node("mirror", COPY)])) == {
        "R": Fraction(1, 2),
        "R mirror commons": Fraction(1, 2),
    }


def test_a_dataset_listed_with_its_mirrors_is_one_input() -> None:
    mirrors = [node(f"mirror{each}", COPY, "D1") for each in range(10)]
    nodes = [node("D1", ORIGINAL), node("D2", ORIGINAL), *mirrors]
    parts = by_path(flowed(*(each.id for each in nodes), nodes=nodes))
    assert parts == {"R": Fraction(1, 2), "R D1": Fraction(1, 4), "R D2": Fraction(1, 4)}


def chain(length: int, *, copy_at: int | None = None) -> list[Node]:
    """n1 <- n2 <- ... <- n`length` <- D, all derived but one that is a copy."""
    names = [f"n{place}" for place in range(1, length + 1)] + ["D"]
    kinds = [COPY if place == copy_at else DERIVED for place in range(1, length + 1)]
    built = [node(a, kind, b) for a, kind, b in zip(names[:-1], kinds, names[1:], strict=True)]
    return [*built, node("D", ORIGINAL)]


def test_a_node_four_levels_below_the_result_keeps_all() -> None:
    kept = {part.account: part.fraction for part in flowed("n1", nodes=chain(6))}
    assert kept == {
        "R": Fraction(1, 2),
        "n1": Fraction(1, 4),
        "n2": Fraction(1, 8),
        "n3": Fraction(1, 16),
        "n4": Fraction(1, 16),
    }


def test_copies_do_not_count_as_a_level() -> None:
    kept = {part.account: part.fraction for part in flowed("n1", nodes=chain(6, copy_at=2))}
    assert list(kept) == ["R", "n1", "n3", "n4", "n5"]
    assert kept["n5"] == Fraction(1, 16)


def test_self_use_is_marked_wherever_a_person_of_the_team_contributed() -> None:
    nodes = [
        node("M", MODEL, "D", shares=sole("friend")),
        node("D", ORIGINAL, shares=(Share("owner", 9_999), Share("me", 1))),
    ]
    parts = flowed("M", nodes=nodes, members=("me",), shares=sole("mate"))
    assert {part.account: part.self_use for part in parts} == {"R": False, "M": False, "D": True}


def test_an_artifact_that_may_not_earn_leaves_its_part_to_the_commons_and_passes_on_the_rest() -> (
    None
):
    nodes = [node("N", DERIVED, "D", may_earn=False), node("D", ORIGINAL)]
    assert by_path(flowed("N", nodes=nodes)) == {
        "R": Fraction(1, 2),
        "R N commons": Fraction(1, 4),
        "R N D": Fraction(1, 4),
    }


def test_both_halves_of_an_artifact_can_end_in_the_commons() -> None:
    parts = flowed("N", nodes=[node("N", DERIVED, may_earn=False)])
    assert by_path(parts) == {"R": Fraction(1, 2), "R N commons": Fraction(1, 2)}


def test_one_artifact_can_be_reached_on_several_paths() -> None:
    nodes = [node("M", MODEL, "D"), node("D", ORIGINAL)]
    parts = by_path(flowed("M", "D", nodes=nodes))
    assert parts["R M D"] == Fraction(1, 8)
    assert parts["R D"] == Fraction(1, 4)


Group = str | list["Group"]


def orders(group: Group) -> Iterator[tuple[str, ...]]:
    """All orders of arrival in which every group of the level structure stays together."""
    if isinstance(group, str):
        yield (group,)
        return
    for order in permutations(group):
        for arrivals in product(*(list(orders(each)) for each in order)):
            yield tuple(player for part in arrivals for player in part)


def test_halves_are_the_level_structure_value_of_everyone_being_necessary() -> None:
    """In a unanimity game the last to arrive brings the whole worth (Winter 1989)."""
    nodes = [
        node("M", MODEL, "D2", "E"),
        node("D1", DERIVED, "D3"),
        node("D2", ORIGINAL),
        node("D3", ORIGINAL),
        node("E", DERIVED, "D4"),
        node("D4", ORIGINAL),
    ]
    structure: Group = ["R", [["D1", ["D3"]], ["M", ["D2", ["E", ["D4"]]]]]]
    last = Counter(order[-1] for order in orders(structure))
    value = {player: Fraction(times, last.total()) for player, times in last.items()}
    assert {p.account: p.fraction for p in flowed("D1", "M", nodes=nodes)} == value


@given(lineages())
@settings(deadline=None, derandomize=True, max_examples=80)
def test_every_flow_sums_to_one_along_distinct_paths(nodes: tuple[Node, ...]) -> None:
    parts = flowed(*(each.id for each in nodes[-3:]), nodes=list(nodes))
    assert sum(part.fraction for part in parts) == 1
    assert len(by_path(parts)) == len(parts)
    assert parts[0].fraction == Fraction(1, 2)
    assert all(part.path[0] == "R" and part.path[-1] == part.account for part in parts)


@pytest.mark.parametrize(
    ("inputs", "nodes", "problem"),
    [
        (["gone"], [], "R: its input gone is not among the nodes"),
        (["D", "D"], [node("D", ORIGINAL)], "R: an input is listed twice"),
        (["N"], [node("N", DERIVED, "N")], "N -> N: an artifact cannot be built on itself"),
        (["D"], [node("D", ORIGINAL, "E"), node("E", ORIGINAL)], "D: an original dataset has no"),
        (
            ["D"],
            [node("D", COPY, "E", "F"), node("E", ORIGINAL), node("F", ORIGINAL)],
            "D: a copy has one original",
        ),
        (
            [f"D{each}" for each in range(13)],
            [node(f"D{each}", ORIGINAL) for each in range(13)],
            "R: 13 direct inputs, at most 12 are allowed",
        ),
    ],
)
def test_an_impossible_lineage_is_told_in_plain_words(
    inputs: list[str], nodes: list[Node], problem: str
) -> None:
    found = lineage_problems([result("R", 1.0, *inputs)], {each.id: each for each in nodes})
    assert len(found) == 1
    assert found[0].startswith(problem)


def test_a_long_circle_of_copies_is_found() -> None:
    nodes = [node("a", COPY, "b"), node("b", COPY, "c"), node("c", COPY, "a")]
    (problem,) = lineage_problems([], {each.id: each for each in nodes})
    assert "cannot be built on itself" in problem
