"""Claims of partitions and instances: label maps whose numbers are names only."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import REFUSED, UNDEFINED, VALUE, Claim, Example
from tests.scoring.invariance.segmentation import (
    ALL_OBJECT,
    BOTH_EMPTY,
    EMPTY,
    FRACTIONS,
    MOVED,
    NOTHING_FOUND,
    NOTHING_THERE,
    PADDED,
    SINGLE,
    TRUE_ALL_OBJECT,
    TURNED,
)
from tests.scoring.invariance.variations import EXCHANGE, Variation


def _other_names(rng, reference, prediction):
    names = np.concatenate([[0], 1 + rng.permutation(9)])
    return names[reference], names[::-1][prediction] * (prediction != 0)


RENAMED = Variation("instances renamed", _other_names)


def cells(rng: np.random.Generator) -> Example:
    """Return four instances; one grown, one cut in two, one lost; most of them displaced."""
    reference = np.zeros((16, 16), dtype=np.int64)
    for name, (row, column) in enumerate([(1, 1), (1, 9), (9, 1), (9, 9)], start=1):
        reference[row : row + 5, column : column + 4] = name
    near = reference.copy()
    near[1 : 3 + int(rng.integers(2)), 5:7] = 1
    near[9:11, 9:13] = 6
    near[reference == 3] = 0
    far = np.roll(reference, 3, axis=0)
    far[near == 1] = 0
    far[12:, 12:] = 5
    return Example(reference, reference.copy(), near, far)


def matched_cells(rng: np.random.Generator) -> Example:
    """Return four instances with outlines ever less alike, each still matched."""
    example = cells(rng)
    near, far = example.perfect.copy(), example.perfect.copy()
    near[1, :] = 0
    far[1, :] = 0
    far[10, :] = 0
    far[9, 2:] = 0
    return Example(example.reference, example.perfect, near, far)


KIT = {TURNED, MOVED, PADDED, EXCHANGE, RENAMED}
EDGES = {
    EMPTY: REFUSED,
    FRACTIONS: REFUSED,
    SINGLE: 1.0,
    ALL_OBJECT: VALUE,
    TRUE_ALL_OBJECT: VALUE,
    NOTHING_FOUND: 0.0,
    NOTHING_THERE: 0.0,
    BOTH_EMPTY: UNDEFINED,
}
PIECES = {**EDGES, ALL_OBJECT: 0.0, TRUE_ALL_OBJECT: 0.0, BOTH_EMPTY: 1.0, SINGLE: UNDEFINED}
NO_MATCH = {
    **EDGES,
    ALL_OBJECT: UNDEFINED,
    TRUE_ALL_OBJECT: UNDEFINED,
    NOTHING_FOUND: UNDEFINED,
    NOTHING_THERE: UNDEFINED,
}
INFORMATION = {
    **PIECES,
    ALL_OBJECT: VALUE,
    TRUE_ALL_OBJECT: VALUE,
    NOTHING_FOUND: VALUE,
    NOTHING_THERE: VALUE,
    BOTH_EMPTY: 0.0,
    SINGLE: 0.0,
}


def claim(edges=EDGES, unchanged_by=frozenset(KIT), example=cells, **parameters):
    return Claim(example, KIT, unchanged_by, edges, None, parameters=parameters)


CLAIMS = {
    "adjusted_rand": claim(PIECES, KIT - {PADDED}),
    "adjusted_rand/objects": claim(
        {**PIECES, NOTHING_THERE: UNDEFINED, BOTH_EMPTY: UNDEFINED},
        KIT - {EXCHANGE},
        ignore_background=True,
    ),
    "variation_of_information": claim(INFORMATION, KIT - {PADDED}),
    "normalized_mutual_information": claim({**PIECES, BOTH_EMPTY: UNDEFINED}, KIT - {PADDED}),
    "panoptic_quality": claim(),
    "recognition_quality": claim(),
    "segmentation_quality": claim(NO_MATCH, example=matched_cells),
}
