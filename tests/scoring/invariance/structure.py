"""Claims of the structure metrics: coordinates, and scores of pairs of residues."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import REFUSED, UNDEFINED, VALUE, Claim, Example
from tests.scoring.invariance.variations import (
    ALL_ABSENT,
    BOTH_TURNED,
    CONSTANT_PREDICTION,
    CONSTANT_REFERENCE,
    EMPTY,
    EXCHANGE,
    POINTS,
    PREDICTION_MIRRORED,
    PREDICTION_MONOTONE,
    PREDICTION_MOVED,
    PREDICTION_SCALE,
    PREDICTION_SHIFT,
    PREDICTION_TURNED,
    SAMPLE_ORDER,
    SINGLE,
    Variation,
)
from tests.scoring.structures import chain

POSE = {PREDICTION_TURNED, PREDICTION_MOVED, BOTH_TURNED}
PAIR_TRANSPOSED = Variation("the two scores of each pair exchanged", lambda rng, v, u: (v, u.T))
REFERENCE_TURNED = Variation("both rotated", lambda rng, v, u: (v[:, [1, 2, 0]], u))


def chains(rng: np.random.Generator) -> Example:
    """Return a chain of forty residues and models with larger and larger errors."""
    reference = chain(rng, 40)
    error = rng.normal(size=reference.shape)
    return Example(reference, reference.copy(), reference + 0.7 * error, reference + 3.0 * error)


def some_left_out(rng: np.random.Generator) -> Example:
    """Return models of which one leaves out a few residues and one many."""
    whole = chains(rng)
    near, far = whole.imperfect.copy(), whole.imperfect.copy()
    near[::9] = np.nan
    far[::3] = np.nan
    return Example(whole.reference, whole.perfect, near, far)


def pair_scores(rng: np.random.Generator) -> Example:
    """Return scores of the pairs of a tightly folded chain, some of them wrong."""
    reference = np.tile(chain(rng, 30), (2, 1)) + np.repeat([[0.0], [2.0]], 30, axis=0)
    apart = np.linalg.norm(reference[:, np.newaxis] - reference, axis=-1)
    error = rng.normal(size=apart.shape)
    error += error.T
    return Example(reference, -apart / 9.0, -apart / 9.0 + 0.8 * error, error)


EDGES = {
    CONSTANT_PREDICTION: VALUE,
    CONSTANT_REFERENCE: VALUE,
    SINGLE: VALUE,
    EMPTY: UNDEFINED,
    ALL_ABSENT: 0.0,
}
SUPERPOSED = Claim(
    chains,
    POINTS,
    unchanged_by=POSE | {EXCHANGE},
    edges=EDGES,
    unit_degree=None,  # distances are compared with so many angstrom
)
LDDT = Claim(
    chains,
    POINTS,
    unchanged_by=POSE | {SAMPLE_ORDER, PREDICTION_MIRRORED},
    edges={**EDGES, SINGLE: UNDEFINED},
    unit_degree=None,
)

CLAIMS = {
    "rmsd": Claim(
        chains,
        POINTS,
        unchanged_by=POSE | {EXCHANGE, SAMPLE_ORDER},
        edges={**EDGES, SINGLE: 0.0, ALL_ABSENT: UNDEFINED},
        unit_degree=1,
    ),
    "tm_score": SUPERPOSED,
    "gdt_ts": SUPERPOSED,
    "gdt_ha": SUPERPOSED,
    "lddt": LDDT,
    "lddt_residue_mean": LDDT,
    "modelled_fraction": Claim(
        some_left_out,
        POINTS - {EXCHANGE},
        unchanged_by=POINTS - {EXCHANGE},
        edges={**EDGES, SINGLE: 0.0},
        unit_degree=0,
    ),
    "contact_precision": Claim(
        pair_scores,
        kit={
            PREDICTION_SHIFT,
            PREDICTION_SCALE,
            PREDICTION_MONOTONE,
            PAIR_TRANSPOSED,
            REFERENCE_TURNED,
        },
        unchanged_by={
            PREDICTION_SHIFT,
            PREDICTION_SCALE,
            PREDICTION_MONOTONE,
            PAIR_TRANSPOSED,
            REFERENCE_TURNED,
        },
        edges={
            CONSTANT_PREDICTION: VALUE,
            CONSTANT_REFERENCE: 1.0,
            SINGLE: REFUSED,
            EMPTY: REFUSED,
        },
        unit_degree=None,
    ),
}
