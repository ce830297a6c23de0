"""Forecast scores against scoringrules, properscoring, xskillscore and scikit-learn."""

import numpy as np
import pytest

from scoring.metrics import get_metric

RNG = np.random.default_rng(20)
TRUTH = RNG.normal(size=300)
MEMBERS = RNG.normal(0.2, 1.1, size=(300, 11))
VECTORS = RNG.normal(size=(60, 4))
VECTOR_MEMBERS = RNG.normal(0.2, 1.1, size=(60, 9, 4))
MEAN, SD = RNG.normal(size=300), RNG.uniform(0.2, 2.0, 300)
LEVELS = [0.01, 0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975, 0.99]
QUANTILES = np.sort(RNG.normal(0.3, 1.2, size=(300, 9)), axis=1)


def compute(slug, reference, prediction, **parameters):
    return get_metric(slug).compute(np.asarray(reference), np.asarray(prediction), **parameters)


def agree(record_property, pairs, tolerance=1e-12):
    """Check pairs of (ours, theirs), and record the largest relative difference."""
    differences = {name: abs(ours - theirs) / abs(theirs) for name, (ours, theirs) in pairs.items()}
    record_property("largest_difference", max(differences.values()))
    assert max(differences.values()) < tolerance, differences


def test_ensemble_scores_agree_with_scoringrules(record_property):
    rules = pytest.importorskip("scoringrules", reason="scoringrules is not installed")
    crps, energy = rules.crps_ensemble, rules.es_ensemble
    variogram = rules.vs_ensemble(VECTORS, VECTOR_MEMBERS, p=0.5)
    happened = (TRUTH > 0.4).astype(float)
    share = (MEMBERS > 0.4).mean(axis=1)
    agree(
        record_property,
        {
            "crps": (compute("crps_ensemble", TRUTH, MEMBERS), crps(TRUTH, MEMBERS).mean()),
            "fair crps": (
                compute("crps_fair", TRUTH, MEMBERS),
                crps(TRUTH, MEMBERS, estimator="fair").mean(),
            ),
            "energy": (
                compute("energy_score", VECTORS, VECTOR_MEMBERS),
                energy(VECTORS, VECTOR_MEMBERS).mean(),
            ),
            "fair energy": (
                compute("energy_score_fair", VECTORS, VECTOR_MEMBERS),
                energy(VECTORS, VECTOR_MEMBERS, estimator="fair").mean(),
            ),
            "variogram": (
                compute("variogram_score", VECTORS, VECTOR_MEMBERS),
                variogram.mean(),
            ),
            "brier": (
                compute("brier_ensemble", TRUTH, MEMBERS, threshold=0.4),
                rules.brier_score(happened, share).mean(),
            ),
        },
    )


def test_parametric_scores_agree_with_scoringrules(record_property):
    rules = pytest.importorskip("scoringrules", reason="scoringrules is not installed")
    forecast = np.stack([MEAN, SD], axis=1)
    positive = np.exp(TRUTH)
    agree(
        record_property,
        {
            "normal": (
                compute("crps_gaussian", TRUTH, forecast),
                rules.crps_normal(TRUTH, MEAN, SD).mean(),
            ),
            "logistic": (
                compute("crps_logistic", TRUTH, forecast),
                rules.crps_logistic(TRUTH, MEAN, SD).mean(),
            ),
            "lognormal": (
                compute("crps_lognormal", positive, forecast),
                rules.crps_lognormal(positive, MEAN, SD).mean(),
            ),
            "log score": (
                compute("log_score_gaussian", TRUTH, forecast),
                rules.logs_normal(TRUTH, MEAN, SD).mean(),
            ),
            "Dawid-Sebastiani": (
                compute("dawid_sebastiani", TRUTH, forecast),
                2 * rules.logs_normal(TRUTH, MEAN, SD).mean() - np.log(2 * np.pi),
            ),
        },
    )


def test_quantile_scores_agree_with_scoringrules(record_property):
    rules = pytest.importorskip("scoringrules", reason="scoringrules is not installed")
    low, high = QUANTILES[:, :4], QUANTILES[:, :4:-1]
    alpha = 2 * np.array(LEVELS[:4])
    weighted = rules.weighted_interval_score(TRUTH, QUANTILES[:, 4], low, high, alpha)
    interval = rules.interval_score(TRUTH, QUANTILES[:, 2], QUANTILES[:, 6], 0.2)
    pinball = rules.quantile_score(TRUTH, QUANTILES[:, 3], 0.25)
    agree(
        record_property,
        {
            "wis": (compute("wis", TRUTH, QUANTILES, levels=LEVELS), weighted.mean()),
            "interval": (
                compute("interval_score", TRUTH, QUANTILES[:, [2, 6]], level=0.8),
                interval.mean(),
            ),
            "pinball": (
                compute("pinball_loss", TRUTH, QUANTILES[:, 3], tau=0.25),
                pinball.mean(),
            ),
        },
    )


def test_ensemble_crps_agrees_with_properscoring(record_property):
    proper = pytest.importorskip("properscoring", reason="properscoring is not installed")
    ours = compute("crps_ensemble", TRUTH, MEMBERS)
    normal = compute("crps_gaussian", TRUTH, np.stack([MEAN, SD], axis=1))
    agree(
        record_property,
        {
            "crps": (ours, proper.crps_ensemble(TRUTH, MEMBERS).mean()),
            "normal": (normal, proper.crps_gaussian(TRUTH, MEAN, SD).mean()),
        },
    )


def test_rank_histogram_agrees_with_xskillscore(record_property):
    skill = pytest.importorskip("xskillscore", reason="xskillscore is not installed")
    arrays = pytest.importorskip("xarray", reason="xarray is not installed")
    counts = skill.rank_histogram(
        arrays.DataArray(TRUTH, dims=["case"]),
        arrays.DataArray(MEMBERS, dims=["case", "member"]),
        dim="case",
    ).to_numpy()
    even = TRUTH.size / counts.size
    agree(
        record_property,
        {
            "chi2": (
                compute("rank_histogram_chi2", TRUTH, MEMBERS),
                ((counts - even) ** 2 / even).sum(),
            ),
            "deviation": (
                compute("rank_histogram_deviation", TRUTH, MEMBERS),
                np.abs(counts - even).sum() / TRUTH.size,
            ),
        },
    )


def test_pinball_loss_agrees_with_scikit_learn(record_property):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    theirs = metrics.mean_pinball_loss(TRUTH, MEAN, alpha=0.3)
    agree(record_property, {"pinball": (compute("pinball_loss", TRUTH, MEAN, tau=0.3), theirs)})


def test_uniformity_of_the_pit_agrees_with_scipy(record_property):
    from scipy import stats

    pit = stats.norm.cdf(TRUTH, MEAN, SD)
    forecast = np.stack([MEAN, SD], axis=1)
    cramer = np.sqrt(stats.cramervonmises(pit, "uniform").statistic / TRUTH.size)
    agree(
        record_property,
        {
            "kolmogorov": (
                compute("pit_deviation_gaussian", TRUTH, forecast, distance="kolmogorov"),
                stats.kstest(pit, "uniform").statistic,
            ),
            "cramer": (compute("pit_deviation_gaussian", TRUTH, forecast), cramer),
        },
    )
