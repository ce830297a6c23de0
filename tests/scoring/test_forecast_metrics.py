"""Forecast scores against worked examples, identities and their own edges."""

import io

import numpy as np
import pytest

from scoring.contract import Aggregate, MetricChoice, PredictionFormat, TargetSpec
from scoring.engine import score
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics import get_metric
from scoring.metrics.case_mean import BLOCK_VALUES
from tests.scoring.files import npy_bytes, npz_bytes

ENSEMBLE = [[0.0, 1.0, 2.0, 4.0, 8.0]]
SQUARE = [[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [2.0, 2.0]]]
QUANTILES = [[1.0, 2.0, 3.0, 5.0, 9.0]]
PARTS = ("wis_dispersion", "wis_overprediction", "wis_underprediction")


def compute(slug, reference, prediction, **parameters):
    return get_metric(slug).compute(np.array(reference), np.array(prediction), **parameters)


# Computed with scoringrules and by hand; ten digits.
@pytest.mark.parametrize(
    ("slug", "reference", "prediction", "expected"),
    [
        ("crps_ensemble", [3.0], ENSEMBLE, 0.88),
        ("crps_fair", [3.0], ENSEMBLE, 0.5),
        ("crps_gaussian", [3.0], [[2.0, 1.5]], 0.6070745662),
        ("crps_gaussian", [0.3], [[0.0, 1.0]], 0.269333),
        ("energy_score", [[1.0, 1.0]], SQUARE, 0.5374332411),
        ("wis", [10.0], QUANTILES, 4.26),
        ("quantile_score", [10.0], QUANTILES, 2.13),
        ("interval_score", [10.0], [[1.0, 9.0]], 28.0),
        ("quantile_bias", [10.0], QUANTILES, -1.0),
        ("quantile_bias", [0.0], QUANTILES, 1.0),
        ("quantile_bias", [4.0], QUANTILES, -0.5),
        ("quantile_bias", [2.0], QUANTILES, 0.5),
        ("quantile_bias", [3.0], QUANTILES, 0.0),
        ("coverage_deviation", [4.0], QUANTILES, 0.3),
        ("coverage_deviation", [10.0], QUANTILES, -0.7),
    ],
)
def test_worked_forecasts_come_out(slug, reference, prediction, expected):
    digits = 6 if expected == 0.269333 else 10
    assert compute(slug, reference, prediction) == pytest.approx(expected, abs=0.6 * 10**-digits)


def test_parts_of_the_weighted_interval_score_sum_to_it():
    rng = np.random.default_rng(5)
    truth = rng.normal(scale=3.0, size=200)
    quantiles = np.sort(rng.normal(size=(200, 5)), axis=1)
    parts = [compute(slug, truth, quantiles) for slug in PARTS]
    assert min(parts) > 0
    assert sum(parts) == pytest.approx(compute("wis", truth, quantiles), rel=1e-13)


def test_one_member_or_no_spread_is_the_absolute_error():
    truth, guess = np.array([1.0, -2.0, 0.5]), np.array([2.0, 1.0, 0.0])
    error = compute("mae", truth, guess)
    assert compute("crps_ensemble", truth, guess[:, None]) == pytest.approx(error, rel=1e-15)
    sure = np.stack([guess, np.zeros(3)], axis=1)
    for slug in ("crps_gaussian", "crps_logistic"):
        assert compute(slug, truth, sure) == pytest.approx(error, rel=1e-15)
        nearly = compute(slug, truth, sure + np.array([0.0, 1e-9]))
        assert nearly == pytest.approx(error, rel=1e-8)


def test_distribution_scores_agree_with_an_ensemble_of_their_quantiles():
    from scipy import stats

    levels = (np.arange(40_000) + 0.5) / 40_000
    for slug, distribution in (
        ("crps_gaussian", stats.norm(0.4, 0.7)),
        ("crps_logistic", stats.logistic(0.4, 0.7)),
        ("crps_lognormal", stats.lognorm(0.7, scale=np.exp(0.4))),
    ):
        members = distribution.ppf(levels)
        value = compute(slug, [1.9], [[0.4, 0.7]])
        assert value == pytest.approx(compute("crps_ensemble", [1.9], members[None]), abs=1e-4)


def test_fair_scores_are_never_negative_and_do_not_depend_on_the_size_of_the_ensemble():
    rng = np.random.default_rng(2)
    truth, members = rng.normal(size=60_000), rng.normal(size=(60_000, 20))
    few = compute("crps_fair", truth, members[:, :2])
    assert compute("crps_fair", truth, members) == pytest.approx(few, abs=0.01)
    assert compute("crps_ensemble", truth, members[:, :2]) > few + 0.2
    assert compute("crps_fair", [0.3], [[0.1, 0.7]]) == 0.0
    pairs = zip(truth[:500], members[:500], strict=True)
    assert min(compute("crps_fair", [t], [m]) for t, m in pairs) >= 0.0


def test_large_offset_costs_no_digits():
    rng = np.random.default_rng(4)
    truth, members = rng.integers(0, 64, 50) / 64, rng.integers(0, 64, (50, 9)) / 64
    for slug in ("crps_ensemble", "crps_fair", "spread_skill_ratio"):
        value = compute(slug, truth, members)
        assert compute(slug, truth + 2.0**40, members + 2.0**40) == pytest.approx(value, rel=1e-13)


def test_grid_points_count_as_cases():
    rng = np.random.default_rng(6)
    truth, members = rng.normal(size=(4, 3, 5)), rng.normal(size=(4, 7, 3, 5))
    flat = np.moveaxis(members, 1, -1).reshape(-1, 7)
    for slug in ("crps_ensemble", "spread_skill_ratio", "rank_histogram_chi2"):
        value = compute(slug, truth, members)
        assert value == pytest.approx(compute(slug, truth.ravel(), flat), rel=1e-12)
    pairs = np.abs(members[:, :2])
    both = np.moveaxis(pairs, 1, -1).reshape(-1, 2)
    value = compute("pit_deviation_gaussian", truth, pairs)
    assert value == compute("pit_deviation_gaussian", truth.ravel(), both)


@pytest.mark.parametrize("shape", [(40_000, 8), (3, 8, 90_000), (2, BLOCK_VALUES + 5)])
def test_cutting_into_blocks_changes_nothing(shape):
    rng = np.random.default_rng(7)
    members = rng.normal(size=shape)
    truth = rng.normal(size=(shape[0], *shape[2:]))
    error = np.abs(members - truth[:, None]).mean(axis=1)
    count = shape[1]
    weights = (np.arange(1 - count, count, 2) / count**2).reshape(count, *[1] * (len(shape) - 2))
    expected = (error - (np.sort(members, axis=1) * weights).sum(axis=1)).mean()
    assert compute("crps_ensemble", truth, members) == pytest.approx(expected, rel=1e-11)


def test_ties_in_a_rank_histogram_are_spread_evenly():
    assert compute("rank_histogram_deviation", [1.0], [[1.0, 1.0]]) == pytest.approx(0, abs=1e-15)
    # Rank 0 or 1, one half each, of three ranks.
    assert compute("rank_histogram_deviation", [1.0], [[1.0, 2.0]]) == pytest.approx(2 / 3)
    assert compute("rank_histogram_chi2", [1.0], [[1.0, 2.0]]) == pytest.approx(0.5)


def test_chi_square_of_a_reliable_ensemble_is_about_its_members():
    rng = np.random.default_rng(8)
    draws = rng.normal(size=(300, 500, 10))
    values = [compute("rank_histogram_chi2", d[:, 0], d[:, 1:]) for d in draws]
    assert np.mean(values) == pytest.approx(9.0, abs=1.0)


def test_reliable_ensemble_has_as_much_spread_as_error():
    draws = np.random.default_rng(9).normal(size=(40_000, 5))
    assert compute("spread_skill_ratio", draws[:, 0], draws[:, 1:]) == pytest.approx(1, abs=0.01)
    plain = compute("spread_skill_ratio", draws[:, 0], draws[:, 1:], finite_ensemble=False)
    assert plain == pytest.approx(np.sqrt(4 / 5), abs=0.01)


def test_variogram_score_sees_wrong_correlations():
    rng = np.random.default_rng(10)
    truth = np.repeat(rng.normal(size=(400, 1)), 3, axis=1)
    right = np.repeat(rng.normal(size=(400, 30, 1)), 3, axis=2)
    wrong = rng.normal(size=(400, 30, 3))
    assert compute("variogram_score", truth, right) == 0.0
    assert compute("variogram_score", truth, wrong) > 1.0


def test_brier_score_is_reliability_less_resolution_plus_uncertainty():
    rng = np.random.default_rng(11)
    forecast = rng.choice([0.1, 0.3, 0.35, 0.9], size=500)
    happened = (rng.uniform(size=500) < 0.8 * forecast).astype(float)
    rate = happened.mean()
    parts = [
        compute(slug, happened, forecast, bins=0)
        for slug in ("brier_reliability", "brier_resolution")
    ]
    brier = np.mean((forecast - happened) ** 2)
    assert parts[0] - parts[1] + rate * (1 - rate) == pytest.approx(brier, rel=1e-12)
    joined = compute("brier_reliability", happened, forecast, bins=2)
    assert joined < parts[0]


def test_probability_of_one_is_in_the_last_bin():
    assert compute("brier_reliability", [1.0, 0.0], [1.0, 0.95], bins=10) > 0.2


def test_discovery_acceleration_is_precision_over_prevalence():
    truth = [-0.1, 0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]  # two of eight are stable
    guess = [-0.1, 0.2, -0.2, 0.3, 0.4, 0.5, 0.6, 0.7]  # one of two picks is right
    assert compute("discovery_acceleration", truth, guess) == pytest.approx(2.0)


@pytest.mark.parametrize(
    "levels",
    [
        [],
        [0.5, 0.25, 0.75],
        [0.0, 0.5, 1.0],
        [0.1, 0.5, 0.8],
        [0.25, 0.75],
        ["a", 0.5, 0.9],
        [[0.5]],
    ],
)
def test_levels_that_are_no_median_and_pairs_are_refused(levels):
    with pytest.raises(MetricInputError, match="levels"):
        compute("wis", [1.0], [[0.0, 1.0, 2.0]], levels=levels)


def test_any_rising_levels_will_do_for_the_quantile_score():
    value = compute("quantile_score", [1.0], [[0.0, 3.0]], levels=[0.2, 0.9])
    assert value == pytest.approx((0.2 * 1 + 0.1 * 2) / 2)


def test_crossed_quantiles_are_refused_or_sorted_as_declared():
    with pytest.raises(MetricInputError, match="rising order"):
        compute("wis", [10.0], [QUANTILES[0][::-1]])
    assert compute("wis", [10.0], [QUANTILES[0][::-1]], crossing="sort") == pytest.approx(4.26)


def test_median_alone_has_no_interval_to_cover():
    assert compute("wis", [1.0], [[3.0]], levels=[0.5]) == pytest.approx(2.0)
    with pytest.raises(MetricInputError, match="interval"):
        compute("coverage_deviation", [1.0], [[3.0]], levels=[0.5])


def test_fair_brier_score_needs_two_members():
    with pytest.raises(MetricUndefinedError, match="two members"):
        compute("brier_ensemble", [1.0], [[2.0]], estimator="fair")


def test_ensembles_of_single_numbers_are_pooled_over_targets():
    slugs = ("a", "b", "c")
    targets = [TargetSpec(slug, (5,), reference_shape=()) for slug in slugs]
    members = np.random.default_rng(12).normal(size=(3, 5))
    report = score(
        io.BytesIO(npz_bytes(dict(zip(slugs, members, strict=True)))),
        PredictionFormat("npz"),
        targets,
        {slug: io.BytesIO(npy_bytes(np.array(0.5))) for slug in slugs},
        [MetricChoice("crps", "crps_ensemble", aggregate=Aggregate.POOLED)],
    )
    (row,) = report.rows
    assert row.value == pytest.approx(compute("crps_ensemble", np.full(3, 0.5), members))
