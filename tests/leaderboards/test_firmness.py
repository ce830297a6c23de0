"""Other ways to rank the same scores, and pairs of entries, give what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from leaderboards.firmness import duels, stability
from leaderboards.pictures import front
from leaderboards.sheets import Sheet, SheetLine, SheetTarget, Slice, places

# Three methods on four cases, higher is better: A has the best mean, B is best on most cases.
CASES = {
    1: [0.9, 0.6, 0.8, 0.7],
    2: [0.8, 0.9, 0.8, 0.2],
    3: [0.7, 0.5, 0.1, 0.3],
}


def sheet_of(
    values: dict[int, list[float]], *, competes: frozenset[int] | None = None, track: str = ""
) -> Sheet:
    targets = [
        SheetTarget(f"c{place}", family="left" if place < 2 else "right")
        for place in range(len(next(iter(values.values()))))
    ]
    column = {"key": "dice", "direction": "higher", "aggregate": "mean"}
    rule = {
        "metric": "dice", "missing_policy": "incomplete", "missing_penalty": None,
        "tie_tolerance": 0.0, "bootstrap_resamples": 500, "bootstrap_seed": 7,
    }  # fmt: skip
    return Sheet(
        rule=rule,
        columns=[column],
        lines=[SheetLine(key, competes is None or key in competes, track) for key in values],
        targets=targets,
        values={
            (key, "dice", target.slug): value
            for key, row in values.items()
            for target, value in zip(targets, row, strict=True)
        },
    )


def test_other_ways_give_the_ranks_worked_out_by_hand() -> None:
    found = stability(sheet_of(CASES))
    assert found is not None
    assert found.official == {1: 1, 2: 2, 3: 3}
    ways = {way.name: way for way in found.ways}
    # Medians .75, .8, .4; mean ranks with least ranks for ties 1.25, 1.75, 2.75.
    assert ways["median over targets"].ranks == {1: 2, 2: 1, 3: 3}
    assert ways["median over targets"].tau == pytest.approx(1 / 3)
    assert ways["mean rank"].ranks == {1: 1, 2: 2, 3: 3}
    assert ways["mean rank"].tau == 1.0
    assert ways["test, then rank"].ranks == {1: 1, 2: 1, 3: 1}  # four cases separate nobody
    assert ways["test, then rank"].tau is None
    assert [way.name for way in found.other_firsts] == ["median over targets"]


def test_leaving_out_the_case_that_decides_changes_the_first_and_says_which() -> None:
    found = stability(sheet_of(CASES))
    assert found is not None
    target = next(part for part in found.left_out if part.what == "target")
    # Without c3 the means are .767, .833, .433.
    assert target.changes_first == ("c3",)
    assert (target.lowest[2], target.highest[2]) == (1, 2)
    family = next(part for part in found.left_out if part.what == "family")
    # Without the right half B leads, .85 to .75.
    assert family.changes_first == ("right",)


def test_pairs_count_won_equal_and_lost_cases() -> None:
    found = duels(sheet_of(CASES))
    assert found is not None
    one_two = found.rows[0][1]
    assert one_two is not None
    assert (one_two.better, one_two.equal, one_two.worse) == (2, 1, 1)
    assert not one_two.is_significant
    assert found.rows[1][1] is None
    assert (found.lowest[1], found.highest[1]) == (1, 3)


def test_a_clear_pair_is_significant_and_narrows_the_ranks() -> None:
    steps = np.linspace(0, 1, 12)
    found = duels(sheet_of({1: (steps + 1.5).tolist(), 2: steps.tolist()}))
    assert found is not None
    first, second = found.rows[0][1], found.rows[1][0]
    assert first is not None
    assert second is not None
    assert (first.better, second.better) == (12, 0)
    assert first.is_significant
    assert not second.is_significant
    assert (found.lowest, found.highest) == ({1: 1, 2: 2}, {1: 1, 2: 2})


def test_one_entry_or_none_has_nothing_to_be_compared_with() -> None:
    assert stability(sheet_of({1: [1.0, 2.0]})) is None
    assert duels(sheet_of(CASES, competes=frozenset({1}))) is None


def test_what_does_not_compete_stands_in_its_place_and_moves_no_rank() -> None:
    found = places(sheet_of(CASES, competes=frozenset({1, 3})), Slice())
    assert [(each.key, each.rank) for each in found] == [(1, 1), (2, None), (3, 2)]


def test_sixty_entries_that_differ_by_chance_are_one_top_group_as_in_sampl6() -> None:
    """Eleven molecules and errors of the same size: the first is first by luck."""
    draw = np.random.default_rng(7)
    values = {key: (-np.abs(draw.normal(0, 0.5, 11))).tolist() for key in range(1, 61)}
    found = places(sheet_of(values), Slice())
    first = found[0].uncertainty
    assert first is not None
    assert first.rank_low == 1
    assert first.rank_high is not None
    assert first.rank_high > 5
    assert first.first_share < 0.9
    top = [each for each in found if each.uncertainty and each.uncertainty.group == 1]
    assert len(top) > 5


def test_the_front_leaves_out_what_costs_more_and_is_no_better() -> None:
    points = [(1.0, 0.5), (2.0, 0.7), (2.0, 0.6), (3.0, 0.6), (4.0, 0.9)]
    assert front(points, lower_is_better=False) == [0, 1, 4]
    assert front(points, lower_is_better=True) == [0]
