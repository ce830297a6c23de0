"""Claims of the metrics of ranked lists."""

from __future__ import annotations

import math

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
    Variation,
)

NONE_RELEVANT = Variation("constant reference", lambda rng, v, u: (0 * v, u))
ONE_IRRELEVANT = Variation("single", lambda rng, v, u: (0 * v[:1], u[:1]))
GRADES = Variation("grades in place of 0 and 1", lambda rng, v, u: (0.5 * v, u))
NEGATIVE = Variation("negative relevance", lambda rng, v, u: (v - 9.0, u))
ORDER_ONLY = {SAMPLE_ORDER, PREDICTION_SHIFT, PREDICTION_SCALE, PREDICTION_MONOTONE}
PREDICTION_REVERSED = Variation("prediction reversed", lambda rng, v, u: (v, -u))
KIT = RANKED | {PREDICTION_REVERSED}


def screening(rng: np.random.Generator) -> Example:
    """Return 60 items, 12 of them active; near the top some inactive ones intrude."""
    relevance = np.zeros(60)
    relevance[rng.permutation(60)[:12]] = 1.0
    noise = rng.permutation(np.linspace(0.0, 1.0, 60))
    reversed_order = np.argsort(np.argsort(-relevance - 0.1 * noise)) / 60
    near = 0.6 * relevance + noise
    near[np.flatnonzero(relevance == 0)[:3]] += 2.0
    return Example(relevance, relevance, near, reversed_order)


def graded(rng: np.random.Generator) -> Example:
    relevance = rng.permutation(np.repeat([0.0, 1.0, 2.0, 3.0], [20, 6, 8, 6]))
    noise = rng.permutation(np.linspace(0.0, 3.0, 40))
    return Example(relevance, relevance, relevance + 2 * noise, -relevance + 0.1 * noise)


EDGES = {NONE_RELEVANT: UNDEFINED, ONE_IRRELEVANT: UNDEFINED, EMPTY: REFUSED, GRADES: REFUSED}
OF_GAINS = {NONE_RELEVANT: UNDEFINED, ONE_IRRELEVANT: UNDEFINED, EMPTY: REFUSED}


def of_lists(constant, *, edges=EDGES, example=screening, best=None, **parameters):
    return Claim(
        example,
        KIT,
        ORDER_ONLY,
        {CONSTANT_PREDICTION: constant, **edges},
        unit_degree=None,
        parameters=parameters,
        best=best,
    )


def largest_rie(relevance, alpha=20.0):
    share = relevance.mean()
    return -math.expm1(-alpha * share) / (share * -math.expm1(-alpha))


CLAIMS = {
    "enrichment_factor": of_lists(
        1.0, fraction=0.1, best=lambda relevance: min(10.0, 1 / relevance.mean())
    ),
    "enrichment_share": of_lists(0.2, fraction=0.1),
    "rie": of_lists(1.0, best=largest_rie),
    "bedroc": of_lists(VALUE),
    "ndcg": of_lists(VALUE, edges={**OF_GAINS, NEGATIVE: REFUSED}, example=graded),
    "ndcg/exponential, k": of_lists(
        VALUE, edges={**OF_GAINS, NEGATIVE: REFUSED}, example=graded, gain="exponential", k=10
    ),
    "ndcg/min_max, fraction": of_lists(
        VALUE, edges=OF_GAINS, example=graded, gain="min_max", fraction=0.25
    ),
    "average_precision_at_k": of_lists(VALUE),
    "average_precision_at_k/pessimistic": of_lists(VALUE, ties="pessimistic", k=20),
    "reciprocal_rank": of_lists(VALUE),
    "precision_at_k": of_lists(0.2),
    "recall_at_k": of_lists(20 / 60, k=20),
    "r_precision": of_lists(0.2),
    "top_recall": of_lists(
        1.0,
        example=graded,
        edges={
            Variation("constant reference", lambda rng, v, u: (0 * v, u)): VALUE,
            Variation("single", lambda rng, v, u: (v[:1], u[:1])): 1.0,
            EMPTY: REFUSED,
        },
        top_reference=0.15,
        top_prediction=0.15,
    ),
}
