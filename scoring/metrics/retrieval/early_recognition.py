"""Early recognition: whether the actives of a screening list come in its first few percent."""

from __future__ import annotations

import math

import numpy as np

from scoring.errors import MetricUndefinedError
from scoring.metrics.base import Parameter
from scoring.metrics.retrieval.ranked_list import BETTER, TIES, actives, gains_by_rank, list_metric
from scoring.metrics.samples_rule import NEEDS_ALL
from scoring.readers.base import AnyArray

_TRUCHON = "Truchon & Bayly, J. Chem. Inf. Model. 47, 488 (2007), doi:10.1021/ci600426e"
_SHERIDAN = "Sheridan et al., J. Chem. Inf. Comput. Sci. 41, 1395 (2001), doi:10.1021/ci0100144"
# Products as 0.07 * 100 come out a little above the whole number that is meant.
_ROUNDING = 1e-9


def _top(fraction: float, items: int) -> int:
    return max(1, math.ceil(fraction * items - _ROUNDING))


def enrichment_factor(
    reference: AnyArray, prediction: AnyArray, *, fraction: float, better: str, ties: str
) -> float:
    """Return the share of actives in the top of the list, divided by that in all of it."""
    relevance, scores = actives(reference, prediction)
    top = _top(fraction, relevance.size)
    found = gains_by_rank(relevance, scores, better=better, ties=ties)[:top].sum()
    return float(found / top / relevance.mean())


def enrichment_share(
    reference: AnyArray, prediction: AnyArray, *, fraction: float, better: str, ties: str
) -> float:
    """Return the actives in the top of the list, divided by the most that there could be."""
    relevance, scores = actives(reference, prediction)
    top = _top(fraction, relevance.size)
    found = gains_by_rank(relevance, scores, better=better, ties=ties)[:top].sum()
    return float(found / min(top, relevance.sum()))


def rie(
    reference: AnyArray, prediction: AnyArray, *, alpha: float, better: str, ties: str
) -> float:
    """Return the robust initial enhancement: exponentially weighted actives against chance."""
    relevance, scores = actives(reference, prediction)
    items = relevance.size
    weights = np.exp(-alpha * np.arange(1, items + 1) / items)
    ordered = gains_by_rank(relevance, scores, better=better, ties=ties)
    chance = -math.expm1(-alpha) / math.expm1(alpha / items) / items
    return float(np.vecdot(weights, ordered) / relevance.sum() / chance)


def bedroc(
    reference: AnyArray, prediction: AnyArray, *, alpha: float, better: str, ties: str
) -> float:
    """Return RIE scaled to 0 for the worst and 1 for the best order."""
    relevance = np.asarray(reference, dtype=np.float64)
    value = rie(reference, prediction, alpha=alpha, better=better, ties=ties)
    share = float(relevance.mean())
    if share == 1:
        raise MetricUndefinedError("all items of the list are active")
    best = math.expm1(-alpha * share) / (share * math.expm1(-alpha))
    worst = math.expm1(alpha * share) / (share * math.expm1(alpha))
    return (value - worst) / (best - worst)


_FRACTION = Parameter(
    "fraction",
    "The top of the list, as a part of it; rounded up to whole items.",
    default=0.05,
    low=1e-6,
    high=1.0,
)
_ALPHA = Parameter(
    "alpha",
    "How early counts: with 20, the first 8 percent of the list carry 80 percent of the weight.",
    default=20.0,
    low=1e-3,
    high=500.0,
)

METRICS = (
    list_metric(
        "enrichment_factor",
        "Enrichment factor",
        whole=enrichment_factor,
        bounds=(0.0, None),
        perfect=None,
        parameters=(_FRACTION, BETTER, TIES),
        help="How many times more actives are in the top of the list than chance would put there.",
        traps=(
            "Its largest value is min(1/fraction, items/actives), another one for each list: "
            "lists with few actives weigh more in a mean; see enrichment_share.",
            "A small fraction of a short list holds few items: the value jumps.",
            NEEDS_ALL,
        ),
        formula=r"\frac{a_{top}}{\lceil f N \rceil} / \frac{a}{N}",
        citation=_TRUCHON,
    ),
    list_metric(
        "enrichment_share",
        "Enrichment factor, as a share of the largest possible",
        whole=enrichment_share,
        parameters=(_FRACTION, BETTER, TIES),
        help="Actives in the top of the list, divided by the most that the top could hold.",
        traps=("Chance is not the same for lists with other shares of actives.", NEEDS_ALL),
        formula=r"a_{top} / \min(\lceil f N \rceil, a)",
        citation=_TRUCHON,
    ),
    list_metric(
        "rie",
        "Robust initial enhancement",
        whole=rie,
        bounds=(0.0, None),
        perfect=None,
        parameters=(_ALPHA, BETTER, TIES),
        help="Actives of the list weighted exponentially by their rank, divided by what chance "
        "gives; 1 is chance.",
        traps=(
            "Its largest value depends on the share of actives; bedroc is scaled to 0..1.",
            NEEDS_ALL,
        ),
        formula=r"\frac{\frac1a \sum_i e^{-\alpha r_i/N}}"
        r"{\frac1N (1 - e^{-\alpha})/(e^{\alpha/N} - 1)}",
        citation=_SHERIDAN,
    ),
    list_metric(
        "bedroc",
        "BEDROC",
        whole=bedroc,
        parameters=(_ALPHA, BETTER, TIES),
        help="Early recognition: actives weighted exponentially by their rank, scaled so that 0 "
        "is the worst and 1 the best order.",
        traps=(
            "Values of different alpha do not compare, nor do those of very different shares of "
            "actives.",
            NEEDS_ALL,
        ),
        undefined_when="no item of the list is active, or all are",
        formula=r"(RIE - RIE_{min}) / (RIE_{max} - RIE_{min})",
        citation=_TRUCHON,
    ),
)
