"""Claims of the ensemble forecasts: members (n, m) for numbers, (n, m, d) for vectors."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import REFUSED, UNDEFINED, VALUE, Claim, Example
from tests.scoring.invariance.variations import (
    COMMON_SHIFT,
    COMMON_SIGN,
    CONSTANT_PREDICTION,
    CONSTANT_REFERENCE,
    EMPTY,
    ENSEMBLES,
    MEMBER_ORDER,
    PREDICTION_SHIFT,
    SAMPLE_ORDER,
    SINGLE,
    Variation,
)

MEMBERS_ONE = Variation("one member", lambda rng, v, u: (v, u[:, :1]))
BOTH_TURNED_2D = Variation(
    "both turned by a right angle",
    lambda rng, v, u: (v[..., ::-1] * [1.0, -1.0], u[..., ::-1] * [1.0, -1.0]),
)


def members(rng: np.random.Generator) -> Example:
    """Return twelve cases of five members: sharp ones, then spread, then biased ones."""
    reference = rng.normal(size=12)
    noise = rng.normal(size=(12, 5))
    near = reference[:, None] + 0.5 * noise + 0.2
    perfect = np.repeat(reference[:, None], 5, axis=1)
    return Example(reference, perfect, near, near + 3.0)


def vectors(rng: np.random.Generator) -> Example:
    reference = rng.normal(size=(8, 2))
    perfect = np.repeat(reference[:, None], 5, axis=1)
    near = perfect + 0.5 * rng.normal(size=(8, 5, 2))
    return Example(reference, perfect, near, near + 3.0 * np.array([1.0, -1.0]))


def reliable(rng: np.random.Generator) -> Example:
    """Return members whose spread is their error; one that is too narrow, one far too wide."""
    reference = rng.normal(size=12)
    noise = rng.normal(size=(12, 5))
    noise -= noise.mean(axis=1, keepdims=True)
    centre = reference + rng.permutation([-1.0, 1.0] * 6)
    # (m + 1)/m times the mean variance is the squared error, which is 1.
    noise *= np.sqrt(5.0 / 6.0 / noise.var(axis=1, ddof=1).mean())
    pieces = (centre[:, None] + width * noise for width in (1.0, 0.8, 3.0))
    return Example(reference, *pieces)


SUMS = {SAMPLE_ORDER, MEMBER_ORDER, COMMON_SHIFT, COMMON_SIGN}
PLAIN = {
    CONSTANT_PREDICTION: VALUE,
    CONSTANT_REFERENCE: VALUE,
    SINGLE: VALUE,
    EMPTY: REFUSED,
    MEMBERS_ONE: VALUE,
}
TWO = {**PLAIN, MEMBERS_ONE: UNDEFINED}


# A member of vectors is shuffled as a whole, which the members' order of numbers does not do.
VECTORS = {SAMPLE_ORDER, COMMON_SHIFT, COMMON_SIGN, PREDICTION_SHIFT, BOTH_TURNED_2D}
DISTANCE = {SAMPLE_ORDER, COMMON_SHIFT, COMMON_SIGN, BOTH_TURNED_2D}
EVENT = {SAMPLE_ORDER, MEMBER_ORDER}


def claim(edges=PLAIN, unit_degree=1):
    return Claim(members, ENSEMBLES, SUMS, edges, unit_degree)


def of_event(edges=PLAIN, **parameters):
    return Claim(
        members,
        ENSEMBLES,
        EVENT,
        edges,
        unit_degree=0,
        unit_parameters=("threshold",),
        parameters={"threshold": 0.1, **parameters},
    )


CLAIMS = {
    "crps_ensemble": claim(),
    "crps_fair": claim(TWO),
    "energy_score": Claim(vectors, VECTORS, DISTANCE, PLAIN, 1),
    "energy_score_fair": Claim(vectors, VECTORS, DISTANCE, TWO, 1),
    "variogram_score": Claim(
        vectors,
        VECTORS,
        DISTANCE - {BOTH_TURNED_2D} | {PREDICTION_SHIFT},
        PLAIN,
        2,
        parameters={"p": 1.0},
    ),
    "ensemble_mean_rmse": claim(),
    "spread_skill_ratio": Claim(reliable, ENSEMBLES, SUMS, TWO, 0),
    "brier_ensemble": of_event(),
    "brier_ensemble/fair": of_event(TWO, estimator="fair"),
    "rank_histogram_deviation": claim(unit_degree=0),
    "rank_histogram_chi2": claim(unit_degree=0),
}
