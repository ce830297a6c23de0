"""Named ways to vary an example: symmetries a metric has or has not, and edge cases.

A variation takes a reference and a prediction and returns the pair it makes of them. A *kit* is
the set of variations that make sense for a kind of input; a claim says which of its kit leave the
metric unchanged, and all others must change it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Pair = tuple[Array, Array]
Make = Callable[[np.random.Generator, Array, Array], Pair]


@dataclass(frozen=True, slots=True)
class Variation:
    """One way to vary a pair: ``make(rng, reference, prediction) -> (reference, prediction)``."""

    name: str
    make: Make


def _common_order(axis: int) -> Make:
    def make(rng: np.random.Generator, reference: Array, prediction: Array) -> Pair:
        order = rng.permutation(reference.shape[axis])
        return np.take(reference, order, axis), np.take(prediction, order, axis)

    return make


def _class_order(rng: np.random.Generator, reference: Array, prediction: Array) -> Pair:
    """Give the classes other numbers: columns of the prediction, labels of the reference."""
    new = rng.permutation(prediction.shape[1])
    return new[reference.astype(int)], prediction[:, np.argsort(new)]


def _label_order(rng: np.random.Generator, reference: Array, prediction: Array) -> Pair:
    """Turn the order of the classes round: the smallest label becomes the largest."""
    top = max(reference.max(), prediction.max())
    return top - reference, top - prediction


def _member_order(rng: np.random.Generator, reference: Array, prediction: Array) -> Pair:
    return reference, rng.permuted(prediction, axis=1)


def random_rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a proper rotation of space, shape (3, 3)."""
    axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    axes[:, 0] *= np.linalg.det(axes)
    return np.asarray(axes)


def _both_turned(rng: np.random.Generator, reference: Array, prediction: Array) -> Pair:
    turn = random_rotation(rng)
    return reference @ turn, prediction @ turn


SAMPLE_ORDER = Variation("order of the samples", _common_order(0))
MEMBER_ORDER = Variation("order of the members", _member_order)
CLASS_ORDER = Variation("order of the classes", _class_order)
LABEL_ORDER = Variation("reversed order of the labels", _label_order)
COMMON_SHIFT = Variation("common shift", lambda rng, v, u: (v + 3.7, u + 3.7))
COMMON_SIGN = Variation("common change of sign", lambda rng, v, u: (-v, -u))
PREDICTION_SHIFT = Variation("prediction shifted", lambda rng, v, u: (v, u + 0.37))
PREDICTION_SCALE = Variation("prediction scaled", lambda rng, v, u: (v, 1.9 * u))
PREDICTION_MONOTONE = Variation("prediction bent monotonically", lambda rng, v, u: (v, np.sinh(u)))
EXCHANGE = Variation("reference and prediction exchanged", lambda rng, v, u: (u, v))
CLASS_EXCHANGE = Variation("the two classes exchanged", lambda rng, v, u: (1 - v, 1 - u))
SPACE_ROLL = Variation(
    "common shift in space", lambda rng, v, u: (np.roll(v, 5, -1), np.roll(u, 5, -1))
)
SPACE_REVERSED = Variation("space reversed", lambda rng, v, u: (v[..., ::-1], u[..., ::-1]))
PREDICTION_TURNED = Variation("prediction rotated", lambda rng, v, u: (v, u @ random_rotation(rng)))
PREDICTION_MOVED = Variation(
    "prediction translated", lambda rng, v, u: (v, u + rng.normal(scale=9.0, size=3))
)
PREDICTION_MIRRORED = Variation(
    "mirror image of the prediction", lambda rng, v, u: (v, u * np.array([1.0, 1.0, -1.0]))
)
BOTH_TURNED = Variation("both rotated", _both_turned)

# Kits: the variations that make sense for a kind of input.
NUMBERS = frozenset(
    {
        SAMPLE_ORDER,
        COMMON_SHIFT,
        COMMON_SIGN,
        PREDICTION_SHIFT,
        PREDICTION_SCALE,
        PREDICTION_MONOTONE,
        EXCHANGE,
    }
)
ONE_NUMBER = frozenset({COMMON_SHIFT, COMMON_SIGN, PREDICTION_SHIFT, EXCHANGE})
FIELDS = frozenset(
    {
        SAMPLE_ORDER,
        COMMON_SHIFT,
        COMMON_SIGN,
        PREDICTION_SHIFT,
        EXCHANGE,
        SPACE_ROLL,
        SPACE_REVERSED,
    }
)
POINTS = frozenset(
    {
        SAMPLE_ORDER,
        PREDICTION_TURNED,
        PREDICTION_MOVED,
        PREDICTION_MIRRORED,
        BOTH_TURNED,
        EXCHANGE,
    }
)
ENSEMBLES = frozenset(
    {SAMPLE_ORDER, MEMBER_ORDER, COMMON_SHIFT, COMMON_SIGN, PREDICTION_SHIFT, PREDICTION_SCALE}
)
LABELS = frozenset({SAMPLE_ORDER, LABEL_ORDER, EXCHANGE})
CLASS_SCORES = frozenset({SAMPLE_ORDER, CLASS_ORDER})
BINARY_SCORES = frozenset({SAMPLE_ORDER, CLASS_EXCHANGE})
RANKED = frozenset({SAMPLE_ORDER, PREDICTION_SHIFT, PREDICTION_SCALE, PREDICTION_MONOTONE})


def _first_value(array: Array) -> Array:
    """Return an array of the same shape that holds its first sample everywhere."""
    return np.broadcast_to(array[:1], array.shape) if array.ndim else array


# Edge cases. A family may give its own `make` under the same name.
CONSTANT_PREDICTION = Variation("constant prediction", lambda rng, v, u: (v, _first_value(u)))
CONSTANT_REFERENCE = Variation("constant reference", lambda rng, v, u: (_first_value(v), u))
SINGLE = Variation("single", lambda rng, v, u: (v[:1], u[:1]))
EMPTY = Variation("empty", lambda rng, v, u: (v[:0], u[:0]))
ALL_ABSENT = Variation("all parts absent", lambda rng, v, u: (v, np.full(u.shape, np.nan)))
# Fields: constant over space, not only over the first axis.
FLAT_PREDICTION = Variation("constant prediction", lambda rng, v, u: (v, np.full(u.shape, 1.5)))
FLAT_REFERENCE = Variation("constant reference", lambda rng, v, u: (np.full(v.shape, 1.5), u))
ZERO_REFERENCE = Variation("zero reference", lambda rng, v, u: (np.zeros(v.shape), u))
