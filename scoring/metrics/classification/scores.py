"""Classification by scores: whether the right classes come first."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from scoring.contract import Direction
from scoring.errors import MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.classification.confusion import IntArray, class_numbers
from scoring.metrics.classification.score_curve import (
    ScoreCurve,
    area_under_roc,
    average_precision,
    interpolated_precision,
    positives,
    score_curve,
    trapezoid_precision,
)
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.samples_chunk import SamplesChunk
from scoring.metrics.samples_rule import (
    ALL_ANSWERED,
    NEEDS_ALL,
    Parameters,
    SamplesRule,
    float_pair,
)
from scoring.readers.base import AnyArray

_HAND = "Hand & Till, Machine Learning 45, 171 (2001), doi:10.1023/A:1010920819831"
_DAVIS = "Davis & Goadrich, ICML 2006, doi:10.1145/1143844.1143874"
_POSITIVE = Parameter("positive", "The label of the positive class.", default=1)
_THREE_AREAS = (
    "average_precision, auprc_trapezoid and auprc_interpolated are three different numbers, all "
    "published as AUPR."
)


def auroc(reference: AnyArray, prediction: AnyArray, *, positive: int) -> float:
    """Return the area under the ROC curve of two classes."""
    truth, scores = float_pair(reference, prediction)
    return area_under_roc(positives(truth, positive), scores)


def auroc_multiclass(
    reference: AnyArray, prediction: AnyArray, *, scheme: str, average: str
) -> float:
    """Return the mean area under the ROC curves of several classes."""
    raw, scores = float_pair(reference, prediction)
    truth = class_numbers(raw, scores.shape[1])
    support = np.bincount(truth, minlength=scores.shape[1])
    if scores.shape[1] < 2 or not support.all():
        raise MetricUndefinedError("some class does not occur in the reference")
    if scheme == "ovr":
        areas = [area_under_roc(truth == c, scores[:, c]) for c in range(support.size)]
        weights = support.astype(np.float64)
    else:
        pairs = list(combinations(range(support.size), 2))
        areas = [_one_against_one(truth, scores, pair) for pair in pairs]
        weights = np.array([support[a] + support[b] for a, b in pairs], dtype=np.float64)
    return float(np.average(areas, weights=weights if average == "weighted" else None))


def _one_against_one(truth: IntArray, scores: FloatArray, pair: tuple[int, int]) -> float:
    of_pair = np.isin(truth, pair)
    areas = [area_under_roc(truth[of_pair] == c, scores[of_pair, c]) for c in pair]
    return sum(areas) / 2


def _area(kind: Callable[[ScoreCurve], float]) -> Callable[..., float]:
    def whole(reference: AnyArray, prediction: AnyArray, *, positive: int) -> float:
        truth, scores = float_pair(reference, prediction)
        actual = positives(truth, positive)
        if not actual.any():
            raise MetricUndefinedError("the reference holds no positive sample")
        return kind(score_curve(actual, scores))

    return whole


def _top_k(chunk: SamplesChunk, parameters: Parameters) -> FloatArray:
    """Return how many samples have their class among the k best scores, ties as declared."""
    scores, k = chunk.prediction, parameters["k"]
    truth = class_numbers(chunk.reference, scores.shape[1])[:, np.newaxis]
    own = np.take_along_axis(scores, truth, axis=1)
    above = (scores > own).sum(axis=1)
    tied = (scores == own).sum(axis=1)
    if parameters["ties"] == "pessimistic":
        return np.asarray((above + tied <= k).sum())
    if parameters["ties"] == "optimistic":
        return np.asarray((above < k).sum())
    if parameters["ties"] == "last_column":
        later = ((scores == own) & (np.arange(scores.shape[1]) > truth)).sum(axis=1)
        return np.asarray((above + later < k).sum())
    return np.asarray(np.clip((k - above) / tied, 0.0, 1.0).sum())


def _of_scores(slug: str, title: str, **record: object) -> Metric:
    usual = {
        "direction": Direction.HIGHER,
        "bounds": (0.0, 1.0),
        "perfect": 1.0,
        "shapes": ("n", "n"),
    }
    return Metric(
        slug=slug,
        title=title,
        family="classification",
        inputs=Inputs.SAMPLES,
        unit="1",
        missing=ALL_ANSWERED,
        **{**usual, **record},  # type: ignore[arg-type]
    )


METRICS = (
    _of_scores(
        "auroc",
        "Area under the ROC curve",
        meaning=Meaning.ORDER,
        whole=auroc,
        parameters=(_POSITIVE,),
        help="Probability that a positive sample scores higher than a negative one; ties count "
        "half. Higher scores must speak for the positive class.",
        traps=(
            "Where positives are rare it hides many false ones: see average_precision.",
            NEEDS_ALL,
        ),
        undefined_when="the reference holds one class only",
        formula=r"P(u_+ > u_-) + \tfrac12 P(u_+ = u_-)",
        citation="Hanley & McNeil, Radiology 143, 29 (1982), doi:10.1148/radiology.143.1.7063747",
    ),
    _of_scores(
        "auroc_multiclass",
        "Area under the ROC curves of several classes",
        meaning=Meaning.PROBABILITY,
        whole=auroc_multiclass,
        shapes=("n c", "n"),
        parameters=(
            Parameter(
                "scheme",
                "'ovr' sets each class against the rest, 'ovo' each against each other.",
                default="ovr",
                choices=("ovr", "ovo"),
            ),
            Parameter(
                "average",
                "Plain mean, or weighted by the true samples of a class (or of a pair).",
                default="macro",
                choices=("macro", "weighted"),
            ),
        ),
        help="Areas under the ROC curves of each class (or pair of classes), averaged. Column c "
        "is the score of class c; labels are 0, 1, 2, ...",
        traps=(
            "'ovr' depends on how common the classes are, 'ovo' with 'macro' does not.",
            NEEDS_ALL,
        ),
        undefined_when="a class does not occur in the reference",
        formula=r"\frac{2}{C(C-1)} \sum_{j<k} \tfrac12 (A(j|k) + A(k|j))",
        citation=_HAND,
    ),
    _of_scores(
        "average_precision",
        "Average precision",
        meaning=Meaning.ORDER,
        whole=_area(average_precision),
        parameters=(_POSITIVE,),
        help="Precision at each threshold, averaged with the gain of recall as weight: area under "
        "the precision-recall steps.",
        traps=(_THREE_AREAS, "Chance is the share of positives, not 0.5.", NEEDS_ALL),
        undefined_when="the reference holds no positive sample",
        formula=r"\sum_k (R_k - R_{k-1}) P_k",
        citation="Manning, Raghavan & Schütze, Introduction to Information Retrieval, CUP 2008, "
        "doi:10.1017/CBO9780511809071",
    ),
    _of_scores(
        "auprc_trapezoid",
        "Area under the precision-recall curve, trapezoids",
        meaning=Meaning.ORDER,
        whole=_area(trapezoid_precision),
        parameters=(_POSITIVE,),
        help="Area under straight lines between the points of the precision-recall curve, which "
        "begins at precision 1.",
        traps=(
            _THREE_AREAS,
            "Straight lines promise more than can be had between two points.",
            NEEDS_ALL,
        ),
        undefined_when="the reference holds no positive sample",
        formula=r"\sum_k (R_k - R_{k-1}) (P_k + P_{k-1}) / 2",
        citation=_DAVIS,
    ),
    _of_scores(
        "auprc_interpolated",
        "Area under the precision-recall curve, interpolated",
        meaning=Meaning.ORDER,
        whole=_area(interpolated_precision),
        parameters=(_POSITIVE,),
        help="Area under the precision-recall curve whose false positives grow in proportion "
        "between two thresholds, integrated exactly; without ties it is the AUPR of the DREAM2 "
        "challenges.",
        traps=(_THREE_AREAS, NEEDS_ALL),
        undefined_when="the reference holds no positive sample",
        formula=r"\frac1P \sum_k \int_{TP_{k-1}}^{TP_k} x / (x + FP(x))\, dx",
        citation=f"{_DAVIS}; Stolovitzky, Prill & Califano, Ann. N.Y. Acad. Sci. 1158, 159 (2009), "
        "doi:10.1111/j.1749-6632.2009.04497.x",
    ),
    _of_scores(
        "top_k_accuracy",
        "Top-k accuracy",
        meaning=Meaning.ORDER,
        mergeable=SamplesRule(_top_k),
        shapes=("n c", "n"),
        parameters=(
            Parameter("k", "How many classes may be named.", default=5, low=1),
            Parameter(
                "ties",
                "Where the true class ties with others across the k-th place: 'pessimistic' "
                "counts it last, 'optimistic' first, 'average' by its chance, 'last_column' lets "
                "the higher column win, as scikit-learn does.",
                default="pessimistic",
                choices=("pessimistic", "average", "optimistic", "last_column"),
            ),
        ),
        help="Share of samples whose true class is among the k with the highest scores.",
        traps=("With 'optimistic', giving every class the same score is perfect.",),
        formula=r"\operatorname{mean}_i [\operatorname{rank}(u_{i,v_i}) \le k]",
        citation="Russakovsky et al., Int. J. Comput. Vis. 115, 211 (2015), "
        "doi:10.1007/s11263-015-0816-y",
    ),
)
