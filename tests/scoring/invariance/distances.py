"""Claims of distances between distributions: histograms, and sets of draws."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import REFUSED, UNDEFINED, VALUE, Claim, Example
from tests.scoring.invariance.matching import PREDICTION_ORDER, REFERENCE_ORDER
from tests.scoring.invariance.variations import (
    COMMON_SHIFT,
    COMMON_SIGN,
    CONSTANT_PREDICTION,
    CONSTANT_REFERENCE,
    EMPTY,
    EXCHANGE,
    PREDICTION_SCALE,
    PREDICTION_SHIFT,
    SAMPLE_ORDER,
    SINGLE,
    Variation,
)

EVEN_PREDICTION = Variation("constant prediction", lambda rng, v, u: (v, np.full(8, 0.125)))
EVEN_REFERENCE = Variation("constant reference", lambda rng, v, u: (np.full(8, 0.125), u))
SURE = Variation("single", lambda rng, v, u: (np.ones(1), np.ones(1)))
COUNTS = Variation("counts", lambda rng, v, u: (v, 100.0 * u))
NEGATIVE = Variation("below zero", lambda rng, v, u: (v, u - 0.5))
IMPOSSIBLE = Variation("impossible", lambda rng, v, u: (v, np.eye(len(u))[0]))
REVERSED = Variation("bins reversed", lambda rng, v, u: (v[::-1], u[::-1]))


def histograms(rng: np.random.Generator) -> Example:
    """Return eight bins with a peak; a wider one; one at the other end."""
    bins = np.arange(8)
    shape = rng.uniform(0.9, 1.1, 8)
    pieces = [
        shape * np.exp(-((bins - at) ** 2) / width)
        for at, width in [(2, 4.0), (2, 4.0), (2.5, 9.0), (6, 4.0)]
    ]
    return Example(*(piece / piece.sum() for piece in pieces))


def draws(rng: np.random.Generator) -> Example:
    reference = rng.normal(size=30)
    return Example(
        reference, rng.permutation(reference), rng.normal(0.5, 1.3, 25), rng.normal(4.0, 1.0, 25)
    )


def vectors(rng: np.random.Generator) -> Example:
    pieces = draws(rng)
    parts = (pieces.reference, pieces.perfect, pieces.imperfect, pieces.worse)
    return Example(*(part[:, None] * [1.0, 2.0] for part in parts))


BINS = {SAMPLE_ORDER, REVERSED, EXCHANGE}
BIN_EDGES = {
    EVEN_PREDICTION: VALUE,
    EVEN_REFERENCE: VALUE,
    SURE: 0.0,
    EMPTY: REFUSED,
    COUNTS: REFUSED,
    NEGATIVE: REFUSED,
    IMPOSSIBLE: VALUE,
}
DRAWS = {
    PREDICTION_ORDER,
    REFERENCE_ORDER,
    COMMON_SHIFT,
    COMMON_SIGN,
    EXCHANGE,
    PREDICTION_SHIFT,
    PREDICTION_SCALE,
}
SAME = DRAWS - {PREDICTION_SHIFT, PREDICTION_SCALE}
DRAW_EDGES = {
    CONSTANT_PREDICTION: VALUE,
    CONSTANT_REFERENCE: VALUE,
    SINGLE: VALUE,
    EMPTY: REFUSED,
}


def of_bins(unchanged_by=frozenset(BINS), edges=BIN_EDGES):
    return Claim(histograms, BINS, unchanged_by, edges, None)


CLAIMS = {
    "kl_divergence": of_bins(BINS - {EXCHANGE}, {**BIN_EDGES, IMPOSSIBLE: UNDEFINED}),
    "jensen_shannon": of_bins(),
    "total_variation": of_bins(),
    "hellinger": of_bins(),
    "wasserstein_histogram": of_bins(BINS - {SAMPLE_ORDER}),
    "wasserstein": Claim(draws, DRAWS, SAME, DRAW_EDGES, 1),
    "energy_distance": Claim(draws, DRAWS, SAME, DRAW_EDGES, None),
    "kolmogorov_smirnov": Claim(draws, DRAWS, SAME, DRAW_EDGES, 0),
    "mmd_gaussian": Claim(
        vectors, DRAWS, SAME, DRAW_EDGES, 0, unit_parameters=("bandwidth",), tolerance=1e-7
    ),
}
