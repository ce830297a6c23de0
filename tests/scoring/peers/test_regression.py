"""Regression against scikit-learn."""

import numpy as np
import pytest

from scoring.metrics import get_metric

sklearn = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")

SAME = [
    ("mse", {}, "mean_squared_error", {}),
    ("rmse", {}, "root_mean_squared_error", {}),
    ("mae", {}, "mean_absolute_error", {}),
    ("median_absolute_error", {}, "median_absolute_error", {}),
    ("max_absolute_error", {}, "max_error", {}),
    ("mape", {}, "mean_absolute_percentage_error", {}),
    ("mape", {"zeros": "floor"}, "mean_absolute_percentage_error", {}),
    ("msle", {}, "mean_squared_log_error", {}),
    ("rmsle", {}, "root_mean_squared_log_error", {}),
    ("r2_determination", {}, "r2_score", {}),
    ("explained_variance", {}, "explained_variance_score", {}),
]


@pytest.mark.parametrize(("slug", "parameters", "name", "options"), SAME)
def test_errors_are_those_of_scikit_learn(slug, parameters, name, options, largest):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth = rng.gamma(2.0, size=int(rng.integers(2, 40)))
        guess = truth * rng.uniform(0.5, 1.6, truth.size)
        ours = get_metric(slug).compute(truth, guess, **parameters)
        largest.compare(ours, getattr(sklearn, name)(truth, guess, **options), slug)
