"""Claims of the survival metrics."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import REFUSED, UNDEFINED, VALUE, Claim, Example
from tests.scoring.invariance.variations import (
    CONSTANT_PREDICTION,
    EMPTY,
    PREDICTION_MONOTONE,
    PREDICTION_SCALE,
    PREDICTION_SHIFT,
    RANKED,
    SAMPLE_ORDER,
    SINGLE,
    Variation,
)

ALL_CENSORED = Variation("constant reference", lambda rng, v, u: (v * [1.0, 0.0], u))
TWO_EVENTS = Variation("events counted", lambda rng, v, u: (v * [1.0, 2.0], u))
TIME_UNIT = Variation("unit of the reference's times", lambda rng, v, u: (v * [24.0, 1.0], u))
ORDER_ONLY = {SAMPLE_ORDER, PREDICTION_SHIFT, PREDICTION_SCALE, PREDICTION_MONOTONE}
PERCENT = Variation("percentages", lambda rng, v, u: (v, 100.0 * u))
MOMENTS = [0.5, 1.0, 2.0, 3.5]


def follow_up(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return times of 20 samples, the last two censored, and the reference."""
    time = rng.permutation(np.linspace(0.3, 6.0, 20))
    event = (rng.random(20) < 0.7) & (time < 5.5)
    event |= time < 1.0
    return time, np.stack([time, event], axis=1).astype(np.float64)


def risks(rng: np.random.Generator) -> Example:
    time, reference = follow_up(rng)
    noise = rng.permutation(np.linspace(-2.0, 2.0, 20))
    return Example(reference, -time, -time + noise, time + 0.1 * noise)


def lifetimes(rng: np.random.Generator) -> Example:
    made = risks(rng)
    return Example(made.reference, -made.perfect, -made.imperfect, -made.worse)


def survival_curves(rng: np.random.Generator) -> Example:
    time, reference = follow_up(rng)
    truth = (time[:, np.newaxis] > MOMENTS).astype(np.float64)
    chance = rng.uniform(0.2, 0.8, truth.shape)
    return Example(reference, truth, 0.5 * truth + 0.5 * chance, 1.0 - 0.9 * truth - 0.1 * chance)


EDGES = {
    CONSTANT_PREDICTION: 0.5,
    ALL_CENSORED: UNDEFINED,
    SINGLE: UNDEFINED,
    EMPTY: REFUSED,
    TWO_EVENTS: REFUSED,
}
KIT = RANKED | {TIME_UNIT}

CLAIMS = {
    "harrell_c": Claim(risks, KIT, {*ORDER_ONLY, TIME_UNIT}, EDGES, unit_degree=None),
    "uno_c": Claim(risks, KIT, {*ORDER_ONLY, TIME_UNIT}, EDGES, unit_degree=None),
    "harrell_c/time": Claim(
        lifetimes,
        KIT,
        {*ORDER_ONLY, TIME_UNIT},
        EDGES,
        unit_degree=None,
        parameters={"orientation": "time"},
    ),
    "integrated_brier": Claim(
        survival_curves,
        frozenset({SAMPLE_ORDER, TIME_UNIT}),
        {SAMPLE_ORDER},
        {
            CONSTANT_PREDICTION: VALUE,
            ALL_CENSORED: VALUE,
            SINGLE: UNDEFINED,
            EMPTY: REFUSED,
            TWO_EVENTS: REFUSED,
            PERCENT: REFUSED,
        },
        unit_degree=None,
        parameters={"times": MOMENTS},
    ),
}
