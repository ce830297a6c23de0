"""Segmentations: how far the surfaces of labelled regions are apart."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from scoring.contract import Direction
from scoring.errors import MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.matching import reach
from scoring.metrics.segmentation.masks import (
    BOTH_EMPTY,
    BOTH_EMPTY_VALUE,
    LABEL,
    SPACING,
    Mask,
    SurfaceDistances,
    both_empty_value,
    masks,
    spacing_of,
    surface_distances,
)
from scoring.readers.base import AnyArray


def _distance(
    masks_: tuple[Mask, Mask],
    *,
    spacing: list[Any],
    empty: str,
    of: Callable[[SurfaceDistances], float],
) -> float:
    """Return what `of` makes of the surface distances, or the declared value without surfaces."""
    truth, guess = masks_
    steps = spacing_of(spacing, truth.ndim)
    if truth.any() and guess.any():
        return of(surface_distances(truth, guess, spacing=steps))
    if empty == "undefined":
        raise MetricUndefinedError("reference or prediction does not hold the label")
    if truth.any() or guess.any():
        return math.hypot(*(n * step for n, step in zip(truth.shape, steps, strict=True)))
    return 0.0


def hausdorff(
    reference: AnyArray, prediction: AnyArray, *, label: int, spacing: list[Any], empty: str
) -> float:
    """Return the largest distance of a surface voxel from the other surface."""
    return _distance(
        masks(reference, prediction, label),
        spacing=spacing,
        empty=empty,
        of=lambda distances: float(distances.pooled.max()),
    )


def hd95(
    reference: AnyArray,
    prediction: AnyArray,
    *,
    label: int,
    spacing: list[Any],
    empty: str,
    form: str,
) -> float:
    """Return the 95th percentile of the distances between surfaces, in the declared form."""

    def percentile(distances: SurfaceDistances) -> float:
        if form == "pooled":
            return float(np.percentile(distances.pooled, 95))
        sides = (distances.of_prediction, distances.of_reference)
        return max(float(np.percentile(side, 95)) for side in sides)

    both = masks(reference, prediction, label)
    return _distance(both, spacing=spacing, empty=empty, of=percentile)


def assd(
    reference: AnyArray,
    prediction: AnyArray,
    *,
    label: int,
    spacing: list[Any],
    empty: str,
    form: str,
) -> float:
    """Return the mean distance between the surfaces, in the declared form."""

    def mean(distances: SurfaceDistances) -> float:
        if form == "pooled":
            return float(distances.pooled.mean())
        return float(distances.of_prediction.mean() + distances.of_reference.mean()) / 2.0

    both = masks(reference, prediction, label)
    return _distance(both, spacing=spacing, empty=empty, of=mean)


def surface_dice(
    reference: AnyArray,
    prediction: AnyArray,
    *,
    label: int,
    spacing: list[Any],
    tolerance: float,
    both_empty: str,
) -> float:
    """Return the share of surface voxels within the tolerance of the other surface."""
    truth, guess = masks(reference, prediction, label)
    steps = spacing_of(spacing, truth.ndim)
    if not (truth.any() or guess.any()):
        return both_empty_value(both_empty)
    if not (truth.any() and guess.any()):
        return 0.0
    distances = surface_distances(truth, guess, spacing=steps)
    return float(np.mean(distances.pooled <= reach(tolerance, tolerance)))


_EMPTY = Parameter(
    "empty",
    "Where a mask is empty: 'undefined' gives no value; 'diagonal' gives the diagonal of the whole "
    "array if one is empty, and 0 if both are.",
    default="undefined",
    choices=("undefined", "diagonal"),
)
_ESCAPE = (
    "With empty = 'undefined' an empty prediction escapes a bad distance: let the round's missing "
    "policy punish it, or choose 'diagonal'."
)
_VOXELS = (
    "Surfaces are voxels with a face neighbour outside the mask; tools that measure triangles "
    "differ by about half a voxel."
)
_ONE_EMPTY = "reference or prediction does not hold the label, and empty is 'undefined'"
_SURFACES = (LABEL, SPACING, _EMPTY)
_RELOADED = "Maier-Hein et al., Nat. Methods 21, 195 (2024), doi:10.1038/s41592-023-02151-z"
_HEIMANN = "Heimann et al., IEEE Trans. Med. Imaging 28, 1251 (2009), doi:10.1109/TMI.2009.2013851"


def _surface_metric(slug: str, title: str, *, whole: Callable[..., float], **record: Any) -> Metric:
    defaults: dict[str, Any] = {
        "direction": Direction.LOWER,
        "unit": "unit of the spacing",
        "bounds": (0.0, None),
        "perfect": 0.0,
        "parameters": _SURFACES,
        "undefined_when": _ONE_EMPTY,
    }
    return Metric(
        slug=slug,
        title=title,
        family="segmentation",
        inputs=Inputs.ARRAY,
        meaning=Meaning.LABEL,
        whole=whole,
        **(defaults | record),
    )


METRICS = (
    _surface_metric(
        "hausdorff",
        "Hausdorff distance",
        whole=hausdorff,
        help="Largest distance from a surface voxel of one region to the surface of the other.",
        traps=("A single stray voxel decides it.", _ESCAPE, _VOXELS),
        formula=r"\max\big( \max_{a \in \partial A} d(a, \partial B), "
        r"\max_{b \in \partial B} d(b, \partial A) \big)",
        citation="Huttenlocher, Klanderman & Rucklidge, IEEE Trans. Pattern Anal. Mach. Intell. "
        "15, 850 (1993), doi:10.1109/34.232073",
    ),
    _surface_metric(
        "hd95",
        "95th percentile Hausdorff distance",
        whole=hd95,
        parameters=(
            *_SURFACES,
            Parameter(
                "form",
                "'pooled' is the percentile of the distances of both directions together; "
                "'directed' the larger of the percentiles of either direction.",
                default="pooled",
                choices=("pooled", "directed"),
            ),
        ),
        help="95th percentile of the distances between the surfaces: a Hausdorff distance that a "
        "few stray voxels do not decide. Percentiles are interpolated linearly.",
        traps=(
            "Software differs: medpy and surface-distance pool, MONAI takes the larger one.",
            _ESCAPE,
            _VOXELS,
        ),
        formula=r"P_{95}\big( \{d(a, \partial B)\} \cup \{d(b, \partial A)\} \big) "
        r"\quad\text{or}\quad \max\big( P_{95} \{d(a, \partial B)\}, "
        r"P_{95} \{d(b, \partial A)\} \big)",
        citation=_RELOADED,
    ),
    _surface_metric(
        "assd",
        "Average symmetric surface distance",
        whole=assd,
        parameters=(
            *_SURFACES,
            Parameter(
                "form",
                "'pooled' averages all distances together, as Heimann et al.; 'directed' is the "
                "mean of the averages of either direction, as medpy.",
                default="pooled",
                choices=("pooled", "directed"),
            ),
        ),
        help="Mean distance from the surface voxels of either region to the other surface.",
        traps=(_ESCAPE, _VOXELS),
        formula=r"\frac{\sum_a d(a, \partial B) + \sum_b d(b, \partial A)}"
        r"{|\partial A| + |\partial B|}",
        citation="Heimann et al., IEEE Trans. Med. Imaging 28, 1251 (2009), "
        "doi:10.1109/TMI.2009.2013851",
    ),
    _surface_metric(
        "surface_dice",
        "Normalized surface Dice",
        whole=surface_dice,
        direction=Direction.HIGHER,
        unit="1",
        bounds=(0.0, 1.0),
        perfect=1.0,
        undefined_when=BOTH_EMPTY,
        parameters=(
            LABEL,
            SPACING,
            Parameter(
                "tolerance",
                "How far a surface may be off and still be right, in the unit of the spacing.",
                default=1.0,
                low=0.0,
            ),
            BOTH_EMPTY_VALUE,
        ),
        help="Share of the surface voxels of both regions that lie within the tolerance of the "
        "other surface. 0 where one region is empty.",
        traps=(
            "The tolerance should be what experts differ by.",
            "Each surface voxel counts the same; tools that weigh by area differ a little.",
        ),
        formula=r"\frac{|\{a : d(a, \partial B) \le \tau\}| + |\{b : d(b, \partial A) \le \tau\}|}"
        r"{|\partial A| + |\partial B|}",
        citation="Nikolov et al., J. Med. Internet Res. 23, e26151 (2021), doi:10.2196/26151",
    ),
)
