"""Steps 1, 2 and 4: skill, slices, near-duplicates, the targets' quarter."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.credit.records import TargetUnit
from scoring.credit.rule import budgets, merge_players, skill_ppm, slices, target_parts

RESULTS = Fraction(750, 1_000_000)


@pytest.mark.parametrize(
    ("score", "expected"), [(0.84, 600_000), (0.80, 500_000), (0.68, 200_000), (0.58, 0)]
)
def test_skill_is_the_share_of_the_way_to_perfect(score: float, expected: int) -> None:
    assert skill_ppm(score, 0.60, perfect=1.0) == expected


def test_skill_of_an_error_metric_is_the_error_reduction() -> None:
    assert skill_ppm(0.3, 1.2, perfect=0.0) == 750_000
    assert skill_ppm(1.3, 1.2, perfect=0.0) == 0


def test_skill_is_clipped_at_perfect() -> None:
    assert skill_ppm(0.99, 0.5, perfect=0.9) == 1_000_000


def test_skill_is_nothing_without_significance() -> None:
    assert skill_ppm(0.9, 0.5, perfect=1.0, significant=False) == 0


def test_skill_rounds_an_exact_half_to_even() -> None:
    half = Fraction(1, 2_000_000)
    assert skill_ppm(half, 0, perfect=1) == 0
    assert skill_ppm(3 * half, 0, perfect=1) == 2


def test_skill_has_no_scale_when_the_baseline_is_perfect() -> None:
    with pytest.raises(ValueError, match="already perfect"):
        skill_ppm(0.9, 1.0, perfect=1.0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_skill_refuses_what_is_not_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        skill_ppm(bad, 0.5, perfect=1.0)


@given(
    st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.sampled_from([2, 0.5, 8])
)
@settings(deadline=None, derandomize=True, max_examples=60)
def test_skill_knows_no_direction_and_no_scale(
    score: float, baseline: float, perfect: float, factor: float
) -> None:
    if baseline == perfect:
        return
    skill = skill_ppm(score, baseline, perfect=perfect)
    assert skill == skill_ppm(-score, -baseline, perfect=-perfect)
    stretched = [Fraction(value) * Fraction(factor) for value in (score, baseline, perfect)]
    assert skill == skill_ppm(stretched[0], stretched[1], perfect=stretched[2])


def numbered(values: tuple[int, ...]) -> dict[str, int]:
    return {f"k{place}": value for place, value in enumerate(values)}


@pytest.mark.parametrize(
    ("skills", "expected"),
    [
        ((8, 11, 13, 18), (2, 3, 4, 9)),
        ((40, 50, 60, 70, 80, 90), tuple(Fraction(x, 6) for x in (40, 52, 67, 87, 117, 177))),
        ((18, 8, 13, 11), (9, 2, 4, 3)),
        ((5,), (5,)),
        ((4, 4), (2, 2)),
        ((0, 0, 7), (0, 0, 7)),
    ],
)
def test_slices_match_the_published_vectors(
    skills: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    received = slices(numbered(skills))
    assert tuple(received[f"k{place}"] for place in range(len(skills))) == expected


def test_slices_of_nobody_are_nothing() -> None:
    assert slices({}) == {}


def test_slices_refuse_a_negative_skill() -> None:
    with pytest.raises(ValueError, match="never negative"):
        slices({"a": -1})


def shapley_of_the_airport_game(skills: dict[str, int]) -> dict[str, Fraction]:
    """By definition: mean marginal worth over all orders of arrival, worth = best skill."""
    gained = dict.fromkeys(skills, Fraction(0))
    orders = list(permutations(skills))
    for order in orders:
        best = 0
        for player in order:
            gained[player] += max(skills[player] - best, 0)
            best = max(best, skills[player])
    return {player: total / len(orders) for player, total in gained.items()}


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_slices_are_the_shapley_value_of_the_airport_game(values: list[int]) -> None:
    skills = numbered(tuple(values))
    assert slices(skills) == shapley_of_the_airport_game(skills)


def test_chains_of_near_duplicates_are_one_player() -> None:
    players = merge_players("abcde", [("d", "c"), ("b", "c")])
    assert players == {"a": "a", "b": "b", "c": "b", "d": "b", "e": "e"}


def test_merged_results_part_the_credit_of_the_best_of_them() -> None:
    skills = {"a": 6, "b": 4, "c": 2}
    received = budgets(skills, {"a": "a", "b": "a", "c": "c"}, worth=Fraction(1))
    assert received == {"a": Fraction(5, 2), "b": Fraction(5, 2), "c": 1}


def test_clones_take_a_third_of_the_pot_unmerged_and_little_merged() -> None:
    honest = {f"honest-{tenth:02}": 60_000 * tenth for tenth in range(1, 11)}
    clones = {f"clone-{place:02}": 300_000 for place in range(20)}
    pairs = [("clone-00", each) for each in clones]
    everyone = honest | clones

    def received(skills: dict[str, int], pairs: list[tuple[str, str]]) -> dict[str, Fraction]:
        return budgets(skills, merge_players(skills, pairs), worth=RESULTS)

    def taken(credit: dict[str, Fraction]) -> float:
        return round(float(sum(credit[each] for each in clones)), 1)

    alone, unmerged, merged = (
        received(honest, []),
        received(everyone, []),
        received(everyone, pairs),
    )
    assert sum(unmerged.values()) == sum(merged.values()) == 450
    assert (taken(unmerged), taken(merged)) == (161.1, 25.6)
    top = "honest-10"
    assert (round(alone[top]), round(unmerged[top]), round(merged[top])) == (132, 111, 128)


def test_target_parts_follow_evaluation_units() -> None:
    parts = target_parts([TargetUnit("a"), TargetUnit("b", Fraction(3))])
    assert parts == {"a": Fraction(1, 4), "b": Fraction(3, 4)}


def test_withdrawn_targets_have_no_part() -> None:
    parts = target_parts([TargetUnit("a"), TargetUnit("b", withdrawn=True)])
    assert parts == {"a": 1}


def test_near_duplicate_targets_share_one_unit_even_when_one_is_withdrawn() -> None:
    twins = [TargetUnit("b", cluster="twins"), TargetUnit("c", cluster="twins")]
    assert target_parts([TargetUnit("a"), *twins])["b"] == Fraction(1, 4)
    lost = TargetUnit("c", cluster="twins", withdrawn=True)
    assert target_parts([TargetUnit("a"), twins[0], lost])["b"] == Fraction(1, 2)


def test_no_assessed_target_has_no_parts() -> None:
    assert target_parts([TargetUnit("a", withdrawn=True)]) == {}
