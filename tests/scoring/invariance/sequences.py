"""Claims of token sequences."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import REFUSED, UNDEFINED, VALUE, Claim, Example
from tests.scoring.invariance.matching import NOTHING_FOUND, PREDICTION_ORDER
from tests.scoring.invariance.variations import (
    CLASS_ORDER,
    CONSTANT_PREDICTION,
    CONSTANT_REFERENCE,
    EMPTY,
    EXCHANGE,
    SAMPLE_ORDER,
    SINGLE,
    Variation,
)

RENAMED = Variation("tokens renamed", lambda rng, v, u: (90 - v, 90 - u))
BACKWARD = Variation("both backward", lambda rng, v, u: (v[::-1], u[::-1]))
FRACTIONS = Variation("fractions", lambda rng, v, u: (v, u + 0.5))
UNKNOWN_TOKEN = Variation("outside the vocabulary", lambda rng, v, u: (v + 100, u))
LOGITS = Variation("logits", lambda rng, v, u: (v, u + 1.0))


def sentences(rng: np.random.Generator) -> Example:
    """Return twelve tokens; one changed and two lost; other tokens."""
    reference = rng.permutation(20)[:12]
    near = np.delete(reference, [3, 7])
    near[2] = 55
    return Example(reference, reference.copy(), near, np.arange(30, 39))


def log_probabilities(rng: np.random.Generator) -> Example:
    reference = rng.integers(0, 4, 12)
    true = np.eye(4)[reference]
    pieces = (rng.normal(size=(12, 4)) + weight * true for weight in (2.0, -3.0))
    sure = 400.0 * (true - 1.0)
    return Example(reference, sure, *(part - _log_sum(part) for part in pieces))


def _log_sum(part):
    return np.log(np.exp(part).sum(axis=1, keepdims=True))


KIT = {RENAMED, BACKWARD, EXCHANGE, PREDICTION_ORDER}
SAME = KIT - {PREDICTION_ORDER}
EDGES = {
    CONSTANT_PREDICTION: VALUE,
    CONSTANT_REFERENCE: VALUE,
    SINGLE: VALUE,
    EMPTY: UNDEFINED,
    NOTHING_FOUND: 1.0,
    FRACTIONS: REFUSED,
}

CLAIMS = {
    "edit_distance": Claim(sentences, KIT, SAME, {**EDGES, EMPTY: 0.0, NOTHING_FOUND: 12.0}, None),
    "edit_distance_normalized": Claim(sentences, KIT, SAME, EDGES, None),
    "token_error_rate": Claim(sentences, KIT, SAME - {EXCHANGE}, EDGES, None),
    "perplexity": Claim(
        log_probabilities,
        {SAMPLE_ORDER, CLASS_ORDER},
        {SAMPLE_ORDER, CLASS_ORDER},
        {
            CONSTANT_PREDICTION: VALUE,
            CONSTANT_REFERENCE: VALUE,
            SINGLE: VALUE,
            EMPTY: REFUSED,
            UNKNOWN_TOKEN: REFUSED,
            LOGITS: REFUSED,
        },
        None,
    ),
}
