"""Scores against two classes: what a threshold that falls from the top to the bottom sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.classification.confusion import labels
from scoring.metrics.fields.chunk import FloatArray
from scoring.readers.base import AnyArray


@dataclass(frozen=True, slots=True)
class ScoreCurve:
    """True and false positives at each threshold, from the highest distinct score down.

    Samples of one score come in together, so that the order of the samples never decides.
    Both start with a threshold above all scores, where both are 0.
    """

    tp: FloatArray
    fp: FloatArray

    @property
    def positives(self) -> float:
        return float(self.tp[-1])

    @property
    def negatives(self) -> float:
        return float(self.fp[-1])


def positives(reference: AnyArray, positive: int) -> NDArray[np.bool_]:
    """Return which samples are of the positive class; refuse more than two classes."""
    truth = labels(reference, name="reference")
    if len(np.union1d(truth, [positive])) > 2:
        raise MetricInputError("this metric is for two classes")
    return np.asarray(truth == positive)


def score_curve(actual: NDArray[np.bool_], scores: FloatArray) -> ScoreCurve:
    """Return the counts at each distinct score; a higher one speaks for the positive class."""
    order = np.argsort(-scores, kind="stable")
    falls = np.append(np.flatnonzero(np.diff(scores[order])), scores.size - 1)
    tp = np.cumsum(actual[order])[falls]
    return ScoreCurve(np.concatenate([[0.0], tp]), np.concatenate([[0.0], falls + 1 - tp]))


def area_under_roc(actual: NDArray[np.bool_], scores: FloatArray) -> float:
    """Return P(score of a positive > score of a negative) + P(equal)/2."""
    if actual.all() or not actual.any():
        raise MetricUndefinedError("the reference holds one class only")
    curve = score_curve(actual, scores)
    area = np.trapezoid(curve.tp, curve.fp)
    return float(area / curve.positives / curve.negatives)


def average_precision(curve: ScoreCurve) -> float:
    """Return the sum of precision times the gain of recall (a step function, no interpolation)."""
    precision = curve.tp[1:] / (curve.tp[1:] + curve.fp[1:])
    return float(np.vecdot(np.diff(curve.tp), precision) / curve.positives)


def trapezoid_precision(curve: ScoreCurve) -> float:
    """Return the area under straight lines between the points, beginning at precision 1."""
    precision = np.append(1.0, curve.tp[1:] / (curve.tp[1:] + curve.fp[1:]))
    return float(np.trapezoid(precision, curve.tp) / curve.positives)


def interpolated_precision(curve: ScoreCurve) -> float:
    """Return the area under Davis & Goadrich's interpolation, integrated exactly.

    Between two thresholds false positives grow in proportion to true ones. With a step of one
    sample it is the formula of the DREAM2 challenges.
    """
    gained, wrong = np.diff(curve.tp), np.diff(curve.fp)
    steps = gained > 0
    tp, fp = curve.tp[:-1][steps], curve.fp[:-1][steps]
    gained, wrong = gained[steps], wrong[steps]
    rate = 1.0 + wrong / gained  # called samples for each true positive gained
    called = tp + fp
    grown = np.log1p(np.divide(rate * gained, called, out=np.zeros_like(called), where=called > 0))
    area = gained / rate + (tp - called / rate) / rate * grown
    return float(area.sum() / curve.positives)
