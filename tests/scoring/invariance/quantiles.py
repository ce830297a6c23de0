"""Claims of forecasts given as quantiles (n, q) or intervals (n, 2) of each number."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import REFUSED, VALUE, Claim, Example
from tests.scoring.invariance.variations import (
    COMMON_SHIFT,
    CONSTANT_PREDICTION,
    CONSTANT_REFERENCE,
    EMPTY,
    NUMBERS,
    PREDICTION_SCALE,
    PREDICTION_SHIFT,
    SAMPLE_ORDER,
    SINGLE,
    Variation,
)

BOTH_SIGN = Variation("both of other sign", lambda rng, v, u: (-v, -u[:, ::-1]))
TOO_FEW = Variation("fewer quantiles than levels", lambda rng, v, u: (v, u[:, 1:-1]))
CROSSED = Variation("crossed", lambda rng, v, u: (v, u[:, ::-1]))


def quantiles(rng: np.random.Generator) -> Example:
    """Return quantiles that are the reference, then spread on both sides, then far too high."""
    reference = np.concatenate([rng.normal(size=10), [5.0, -5.0]])
    perfect = np.repeat(reference[:, None], 5, axis=1)
    # Some references fall in every gap between quantiles, and on either side of them all.
    place = rng.permutation(np.linspace(-2.7, 2.6, 12))
    spread = np.array([-2.0, -1.0, 0.0, 1.0, 2.0]) * rng.uniform(0.8, 1.2, (12, 1))
    near = (reference + place + 0.2)[:, None] + spread
    return Example(reference, perfect, near, near + 5.0)


def intervals(rng: np.random.Generator) -> Example:
    example = quantiles(rng)
    return Example(
        example.reference,
        *(part[:, [0, -1]] for part in (example.perfect, example.imperfect, example.worse)),
    )


def coverage(rng: np.random.Generator) -> Example:
    """Return twenty intervals of which 18 hold the reference, then 16, then none."""
    reference = rng.normal(size=20)
    pieces = []
    for held in (18, 16, 0):
        low = reference - np.where(np.arange(20) < held, 1.0, -1.0) * rng.uniform(0.1, 1.0, 20)
        pieces.append(np.stack([low, low + 3.0], axis=1))
    return Example(reference, *pieces)


def nominal(rng: np.random.Generator) -> Example:
    """Return quantiles that hold ten references as often as they should, less often, never."""
    reference = rng.normal(size=10)
    # Five references within the inner interval, nine within the outer one, one outside.
    place = np.array([0.1, 0.2, -0.3, 0.4, -0.5, 1.5, -1.5, 1.6, -1.6, 2.5])
    spread = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    pieces = ((reference + shift * place)[:, None] + spread for shift in (1.0, 1.9, 90.0))
    return Example(reference, *pieces)


def under(rng: np.random.Generator) -> Example:
    """Return quantiles that are more and more too low."""
    example = quantiles(rng)
    return Example(example.reference, example.perfect, example.imperfect, example.imperfect - 5.0)


def wide(rng: np.random.Generator) -> Example:
    """Return quantiles that are wider and wider."""
    example = quantiles(rng)
    return Example(example.reference, example.perfect, example.imperfect, 3.0 * example.imperfect)


def one_quantile(rng: np.random.Generator) -> Example:
    example = quantiles(rng)
    middle = (part[:, 2] for part in (example.perfect, example.imperfect, example.worse))
    return Example(example.reference, *middle)


KIT = {SAMPLE_ORDER, COMMON_SHIFT, BOTH_SIGN, PREDICTION_SHIFT, PREDICTION_SCALE}
SAME = {SAMPLE_ORDER, COMMON_SHIFT, BOTH_SIGN}
ONE_SIDED = SAME - {BOTH_SIGN}
NUMBER_EDGES = {
    CONSTANT_PREDICTION: VALUE,
    CONSTANT_REFERENCE: VALUE,
    SINGLE: VALUE,
    EMPTY: REFUSED,
}
BOUND_EDGES = {**NUMBER_EDGES, CROSSED: REFUSED}
EDGES = {**BOUND_EDGES, TOO_FEW: REFUSED}


def claim(example=quantiles, unchanged_by=frozenset(SAME), edges=EDGES, unit_degree=1, **more):
    return Claim(example, KIT, unchanged_by, edges, unit_degree, **more)


CLAIMS = {
    "pinball_loss": Claim(
        one_quantile,
        NUMBERS,
        {SAMPLE_ORDER, COMMON_SHIFT},
        NUMBER_EDGES,
        1,
        parameters={"tau": 0.3},
    ),
    "quantile_score": claim(),
    "interval_score": claim(intervals, edges=BOUND_EDGES),
    "interval_coverage": claim(coverage, SAME, BOUND_EDGES, 0),
    "wis": claim(),
    "wis/sorted": claim(edges={**EDGES, CROSSED: VALUE}, parameters={"crossing": "sort"}),
    "wis_dispersion": claim(wide, {*SAME, PREDICTION_SHIFT}),
    "wis_overprediction": claim(unchanged_by=ONE_SIDED),
    "wis_underprediction": claim(under, ONE_SIDED),
    "quantile_bias": claim(unchanged_by=ONE_SIDED, unit_degree=0),
    "coverage_deviation": claim(nominal, unit_degree=0),
}
