"""Sets without an order: each predicted element is assigned to a true one, at the least cost."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from scoring.contract import Direction
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.fields.chunk import FloatArray
from scoring.readers.base import AnyArray

# A cost matrix of this many entries is half a gigabyte, and hours to assign.
_MOST_PAIRS = 1 << 26


def reach(tolerance: float, largest: float) -> float:
    """Return a tolerance with room for the rounding of numbers as large as the largest.

    In decimal numbers 3.1 is within 0.1 of 3; in binary ones it just is not.
    """
    return tolerance + 1e-9 * tolerance + 4.0 * float(np.finfo(np.float64).eps) * largest


def _points(array: AnyArray) -> FloatArray:
    values = np.asarray(array, dtype=np.float64)
    return values.reshape(len(values), math.prod(values.shape[1:]))


def _distances(reference: AnyArray, prediction: AnyArray) -> FloatArray:
    """Return the distances of all pairs, shape (elements of prediction, of reference)."""
    from scipy.spatial.distance import cdist

    truth, guess = _points(reference), _points(prediction)
    if len(truth) * len(guess) > _MOST_PAIRS:
        raise MetricInputError("the sets are too large to be assigned: 8000 elements are plenty")
    if not (len(truth) and len(guess)):
        return np.zeros((len(guess), len(truth)))
    return np.asarray(cdist(guess, truth), dtype=np.float64)


def assigned(costs: FloatArray) -> FloatArray:
    """Return the costs of the pairs of the best assignment; the larger set keeps some over."""
    from scipy.optimize import linear_sum_assignment

    return np.asarray(costs[linear_sum_assignment(costs)], dtype=np.float64)


def _matched_mean(
    errors: FloatArray, sizes: tuple[int, int], *, unmatched: str, penalty: float
) -> float:
    """Return the mean of matched errors, with the penalty for every element left over."""
    left_over = max(sizes) - min(sizes) if unmatched == "penalty" else 0
    if not errors.size + left_over:
        raise MetricUndefinedError("no predicted element is assigned to a true one")
    return float(errors.sum() + penalty * left_over) / (errors.size + left_over)


def matched_mae(
    reference: AnyArray, prediction: AnyArray, *, unmatched: str, penalty: float
) -> float:
    """Return the mean distance of assigned elements, the sum of distances being least."""
    costs = _distances(reference, prediction)
    return _matched_mean(assigned(costs), costs.shape, unmatched=unmatched, penalty=penalty)


def matched_rmse(
    reference: AnyArray, prediction: AnyArray, *, unmatched: str, penalty: float
) -> float:
    """Return the root mean square distance of assigned elements, the sum of squares being least."""
    costs = _distances(reference, prediction) ** 2
    mean = _matched_mean(assigned(costs), costs.shape, unmatched=unmatched, penalty=penalty**2)
    return math.sqrt(mean)


def unmatched_count(reference: AnyArray, prediction: AnyArray) -> float:
    """Return how many elements of the larger set have no partner."""
    return float(abs(len(reference) - len(prediction)))


def matched_f1(reference: AnyArray, prediction: AnyArray, *, tolerance: float) -> float:
    """Return the F1 score of finding elements within the tolerance, each used once."""
    costs = _distances(reference, prediction)
    if not sum(costs.shape):
        raise MetricUndefinedError("both sets are empty")
    largest = max(float(np.abs(side).max(initial=0.0)) for side in (reference, prediction))
    too_far = np.where(costs > reach(tolerance, largest), 1.0, 0.0)
    found = int((assigned(too_far) == 0).sum())
    return 2.0 * found / sum(costs.shape)


def chamfer(reference: AnyArray, prediction: AnyArray, *, form: str) -> float:
    """Return the distance to the nearest element of the other set, averaged over both ways."""
    from scipy.spatial import KDTree

    truth, guess = _points(reference), _points(prediction)
    if not (len(truth) and len(guess)):
        raise MetricUndefinedError("reference or prediction is empty")
    there = KDTree(truth).query(guess)[0]
    back = KDTree(guess).query(truth)[0]
    if form == "squared_sum":
        return float(np.mean(there**2) + np.mean(back**2))
    return float(there.mean() + back.mean()) / 2.0


def ospa(reference: AnyArray, prediction: AnyArray, *, cutoff: float, order: float) -> float:
    """Return the optimal sub-pattern assignment distance."""
    costs = np.minimum(_distances(reference, prediction), cutoff) ** order
    most = max(costs.shape)
    if not most:
        return 0.0
    left_over = most - min(costs.shape)
    return float(((assigned(costs).sum() + cutoff**order * left_over) / most) ** (1.0 / order))


def gospa(reference: AnyArray, prediction: AnyArray, *, cutoff: float, order: float) -> float:
    """Return the generalized optimal sub-pattern assignment distance, with alpha = 2."""
    costs = np.minimum(_distances(reference, prediction), cutoff) ** order
    left_over = max(costs.shape) - min(costs.shape)
    total = assigned(costs).sum() + cutoff**order / 2.0 * left_over
    return float(total ** (1.0 / order))


_UNMATCHED = (
    Parameter(
        "unmatched",
        "What elements of the larger set without a partner do: 'ignore' leaves them out, "
        "'penalty' counts each as a pair that is as far apart as the penalty.",
        default="ignore",
        choices=("ignore", "penalty"),
    ),
    Parameter("penalty", "Distance that an element without a partner stands for.", 1.0, low=0.0),
)
_CUTOFF = (
    Parameter("cutoff", "Distance beyond which a pair is as bad as no pair.", 1.0, low=1e-12),
    Parameter("order", "Power of the distances: 1 or more.", 1.0, low=1.0, high=16.0),
)
_SETS = "An element is one number or one point: the first axis counts the elements."
_GAME = (
    "With 'ignore' it pays to predict few safe elements, or very many: show unmatched_count "
    "beside it, or use the penalty."
)
_TOO_MANY = "All pairs are looked at: memory and time grow with the product of the set sizes."
_KUHN = "Kuhn, Nav. Res. Logist. Q. 2, 83 (1955), doi:10.1002/nav.3800020109"
_ISIK = "assignment as in Isik et al., J. Comput.-Aided Mol. Des. 35, 131 (2021), "
_SAMPL6 = f"{_KUHN}; {_ISIK}doi:10.1007/s10822-020-00362-6"


def _set_metric(slug: str, title: str, *, whole: Callable[..., float], **record: Any) -> Metric:
    defaults: dict[str, Any] = {
        "shapes": ("k *", "j *"),
        "direction": Direction.LOWER,
        "unit": "unit of the target",
        "bounds": (0.0, None),
        "perfect": 0.0,
    }
    return Metric(
        slug=slug,
        title=title,
        family="set matching",
        inputs=Inputs.ARRAY,
        meaning=Meaning.SET,
        whole=whole,
        **(defaults | record),
    )


METRICS = (
    _set_metric(
        "matched_mae",
        "Mean absolute error of matched elements",
        whole=matched_mae,
        parameters=_UNMATCHED,
        undefined_when="a set is empty, and unmatched is 'ignore'; or both are",
        help="Predicted and true elements are paired one to one so that the sum of distances is "
        "least; then the mean of the distances.",
        traps=(_GAME, _SETS, _TOO_MANY),
        formula=r"\min_\pi \operatorname{mean}_i \lVert u_{\pi(i)} - v_i \rVert",
        citation=_SAMPL6,
    ),
    _set_metric(
        "matched_rmse",
        "RMSE of matched elements",
        whole=matched_rmse,
        parameters=_UNMATCHED,
        undefined_when="a set is empty, and unmatched is 'ignore'; or both are",
        help="Predicted and true elements are paired one to one so that the sum of squared "
        "distances is least; then the root of their mean.",
        traps=(
            _GAME,
            "Its pairs may differ from those of matched_mae, where distances count unsquared.",
            _SETS,
            _TOO_MANY,
        ),
        formula=r"\min_\pi \sqrt{\operatorname{mean}_i \lVert u_{\pi(i)} - v_i \rVert^2}",
        citation=_SAMPL6,
    ),
    _set_metric(
        "unmatched_count",
        "Elements without a partner",
        whole=unmatched_count,
        unit="elements",
        rankable=False,
        help="How many elements of the larger set are left over when each takes one partner.",
        traps=("It says nothing about the elements: it stands beside matched_mae.",),
        formula=r"\big| |U| - |V| \big|",
        citation=_SAMPL6,
    ),
    _set_metric(
        "matched_f1",
        "F1 score of matched elements",
        whole=matched_f1,
        direction=Direction.HIGHER,
        unit="1",
        bounds=(0.0, 1.0),
        perfect=1.0,
        parameters=(Parameter("tolerance", "Distance up to which a pair is right.", 0.1, low=0.0),),
        undefined_when="both sets are empty",
        help="As many pairs within the tolerance as can be, each element used once; twice their "
        "number over the number of predicted and true elements. For peaks, events, particles.",
        traps=("Just beyond the tolerance a pair is worth nothing.", _SETS, _TOO_MANY),
        formula=r"2 \max_\pi \#\{i : \lVert u_{\pi(i)} - v_i \rVert \le \tau\} / (|U| + |V|)",
        citation="van Rijsbergen, Information Retrieval, 2nd ed., Butterworths 1979; " + _KUHN,
    ),
    _set_metric(
        "chamfer",
        "Chamfer distance",
        whole=chamfer,
        parameters=(
            Parameter(
                "form",
                "'mean' is half the sum of the mean distances either way; 'squared_sum' the sum "
                "of the mean squared distances, in the unit squared.",
                default="mean",
                choices=("mean", "squared_sum"),
            ),
        ),
        unit="unit of the target, squared for 'squared_sum'",
        undefined_when="a set is empty",
        help="Distance from each element to the nearest of the other set, averaged both ways.",
        traps=(
            "An element may be the nearest of many: where points crowd does not matter.",
            "Software differs in squares, sums and halves: read the parameter.",
            _SETS,
        ),
        formula=r"\tfrac12 \operatorname{mean}_u \min_v \lVert u - v \rVert + "
        r"\tfrac12 \operatorname{mean}_v \min_u \lVert u - v \rVert",
        citation="Fan, Su & Guibas, CVPR 2017, 2463, doi:10.1109/CVPR.2017.264",
    ),
    _set_metric(
        "ospa",
        "OSPA distance",
        whole=ospa,
        parameters=_CUTOFF,
        help="Optimal sub-pattern assignment: distances of the best pairs, cut off, and the "
        "cutoff for every element left over; averaged over the larger set. 0 for two empty sets.",
        traps=("The cutoff weighs wrong places against wrong numbers.", _SETS, _TOO_MANY),
        formula=r"\Big( \tfrac1n \big( \min_\pi \sum_i \min(d_{i \pi(i)}, c)^p + "
        r"c^p (n - m) \big) \Big)^{1/p}, \quad n \ge m",
        citation="Schuhmacher, Vo & Vo, IEEE Trans. Signal Process. 56, 3447 (2008), "
        "doi:10.1109/TSP.2008.920469",
    ),
    _set_metric(
        "gospa",
        "GOSPA distance",
        whole=gospa,
        parameters=_CUTOFF,
        help="Generalized OSPA with alpha = 2: distances of the best pairs plus half the cutoff "
        "for every missed or false element; a sum, not a mean.",
        traps=("It grows with the number of elements: targets of many weigh more.", _SETS),
        formula=r"\Big( \min_\pi \sum_i \min(d_{i \pi(i)}, c)^p + \tfrac{c^p}{2} (n - m) "
        r"\Big)^{1/p}",
        citation="Rahmathullah, Garcia-Fernandez & Svensson, FUSION 2017, "
        "doi:10.23919/ICIF.2017.8009645",
    ),
)
