"""The whole SAMPL6 log P round: ninety-one published entries, eleven molecules."""

import numpy as np
from scipy import stats

from scoring.aggregate import combine
from scoring.contract import Aggregate, Direction
from scoring.ranking.significance import significantly_better
from scoring.uncertainty import assess
from tests.scoring.published_ranks import whole_sampl6

ROUND = whole_sampl6()
SQUARES = ROUND.errors**2


def values(errors, how):
    return combine(errors, how, np.ones((1, errors.shape[1])))[0]


def test_all_published_errors_and_their_order_come_out():
    ours = values(SQUARES, Aggregate.ROOT_MEAN)
    assert ours.size == 91
    np.testing.assert_allclose(ours, ROUND.rmse, rtol=0, atol=2e-9)
    assert (np.argsort(ours) == np.argsort(ROUND.rmse)).all()


def test_the_first_may_be_anything_from_first_to_fifteenth():
    found = assess(
        SQUARES, how=Aggregate.ROOT_MEAN, direction=Direction.LOWER, samples=10_000, seed=0
    )
    first = found[int(np.argmin(ROUND.rmse))]
    assert (first.rank_low, first.rank_high) == (1, 15)
    assert 0.32 < first.first_share < 0.36
    assert sum(each.group == 1 for each in found) == 6


def test_no_two_entries_differ_once_all_tests_are_counted():
    better = significantly_better(SQUARES, direction=Direction.LOWER, adjust=True)
    assert not better.any()


def test_other_rules_have_another_winner():
    absolute = np.abs(ROUND.errors)
    by_rank = stats.rankdata(absolute, axis=0).mean(axis=1)
    median = values(absolute, Aggregate.MEDIAN)
    mean = values(absolute, Aggregate.MEAN)
    winner = ROUND.entries[int(np.argmin(ROUND.rmse))]
    assert winner == "hmz0n"
    assert ROUND.entries[int(np.argmin(by_rank))] == "j8nwc"
    assert ROUND.entries[int(np.argmin(median))] == "j8nwc"
    tau = stats.kendalltau(ROUND.rmse, mean).statistic
    assert round(float(tau), 2) == 0.92
