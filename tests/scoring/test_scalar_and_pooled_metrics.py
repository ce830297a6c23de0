import numpy as np
import pytest

from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics import get_metric

Y = np.arange(1.0, 9.0)
P = np.array([1.1, 1.9, 3.5, 3.8, 5.2, 5.2, 7.9, 8.1])


def compute(slug, reference, prediction, **parameters):
    return get_metric(slug).compute(np.array(reference), np.array(prediction), **parameters)


# Computed with SciPy, scikit-learn and by hand.
@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("mae", 0.3625),
        ("rmse", 0.4756574398),
        ("mean_error", 0.0875),
        ("r2_determination", 0.9569047619),
        ("r2_pearson", 0.9616485065),
        ("pearson", 0.9616485065**0.5),
        ("spearman", 0.9940297974),
        ("kendall_tau_b", 0.9819805061),
        ("slope", 1.0178571429),
        ("ccc", 0.9792692704),
    ],
)
def test_golden_regression_comes_out_to_ten_digits(slug, expected):
    assert compute(slug, Y, P) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("slug", ["pearson", "r2_pearson", "spearman", "kendall_tau_b"])
def test_correlation_with_a_constant_is_undefined(slug):
    for pair in ((Y, np.full(8, 2.0)), (np.full(8, 2.0), Y)):
        with pytest.raises(MetricUndefinedError, match="same number"):
            compute(slug, *pair)


@pytest.mark.parametrize("slug", ["r2_determination", "slope"])
def test_constant_reference_has_no_explained_variance(slug):
    with pytest.raises(MetricUndefinedError):
        compute(slug, np.full(8, 2.0), Y)
    assert compute(slug, Y, np.full(8, Y.mean())) == 0.0


@pytest.mark.parametrize("slug", ["pearson", "spearman", "kendall_tau_b", "slope", "ccc"])
def test_single_target_has_no_correlation(slug):
    with pytest.raises(MetricUndefinedError):
        compute(slug, [1.0], [1.0])


def test_nearly_constant_prediction_has_a_correlation_and_no_warning():
    assert -1 <= compute("pearson", Y, 1e9 + 1e-6 * Y) <= 1


def test_sign_of_the_mean_error_is_declared():
    assert compute("mean_error", Y, P, sign="reference_minus_prediction") == pytest.approx(-0.0875)
    assert compute("signed_error", 3.0, 5.0) == 2.0
    assert compute("signed_error", 3.0, 5.0, sign="reference_minus_prediction") == -2.0


def test_absolute_and_squared_error_of_one_number():
    assert compute("absolute_error", 3.0, 5.5) == 2.5
    assert compute("squared_error", [3.0], [5.5]) == 6.25
    with pytest.raises(MetricInputError, match="one number"):
        compute("absolute_error", Y, P)


@pytest.mark.parametrize("shape", [(), (2, 4)])
def test_pooled_metric_needs_one_number_per_target(shape):
    with pytest.raises(MetricInputError):
        compute("rmse", np.ones(shape), np.ones(shape))


@pytest.mark.parametrize(
    ("reference", "prediction", "expected"),
    [
        (0.3233674316777788, 0.3233674316777788, 10),
        (0.3233674316777788, 0.3233674316, 10),  # cut after ten digits
        (0.3233674316777788, 0.3233674317, 10),  # rounded to ten digits
        (0.3233674316777788, 0.3233674315, 9),
        (0.3233674316777788, 0.32336743, 8),
        (0.3233674316777788, 0.323367432, 9),  # rounded to nine digits
        (0.3233674316777788, 0.3234, 4),
        (0.3233674316777788, 0.4, 0),
        (0.3233674316777788, 3.233674316777788, 0),  # right digits, wrong magnitude
        (0.3233674316777788, -0.3233674316777788, 0),
        (0.3233674316777788, 0.0, 0),
        (-3.306868647475237, -3.306868647, 10),
        (3.837587979251226e-07, 3.837587979e-07, 10),
        (1.0, 0.99999, 5),
        (0.99999, 1.0, 4),
        (9.5, 10.0, 1),
        (5.0, 4.0, 0),
        (1e300, 1.0, 0),
        (1.0, 1e300, 0),
        (1e-300, 1e300, 0),
        (0.0, 0.0, 10),
        (0.0, 1e-300, 0),
        (0.4, 0.0, 0),
    ],
)
def test_correct_digits_are_counted_by_rounding_or_cutting(reference, prediction, expected):
    assert compute("digits_correct", reference, prediction) == expected


def test_number_of_digits_is_a_parameter_and_sets_the_perfect_value():
    metric = get_metric("digits_correct")
    assert metric.compute(np.array(np.pi), np.array(3.14159), digits=4) == 4
    assert metric.perfect_value({"digits": 4}) == 4
    assert metric.perfect_value() == 10


def test_more_correct_decimals_never_score_less():
    for reference in np.random.default_rng(2).uniform(0.1, 1.0, 50):
        scores = [
            compute("digits_correct", reference, round(float(reference), k)) for k in range(1, 13)
        ]
        assert scores == sorted(scores)
        assert scores[-1] == 10
