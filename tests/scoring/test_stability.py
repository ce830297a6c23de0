import numpy as np
import pytest
from scipy import stats

from scoring.aggregate import combine
from scoring.contract import Aggregate, Direction
from scoring.ranking.stability import (
    kendall_taus,
    ranks_without_each,
    sampl_bounds,
    shake_up,
    standard_errors_to_best,
)
from scoring.uncertainty import Draws, replicate, replicate_values
from tests.scoring.published_ranks import sampl6


@pytest.mark.parametrize("ties", [False, True])
def test_taus_are_those_of_scipy(ties):
    generator = np.random.default_rng(2)
    rows = generator.integers(0, 4, (40, 7)).astype(float) if ties else generator.random((40, 7))
    board = generator.integers(0, 4, 7).astype(float) if ties else generator.random(7)
    expected = [stats.kendalltau(row, board).statistic for row in rows]
    np.testing.assert_allclose(kendall_taus(rows, board), expected, atol=1e-15)


def test_entries_without_value_stand_last_when_orders_are_compared():
    rows = np.array([[1.0, 2.0, np.nan]])
    assert kendall_taus(rows, np.array([1.0, 2.0, 9.0])).tolist() == [1.0]


def test_leaving_out_the_decisive_target_changes_the_winner():
    values = np.array([[0.0, 1.0, 1.0], [1.0, 0.9, 0.9]])
    ranks = ranks_without_each(
        lambda counts: combine(values, Aggregate.MEAN, counts),
        np.arange(3),
        direction=Direction.LOWER,
    )
    assert ranks.tolist() == [[2, 1], [1, 2], [1, 2]]


def test_leaving_out_a_group_leaves_out_all_its_targets():
    values = np.array([[0.0, 0.0, 1.0], [0.4, 0.4, 0.0]])
    ranks = ranks_without_each(
        lambda counts: combine(values, Aggregate.MEAN, counts),
        np.array([0, 0, 1]),
        direction=Direction.LOWER,
    )
    assert ranks.tolist() == [[2, 1], [1, 2]]


def test_equal_boards_have_no_shake_up_and_mirrored_ones_half():
    ranks = np.arange(1, 11)
    assert shake_up(ranks, ranks) == 0
    assert shake_up(ranks, ranks[::-1]) == 0.5
    with pytest.raises(ValueError, match="same entries"):
        shake_up(ranks, ranks[:3])


def test_sampl_bounds_are_the_draws_of_the_published_scripts():
    draws = np.arange(10_000.0)[:, np.newaxis]
    low, high = sampl_bounds(draws)
    assert (low[0], high[0]) == (249, 9752)


def test_sampl_bounds_of_few_draws_are_refused():
    with pytest.raises(ValueError, match="120 draws"):
        sampl_bounds(np.ones((100, 2)))


def test_published_bounds_of_sampl6_come_out_but_for_the_draws():
    published = sampl6()
    replicates = replicate_values(
        published.errors**2, how=Aggregate.ROOT_MEAN, samples=10_000, seed=1
    )
    low, high = sampl_bounds(replicates)
    # Between two sets of 10,000 draws a bound differs by some 0.04 deviations; how many the
    # published run made is not written with it.
    spread = replicates.std(axis=0)
    assert (np.abs(low - published.published["rmse_low"]) < 0.2 * spread).all()
    assert (np.abs(high - published.published["rmse_high"]) < 0.2 * spread).all()


def test_standard_error_to_the_best_is_that_of_a_plain_loop_over_classes():
    generator = np.random.default_rng(3)
    values = generator.random((4, 30))
    classes = np.repeat([0, 1, 2], [5, 10, 15])
    found = standard_errors_to_best(values, classes, best=2, samples=4000, seed=5)
    loop = []
    for _ in range(4000):
        means = []
        for each in range(3):
            members = np.flatnonzero(classes == each)
            picks = generator.choice(members, members.size)
            means.append((values[:, picks] - values[2, picks]).mean(axis=1))
        loop.append(np.mean(means, axis=0))
    assert found[2] == 0
    np.testing.assert_allclose(found, np.std(loop, axis=0, ddof=1), rtol=0.06)


def test_units_are_drawn_as_a_whole_and_strata_keep_their_size():
    units = np.array([0, 0, 1, 2, 3, 3, 3])
    strata = np.array([0, 0, 0, 1, 1, 1, 1])
    counts = Draws(units, strata).counts(np.random.default_rng(1), 200)
    assert (counts[:, 0] == counts[:, 1]).all()
    assert (counts[:, 4] == counts[:, 6]).all()
    assert (counts[:, 0] + counts[:, 2] == 2).all()
    assert (counts[:, 3] + counts[:, 4] == 2).all()
    assert {0, 1, 2} == set(counts[:, 0])


def test_plain_draws_and_explicit_units_of_one_target_are_the_same():
    values = np.random.default_rng(1).random((3, 9))
    plain = replicate_values(values, how=Aggregate.MEAN, samples=70, seed=9)
    explicit = replicate(
        lambda counts: combine(values, Aggregate.MEAN, counts),
        Draws(np.arange(9), np.zeros(9, dtype=np.int64)),
        samples=70,
        seed=9,
    )
    np.testing.assert_array_equal(plain, explicit)


def test_progress_counts_up_to_all_draws():
    told = []
    values = np.ones((2, 3))
    replicate(
        lambda counts: combine(values, Aggregate.MEAN, counts),
        Draws(np.arange(3)),
        samples=2500,
        progress=told.append,
    )
    assert told == sorted(told)
    assert told[-1] == 2500
