"""Claims of the field metrics."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import (
    REFUSED,
    UNDEFINED,
    VALUE,
    Claim,
    Example,
)
from tests.scoring.invariance.variations import (
    COMMON_SHIFT,
    COMMON_SIGN,
    EMPTY,
    EXCHANGE,
    FIELDS,
    FLAT_PREDICTION,
    FLAT_REFERENCE,
    PREDICTION_SHIFT,
    SAMPLE_ORDER,
    SINGLE,
    SPACE_REVERSED,
    SPACE_ROLL,
    ZERO_REFERENCE,
)


def waves(rng: np.random.Generator) -> Example:
    """Return six samples of two channels on 32 points; the errors have every wavenumber."""
    x = np.arange(32) / 32
    phase = rng.uniform(0.0, 6.0, size=(6, 2, 1))
    reference = 1.3 + np.sin(2 * np.pi * x + phase)
    error = rng.normal(size=reference.shape) + 0.3
    return Example(reference, reference.copy(), reference + 0.1 * error, reference + 0.3 * error)


LAYOUT = {"layout": "bcx"}
# What is symmetric in space and in the sign of both; shifts of both cancel in the difference.
PLAIN = {SAMPLE_ORDER, COMMON_SHIFT, COMMON_SIGN, EXCHANGE, SPACE_ROLL, SPACE_REVERSED}
EDGES = {
    FLAT_PREDICTION: VALUE,
    FLAT_REFERENCE: VALUE,
    ZERO_REFERENCE: VALUE,
    SINGLE: VALUE,
    EMPTY: REFUSED,
}
RELATIVE = {
    "kit": FIELDS,
    "unchanged_by": PLAIN - {COMMON_SHIFT, EXCHANGE},
    "unit_degree": 0,
    "edges": {**EDGES, ZERO_REFERENCE: UNDEFINED},
    "parameters": LAYOUT,
}
OF_THE_ERROR = {
    "kit": FIELDS,
    "unchanged_by": PLAIN,
    "unit_degree": 1,
    "edges": EDGES,
    "parameters": LAYOUT,
}

CLAIMS = {
    "nrmse": Claim(waves, **RELATIVE),
    "relative_l2": Claim(waves, **RELATIVE),
    "vrmse": Claim(
        waves,
        **{
            **RELATIVE,
            "unchanged_by": PLAIN - {EXCHANGE},
            "edges": {**EDGES, FLAT_REFERENCE: UNDEFINED, ZERO_REFERENCE: UNDEFINED},
            "parameters": {**LAYOUT, "eps": 0.0},
        },
    ),
    "rmse_field": Claim(waves, **OF_THE_ERROR),
    "max_error": Claim(waves, **OF_THE_ERROR),
    "crmse": Claim(waves, **OF_THE_ERROR),
    "brmse": Claim(waves, **{**OF_THE_ERROR, "unchanged_by": PLAIN - {SPACE_ROLL}}),
    "frmse": Claim(waves, **OF_THE_ERROR),
    "frmse/high": Claim(
        waves,
        **{
            **OF_THE_ERROR,
            "unchanged_by": PLAIN | {PREDICTION_SHIFT},
            "parameters": {**LAYOUT, "band": "high"},
        },
    ),
}
