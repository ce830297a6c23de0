"""Claims of forecasts given as location and scale of each number: predictions (n, 2)."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import REFUSED, VALUE, Claim, Example
from tests.scoring.invariance.variations import (
    CONSTANT_PREDICTION,
    CONSTANT_REFERENCE,
    EMPTY,
    SAMPLE_ORDER,
    SINGLE,
    Variation,
)

LOCATION_SHIFT = Variation("both shifted", lambda rng, v, u: (v + 3.7, u + np.array([3.7, 0.0])))
LOCATION_SIGN = Variation("both of other sign", lambda rng, v, u: (-v, u * [-1.0, 1.0]))
FORECAST_SHIFT = Variation("forecast shifted", lambda rng, v, u: (v, u + np.array([3.7, 0.0])))
WIDER = Variation("forecast wider", lambda rng, v, u: (v, u * [1.0, 1.9]))
NEGATIVE_SCALE = Variation("scale below zero", lambda rng, v, u: (v, u * [1.0, -1.0]))
ZERO_SCALE = Variation("scale zero", lambda rng, v, u: (v, u * [1.0, 0.0]))
NOT_POSITIVE = Variation("reference not positive", lambda rng, v, u: (-v, u))


def forecasts(rng: np.random.Generator) -> Example:
    """Return twelve forecasts without error or spread, then with some, then with much error."""
    reference = rng.normal(size=12)
    near = np.stack([reference + rng.normal(size=12), rng.uniform(0.5, 1.5, 12)], axis=1)
    perfect = np.stack([reference, np.zeros(12)], axis=1)
    return Example(reference, perfect, near, near + np.array([9.0, 0.0]))


def with_spread(rng: np.random.Generator) -> Example:
    example = forecasts(rng)
    best = np.stack([example.reference, np.full(12, 0.3)], axis=1)
    return Example(example.reference, best, example.imperfect, example.worse)


def logarithms(rng: np.random.Generator) -> Example:
    example = forecasts(rng)
    return Example(np.exp(example.reference), example.perfect, example.imperfect, example.worse)


def calibrated(rng: np.random.Generator) -> Example:
    """Return forecasts with evenly spread probabilities, then bent ones, then all too low."""
    from scipy.special import ndtri

    z = rng.permutation(ndtri((np.arange(12) + 0.5) / 12))
    sd = np.ones(12)
    mean = rng.normal(size=12)
    pieces = (np.stack([mean + shift, sd], axis=1) for shift in (0.0, -0.5, -3.0))
    return Example(mean + z, *pieces)


KIT = {SAMPLE_ORDER, LOCATION_SHIFT, LOCATION_SIGN, FORECAST_SHIFT, WIDER}
SAME = {SAMPLE_ORDER, LOCATION_SHIFT, LOCATION_SIGN}
EDGES = {
    CONSTANT_PREDICTION: VALUE,
    CONSTANT_REFERENCE: VALUE,
    SINGLE: VALUE,
    EMPTY: REFUSED,
    NEGATIVE_SCALE: REFUSED,
    ZERO_SCALE: VALUE,
}
SPREAD_NEEDED = {**EDGES, ZERO_SCALE: REFUSED}

CLAIMS = {
    "crps_gaussian": Claim(forecasts, KIT, SAME, EDGES, 1),
    "crps_logistic": Claim(forecasts, KIT, SAME, EDGES, 1),
    "crps_lognormal": Claim(
        logarithms,
        {SAMPLE_ORDER, FORECAST_SHIFT, WIDER},
        {SAMPLE_ORDER},
        {**EDGES, NOT_POSITIVE: REFUSED},
        None,
    ),
    "log_score_gaussian": Claim(with_spread, KIT, SAME, SPREAD_NEEDED, None),
    "dawid_sebastiani": Claim(with_spread, KIT, SAME, SPREAD_NEEDED, None),
    "pit_deviation_gaussian": Claim(calibrated, KIT, SAME, SPREAD_NEEDED, 0),
    "pit_deviation_gaussian/kolmogorov": Claim(
        calibrated, KIT, SAME, SPREAD_NEEDED, 0, parameters={"distance": "kolmogorov"}
    ),
}
