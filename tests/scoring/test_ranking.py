import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from scoring.contract import Direction
from scoring.ranking import competition_ranks, rank_entries
from scoring.ranking.order import RankCounter, average_ranks

VALUES = st.lists(st.none() | st.integers(-5, 5).map(float), max_size=12)


def test_ties_share_a_rank_and_the_next_is_skipped():
    ranking = rank_entries([0.3, 0.1, 0.5, 0.3], direction=Direction.LOWER)
    assert ranking.ranks == (2, 1, 4, 2)
    assert ranking.order == (1, 0, 3, 2)


@pytest.mark.parametrize("direction", list(Direction))
def test_missing_values_come_last_in_both_directions(direction):
    ranking = rank_entries([None, 1.0, None, 2.0], direction=direction)
    assert ranking.ranks[0] is ranking.ranks[2] is None
    assert set(ranking.order[:2]) == {1, 3}
    assert ranking.order[2:] == (0, 2)


def test_tolerance_is_measured_from_the_best_of_the_group():
    values = [1.0, 1.5, 2.0, 2.5, 3.5]
    ranking = rank_entries(values, direction=Direction.LOWER, tolerance=1.0)
    assert ranking.ranks == (1, 1, 1, 4, 4)


def test_empty_board_has_no_ranks():
    assert rank_entries([], direction=Direction.LOWER).ranks == ()


@pytest.mark.parametrize("values", [[np.inf, 1.0], [1.0, -np.inf]])
def test_infinite_values_are_refused(values):
    with pytest.raises(ValueError, match="finite"):
        rank_entries(values, direction=Direction.LOWER)


@given(VALUES, st.sampled_from(Direction))
def test_rank_is_one_more_than_the_number_of_better_entries(values, direction):
    ranking = rank_entries(values, direction=direction)
    sign = 1 if direction is Direction.HIGHER else -1
    present = [sign * value for value in values if value is not None]
    for value, rank in zip(values, ranking.ranks, strict=True):
        if value is None:
            assert rank is None
        else:
            assert rank == 1 + sum(other > sign * value for other in present)


@given(VALUES, st.sampled_from(Direction), st.randoms(use_true_random=False))
def test_ranks_do_not_depend_on_the_order_of_entries(values, direction, random):
    order = list(range(len(values)))
    random.shuffle(order)
    ranks = rank_entries(values, direction=direction, tolerance=1.0).ranks
    shuffled = rank_entries([values[i] for i in order], direction=direction, tolerance=1.0).ranks
    assert shuffled == tuple(ranks[i] for i in order)


@given(VALUES, st.floats(0, 4))
def test_entries_of_one_rank_are_never_further_apart_than_the_tolerance(values, tolerance):
    ranks = rank_entries(values, direction=Direction.LOWER, tolerance=tolerance).ranks
    for rank in {rank for rank in ranks if rank is not None}:
        group = [v for v, r in zip(values, ranks, strict=True) if r == rank]
        assert max(group) - min(group) <= tolerance + 1e-12


@given(VALUES, st.integers(0, 4))
def test_groups_open_at_the_first_entry_too_far_from_their_best(values, tolerance):
    ranks = rank_entries(values, direction=Direction.LOWER, tolerance=tolerance).ranks
    best, expected = None, {}
    for position, value in enumerate(sorted(v for v in values if v is not None)):
        if best is None or value > best + tolerance:
            best, rank = value, position + 1
        expected[value] = rank
    assert ranks == tuple(None if v is None else expected[v] for v in values)


def test_rows_of_a_table_are_ranked_each_by_itself():
    table = np.array([[3.0, 1.0, np.nan], [np.nan, np.nan, 2.0], [np.nan] * 3])
    ranks = competition_ranks(table, direction=Direction.HIGHER)
    assert ranks.tolist() == [[1, 2, 3], [2, 2, 1], [1, 1, 1]]


TABLES = arrays(
    float,
    st.tuples(st.integers(1, 6), st.integers(1, 7)),
    elements=st.sampled_from([0.0, -0.0, 1.0, 1.0 + 1e-15, -2.5, 5e-324, 1e300, -1e300, np.nan]),
)


@given(TABLES, st.sampled_from(Direction), st.sampled_from([0.0, 1.0]))
def test_counted_ranks_are_the_competition_ranks(table, direction, tolerance):
    counter = RankCounter(table.shape[1], direction=direction, tolerance=tolerance)
    counter.add(table)
    ranks = competition_ranks(table, direction=direction, tolerance=tolerance)
    expected = np.array(
        [np.bincount(column - 1, minlength=table.shape[1] + 1) for column in ranks.T]
    )
    np.testing.assert_array_equal(counter.counts(), expected)


@pytest.mark.parametrize("ties", [False, True])
def test_counted_ranks_of_a_large_table_are_the_competition_ranks(ties):
    table = np.random.default_rng(6).standard_normal((1500, 70))
    if ties:
        table[::3] = np.round(table[::3], 1)
        table[5::7, 3] = np.nan
    counter = RankCounter(70, direction=Direction.HIGHER)
    counter.add(table[:900])
    counter.add(table[900:])
    ranks = competition_ranks(table, direction=Direction.HIGHER)
    expected = np.array([np.bincount(column - 1, minlength=71) for column in ranks.T])
    np.testing.assert_array_equal(counter.counts(), expected)


def test_average_ranks_are_those_of_scipy():
    table = np.random.default_rng(4).integers(0, 4, (6, 9)).astype(float)
    ranks = average_ranks(table, direction=Direction.LOWER)
    np.testing.assert_array_equal(ranks, stats.rankdata(table, axis=1))
