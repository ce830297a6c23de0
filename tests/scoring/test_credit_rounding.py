"""Whole micro-points: none lost, none invented, ties by account."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.credit.rounding import largest_remainder, round_books, split

AMOUNTS = st.fractions(0, 100, max_denominator=12)


def test_what_is_left_goes_to_the_largest_remainders() -> None:
    amounts = {"a": Fraction(13, 10), "b": Fraction(26, 10), "c": Fraction(21, 10)}
    assert largest_remainder(amounts, 6) == {"a": 1, "b": 3, "c": 2}


def test_ties_are_served_by_account_id() -> None:
    third = Fraction(1, 3)
    assert largest_remainder({"c": third, "a": third, "b": third}, 1) == {"a": 1, "b": 0, "c": 0}


def test_whole_amounts_stay_as_they_are() -> None:
    assert largest_remainder({"a": Fraction(2), "b": Fraction(0)}, 2) == {"a": 2, "b": 0}


@pytest.mark.parametrize("total", [2, 6])
def test_a_total_out_of_reach_is_refused(total: int) -> None:
    amounts = {"a": Fraction(3, 2), "b": Fraction(5, 2)}
    with pytest.raises(ValueError, match=f"total of {total}"):
        largest_remainder(amounts, total)


def test_a_negative_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="never negative"):
        largest_remainder({"a": Fraction(-1)}, 0)


@given(st.dictionaries(st.tuples(st.sampled_from("abcd"), st.integers(0, 9)), AMOUNTS))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_books_round_to_the_floor_of_the_sum_and_nobody_is_a_micropoint_away(
    rows: dict[tuple[str, int], Fraction],
) -> None:
    whole = round_books(rows)
    assert whole.keys() == rows.keys()
    assert sum(whole.values()) == floor(sum(rows.values()))
    assert all(abs(whole[key] - exact) < 1 for key, exact in rows.items())
    for account in {account for account, _ in rows}:
        mine = [key for key in rows if key[0] == account]
        assert abs(sum(whole[key] for key in mine) - sum(rows[key] for key in mine)) < 1


def test_many_small_rows_of_one_account_lose_it_nothing() -> None:
    rows = {("a", place): Fraction(1, 10) for place in range(10)} | {("b", 0): Fraction(9, 10)}
    whole = round_books(rows)
    assert sum(amount for (account, _), amount in whole.items() if account == "a") == 1


def test_split_follows_the_weights_to_the_last_unit() -> None:
    assert split(100, {"a": 1, "b": 1, "c": 1}) == {"a": 34, "b": 33, "c": 33}
    assert split(7, {"a": 10_000, "b": 0}) == {"a": 7, "b": 0}


def test_split_needs_a_weight() -> None:
    with pytest.raises(ValueError, match="above zero"):
        split(7, {"a": 0})
