import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.aggregate import MissingPolicy, aggregate, combine
from scoring.contract import Aggregate, ScoreRow, ScoreStatus

PER_TARGET = [how for how in Aggregate if how is not Aggregate.POOLED]


def rows(*values, status=ScoreStatus.MISSING):
    return [
        ScoreRow("m", f"t{i}", status if value is None else ScoreStatus.OK, value)
        for i, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (Aggregate.MEAN, 5.25),
        (Aggregate.MEDIAN, 3.0),
        (Aggregate.SUM, 21.0),
        (Aggregate.ROOT_MEAN, math.sqrt(5.25)),
        (Aggregate.GEOMETRIC_MEAN, 112.0**0.25),
    ],
)
def test_aggregates_of_known_values(how, expected):
    result = aggregate(rows(2.0, 4.0, 1.0, 14.0), how)
    assert result.value == pytest.approx(expected, rel=1e-14)
    assert (result.answered, result.offered, result.complete) == (4, 4, True)


@pytest.mark.parametrize("how", PER_TARGET)
@given(
    values=st.lists(st.integers(1, 1000), min_size=1, max_size=6),
    weights=st.lists(st.integers(0, 4), min_size=6, max_size=6),
)
def test_integer_weights_are_repetitions(how, values, weights):
    weights = weights[: len(values)]
    repeated = [v for v, w in zip(values, weights, strict=True) for _ in range(w)]
    declared = {f"t{i}": float(w) for i, w in enumerate(weights)}
    result = aggregate(rows(*map(float, values)), how, weights=declared)
    if not repeated:
        assert (result.status, result.value) == (ScoreStatus.UNDEFINED, None)
    else:
        assert result.value == pytest.approx(aggregate(rows(*repeated), how).value, rel=1e-12)


@pytest.mark.parametrize("how", PER_TARGET)
def test_one_missing_target_makes_the_entry_incomplete_by_default(how):
    result = aggregate(rows(1.0, None, 3.0), how)
    assert (result.status, result.value) == (ScoreStatus.MISSING, None)
    assert (result.answered, result.offered) == (2, 3)


def test_penalty_stands_in_for_missing_values():
    result = aggregate(
        rows(1.0, None, 3.0), Aggregate.MEAN, missing=MissingPolicy.WORST, penalty=8.0
    )
    assert (result.value, result.answered, result.complete) == (4.0, 2, False)


@pytest.mark.parametrize("penalty", [None, math.inf, math.nan])
def test_worst_policy_needs_a_declared_finite_penalty(penalty):
    with pytest.raises(ValueError, match="penalty"):
        aggregate(rows(1.0), Aggregate.MEAN, missing=MissingPolicy.WORST, penalty=penalty)


@pytest.mark.parametrize(
    ("how", "expected"),
    [(Aggregate.MEAN, 2.0), (Aggregate.MEDIAN, 2.0), (Aggregate.SUM, 4.0)],
)
def test_skip_uses_the_answered_targets_and_shows_the_coverage(how, expected):
    result = aggregate(rows(1.0, None, 3.0), how, missing=MissingPolicy.SKIP)
    assert (result.value, result.answered, result.offered) == (expected, 2, 3)


def test_nothing_answered_has_no_value_even_under_skip():
    result = aggregate(rows(None, None), Aggregate.SUM, missing=MissingPolicy.SKIP)
    assert (result.status, result.value) == (ScoreStatus.MISSING, None)


def test_undefined_row_makes_the_entry_undefined():
    result = aggregate(rows(1.0, None, status=ScoreStatus.UNDEFINED), Aggregate.MEAN)
    assert result.status is ScoreStatus.UNDEFINED


def test_pooled_row_is_its_own_aggregate():
    row = ScoreRow("r", None, ScoreStatus.OK, 0.5)
    assert aggregate([row], Aggregate.POOLED).value == 0.5
    with pytest.raises(ValueError, match="one row"):
        aggregate(rows(1.0, 2.0), Aggregate.POOLED)


def test_geometric_mean_with_zero_is_zero_and_of_a_negative_value_undefined():
    assert aggregate(rows(0.0, 4.0), Aggregate.GEOMETRIC_MEAN).value == 0.0
    result = aggregate(rows(-1.0, 4.0), Aggregate.GEOMETRIC_MEAN)
    assert result.status is ScoreStatus.UNDEFINED


@pytest.mark.parametrize("weight", [-1.0, math.nan, math.inf])
def test_senseless_weights_are_refused(weight):
    with pytest.raises(ValueError, match="weights"):
        aggregate(rows(1.0), Aggregate.MEAN, weights={"t0": weight})


@pytest.mark.parametrize("how", PER_TARGET)
def test_many_entries_and_weightings_at_once_equal_one_by_one(how):
    generator = np.random.default_rng(7)
    values = generator.uniform(0.5, 2.0, (4, 7))
    values[generator.uniform(size=values.shape) < 0.2] = np.nan
    weights = generator.integers(0, 3, (5, 7)).astype(float)
    table = combine(values, how, weights)
    for i in range(5):
        for j in range(4):
            one = combine(values[j : j + 1], how, weights[i : i + 1])[0, 0]
            np.testing.assert_allclose(table[i, j], one, rtol=1e-13)
