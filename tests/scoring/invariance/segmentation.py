"""Claims of segmentations: label maps of one shape, whose labels mean something."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import REFUSED, UNDEFINED, VALUE, Claim, Example
from tests.scoring.invariance.variations import EXCHANGE, Variation

EMPTY = Variation("empty", lambda rng, v, u: (v[:0], u[:0]))
SINGLE = Variation("single", lambda rng, v, u: (np.ones((1, 1)), np.ones((1, 1))))
ALL_OBJECT = Variation("constant prediction", lambda rng, v, u: (v, np.ones_like(u)))
TRUE_ALL_OBJECT = Variation("constant reference", lambda rng, v, u: (np.ones_like(v), u))
NOTHING_FOUND = Variation("empty prediction", lambda rng, v, u: (v, np.zeros_like(u)))
NOTHING_THERE = Variation("empty reference", lambda rng, v, u: (np.zeros_like(v), u))
BOTH_EMPTY = Variation("both empty", lambda rng, v, u: (np.zeros_like(v), np.zeros_like(u)))
FRACTIONS = Variation("fractions", lambda rng, v, u: (v, 0.5 * u))
TURNED = Variation("both turned", lambda rng, v, u: (np.rot90(v), np.rot90(u)))
MOVED = Variation(
    "both moved", lambda rng, v, u: (np.roll(v, (2, 1), (0, 1)), np.roll(u, (2, 1), (0, 1)))
)
PADDED = Variation("more background", lambda rng, v, u: (np.pad(v, 3), np.pad(u, 3)))
SECOND_LABEL = Variation("second label renamed", lambda rng, v, u: (_renamed(v), _renamed(u)))


def _renamed(labels):
    return np.where(labels == 2, 7, labels)


def regions(rng: np.random.Generator) -> Example:
    """Return an object with a second one beside it; moved a little and larger; moved far."""
    rows, columns = np.ogrid[:16, :16]
    reference = (np.hypot(rows - 6, columns - 5) < 3.4).astype(np.int64)
    reference[11:14, 8:13] = 2
    near = (np.hypot(rows - 7, columns - 5) < 4.0).astype(np.int64)
    near[10:14, 8:13] = 2
    near[5 + int(rng.integers(3)), 11] = 1
    far = np.zeros_like(reference)
    far[8:14, 7:14] = 1
    far[0:2, 0:2] = 2
    return Example(reference, reference.copy(), near, far)


def ever_larger(rng: np.random.Generator) -> Example:
    example = regions(rng)
    return Example(
        example.reference, example.perfect, example.imperfect, np.ones_like(example.reference)
    )


KIT = {TURNED, MOVED, PADDED, SECOND_LABEL, EXCHANGE}
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
FAR = {**EDGES, SINGLE: 0.0, NOTHING_FOUND: UNDEFINED, NOTHING_THERE: UNDEFINED}
DIAGONAL = float(np.hypot(16.0, 16.0))
CUT_OFF = {**FAR, NOTHING_FOUND: DIAGONAL, NOTHING_THERE: DIAGONAL, BOTH_EMPTY: 0.0}


def claim(example=regions, edges=EDGES, unchanged_by=frozenset(KIT), **parameters):
    return Claim(example, KIT, unchanged_by, edges, None, parameters=parameters)


CLAIMS = {
    "dice": claim(),
    "dice/both empty": claim(edges={**EDGES, BOTH_EMPTY: 1.0}, both_empty="one"),
    "iou": claim(),
    "iou/both empty": claim(edges={**EDGES, BOTH_EMPTY: 1.0}, both_empty="one"),
    "dice_macro": claim(),
    "dice_macro/with background": claim(
        unchanged_by=KIT - {PADDED},
        edges={**EDGES, NOTHING_FOUND: VALUE, NOTHING_THERE: VALUE, BOTH_EMPTY: 1.0},
        ignore=[],
    ),
    "iou_macro": claim(),
    "volume_similarity": claim(ever_larger),
    "relative_volume_difference": claim(
        ever_larger,
        {**EDGES, SINGLE: 0.0, NOTHING_FOUND: -1.0, NOTHING_THERE: UNDEFINED},
        KIT - {EXCHANGE},
    ),
    "hausdorff": claim(edges=FAR),
    "hausdorff/diagonal": claim(edges=CUT_OFF, empty="diagonal"),
    "hd95": claim(edges=FAR),
    "hd95/directed": claim(edges=FAR, form="directed"),
    "assd": claim(edges=FAR),
    "assd/directed": claim(edges=FAR, form="directed"),
    "surface_dice": claim(tolerance=0.5),
}
