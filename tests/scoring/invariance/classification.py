"""Claims of the classification metrics: labels, scores and probabilities."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import REFUSED, UNDEFINED, VALUE, Claim, Example
from tests.scoring.invariance.variations import (
    BINARY_SCORES,
    CLASS_EXCHANGE,
    CLASS_ORDER,
    CLASS_SCORES,
    CONSTANT_PREDICTION,
    CONSTANT_REFERENCE,
    EMPTY,
    EXCHANGE,
    LABEL_ORDER,
    LABELS,
    PREDICTION_MONOTONE,
    SAMPLE_ORDER,
    SINGLE,
    Variation,
)

COLUMN_ORDER = Variation("order of the labels", lambda rng, v, u: (v[:, ::-1], u[:, ::-1]))
PROBABILITIES_LEFT_OPEN = Variation("rows that sum to 2", lambda rng, v, u: (v, 2.0 * u))
PERCENT = Variation("percentages", lambda rng, v, u: (v, 100.0 * u))
HALF_LABELS = Variation("labels between classes", lambda rng, v, u: (v, u + 0.5))


def two_classes(rng: np.random.Generator) -> Example:
    reference = rng.permutation(np.repeat([0, 1], [9, 6]))
    order = rng.permutation(15)
    near, far = reference.copy(), reference.copy()
    positives, negatives = order[reference[order] == 1], order[reference[order] == 0]
    for prediction, wrong_positives, wrong_negatives in ((near, 1, 3), (far, 4, 7)):
        prediction[positives[:wrong_positives]] = 0
        prediction[negatives[:wrong_negatives]] = 1
    return Example(reference, reference, near, far)


def several_classes(rng: np.random.Generator) -> Example:
    """Return grades 0 to 3, every one present; errors go upwards more often than downwards."""
    reference = rng.permutation(np.repeat([0, 1, 2, 3], [3, 4, 7, 6]))
    order = rng.permutation(20)
    near, far = reference.copy(), reference.copy()
    near[order[:5]] = (reference[order[:5]] + 1) % 4
    far[order[:15]] = (reference[order[:15]] + 2) % 4
    return Example(reference, reference, near, far)


def several_labels(rng: np.random.Generator) -> Example:
    reference = (rng.random((12, 4)) < [0.3, 0.5, 0.6, 0.8]).astype(np.int64)
    reference[:4] |= np.eye(4, dtype=np.int64)
    reference[:, 1] |= ~reference.any(axis=1)
    flips = rng.permutation(48).reshape(12, 4)
    near, far = (np.where(flips < count, 1 - reference, reference) for count in (7, 36))
    return Example(reference, reference, near, far)


def binary_probabilities(rng: np.random.Generator) -> Example:
    reference = rng.permutation(np.repeat([0, 1], [9, 6]))
    noise = rng.permutation(np.linspace(0.03, 0.97, 15))
    near, far = (weight * reference + (1 - weight) * noise for weight in (0.3, 0.02))
    return Example(reference, reference.astype(np.float64), near, 1.0 - (reference + far) / 2)


def class_probabilities(rng: np.random.Generator) -> Example:
    reference = rng.permutation(np.repeat([0, 1, 2, 3], [3, 4, 7, 6]))
    truth = np.eye(4)[reference]
    noise = rng.dirichlet(np.ones(4), 20)
    near = 0.05 * truth + 0.95 * noise
    wrong = 0.9 * np.eye(4)[(reference + 1) % 4] + 0.1 * noise
    return Example(reference, truth, near, wrong)


ALWAYS = {CONSTANT_PREDICTION: VALUE, CONSTANT_REFERENCE: VALUE, SINGLE: VALUE, EMPTY: REFUSED}
OF_LABELS = {**ALWAYS, HALF_LABELS: REFUSED}
TWO_TRUE = {**OF_LABELS, CONSTANT_REFERENCE: UNDEFINED, SINGLE: UNDEFINED}
ONE_CLASS = Variation("one class on both sides", lambda rng, v, u: (0 * v, 0 * u))
OF_KAPPA = {
    **OF_LABELS,
    CONSTANT_PREDICTION: 0.0,
    CONSTANT_REFERENCE: 0.0,
    SINGLE: 0.0,  # this one is wrong
    ONE_CLASS: UNDEFINED,
}
PERMUTATIONS = {SAMPLE_ORDER, LABEL_ORDER}
SYMMETRIC = {*PERMUTATIONS, EXCHANGE}
MULTI = frozenset({SAMPLE_ORDER, COLUMN_ORDER, EXCHANGE})


def of_labels(unchanged_by, edges=OF_LABELS, *, example=several_classes, **parameters):
    return Claim(example, LABELS, unchanged_by, edges, unit_degree=None, parameters=parameters)


def of_label_sets(unchanged_by, **parameters):
    return Claim(
        several_labels, MULTI, unchanged_by, OF_LABELS, unit_degree=None, parameters=parameters
    )


def of_two_scores(unchanged_by, edges, kit=BINARY_SCORES, **parameters):
    return Claim(
        binary_probabilities, kit, unchanged_by, edges, unit_degree=None, parameters=parameters
    )


def of_class_scores(edges, **parameters):
    return Claim(
        class_probabilities,
        CLASS_SCORES,
        {SAMPLE_ORDER, CLASS_ORDER},
        edges,
        unit_degree=None,
        parameters=parameters,
    )


RANKED = BINARY_SCORES | {PREDICTION_MONOTONE}
ALL_NEGATIVE = Variation("constant reference", lambda rng, v, u: (0 * v, u))
ONE_NEGATIVE = Variation("single", lambda rng, v, u: (0 * v[:1], u[:1]))
OF_CURVES = {ALL_NEGATIVE: UNDEFINED, ONE_NEGATIVE: UNDEFINED, EMPTY: REFUSED}
OF_PROBABILITIES = {**ALWAYS, PERCENT: REFUSED}
OF_ROWS = {**ALWAYS, PROBABILITIES_LEFT_OPEN: REFUSED}

CLAIMS = {
    "accuracy": of_labels(SYMMETRIC),
    "balanced_accuracy": of_labels(PERMUTATIONS),
    "balanced_accuracy/adjusted": of_labels(PERMUTATIONS, TWO_TRUE, adjusted=True),
    "precision": of_labels({SAMPLE_ORDER}, example=two_classes),
    "precision/macro": of_labels(PERMUTATIONS, average="macro"),
    "precision/labels, samples": of_label_sets({SAMPLE_ORDER, COLUMN_ORDER}, average="samples"),
    "recall": of_labels({SAMPLE_ORDER}, example=two_classes),
    "recall/macro": of_labels(PERMUTATIONS, average="macro"),
    "f_beta": of_labels({SAMPLE_ORDER, EXCHANGE}, example=two_classes),
    "f_beta/2, weighted": of_labels(PERMUTATIONS, average="weighted", beta=2.0),
    "f_beta/micro": of_labels(SYMMETRIC, average="micro"),
    "f_beta/labels, macro": of_label_sets(MULTI, average="macro"),
    "jaccard": of_labels({SAMPLE_ORDER, EXCHANGE}, example=two_classes),
    "jaccard/macro": of_labels(SYMMETRIC, average="macro"),
    "jaccard/labels, samples": of_label_sets(MULTI, average="samples"),
    "hamming_loss": of_labels(SYMMETRIC),
    "hamming_loss/labels": of_label_sets(MULTI),
    "exact_match": of_label_sets(MULTI),
    "specificity": of_labels({SAMPLE_ORDER}, TWO_TRUE, example=two_classes),
    "youden_j": of_labels(
        PERMUTATIONS, {**TWO_TRUE, CONSTANT_PREDICTION: 0.0}, example=two_classes
    ),
    "g_mean": of_labels(PERMUTATIONS, {**OF_LABELS, CONSTANT_PREDICTION: 0.0}),
    "mcc": of_labels(
        SYMMETRIC, {**OF_LABELS, CONSTANT_PREDICTION: 0.0, CONSTANT_REFERENCE: 0.0, SINGLE: 0.0}
    ),
    "cohen_kappa": of_labels(
        SYMMETRIC,
        OF_KAPPA,
    ),
    "weighted_kappa": of_labels(
        SYMMETRIC,
        OF_KAPPA,
    ),
    "auroc": of_two_scores(
        {SAMPLE_ORDER, CLASS_EXCHANGE, PREDICTION_MONOTONE},
        {
            **ALWAYS,
            CONSTANT_PREDICTION: 0.5,
            CONSTANT_REFERENCE: UNDEFINED,
            SINGLE: UNDEFINED,
            EMPTY: REFUSED,
        },
        RANKED,
    ),
    "auroc_multiclass": of_class_scores(
        {**ALWAYS, CONSTANT_PREDICTION: 0.5, CONSTANT_REFERENCE: UNDEFINED, SINGLE: UNDEFINED}
    ),
    "auroc_multiclass/ovo": of_class_scores(
        {**ALWAYS, CONSTANT_PREDICTION: 0.5, CONSTANT_REFERENCE: UNDEFINED, SINGLE: UNDEFINED},
        scheme="ovo",
    ),
    "average_precision": of_two_scores(
        {SAMPLE_ORDER, PREDICTION_MONOTONE}, {**OF_CURVES, CONSTANT_PREDICTION: 0.4}, RANKED
    ),
    "auprc_trapezoid": of_two_scores(
        {SAMPLE_ORDER, PREDICTION_MONOTONE}, {**OF_CURVES, CONSTANT_PREDICTION: 0.7}, RANKED
    ),
    "auprc_interpolated": of_two_scores(
        {SAMPLE_ORDER, PREDICTION_MONOTONE}, {**OF_CURVES, CONSTANT_PREDICTION: 0.4}, RANKED
    ),
    "log_loss": of_two_scores({SAMPLE_ORDER, CLASS_EXCHANGE}, OF_PROBABILITIES),
    "log_loss/classes": of_class_scores(OF_ROWS),
    "brier": of_two_scores({SAMPLE_ORDER, CLASS_EXCHANGE}, OF_PROBABILITIES),
    "brier/classes, half": of_class_scores(OF_ROWS, scale="half"),
    "ece_binary": of_two_scores({SAMPLE_ORDER, CLASS_EXCHANGE}, OF_PROBABILITIES, bins=7),
    "ece_binary/max": of_two_scores(
        {SAMPLE_ORDER, CLASS_EXCHANGE}, OF_PROBABILITIES, norm="max", bins=7
    ),
    "ece_top_label": of_class_scores(OF_ROWS, norm="l2"),
    "top_k_accuracy": of_class_scores({**ALWAYS, CONSTANT_PREDICTION: VALUE}, k=2),
    "top_k_accuracy/average": of_class_scores(ALWAYS, k=2, ties="average"),
}
