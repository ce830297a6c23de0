"""One list in the order of its predictions, with ties resolved as declared.

The order of the items in the file never decides. With 'average' each metric is the expectation
over all orders of tied items: for metrics that are sums over ranks, an item's gain is the mean of
those it ties with.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scoring.contract import Direction
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.samples_rule import float_pair
from scoring.readers.base import AnyArray

TIES = Parameter(
    "ties",
    "Items of one score: 'average' is the mean over all their orders, 'pessimistic' puts the "
    "irrelevant ones first, 'optimistic' the relevant ones.",
    default="average",
    choices=("average", "pessimistic", "optimistic"),
)
BETTER = Parameter(
    "better",
    "Which predictions come first: 'higher' for scores, 'lower' for energies and ranks.",
    default="higher",
    choices=("higher", "lower"),
)


def gains_by_rank(
    gains: FloatArray, prediction: FloatArray, *, better: str, ties: str
) -> FloatArray:
    """Return the gain at each rank, best prediction first."""
    groups = tie_groups(prediction, better)
    if ties == "average":
        mean = np.bincount(groups, gains) / np.bincount(groups)
        return np.asarray(mean[np.sort(groups)])
    within = gains if ties == "pessimistic" else -gains
    return np.asarray(gains[np.lexsort((within, groups))])


def tie_groups(prediction: FloatArray, better: str) -> NDArray[np.intp]:
    """Return for each item which group of equal predictions it is in, the best being 0."""
    keys = -prediction if better == "higher" else prediction
    return np.asarray(np.unique(keys, return_inverse=True)[1])


def actives(reference: AnyArray, prediction: AnyArray) -> tuple[FloatArray, FloatArray]:
    """Return relevance of 0 or 1 and predictions, with one relevant item at least."""
    relevance, scores = float_pair(reference, prediction)
    if ((relevance != 0) & (relevance != 1)).any():
        raise MetricInputError(
            "the reference must hold 1 for relevant (active) items, 0 for others"
        )
    if not relevance.any():
        raise MetricUndefinedError("no item of the list is relevant")
    return relevance, scores


def group_counts(
    relevance: FloatArray, prediction: FloatArray, *, better: str
) -> tuple[FloatArray, FloatArray]:
    """Return size and relevant items of each group of equal predictions, best first."""
    groups = tie_groups(prediction, better)
    hits = np.bincount(groups, relevance).astype(np.float64)
    return np.bincount(groups).astype(np.float64), hits


def list_metric(slug: str, title: str, **record: object) -> Metric:
    """Return the record of a metric of one list, with what such records share filled in."""
    usual = {
        "bounds": (0.0, 1.0),
        "perfect": 1.0,
        "undefined_when": "no item of the list is relevant",
    }
    return Metric(
        slug=slug,
        title=title,
        family="retrieval",
        inputs=Inputs.SAMPLES,
        meaning=Meaning.ORDER,
        shapes=("n", "n"),
        direction=Direction.HIGHER,
        unit="1",
        **{**usual, **record},  # type: ignore[arg-type]
    )
