"""What a metric promises beside its value: symmetries, units, bounds, edge cases.

Each family of metrics has a module beside this one that exports ``CLAIMS``, a mapping of slug to
`Claim`. The suite fails for a registered metric without a claim and for a claim without a metric.
A second claim for other parameters is keyed "slug/what is different". For example::

    def temperatures(rng):
        reference = rng.normal(size=12)
        error = rng.normal(size=12)
        return Example(reference, reference, reference + 0.1 * error, reference + error)

    CLAIMS = {
        "mae": Claim(
            example=temperatures,
            kit=NUMBERS,
            unchanged_by={SAMPLE_ORDER, COMMON_SHIFT, COMMON_SIGN, EXCHANGE},  # all else changes it
            unit_degree=1,
            edges={
                CONSTANT_PREDICTION: VALUE,
                CONSTANT_REFERENCE: VALUE,
                SINGLE: VALUE,
                EMPTY: REFUSED,
            },
        ),
    }

Then write its golden value with ``python -m tests.scoring.invariance --write``. A value once
written stays: another definition is another version of the metric.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any

import numpy as np

from tests.scoring.invariance.variations import Array, Pair, Variation

REQUIRED_EDGES = {"constant prediction", "constant reference", "single", "empty"}
SEEDS = (1, 2, 3)


class Verdict(Enum):
    """What becomes of an edge case, where it is not one known number."""

    VALUE = "a finite value within the bounds"
    UNDEFINED = "no value, and the metric says so"
    REFUSED = "not an input of this metric"


VALUE, UNDEFINED, REFUSED = Verdict


@dataclass(frozen=True, slots=True)
class Example:
    """One reference and predictions for it, each further off than the one before."""

    reference: Array
    perfect: Array
    imperfect: Array
    worse: Array

    @property
    def pair(self) -> Pair:
        """Reference and imperfect prediction."""
        return self.reference, self.imperfect


@dataclass(frozen=True, slots=True)
class Claim:
    """What must hold for one metric under some parameters."""

    example: Callable[[np.random.Generator], Example]
    kit: Set[Variation]  # the variations that make sense for its inputs
    unchanged_by: Set[Variation]  # those that leave the value as it is; the others change it
    edges: Mapping[Variation, float | Verdict]  # what comes of each edge case
    unit_degree: int | None  # values times k give k**degree times the value; None: they have none
    unit_parameters: tuple[str, ...] = ()  # parameters in the unit of the values
    parameters: Mapping[str, Any] = field(default_factory=dict)
    # The best value on the example, where it depends on the reference.
    best: Callable[[Array], float] | None = None
    tolerance: float = 1e-12  # relative, for what must be the same

    def made(self, seed: int) -> Example:
        """Return the example of this seed, its arrays closed to writing."""
        example = self.example(np.random.default_rng(seed))
        return Example(*(_closed(getattr(example, part.name)) for part in fields(example)))


def _closed(array: Array) -> Array:
    copy = np.array(array)
    copy.flags.writeable = False
    return copy
