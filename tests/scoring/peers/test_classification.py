"""Classification against scikit-learn."""

import warnings

import numpy as np
import pytest

from scoring.errors import MetricUndefinedError
from scoring.metrics import get_metric

sklearn = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
SEEDS = range(15)


def compute(slug, truth, guess, **parameters):
    return get_metric(slug).compute(truth, guess, **parameters)


def peer(name, *arrays, **options):
    with warnings.catch_warnings():  # of classes that do not occur
        warnings.simplefilter("ignore")
        return getattr(sklearn, name)(*arrays, **options)


def label_pair(seed, classes):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, 25)
    return truth, np.where(rng.random(25) < 0.5, truth, rng.integers(0, classes, 25))


OF_LABELS = [
    ("accuracy", {}, "accuracy_score", {}),
    ("balanced_accuracy", {}, "balanced_accuracy_score", {}),
    ("balanced_accuracy", {"adjusted": True}, "balanced_accuracy_score", {"adjusted": True}),
    ("mcc", {}, "matthews_corrcoef", {}),
    ("cohen_kappa", {}, "cohen_kappa_score", {}),
    (
        "weighted_kappa",
        {"weights": "linear", "distance": "position"},
        "cohen_kappa_score",
        {"weights": "linear"},
    ),
    (
        "weighted_kappa",
        {"weights": "quadratic", "distance": "position"},
        "cohen_kappa_score",
        {"weights": "quadratic"},
    ),
    ("hamming_loss", {}, "hamming_loss", {}),
]


@pytest.mark.parametrize(("slug", "parameters", "name", "options"), OF_LABELS)
@pytest.mark.parametrize("classes", [2, 5])
def test_labels_score_as_with_scikit_learn(slug, parameters, name, options, classes, largest):
    for seed in SEEDS:
        truth, guess = label_pair(seed, classes)
        theirs = peer(name, truth, guess, **options)
        largest.compare(compute(slug, truth, guess, **parameters), theirs, slug)


@pytest.mark.parametrize("average", ["binary", "macro", "micro", "weighted"])
@pytest.mark.parametrize(
    ("slug", "name"),
    [("precision", "precision_score"), ("recall", "recall_score"), ("jaccard", "jaccard_score")],
)
def test_averages_over_classes_are_those_of_scikit_learn(slug, name, average, largest):
    for seed in SEEDS:
        truth, guess = label_pair(seed, 2 if average == "binary" else 5)
        for empty, number in (("zero", 0), ("one", 1)):
            theirs = peer(name, truth, guess, average=average, zero_division=number)
            ours = compute(slug, truth, guess, average=average, empty=empty)
            largest.compare(ours, theirs, f"{slug} {average}")


@pytest.mark.parametrize("average", ["binary", "macro", "micro", "weighted"])
@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_f_scores_are_those_of_scikit_learn(average, beta, largest):
    for seed in SEEDS:
        truth, guess = label_pair(seed, 2 if average == "binary" else 5)
        theirs = peer("fbeta_score", truth, guess, beta=beta, average=average)
        largest.compare(compute("f_beta", truth, guess, beta=beta, average=average), theirs, "f")


@pytest.mark.parametrize("average", ["macro", "micro", "weighted", "samples"])
def test_several_labels_score_as_with_scikit_learn(average, largest):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        truth, guess = rng.integers(0, 2, (2, 12, 4))
        for slug, name in (
            ("precision", "precision_score"),
            ("recall", "recall_score"),
            ("f_beta", "f1_score"),
            ("jaccard", "jaccard_score"),
        ):
            theirs = peer(name, truth, guess, average=average, zero_division=0)
            largest.compare(compute(slug, truth, guess, average=average), theirs, slug)
        largest.compare(
            compute("hamming_loss", truth, guess), peer("hamming_loss", truth, guess), "hamming"
        )
        largest.compare(
            compute("exact_match", truth, guess), peer("accuracy_score", truth, guess), "exact"
        )


def test_scores_of_two_classes_are_those_of_scikit_learn(largest):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        truth = rng.permutation([0, 1] * 10 + [0] * 5)
        scores = np.round(rng.random(25), 1 + seed % 3)  # with ties, many or few
        largest.compare(
            compute("auroc", truth, scores), peer("roc_auc_score", truth, scores), "auroc"
        )
        theirs = peer("average_precision_score", truth, scores)
        largest.compare(compute("average_precision", truth, scores), theirs, "average precision")
        precision, recall, _ = peer("precision_recall_curve", truth, scores)
        theirs = peer("auc", recall, precision)
        largest.compare(compute("auprc_trapezoid", truth, scores), theirs, "trapezoid")
        largest.compare(
            compute("brier", truth, scores), peer("brier_score_loss", truth, scores), "brier"
        )


def test_probabilities_of_classes_score_as_with_scikit_learn(largest):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        truth = rng.permutation(np.repeat(np.arange(4), 6))
        given = rng.dirichlet(np.ones(4), 24)
        labels = list(range(4))
        theirs = peer("log_loss", truth, given, labels=labels)
        largest.compare(compute("log_loss", truth, given), theirs, "log loss")
        tied = np.round(given, 1)
        for k in (1, 2, 3):
            theirs = peer("top_k_accuracy_score", truth, tied, k=k, labels=labels)
            ours = compute("top_k_accuracy", truth, tied, k=k, ties="last_column")
            largest.compare(ours, theirs, f"top {k}")


@pytest.mark.parametrize("scheme", ["ovr", "ovo"])
@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_areas_of_several_classes_are_those_of_scikit_learn(scheme, average, largest):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        truth = rng.permutation(np.repeat([0, 1, 2], [3, 5, 11]))
        given = rng.dirichlet(np.ones(3), 19)
        ours = compute("auroc_multiclass", truth, given, scheme=scheme, average=average)
        theirs = peer("roc_auc_score", truth, given, multi_class=scheme, average=average)
        largest.compare(ours, theirs, f"{scheme} {average}")


def test_one_class_alone_has_no_area_where_scikit_learn_warns():
    with pytest.raises(MetricUndefinedError):
        compute("auroc", np.ones(4), np.arange(4.0))
    with pytest.raises(MetricUndefinedError):
        compute("average_precision", np.zeros(4), np.arange(4.0))
