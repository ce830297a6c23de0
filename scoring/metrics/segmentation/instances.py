"""Partitions and instances: label maps in which the numbers are names only."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.contract import Direction
from scoring.errors import MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.segmentation.masks import joint_counts
from scoring.readers.base import AnyArray


def _table(
    reference: AnyArray, prediction: AnyArray, ignore_background: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the counts of label pairs, and of the labels of reference and prediction in them."""
    true_labels, labels, counts = joint_counts(reference, prediction)
    if ignore_background:
        kept = true_labels != 0
        true_labels, labels, counts = true_labels[kept], labels[kept], counts[kept]
    if not counts.size:
        raise MetricUndefinedError("the reference is background everywhere")
    return counts, _sums(true_labels, counts), _sums(labels, counts)


def _sums(labels: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    _, at = np.unique(labels, return_inverse=True)
    return np.asarray(np.bincount(at, weights=counts), dtype=np.int64)


def _entropy(counts: NDArray[np.int64]) -> float:
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def adjusted_rand(reference: AnyArray, prediction: AnyArray, *, ignore_background: bool) -> float:
    """Return the Rand index of two partitions, adjusted for chance."""
    counts, true_sizes, sizes = _table(reference, prediction, ignore_background)

    def pairs(of: NDArray[np.int64]) -> int:
        return sum(n * (n - 1) // 2 for n in map(int, of))

    both, rows, columns = pairs(counts), pairs(true_sizes), pairs(sizes)
    total = int(counts.sum()) * (int(counts.sum()) - 1) // 2
    if not total:
        raise MetricUndefinedError("two voxels at least are needed")
    expected = rows * columns / total
    most = (rows + columns) / 2
    # Both put all in one piece, or each voxel in a piece of its own: the same partition.
    return 1.0 if most == expected else (both - expected) / (most - expected)


def variation_of_information(
    reference: AnyArray, prediction: AnyArray, *, ignore_background: bool, base: float
) -> float:
    """Return the entropy of either partition given the other, summed."""
    counts, true_sizes, sizes = _table(reference, prediction, ignore_background)
    apart = 2.0 * _entropy(counts) - _entropy(true_sizes) - _entropy(sizes)
    return max(apart, 0.0) / math.log(base)


def normalized_mutual_information(
    reference: AnyArray, prediction: AnyArray, *, ignore_background: bool
) -> float:
    """Return the mutual information over the mean of both entropies."""
    counts, true_sizes, sizes = _table(reference, prediction, ignore_background)
    entropies = _entropy(true_sizes) + _entropy(sizes)
    if entropies == 0:
        raise MetricUndefinedError("reference and prediction are one piece each")
    shared = entropies - _entropy(counts)
    return min(max(2.0 * shared / entropies, 0.0), 1.0)


def _matched(
    reference: AnyArray, prediction: AnyArray, *, threshold: float
) -> tuple[FloatArray, int, int]:
    """Return the IoU of matched instances, and how many true and predicted ones there are."""
    true_labels, labels, counts = joint_counts(reference, prediction)
    true_size = dict(zip(*_sized(true_labels, counts), strict=True))
    size = dict(zip(*_sized(labels, counts), strict=True))
    found = len(size) - (0 in size)
    expected = len(true_size) - (0 in true_size)
    if not found + expected:
        raise MetricUndefinedError("neither reference nor prediction holds an instance")
    objects = (true_labels != 0) & (labels != 0)
    overlaps = [
        int(common) / (true_size[truth] + size[guess] - int(common))
        for truth, guess, common in zip(
            true_labels[objects].tolist(),
            labels[objects].tolist(),
            counts[objects].tolist(),
            strict=True,
        )
    ]
    # Above one half a match is the only one possible, on either side.
    return np.array([overlap for overlap in overlaps if overlap > threshold]), expected, found


def _sized(labels: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[list[int], list[int]]:
    return np.unique(labels).tolist(), _sums(labels, counts).tolist()


def panoptic_quality(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the sum of the IoU of matched instances over the mean number of instances."""
    matched, expected, found = _matched(reference, prediction, threshold=0.5)
    return float(2.0 * matched.sum() / (expected + found))


def segmentation_quality(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the mean IoU of matched instances."""
    matched, _, _ = _matched(reference, prediction, threshold=0.5)
    if not matched.size:
        raise MetricUndefinedError("no instance is matched")
    return float(matched.mean())


def recognition_quality(reference: AnyArray, prediction: AnyArray, *, threshold: float) -> float:
    """Return the F1 score of finding instances."""
    matched, expected, found = _matched(reference, prediction, threshold=threshold)
    return 2.0 * matched.size / (expected + found)


_IGNORE = Parameter(
    "ignore_background",
    "Leave out the voxels where the reference is 0.",
    default=False,
)
_NAMES = "Labels are names: which number a piece has does not matter."
_NO_INSTANCE = "neither reference nor prediction holds an instance"
_BACKGROUND = "0 is background. Every other number is one instance, connected or not."
_KIRILLOV = "Kirillov et al., CVPR 2019, 9404, doi:10.1109/CVPR.2019.00963"


def _partition(slug: str, title: str, *, whole: Callable[..., float], **record: Any) -> Metric:
    defaults: dict[str, Any] = {
        "direction": Direction.HIGHER,
        "unit": "1",
        "bounds": (0.0, 1.0),
        "perfect": 1.0,
    }
    return Metric(
        slug=slug,
        title=title,
        family="instances",
        inputs=Inputs.ARRAY,
        meaning=Meaning.NAMES,
        whole=whole,
        **(defaults | record),
    )


METRICS = (
    _partition(
        "adjusted_rand",
        "Adjusted Rand index",
        whole=adjusted_rand,
        bounds=(-0.5, 1.0),
        parameters=(_IGNORE,),
        undefined_when="there are not two voxels that count",
        help="Share of voxel pairs that both maps put together or both put apart, adjusted so "
        "that chance gives 0. For clusters as well as for segments.",
        traps=(_NAMES, "Large pieces decide it: their pairs are the most."),
        formula=r"\frac{\sum_{ij} \binom{n_{ij}}{2} - E}{\frac12 (R + C) - E}, \quad "
        r"R = \sum_i \binom{a_i}{2}, \; C = \sum_j \binom{b_j}{2}, \; E = R C / \binom{N}{2}",
        citation="Hubert & Arabie, J. Classif. 2, 193 (1985), doi:10.1007/BF01908075",
    ),
    _partition(
        "variation_of_information",
        "Variation of information",
        whole=variation_of_information,
        direction=Direction.LOWER,
        unit="units of information: bits for base 2",
        bounds=(0.0, None),
        perfect=0.0,
        parameters=(
            _IGNORE,
            Parameter("base", "Base of the logarithm.", default=2.0, low=1.1),
        ),
        undefined_when="the reference is background everywhere, and background is ignored",
        help="What one does not know of either partition when told the other: pieces wrongly "
        "joined plus pieces wrongly cut.",
        traps=(_NAMES, "It has no common upper bound: log N of N voxels."),
        formula=r"H(A | B) + H(B | A)",
        citation="Meila, J. Multivar. Anal. 98, 873 (2007), doi:10.1016/j.jmva.2006.11.013",
    ),
    _partition(
        "normalized_mutual_information",
        "Normalized mutual information",
        whole=normalized_mutual_information,
        parameters=(_IGNORE,),
        undefined_when="reference and prediction are one piece each",
        help="Information that both partitions share, over the mean of their entropies.",
        traps=(
            _NAMES,
            "Not adjusted for chance: many small pieces score well.",
            "Normalized by the arithmetic mean; other means give other numbers.",
        ),
        formula=r"2 I(A; B) / (H(A) + H(B))",
        citation="Strehl & Ghosh, J. Mach. Learn. Res. 3, 583 (2002)",
    ),
    _partition(
        "panoptic_quality",
        "Panoptic quality",
        whole=panoptic_quality,
        undefined_when=_NO_INSTANCE,
        help="Sum of the IoU of matched instances over the number of matched ones and half of all "
        "others. Two instances match if their IoU is above one half. It is segmentation quality "
        "times recognition quality.",
        traps=(
            _BACKGROUND,
            "Of one class; average over classes is another metric's choice.",
            "Just at one half there is a jump: small objects suffer.",
        ),
        formula=r"\frac{\sum_{TP} \mathrm{IoU}}{TP + \frac12 FP + \frac12 FN}",
        citation=_KIRILLOV,
    ),
    _partition(
        "segmentation_quality",
        "Segmentation quality of matched instances",
        whole=segmentation_quality,
        bounds=(0.5, 1.0),
        undefined_when=f"{_NO_INSTANCE}, or none is matched",
        rankable=False,
        help="Mean IoU of matched instances: the part of panoptic quality about outlines.",
        traps=(_BACKGROUND, "Instances that are not matched do not count: it cannot rank alone."),
        formula=r"\operatorname{mean}_{TP} \mathrm{IoU}",
        citation=_KIRILLOV,
    ),
    _partition(
        "recognition_quality",
        "Recognition quality (instance F1)",
        whole=recognition_quality,
        undefined_when=_NO_INSTANCE,
        parameters=(
            Parameter(
                "threshold",
                "IoU above which instances match; from one half a match is unique.",
                default=0.5,
                low=0.5,
                high=0.999,
            ),
        ),
        help="F1 score of finding the instances: the part of panoptic quality about presence.",
        traps=(_BACKGROUND,),
        formula=r"\frac{TP}{TP + \frac12 FP + \frac12 FN}",
        citation=_KIRILLOV,
    ),
)
