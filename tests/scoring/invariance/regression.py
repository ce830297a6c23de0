"""Claims of the regression metrics: one number predicted and one true for each sample."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import REFUSED, UNDEFINED, VALUE, Claim, Example
from tests.scoring.invariance.variations import (
    COMMON_SHIFT,
    COMMON_SIGN,
    CONSTANT_PREDICTION,
    CONSTANT_REFERENCE,
    EMPTY,
    EXCHANGE,
    NUMBERS,
    PREDICTION_MONOTONE,
    PREDICTION_SCALE,
    PREDICTION_SHIFT,
    SAMPLE_ORDER,
    SINGLE,
)


def numbers(rng: np.random.Generator) -> Example:
    """Return twelve well-spread numbers; the errors have a bias and change the order."""
    reference = rng.permutation(np.linspace(-2.0, 2.5, 12)) + rng.uniform(-0.1, 0.1, 12)
    error = 0.2 + rng.permutation(np.linspace(-0.6, 0.7, 12))
    return Example(reference, reference.copy(), reference + error, 0.2 * reference + 3.0 * error)


def positive(rng: np.random.Generator) -> Example:
    made = numbers(rng)
    shifted = [np.exp(array) for array in (made.reference, made.imperfect, made.worse)]
    return Example(shifted[0], shifted[0], shifted[1], shifted[2])


POSITIVE = NUMBERS - {COMMON_SIGN}
DIFFERENCE = {SAMPLE_ORDER, COMMON_SHIFT, COMMON_SIGN, EXCHANGE}
CORRELATION = {*DIFFERENCE, PREDICTION_SHIFT, PREDICTION_SCALE}
RANK_CORRELATION = {*CORRELATION, PREDICTION_MONOTONE}
ALWAYS = {CONSTANT_PREDICTION: VALUE, CONSTANT_REFERENCE: VALUE, SINGLE: VALUE, EMPTY: REFUSED}
NEEDS_SPREAD = {
    CONSTANT_PREDICTION: UNDEFINED,
    CONSTANT_REFERENCE: UNDEFINED,
    SINGLE: UNDEFINED,
    EMPTY: REFUSED,
}
NEEDS_TRUE_SPREAD = {**NEEDS_SPREAD, CONSTANT_PREDICTION: VALUE}


def claim(unchanged_by, edges=ALWAYS, unit_degree=0, **more):
    return Claim(numbers, NUMBERS, unchanged_by, edges, unit_degree, **more)


CLAIMS = {
    "rmse": claim(DIFFERENCE, unit_degree=1),
    "mae": claim(DIFFERENCE, unit_degree=1),
    "mean_error": claim({SAMPLE_ORDER, COMMON_SHIFT}, unit_degree=1),
    "r2_determination": claim({SAMPLE_ORDER, COMMON_SHIFT, COMMON_SIGN}, NEEDS_TRUE_SPREAD),
    "r2_pearson": claim(CORRELATION, NEEDS_SPREAD),
    "pearson": claim(CORRELATION, NEEDS_SPREAD),
    "spearman": claim(RANK_CORRELATION, NEEDS_SPREAD),
    "kendall_tau_b": claim(RANK_CORRELATION, NEEDS_SPREAD),
    "slope": claim(
        {SAMPLE_ORDER, COMMON_SHIFT, COMMON_SIGN, PREDICTION_SHIFT},
        {**NEEDS_TRUE_SPREAD, CONSTANT_PREDICTION: 0.0},
    ),
    "ccc": claim(
        DIFFERENCE,
        {**ALWAYS, CONSTANT_PREDICTION: 0.0, CONSTANT_REFERENCE: 0.0, SINGLE: 0.0},
    ),
    "mse": claim(DIFFERENCE, unit_degree=2),
    "median_absolute_error": claim(DIFFERENCE, unit_degree=1),
    "max_absolute_error": claim(DIFFERENCE, unit_degree=1),
    "mape": claim({SAMPLE_ORDER, COMMON_SIGN}, unit_degree=0),
    "mape/floor": claim(
        {SAMPLE_ORDER, COMMON_SIGN},
        unit_degree=0,
        unit_parameters=("floor",),
        parameters={"zeros": "floor", "floor": 0.5},
    ),
    "smape": claim({SAMPLE_ORDER, COMMON_SIGN, EXCHANGE}, unit_degree=0),
    "smape/sum": claim(
        {SAMPLE_ORDER, COMMON_SIGN, EXCHANGE}, unit_degree=0, parameters={"scale": "sum"}
    ),
    "msle": Claim(positive, POSITIVE, {SAMPLE_ORDER, EXCHANGE}, ALWAYS, unit_degree=None),
    "rmsle": Claim(positive, POSITIVE, {SAMPLE_ORDER, EXCHANGE}, ALWAYS, unit_degree=None),
    "rmsle/log": Claim(
        positive,
        POSITIVE,
        {SAMPLE_ORDER, EXCHANGE},
        ALWAYS,
        unit_degree=0,
        parameters={"log": "log"},
    ),
    "huber": claim(
        DIFFERENCE, unit_degree=2, unit_parameters=("delta",), parameters={"delta": 0.4}
    ),
    "centred_rmse": claim({*DIFFERENCE, PREDICTION_SHIFT}, unit_degree=1),
    "nrmse_samples": claim(
        {SAMPLE_ORDER, COMMON_SHIFT, COMMON_SIGN}, NEEDS_TRUE_SPREAD, unit_degree=0
    ),
    "nrmse_samples/mean": claim(
        {SAMPLE_ORDER, COMMON_SIGN}, unit_degree=0, parameters={"normalizer": "mean"}
    ),
    "explained_variance": claim(
        {SAMPLE_ORDER, COMMON_SHIFT, COMMON_SIGN, PREDICTION_SHIFT}, NEEDS_TRUE_SPREAD
    ),
    "kendall_tau_c": claim(RANK_CORRELATION, NEEDS_SPREAD),
    "weighted_tau": claim(RANK_CORRELATION - {COMMON_SIGN}, NEEDS_SPREAD),
    "ccc/ddof 1": claim(
        DIFFERENCE,
        {**ALWAYS, CONSTANT_PREDICTION: 0.0, CONSTANT_REFERENCE: 0.0, SINGLE: UNDEFINED},
        parameters={"ddof": 1},
    ),
}
