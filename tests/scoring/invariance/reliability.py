"""Claims of the parts of the Brier score and of the discovery acceleration factor."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import REFUSED, UNDEFINED, VALUE, Claim, Example
from tests.scoring.invariance.variations import (
    CLASS_EXCHANGE,
    CONSTANT_PREDICTION,
    CONSTANT_REFERENCE,
    EMPTY,
    SAMPLE_ORDER,
    SINGLE,
    Variation,
)

HALVED = Variation("forecasts halved", lambda rng, v, u: (v, 0.5 * u))
PERCENT = Variation("forecasts in percent", lambda rng, v, u: (v, 100.0 * u))
OTHER_WAY = Variation("forecasts the other way round", lambda rng, v, u: (v, 1.0 - u))
NOT_AN_EVENT = Variation("reference neither 0 nor 1", lambda rng, v, u: (v + 0.5, u))
NOTHING_PICKED = Variation("nothing picked", lambda rng, v, u: (v, np.abs(u) + 1.0))


def events(rng: np.random.Generator) -> Example:
    reference = rng.permutation(np.repeat([0.0, 1.0], [12, 8]))
    near = np.abs(reference - rng.choice([0.13, 0.22, 0.61], 20))
    return Example(reference, reference.copy(), near, rng.permutation(1.0 - reference))


def ever_vaguer(rng: np.random.Generator) -> Example:
    """Return forecasts that are sure, then in groups of both, then all the same but one."""
    example = events(rng)
    reference = example.reference
    near = np.where(reference == 1, 0.75, 0.25)
    for event in (0.0, 1.0):  # some of each are in the wrong group
        taken = np.flatnonzero(reference == event)[:2]
        near[taken] = 1.0 - near[taken]
    vague = np.full(20, 0.375)
    vague[0] = 0.125
    return Example(reference, example.perfect, near, vague)


def energies(rng: np.random.Generator) -> Example:
    reference = rng.permutation(np.linspace(-0.39, 0.81, 24))
    near = reference + rng.permutation(np.linspace(-0.3, 0.31, 24))
    return Example(reference, reference.copy(), near, np.full(24, -1.0))


EDGES = {
    CONSTANT_PREDICTION: VALUE,
    CONSTANT_REFERENCE: VALUE,
    SINGLE: VALUE,
    EMPTY: REFUSED,
    PERCENT: REFUSED,
    NOT_AN_EVENT: REFUSED,
}
KIT = {SAMPLE_ORDER, CLASS_EXCHANGE, HALVED, OTHER_WAY}

CLAIMS = {
    "brier_reliability": Claim(
        events, KIT, {SAMPLE_ORDER, CLASS_EXCHANGE}, EDGES, None, parameters={"bins": 0}
    ),
    "brier_resolution": Claim(
        ever_vaguer,
        KIT,
        KIT,
        {**EDGES, CONSTANT_PREDICTION: 0.0, CONSTANT_REFERENCE: 0.0, SINGLE: 0.0},
        None,
        parameters={"bins": 0},
    ),
    "discovery_acceleration": Claim(
        energies,
        {SAMPLE_ORDER},
        {SAMPLE_ORDER},
        {
            CONSTANT_PREDICTION: VALUE,
            CONSTANT_REFERENCE: VALUE,
            SINGLE: VALUE,
            EMPTY: REFUSED,
            NOTHING_PICKED: UNDEFINED,
        },
        0,
        unit_parameters=("threshold",),
        parameters={"threshold": -0.05},
    ),
}
