import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scoring.contract import Aggregate, Direction
from scoring.uncertainty import (
    advantage_bounds,
    assess,
    rank_intervals,
    rank_shares,
    replicate_values,
    tie_groups,
    value_intervals,
)

PER_TARGET = [how for how in Aggregate if how is not Aggregate.POOLED]
BOARDS = arrays(
    float,
    st.tuples(st.integers(1, 6), st.integers(1, 9)),
    elements=st.floats(0.1, 10.0, allow_subnormal=False),
)


@pytest.mark.parametrize("how", PER_TARGET)
def test_draws_equal_a_plain_bootstrap_loop_with_the_same_draws(how):
    generator = np.random.default_rng(5)
    values = generator.uniform(0.5, 2.0, (4, 7))
    replicates = replicate_values(values, how=how, samples=50, seed=11)
    draws = np.random.default_rng(11).integers(7, size=(50, 7))
    plain = {
        Aggregate.MEAN: np.mean,
        Aggregate.MEDIAN: np.median,
        Aggregate.SUM: np.sum,
        Aggregate.ROOT_MEAN: lambda sample: np.sqrt(np.mean(sample)),
        Aggregate.GEOMETRIC_MEAN: lambda sample: np.exp(np.mean(np.log(sample))),
    }[how]
    for picks, row in zip(draws, replicates, strict=True):
        for entry, value in enumerate(row):
            assert value == pytest.approx(plain(values[entry, picks]), rel=1e-13)


@pytest.mark.parametrize("how", PER_TARGET)
@pytest.mark.parametrize("chunk_rows", [1, 63, 64, 100, 10_000])
def test_result_does_not_depend_on_the_chunk_size(how, chunk_rows):
    values = np.random.default_rng(3).uniform(0.5, 2.0, (9, 13))
    expected = replicate_values(values, how=how, samples=333, seed=4)
    chunked = replicate_values(values, how=how, samples=333, seed=4, chunk_rows=chunk_rows)
    np.testing.assert_array_equal(chunked, expected)


@settings(max_examples=40, deadline=None)
@given(values=BOARDS, direction=st.sampled_from(Direction), seed=st.integers(0, 1000))
def test_intervals_are_ordered_and_ranks_lie_on_the_board(values, direction, seed):
    found = assess(values, how=Aggregate.MEAN, direction=direction, samples=80, seed=seed)
    entries = len(values)
    for i, entry in enumerate(found):
        slack = 1e-12 * values[i].max()
        assert values[i].min() - slack <= entry.value_low <= entry.value_high
        assert entry.value_high <= values[i].max() + slack
        assert 1 <= entry.rank_low <= entry.rank_high <= entries
        assert 0 <= entry.first_share <= 1
    assert sum(entry.first_share for entry in found) >= 1 - 1e-9
    assert {entry.group for entry in found} == set(range(1, 1 + max(e.group for e in found)))


@settings(max_examples=40, deadline=None)
@given(values=BOARDS, seed=st.integers(0, 1000))
def test_mirrored_board_has_the_same_ranks(values, seed):
    low = assess(values, how=Aggregate.MEAN, direction=Direction.LOWER, samples=60, seed=seed)
    high = assess(-values, how=Aggregate.MEAN, direction=Direction.HIGHER, samples=60, seed=seed)
    for a, b in zip(low, high, strict=True):
        assert (a.rank_low, a.rank_high, a.group, a.first_share) == (
            b.rank_low,
            b.rank_high,
            b.group,
            b.first_share,
        )


def test_same_seed_same_answer_and_another_seed_another():
    values = np.random.default_rng(1).uniform(size=(5, 12))
    options = {"how": Aggregate.MEAN, "direction": Direction.LOWER, "samples": 200}
    assert assess(values, seed=1, **options) == assess(values, seed=1, **options)
    assert assess(values, seed=1, **options) != assess(values, seed=2, **options)


@pytest.mark.parametrize("how", PER_TARGET)
def test_entries_with_the_same_values_always_share_their_rank(how):
    row = np.random.default_rng(2).uniform(0.5, 1.0, 37)
    values = np.vstack([row] * 7 + [row + 10])
    found = assess(values, how=how, direction=Direction.LOWER, samples=300)
    assert all((e.rank_low, e.rank_high, e.first_share) == (1, 1, 1.0) for e in found[:7])
    assert (found[7].rank_low, found[7].rank_high, found[7].group) == (8, 8, 2)


def test_clearly_separate_entries_have_sure_ranks_and_groups_of_one():
    generator = np.random.default_rng(8)
    values = np.arange(4)[:, np.newaxis] + 0.01 * generator.standard_normal((4, 20))
    found = assess(values, how=Aggregate.MEAN, direction=Direction.LOWER)
    assert [(e.rank_low, e.rank_high, e.group) for e in found] == [(i, i, i) for i in range(1, 5)]


def test_entries_that_are_good_at_different_targets_form_one_group():
    row = np.random.default_rng(9).uniform(0, 1, 11)
    values = np.array([np.roll(row, 2 * shift) for shift in range(5)])
    found = assess(values, how=Aggregate.MEAN, direction=Direction.LOWER)
    assert {entry.group for entry in found} == {1}
    assert min(e.rank_low for e in found) == 1
    assert max(e.rank_high for e in found) == 5


def test_paired_draws_separate_entries_whose_own_intervals_overlap():
    difficulty = np.random.default_rng(4).uniform(0, 100, 15)
    values = np.vstack([difficulty, difficulty + 0.1])
    first, second = assess(values, how=Aggregate.MEAN, direction=Direction.LOWER)
    assert first.value_high > second.value_low
    assert (first.group, second.group) == (1, 2)


def test_tolerance_keeps_close_entries_in_one_group():
    difficulty = np.random.default_rng(4).uniform(0, 100, 15)
    values = np.vstack([difficulty, difficulty + 0.1])
    found = assess(values, how=Aggregate.MEAN, direction=Direction.LOWER, tolerance=0.2)
    assert [(e.rank_high, e.group) for e in found] == [(1, 1), (1, 1)]


def test_weights_decide_which_target_matters():
    values = np.array([[0.0, 10.0], [1.0, 0.0]])
    heavy = np.array([1.0, 0.0])
    replicates = replicate_values(values, how=Aggregate.MEAN, weights=heavy, samples=400, seed=1)
    drawn = ~np.isnan(replicates[:, 0])
    assert set(replicates[drawn, 0]) == {0.0}
    assert set(replicates[drawn, 1]) == {1.0}
    assert 0.6 < drawn.mean() < 0.9  # the other quarter drew the weightless target only


def test_one_target_gives_intervals_of_one_point():
    found = assess(np.array([[1.0], [2.0]]), how=Aggregate.MEAN, direction=Direction.LOWER)
    assert [(e.value_low, e.value_high) for e in found] == [(1.0, 1.0), (2.0, 2.0)]


def test_entry_without_values_has_no_interval_and_no_group():
    values = np.array([[1.0, 2.0, 3.0], [np.nan] * 3])
    found = assess(values, how=Aggregate.MEAN, direction=Direction.LOWER, samples=50)
    assert (found[0].rank_low, found[0].rank_high, found[0].group) == (1, 1, 1)
    empty = found[1]
    assert (empty.value_low, empty.rank_low, empty.group, empty.first_share) == (
        None,
        None,
        None,
        0,
    )


def test_percentiles_are_drawn_values_of_the_inverted_distribution():
    replicates = np.arange(1.0, 101.0)[:, np.newaxis]
    low, high = value_intervals(replicates, confidence=0.9)
    assert (low[0], high[0]) == (5.0, 95.0)
    shares = np.zeros((1, 101))
    shares[0, :100] = 0.01
    ranks = rank_intervals(shares, confidence=0.9)
    assert (ranks[0][0], ranks[1][0]) == (5, 95)


def test_rank_shares_of_each_entry_add_up_to_one():
    replicates = np.random.default_rng(1).standard_normal((500, 6))
    shares = rank_shares(replicates, direction=Direction.HIGHER)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    np.testing.assert_allclose(shares.sum(axis=0)[:6], 1.0)


@pytest.mark.parametrize(("direction", "sign"), [(Direction.LOWER, 1), (Direction.HIGHER, -1)])
def test_bound_of_the_advantage_over_a_baseline(direction, sign):
    generator = np.random.default_rng(3)
    difficulty = generator.uniform(0, 10, 25)
    noise = 0.05 * generator.standard_normal(25)
    values = sign * np.vstack([difficulty, difficulty - 1 + noise, difficulty + 1, difficulty])
    replicates = replicate_values(values, how=Aggregate.MEAN, samples=500, seed=1)
    bounds = advantage_bounds(replicates, baseline=0, direction=direction)
    assert bounds[0] == bounds[3] == 0.0
    assert 0.9 < bounds[1] < 1.0
    assert bounds[2] == pytest.approx(-1.0)


def test_advantage_bound_is_the_five_percent_quantile():
    replicates = np.column_stack([np.zeros(100), np.arange(1.0, 101.0)])
    bounds = advantage_bounds(replicates, baseline=0, direction=Direction.HIGHER)
    assert bounds[1] == 5.0


def test_groups_are_runs_of_the_board():
    replicates = np.column_stack(
        [np.zeros(100), np.r_[np.full(90, 1.0), np.full(10, -1.0)], np.full(100, 2.0)]
    )
    board = np.array([0.0, 0.8, 2.0])
    assert tie_groups(replicates, board, direction=Direction.LOWER) == (1, 1, 2)


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (np.ones((2, 0)), {}),
        (np.ones(3), {}),
        (np.array([[np.inf]]), {}),
        (np.ones((2, 3)), {"samples": 0}),
        (np.ones((2, 3)), {"weights": np.ones(2)}),
        (np.ones((2, 3)), {"weights": np.array([1.0, -1.0, 1.0])}),
    ],
)
def test_senseless_input_is_refused(values, options):
    with pytest.raises(ValueError, match=r"must|give"):
        replicate_values(values, how=Aggregate.MEAN, **options)


def test_pooled_metrics_have_no_bootstrap_of_per_target_values():
    with pytest.raises(ValueError, match="pooled"):
        replicate_values(np.ones((2, 3)), how=Aggregate.POOLED)
