"""Golden vectors and edge cases of classification, retrieval, survival and regression."""

import math
from itertools import permutations

import numpy as np
import pytest

from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics import get_metric

Y = np.arange(1.0, 9.0)
P = np.array([1.1, 1.9, 3.5, 3.8, 5.2, 5.2, 7.9, 8.1])
TRUE = [0, 0, 1, 1, 0, 1, 0, 1, 0, 0]
SCORES = [0.1, 0.4, 0.35, 0.8, 0.4, 0.4, 0.2, 0.9, 0.6, 0.05]
CALLED = [int(score >= 0.5) for score in SCORES]
ACTIVE = np.isin(np.arange(1, 21), [1, 3, 7]).astype(float)
TIME = [5.0, 3.0, 9.0, 1.0, 6.0, 6.0, 2.0]
EVENT = [1, 0, 1, 1, 1, 0, 1]


def compute(slug, reference, prediction, **parameters):
    return get_metric(slug).compute(np.array(reference), np.array(prediction), **parameters)


# Computed with SciPy, scikit-learn, torchmetrics and by hand.
@pytest.mark.parametrize(
    ("slug", "parameters", "expected"),
    [
        ("centred_rmse", {}, 0.4675401052),
        ("kendall_tau_c", {}, 0.9843750000),
        ("ccc", {"ddof": 1}, 0.9793551505),
    ],
)
def test_golden_regression_of_other_forms(slug, parameters, expected):
    assert compute(slug, Y, P, **parameters) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(
    ("slug", "prediction", "parameters", "expected"),
    [
        ("auroc", SCORES, {}, 0.7916666667),
        ("average_precision", SCORES, {}, 0.7678571429),
        ("brier", SCORES, {}, 0.1565),
        ("log_loss", SCORES, {}, 0.4612356264),
        ("mcc", CALLED, {}, 0.3563483225),
        ("f_beta", CALLED, {}, 0.5714285714),
        ("balanced_accuracy", CALLED, {}, 0.6666666667),
        ("ece_binary", SCORES, {"bins": 5}, 0.17),
        ("ece_binary", SCORES, {"bins": 10}, 0.21),
    ],
)
def test_golden_classification(slug, prediction, parameters, expected):
    assert compute(slug, TRUE, prediction, **parameters) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(
    ("slug", "parameters", "expected"),
    [
        ("bedroc", {}, 0.7569204863),
        ("rie", {}, 4.7949043026),
        ("enrichment_factor", {"fraction": 0.05}, 20 / 3),
        ("enrichment_factor", {"fraction": 0.1}, 10 / 3),
        ("enrichment_factor", {"fraction": 0.2}, 10 / 3),
        ("enrichment_share", {"fraction": 0.2}, 2 / 3),
        ("auroc", {}, 0.9019607843),
        ("average_precision_at_k", {}, (1 + 2 / 3 + 3 / 7) / 3),
        ("r_precision", {}, 2 / 3),
        ("precision_at_k", {}, 0.3),
        ("recall_at_k", {"k": 5}, 2 / 3),
    ],
)
def test_golden_ranked_list(slug, parameters, expected):
    assert compute(slug, ACTIVE, -np.arange(20.0), **parameters) == pytest.approx(expected)


def test_golden_concordance_in_both_orientations():
    reference = np.stack([TIME, EVENT], axis=1)
    predicted_time = np.array([4.0, 4, 8, 2, 5, 7, 1])
    assert compute("harrell_c", reference, predicted_time, orientation="time") == 0.9375
    assert compute("harrell_c", reference, -predicted_time) == 0.9375
    assert compute("harrell_c", reference, predicted_time) == 0.0625


@pytest.mark.parametrize(
    ("ties", "expected"),
    [("pessimistic", 0.0), ("optimistic", 1.0), ("average", 2 / 3), ("last_column", 0.5)],
)
def test_top_k_ties_are_declared(ties, expected):
    rows = [[0.4, 0.4, 0.4], [0.4, 0.4, 0.4]]
    assert compute("top_k_accuracy", [0, 2], rows, k=2, ties=ties) == pytest.approx(expected)


LINEAR_AND_NOT = [
    "ndcg",
    "average_precision_at_k",
    "reciprocal_rank",
    "precision_at_k",
    "enrichment_factor",
    "bedroc",
]


@pytest.mark.parametrize("slug", LINEAR_AND_NOT)
def test_average_over_ties_is_the_mean_over_all_orders(slug):
    relevance = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
    parameters = {"k": 3} if slug in ("precision_at_k", "average_precision_at_k") else {}
    if slug == "enrichment_factor":
        parameters = {"fraction": 0.5}
    # The first is best alone, the next four tie, the last is alone.
    orders = [np.array([9, *tied, 1.0]) for tied in permutations([2.0, 3.0, 4.0, 5.0])]
    values = [compute(slug, relevance[::-1], order, **parameters) for order in orders]
    tied = np.array([9, 4, 4, 4, 4, 1.0])
    assert compute(slug, relevance[::-1], tied, **parameters) == pytest.approx(np.mean(values))
    ends = {
        ties: compute(slug, relevance[::-1], tied, ties=ties, **parameters)
        for ties in ("pessimistic", "optimistic")
    }
    assert ends["pessimistic"] == pytest.approx(min(values))
    assert ends["optimistic"] == pytest.approx(max(values))


def test_reciprocal_rank_is_averaged_over_tied_first_items():
    relevance = np.array([0.0, 1.0, 0.0, 1.0])
    scores = np.array([4.0, 4.0, 4.0, 1.0])
    assert compute("reciprocal_rank", relevance, scores) == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)


def test_interpolated_area_is_the_dream_formula_without_ties():
    hits = np.random.default_rng(4).permutation(np.repeat([1.0, 0.0], [7, 23]))
    total = wrong = 0.0
    for rank, hit in enumerate(hits, start=1):
        if hit:
            total += 1.0 if rank == 1 else 1.0 - wrong * math.log(rank / (rank - 1))
        wrong += 1.0 - hit
    assert compute("auprc_interpolated", hits, -np.arange(30.0)) == pytest.approx(total / 7)


def test_probability_of_zero_for_the_truth_costs_what_eps_says():
    assert compute("log_loss", [1, 1], [0.0, 1.0]) == pytest.approx(18.0218, abs=1e-4)
    with pytest.raises(MetricUndefinedError, match="eps is 0"):
        compute("log_loss", [1, 1], [0.0, 1.0], eps=0.0)


def test_rows_that_do_not_sum_to_one_are_scaled_only_if_declared():
    rows = np.array([[2.0, 2.0], [1.0, 3.0]])
    with pytest.raises(MetricInputError, match="from 0 to 1"):
        compute("brier", [0, 1], rows)
    with pytest.raises(MetricInputError, match="sum to 1"):
        compute("brier", [0, 1], rows / 8)
    expected = compute("brier", [0, 1], rows / 4)
    assert compute("brier", [0, 1], rows, renormalize=True) == 0.3125 == expected
    assert compute("brier", [0, 1], rows / 4, scale="half") == 0.3125 / 2


def test_nothing_called_positive_scores_as_declared():
    silent = [0, 0, 0]
    assert compute("f_beta", silent, silent) == 0.0
    assert compute("f_beta", silent, silent, empty="one") == 1.0
    with pytest.raises(MetricUndefinedError):
        compute("precision", [1, 0, 0], silent, empty="undefined")
    with pytest.raises(MetricInputError, match="two classes"):
        compute("f_beta", [0, 1, 2], [0, 1, 2])
    with pytest.raises(MetricInputError, match="several labels"):
        compute("f_beta", [0, 1], [0, 1], average="samples")
    with pytest.raises(MetricInputError, match="one label per sample"):
        compute("f_beta", [[0, 1]], [[0, 1]])


def test_class_absent_from_the_reference_is_not_averaged():
    assert compute("balanced_accuracy", [0, 0, 1, 1], [0, 2, 1, 1]) == 0.75


def test_distance_of_grades_is_that_of_values_or_of_places():
    truth, guess = [0, 1, 5, 5], [0, 5, 5, 1]
    by_value = compute("weighted_kappa", truth, guess)
    assert by_value != compute("weighted_kappa", truth, guess, distance="position")
    assert by_value == compute("weighted_kappa", np.multiply(truth, 3), np.multiply(guess, 3))


def test_zero_references_of_percentages_are_declared():
    truth, guess = [0.0, 2.0, 4.0], [1.0, 1.0, 5.0]
    with pytest.raises(MetricUndefinedError, match="zero"):
        compute("mape", truth, guess)
    assert compute("mape", truth, guess, zeros="skip") == 0.375
    assert compute("mape", truth, guess, zeros="floor", floor=0.5) == pytest.approx(2.75 / 3)
    assert compute("smape", [0.0, 0.0], [0.0, 3.0]) == 1.0


def test_logarithm_of_what_has_none_is_refused():
    with pytest.raises(MetricInputError, match="predictions must be above -1"):
        compute("msle", [1.0], [-1.0])
    with pytest.raises(MetricInputError, match="references must be above 0"):
        compute("rmsle", [0.0], [1.0], log="log")


@pytest.mark.parametrize(
    ("normalizer", "scale"),
    [
        ("range", 7.0),
        ("std", np.std(Y)),
        ("std_sample", np.std(Y, ddof=1)),
        ("mean", 4.5),
        ("iqr", 3.5),
        ("rms", math.sqrt(25.5)),
    ],
)
def test_rmse_is_divided_by_the_declared_scale(normalizer, scale):
    expected = 0.475657439761 / scale
    assert compute("nrmse_samples", Y, P, normalizer=normalizer) == pytest.approx(expected)


def test_huber_is_quadratic_inside_and_linear_outside():
    assert compute("huber", [0.0, 0.0], [0.5, 3.0]) == pytest.approx((0.125 + 2.5) / 2)


@pytest.mark.parametrize(
    ("parents", "message"),
    [
        ([[], [0]], "each of the 3 terms"),
        ([[], [0], [7]], "numbers of columns"),
        ([[1], [2], [0]], "circle"),
    ],
)
def test_ontology_that_is_none_is_refused(parents, message):
    with pytest.raises(MetricInputError, match=message):
        compute("fmax", np.ones((2, 3)), np.ones((2, 3)), parents=parents)


def test_prediction_without_any_term_leaves_all_information_missing():
    truth = np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    nothing = np.zeros((2, 3))
    assert compute("fmax", truth, nothing) == 0.0
    assert compute("smin", truth, nothing, information=[1.0, 2.0, 4.0]) == 4.0


def test_survival_times_are_declared_and_within_the_follow_up():
    reference = np.stack([TIME, EVENT], axis=1)
    curves = np.full((7, 2), 0.5)
    with pytest.raises(MetricInputError, match="declare 'times'"):
        compute("integrated_brier", reference, curves)
    with pytest.raises(MetricInputError, match="declare 'times'"):
        compute("integrated_brier", reference, curves, times=[4.0, 2.0])
    with pytest.raises(MetricUndefinedError, match="beyond"):
        compute("integrated_brier", reference, curves, times=[2.0, 9.0])


def test_proteingym_forms_follow_their_definitions():
    truth = np.random.default_rng(5).normal(size=200)
    guess = truth + np.random.default_rng(6).normal(size=200)
    gains = (truth - truth.min()) / np.ptp(truth)
    discounts = 1 / np.log2(np.arange(2, 22))
    ranked, best = gains[np.argsort(-guess)][:20], np.sort(gains)[::-1][:20]
    expected = (ranked @ discounts) / (best @ discounts)
    value = compute("ndcg", truth, guess, gain="min_max", fraction=0.1)
    assert value == pytest.approx(expected)
    top = truth >= np.percentile(truth, 90)
    expected = (top & (guess >= np.percentile(guess, 90))).sum() / top.sum()
    assert compute("top_recall", truth, guess) == expected
