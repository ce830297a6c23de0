"""Claims of the metrics of one number against one number."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import REFUSED, Claim, Example
from tests.scoring.invariance.variations import (
    COMMON_SHIFT,
    COMMON_SIGN,
    EXCHANGE,
    ONE_NUMBER,
    Variation,
)

NO_NUMBER = Variation("empty", lambda rng, v, u: (v, u[np.newaxis][:0]))
TWO_NUMBERS = Variation("two numbers", lambda rng, v, u: (np.repeat(v, 2), np.repeat(u, 2)))


def one_number(rng: np.random.Generator) -> Example:
    reference = np.array(rng.uniform(1.0, 9.0))
    error = rng.uniform(1.0, 2.0)
    return Example(reference, reference.copy(), reference + error, reference + 3.0 * error)


def few_digits(rng: np.random.Generator) -> Example:
    reference = np.array(rng.uniform(0.2, 0.8))
    return Example(reference, reference.copy(), reference + 4e-5, reference + 0.1)


EDGES = {NO_NUMBER: REFUSED, TWO_NUMBERS: REFUSED}

CLAIMS = {
    "absolute_error": Claim(
        example=one_number,
        kit=ONE_NUMBER,
        unchanged_by={COMMON_SHIFT, COMMON_SIGN, EXCHANGE},
        unit_degree=1,
        edges=EDGES,
    ),
    "squared_error": Claim(
        example=one_number,
        kit=ONE_NUMBER,
        unchanged_by={COMMON_SHIFT, COMMON_SIGN, EXCHANGE},
        unit_degree=2,
        edges=EDGES,
    ),
    "signed_error": Claim(
        example=one_number,
        kit=ONE_NUMBER,
        unchanged_by={COMMON_SHIFT},
        unit_degree=1,
        edges=EDGES,
    ),
    "digits_correct": Claim(
        example=few_digits,
        kit=ONE_NUMBER - {EXCHANGE},  # its digits are counted from the reference's first
        unchanged_by={COMMON_SIGN},
        unit_degree=0,
        edges=EDGES,
    ),
}
