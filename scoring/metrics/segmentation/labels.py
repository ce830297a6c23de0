"""Segmentations: the overlap, size and surfaces of labelled regions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scoring.contract import Direction
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.segmentation.masks import (
    BOTH_EMPTY,
    BOTH_EMPTY_VALUE,
    LABEL,
    both_empty_value,
    joint_counts,
    masks,
)
from scoring.readers.base import AnyArray


def dice(reference: AnyArray, prediction: AnyArray, *, label: int, both_empty: str) -> float:
    """Return twice the common part over the sum of both sizes."""
    truth, guess = masks(reference, prediction, label)
    size = int(truth.sum()) + int(guess.sum())
    if not size:
        return both_empty_value(both_empty)
    return 2.0 * int((truth & guess).sum()) / size


def iou(reference: AnyArray, prediction: AnyArray, *, label: int, both_empty: str) -> float:
    """Return the common part over the union."""
    truth, guess = masks(reference, prediction, label)
    union = int((truth | guess).sum())
    if not union:
        return both_empty_value(both_empty)
    return int((truth & guess).sum()) / union


def _per_class(
    reference: AnyArray, prediction: AnyArray, ignore: list[Any]
) -> tuple[np.ndarray[Any, Any], ...]:
    """Return common part, size in the reference and in the prediction of each class that counts."""
    if any(not isinstance(label, int) or isinstance(label, bool) for label in ignore):
        raise MetricInputError("parameter ignore must be a list of labels")
    true_labels, labels, counts = joint_counts(reference, prediction)
    classes = np.setdiff1d(np.union1d(true_labels, labels), np.array(ignore, dtype=np.int64))
    if not classes.size:
        raise MetricUndefinedError("neither reference nor prediction holds a class that counts")
    common = [counts[(true_labels == c) & (labels == c)].sum() for c in classes]
    true_size = [counts[true_labels == c].sum() for c in classes]
    size = [counts[labels == c].sum() for c in classes]
    return np.array(common), np.array(true_size), np.array(size)


def dice_macro(reference: AnyArray, prediction: AnyArray, *, ignore: list[Any]) -> float:
    """Return the mean Dice coefficient over the classes of reference or prediction."""
    common, true_size, size = _per_class(reference, prediction, ignore)
    return float(np.mean(2.0 * common / (true_size + size)))


def iou_macro(reference: AnyArray, prediction: AnyArray, *, ignore: list[Any]) -> float:
    """Return the mean intersection over union over the classes of reference or prediction."""
    common, true_size, size = _per_class(reference, prediction, ignore)
    return float(np.mean(common / (true_size + size - common)))


def _sizes(reference: AnyArray, prediction: AnyArray, label: int) -> tuple[int, int]:
    truth, guess = masks(reference, prediction, label)
    return int(truth.sum()), int(guess.sum())


def volume_similarity(
    reference: AnyArray, prediction: AnyArray, *, label: int, both_empty: str
) -> float:
    """Return 1 - |difference of sizes| / sum of sizes."""
    true_size, size = _sizes(reference, prediction, label)
    if not true_size + size:
        return both_empty_value(both_empty)
    return 1.0 - abs(size - true_size) / (size + true_size)


def relative_volume_difference(reference: AnyArray, prediction: AnyArray, *, label: int) -> float:
    """Return the difference of sizes over the reference's."""
    true_size, size = _sizes(reference, prediction, label)
    if not true_size:
        raise MetricUndefinedError("the reference does not hold the label")
    return (size - true_size) / true_size


_IGNORE = Parameter("ignore", "Labels that are not averaged: the background.", default=[0])
_ABSENT = (
    "A class that the prediction alone holds counts with 0; a class that neither holds does not "
    "count."
)
_DICE = "Dice, Ecology 26, 297 (1945), doi:10.2307/1932409"
_JACCARD = "Jaccard, New Phytol. 11, 37 (1912), doi:10.1111/j.1469-8137.1912.tb05611.x"
_TAHA = "Taha & Hanbury, BMC Med. Imaging 15, 29 (2015), doi:10.1186/s12880-015-0068-x"


def _segmentation(slug: str, title: str, *, whole: Callable[..., float], **record: Any) -> Metric:
    defaults: dict[str, Any] = {
        "direction": Direction.HIGHER,
        "unit": "1",
        "bounds": (0.0, 1.0),
        "perfect": 1.0,
        "parameters": (LABEL, BOTH_EMPTY_VALUE),
        "undefined_when": BOTH_EMPTY,
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
    _segmentation(
        "dice",
        "Dice coefficient",
        whole=dice,
        help="Twice the common part of predicted and true region over the sum of their sizes.",
        traps=("One voxel more or less decides it for small objects.",),
        formula=r"2 |A \cap B| / (|A| + |B|)",
        citation=_DICE,
    ),
    _segmentation(
        "iou",
        "Intersection over union (Jaccard)",
        whole=iou,
        help="Common part of predicted and true region over their union.",
        traps=("It orders single targets as Dice does; means over targets may differ.",),
        formula=r"|A \cap B| / |A \cup B|",
        citation=_JACCARD,
    ),
    _segmentation(
        "dice_macro",
        "Dice coefficient, mean over classes",
        whole=dice_macro,
        parameters=(_IGNORE,),
        undefined_when="neither reference nor prediction holds a class that counts",
        help="Dice coefficient of each class of a label map, averaged over classes.",
        traps=(_ABSENT,),
        formula=r"\operatorname{mean}_c 2 |A_c \cap B_c| / (|A_c| + |B_c|)",
        citation=_DICE,
    ),
    _segmentation(
        "iou_macro",
        "Intersection over union, mean over classes",
        whole=iou_macro,
        parameters=(_IGNORE,),
        undefined_when="neither reference nor prediction holds a class that counts",
        help="Intersection over union of each class of a label map, averaged over classes (mIoU).",
        traps=(_ABSENT, "Benchmarks that pool voxels over images first get another number."),
        formula=r"\operatorname{mean}_c |A_c \cap B_c| / |A_c \cup B_c|",
        citation=_JACCARD,
    ),
    _segmentation(
        "volume_similarity",
        "Volume similarity",
        whole=volume_similarity,
        help="1 less the difference of the sizes over their sum.",
        traps=("Blind to place: two regions far apart score 1 if they are of one size.",),
        formula=r"1 - \big| |A| - |B| \big| / (|A| + |B|)",
        citation=_TAHA,
    ),
    _segmentation(
        "relative_volume_difference",
        "Relative volume difference",
        whole=relative_volume_difference,
        direction=Direction.LOWER,
        bounds=(-1.0, None),
        perfect=0.0,
        rankable=False,
        parameters=(LABEL,),
        undefined_when="the reference does not hold the label",
        help="Size of the predicted region less that of the true one, over the true one.",
        traps=(
            "Zero is best and both signs are worse, so it cannot rank entries.",
            "Blind to place.",
        ),
        formula=r"(|A| - |B|) / |B|",
        citation="Heimann et al., IEEE Trans. Med. Imaging 28, 1251 (2009), "
        "doi:10.1109/TMI.2009.2013851",
    ),
)
