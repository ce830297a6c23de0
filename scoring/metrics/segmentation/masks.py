"""What metrics of segmentations share: label maps, masks and the surfaces of masks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Parameter
from scoring.metrics.fields.chunk import FloatArray
from scoring.readers.base import AnyArray

Mask = NDArray[np.bool_]
Labels = NDArray[np.int64]

BOTH_EMPTY = (
    "neither reference nor prediction holds the label (unless the round declares a value for that)"
)
LABEL = Parameter("label", "The label that counts as the object; all else is background.", 1)
SPACING = Parameter(
    "spacing",
    "Distance between neighbouring voxels along each axis, in the unit wanted for the value; an "
    "empty list means 1 along every axis.",
    default=[],
)
BOTH_EMPTY_VALUE = Parameter(
    "both_empty",
    "Where neither reference nor prediction holds the label: 'undefined' gives no value, 'one' "
    "gives 1.",
    default="undefined",
    choices=("undefined", "one"),
)
_LARGEST = 2**53  # beyond it a float no longer tells neighbouring integers apart


def labels_of(array: AnyArray) -> Labels:
    """Return a label map as integers; refuse numbers that are none."""
    values = np.asarray(array)
    if values.dtype.kind == "f" and not (
        np.abs(values).max(initial=0.0) < _LARGEST and (values == np.floor(values)).all()
    ):
        raise MetricInputError("a label map holds whole numbers; round or threshold it first")
    return values.astype(np.int64)


def label_maps(reference: AnyArray, prediction: AnyArray) -> tuple[Labels, Labels]:
    """Return both label maps; refuse maps without a voxel."""
    if not np.size(reference):
        raise MetricInputError("a label map holds one voxel at least")
    return labels_of(reference), labels_of(prediction)


def masks(reference: AnyArray, prediction: AnyArray, label: int) -> tuple[Mask, Mask]:
    """Return where both label maps hold the label."""
    truth, guess = label_maps(reference, prediction)
    return truth == label, guess == label


def spacing_of(spacing: Sequence[Any], axes: int) -> tuple[float, ...]:
    """Return the distance of voxels along each axis."""
    if not spacing:
        return (1.0,) * axes
    if len(spacing) != axes:
        raise MetricInputError(f"parameter spacing must hold one number for each of {axes} axes")
    numeric = all(isinstance(s, int | float) and not isinstance(s, bool) for s in spacing)
    if not numeric or not all(math.isfinite(s) and s > 0 for s in spacing):
        raise MetricInputError("parameter spacing must hold positive numbers")
    return tuple(float(step) for step in spacing)


@dataclass(frozen=True, slots=True)
class SurfaceDistances:
    """How far the surface voxels of either mask are from the other surface."""

    of_prediction: FloatArray
    of_reference: FloatArray

    @property
    def pooled(self) -> FloatArray:
        return np.concatenate([self.of_prediction, self.of_reference])


def surface_distances(truth: Mask, guess: Mask, *, spacing: Sequence[Any]) -> SurfaceDistances:
    """Measure the surfaces of two masks that both hold a voxel.

    The surface is every voxel of the mask with a face neighbour outside; outside the array counts
    as outside the mask. Memory: a few numbers for each voxel of the box around both masks.
    """
    steps = spacing_of(spacing, truth.ndim)
    box = _box_around(truth | guess)
    truth, guess = _surface(truth[box]), _surface(guess[box])
    return SurfaceDistances(
        of_prediction=_distance_to(truth, steps)[guess],
        of_reference=_distance_to(guess, steps)[truth],
    )


def _box_around(mask: Mask) -> tuple[slice, ...]:
    axes = range(mask.ndim)
    seen = [mask.any(axis=tuple(other for other in axes if other != axis)) for axis in axes]
    places = [np.flatnonzero(along) for along in seen]
    return tuple(slice(int(place[0]), int(place[-1]) + 1) for place in places)


def _surface(mask: Mask) -> Mask:
    from scipy import ndimage

    inside = ndimage.binary_erosion(mask, ndimage.generate_binary_structure(mask.ndim, 1))
    return np.asarray(mask & ~inside, dtype=np.bool_)


def _distance_to(surface: Mask, steps: tuple[float, ...]) -> FloatArray:
    from scipy import ndimage

    return np.asarray(ndimage.distance_transform_edt(~surface, sampling=steps), dtype=np.float64)


def joint_counts(
    reference: AnyArray, prediction: AnyArray
) -> tuple[Labels, Labels, NDArray[np.int64]]:
    """Return the labels of both maps and how many voxels hold each pair of them that occurs.

    Returns
    -------
    reference labels, prediction labels : arrays of int
        Of each pair that occurs.
    counts : array of int
        Voxels of each pair.
    """
    truth, guess = label_maps(reference, prediction)
    true_labels, true_at = np.unique(truth, return_inverse=True)
    labels, at = np.unique(guess, return_inverse=True)
    pairs, counts = np.unique(true_at.ravel() * labels.size + at.ravel(), return_counts=True)
    return true_labels[pairs // labels.size], labels[pairs % labels.size], counts


def both_empty_value(rule: str) -> float:
    """Return the value that a round declares for two empty masks, or say there is none."""
    if rule == "undefined":
        raise MetricUndefinedError("neither reference nor prediction holds the label")
    return 1.0
