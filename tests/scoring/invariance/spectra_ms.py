"""Claims of mass spectra: peaks (m/z, intensity) in any order."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import REFUSED, UNDEFINED, VALUE, Claim, Example
from tests.scoring.invariance.matching import NOTHING_FOUND, PREDICTION_ORDER, REFERENCE_ORDER
from tests.scoring.invariance.variations import (
    CONSTANT_PREDICTION,
    CONSTANT_REFERENCE,
    EMPTY,
    EXCHANGE,
    SINGLE,
    Variation,
)

BRIGHTER = Variation("intensities in another unit", lambda rng, v, u: (v, u * [1.0, 1000.0]))
SHIFTED = Variation("peaks shifted by 1", lambda rng, v, u: (v, u + np.array([1.0, 0.0])))
DARK_PEAK = Variation(
    "a peak without intensity", lambda rng, v, u: (v, np.concatenate([u, [[777.0, 0.0]]]))
)
ALL_DARK = Variation("no intensity", lambda rng, v, u: (v, u * [1.0, 0.0]))
COLUMNS = Variation("intensity below zero", lambda rng, v, u: (v, -u))


def spectra(rng: np.random.Generator) -> Example:
    """Return eight peaks; nearly all found with other intensities; few found."""
    mz = 100.0 + 10.0 * np.arange(8) + rng.uniform(0.0, 3.0, 8)
    intensity = rng.uniform(0.1, 1.0, 8)
    reference = np.stack([mz, intensity], axis=1)
    other = np.stack([mz + rng.uniform(-0.05, 0.05, 8), rng.uniform(0.1, 1.0, 8)], axis=1)
    far = other + [[5.0, 0.0]] * (np.arange(8) > 1)[:, None]
    return Example(reference, *(rng.permutation(part) for part in (reference, other, far)))


KIT = {PREDICTION_ORDER, REFERENCE_ORDER, EXCHANGE, BRIGHTER, SHIFTED, DARK_PEAK}
SAME = KIT - {SHIFTED}
EDGES = {
    CONSTANT_PREDICTION: VALUE,
    CONSTANT_REFERENCE: VALUE,
    SINGLE: VALUE,
    EMPTY: UNDEFINED,
    NOTHING_FOUND: UNDEFINED,
    ALL_DARK: UNDEFINED,
    COLUMNS: REFUSED,
}
# A peak repeated is nearer to itself than twice the tolerance.
APART = {**EDGES, CONSTANT_PREDICTION: REFUSED, CONSTANT_REFERENCE: REFUSED}

CLAIMS = {
    "spectral_cosine": Claim(spectra, KIT, SAME, EDGES, None),
    "spectral_cosine/optimal": Claim(
        spectra,
        KIT,
        SAME,
        EDGES,
        None,
        parameters={"matching": "optimal", "mz_power": 1.0, "intensity_power": 0.5},
    ),
    "spectral_angle": Claim(spectra, KIT, SAME, EDGES, None, tolerance=1e-7),
    "spectral_entropy_similarity": Claim(spectra, KIT, SAME, APART, None),
    "spectral_entropy_similarity/unweighted": Claim(
        spectra, KIT, SAME, APART, None, parameters={"weighted": False}
    ),
}
