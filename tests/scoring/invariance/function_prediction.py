"""Claims of the metrics of protein function prediction."""

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

# A root, two branches, four leaves, one of which has both branches for parents.
PARENTS = [[], [0], [0], [1], [1, 2], [2], [2]]
INFORMATION = [0.0, 1.0, 0.5, 2.0, 1.5, 3.0, 0.7]
PARENTS_FILLED = Variation("annotations already propagated", lambda rng, v, u: (filled(v), u))
TOO_HIGH = Variation("percentages", lambda rng, v, u: (v, 100.0 * u))


def filled(terms: np.ndarray) -> np.ndarray:
    filled_up = terms.copy()
    for term in (3, 4, 5, 6, 1, 2):
        for parent in PARENTS[term]:
            filled_up[:, parent] = np.maximum(filled_up[:, parent], filled_up[:, term])
    return filled_up


def proteins(rng: np.random.Generator) -> Example:
    truth = np.zeros((14, 7))
    truth[np.arange(14), rng.integers(3, 7, 14)] = 1.0
    truth[:4, 3:] = np.eye(4)
    noise = rng.integers(5, 95, truth.shape) / 100 + 0.005
    wrong = 0.9 * np.roll(truth, 1, axis=1) + 0.1 * noise
    return Example(truth, truth, 0.2 * truth + 0.7 * noise, np.clip(wrong, 0.0, 1.0))


KIT = frozenset({SAMPLE_ORDER, PARENTS_FILLED})
EDGES = {
    CONSTANT_PREDICTION: VALUE,
    CONSTANT_REFERENCE: VALUE,
    SINGLE: VALUE,
    EMPTY: REFUSED,
    TOO_HIGH: REFUSED,
}
ONTOLOGY = {"parents": PARENTS, "information": INFORMATION}


def claim(unchanged_by, **parameters):
    return Claim(proteins, KIT, unchanged_by, EDGES, unit_degree=None, parameters=parameters)


CLAIMS = {
    "fmax": claim({SAMPLE_ORDER}),
    "fmax/ontology": claim({SAMPLE_ORDER, PARENTS_FILLED}, **ONTOLOGY),
    "fmax/micro": claim({SAMPLE_ORDER, PARENTS_FILLED}, average="micro", **ONTOLOGY),
    "smin": claim({SAMPLE_ORDER}),
    "smin/ontology": claim({SAMPLE_ORDER, PARENTS_FILLED}, **ONTOLOGY),
}
