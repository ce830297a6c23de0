"""Claims of set matching: lists of numbers or points whose order means nothing."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import UNDEFINED, VALUE, Claim, Example
from tests.scoring.invariance.variations import (
    COMMON_SHIFT,
    COMMON_SIGN,
    CONSTANT_PREDICTION,
    CONSTANT_REFERENCE,
    EMPTY,
    EXCHANGE,
    PREDICTION_SHIFT,
    SINGLE,
    Variation,
)

PREDICTION_ORDER = Variation("prediction reordered", lambda rng, v, u: (v, rng.permutation(u)))
REFERENCE_ORDER = Variation("reference reordered", lambda rng, v, u: (rng.permutation(v), u))
ONE_MORE = Variation("one element more", lambda rng, v, u: (v, np.concatenate([u, u[:1] + 50.0])))
NOTHING_FOUND = Variation("empty prediction", lambda rng, v, u: (v, u[:0]))
BOTH_TURNED = Variation(
    "both turned by a right angle",
    lambda rng, v, u: (v[:, ::-1] * [1.0, -1.0], u[:, ::-1] * [1.0, -1.0]),
)


def numbers(rng: np.random.Generator) -> Example:
    """Return eight numbers, two apart: exact, off by less than one, and seven far off."""
    reference = 2.0 * np.arange(8) + rng.uniform(0.0, 0.2, 8)
    near = reference + np.array([0.3, 0.05, -0.4, 0.1, 0.6, -0.05, -0.5, 0.2])
    far = np.concatenate([near[:1], near[1:] + 20.0])
    return Example(reference, *(rng.permutation(part) for part in (reference, near, far)))


def points(rng: np.random.Generator) -> Example:
    """Return five points; one lost and the others off a little; three far-off ones."""
    reference = rng.normal(scale=3.0, size=(5, 2))
    near = (reference + rng.normal(scale=0.2, size=(5, 2)))[1:]
    return Example(reference, rng.permutation(reference), near, near[:3] + np.array([9.0, 4.0]))


def sets_of_other_size(rng: np.random.Generator) -> Example:
    example = numbers(rng)
    return Example(example.reference, example.perfect, example.imperfect[:6], example.imperfect[:3])


NUMBERS = {
    PREDICTION_ORDER,
    REFERENCE_ORDER,
    COMMON_SHIFT,
    COMMON_SIGN,
    EXCHANGE,
    PREDICTION_SHIFT,
    ONE_MORE,
}
SAME = NUMBERS - {PREDICTION_SHIFT, ONE_MORE}
POINTS = NUMBERS | {BOTH_TURNED}
EDGES = {
    CONSTANT_PREDICTION: VALUE,
    CONSTANT_REFERENCE: VALUE,
    SINGLE: VALUE,
    EMPTY: UNDEFINED,
    NOTHING_FOUND: UNDEFINED,
}

CLAIMS = {
    "matched_mae": Claim(numbers, NUMBERS, SAME | {ONE_MORE}, EDGES, 1),
    "matched_mae/penalty": Claim(
        numbers,
        NUMBERS,
        SAME,
        {**EDGES, NOTHING_FOUND: 2.0},
        1,
        unit_parameters=("penalty",),
        parameters={"unmatched": "penalty", "penalty": 2.0},
    ),
    "matched_rmse": Claim(numbers, NUMBERS, SAME | {ONE_MORE}, EDGES, 1),
    "matched_rmse/penalty": Claim(
        points,
        POINTS,
        SAME | {BOTH_TURNED},
        {**EDGES, NOTHING_FOUND: 2.0},
        1,
        unit_parameters=("penalty",),
        parameters={"unmatched": "penalty", "penalty": 2.0},
    ),
    "unmatched_count": Claim(
        sets_of_other_size,
        NUMBERS,
        NUMBERS - {ONE_MORE},
        {**EDGES, EMPTY: 0.0, NOTHING_FOUND: 8.0},
        0,
    ),
    "matched_f1": Claim(
        numbers,
        NUMBERS,
        SAME,
        {**EDGES, NOTHING_FOUND: 0.0},
        0,
        unit_parameters=("tolerance",),
        parameters={"tolerance": 0.35},
    ),
    "chamfer": Claim(points, POINTS, SAME | {BOTH_TURNED}, EDGES, 1),
    "chamfer/squares": Claim(
        points, POINTS, SAME | {BOTH_TURNED}, EDGES, 2, parameters={"form": "squared_sum"}
    ),
    "ospa": Claim(
        numbers,
        NUMBERS,
        SAME,
        {**EDGES, EMPTY: 0.0, NOTHING_FOUND: 2.0},
        1,
        unit_parameters=("cutoff",),
        parameters={"cutoff": 2.0, "order": 2.0},
    ),
    "gospa": Claim(
        points,
        POINTS,
        SAME | {BOTH_TURNED},
        {**EDGES, EMPTY: 0.0, NOTHING_FOUND: 5.0},
        1,
        parameters={"cutoff": 2.0, "order": 1.0},
        unit_parameters=("cutoff",),
    ),
}
