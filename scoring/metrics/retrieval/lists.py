"""Retrieval: one list for each target, and what comes first in it."""

from __future__ import annotations

import math

import numpy as np

from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Parameter
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.retrieval.ranked_list import (
    BETTER,
    TIES,
    actives,
    gains_by_rank,
    group_counts,
    list_metric,
    tie_groups,
)
from scoring.metrics.samples_rule import NEEDS_ALL, float_pair
from scoring.readers.base import AnyArray

_JARVELIN = "Järvelin & Kekäläinen, ACM Trans. Inf. Syst. 20, 422 (2002), doi:10.1145/582415.582418"
_MANNING = (
    "Manning, Raghavan & Schütze, Introduction to Information Retrieval, CUP 2008, "
    "doi:10.1017/CBO9780511809071"
)
_MCSHERRY = "McSherry & Najork, ECIR 2008, doi:10.1007/978-3-540-78646-7_38"
_PROTEINGYM = "Notin et al., ProteinGym, NeurIPS Datasets and Benchmarks 2023"
_EXPECTED_OVER_LISTS = "The aggregate 'mean' over targets gives each list the same weight."
# Products as 0.07 * 100 come out a little above the whole number that is meant.
_ROUNDING = 1e-9


def ndcg(
    reference: AnyArray,
    prediction: AnyArray,
    *,
    gain: str,
    k: int,
    fraction: float,
    better: str,
    ties: str,
) -> float:
    """Return the discounted gain of the list, divided by that of the best order."""
    truth, scores = float_pair(reference, prediction)
    gains = _gains(truth, gain)
    depth = _depth(gains.size, k, fraction)
    discounts = 1.0 / np.log2(np.arange(2, depth + 2))
    ideal = np.vecdot(discounts, -np.sort(-gains)[:depth])
    if ideal == 0:
        raise MetricUndefinedError("no item of the list has a gain")
    ordered = gains_by_rank(gains, scores, better=better, ties=ties)
    return float(np.vecdot(discounts, ordered[:depth]) / ideal)


def _gains(truth: FloatArray, gain: str) -> FloatArray:
    if gain == "min_max":
        spread = np.ptp(truth)
        if spread == 0:
            raise MetricUndefinedError("all references are the same number")
        return np.asarray((truth - truth.min()) / spread)
    if truth.min() < 0:
        raise MetricInputError("relevances must not be negative; gain 'min_max' scales them")
    return truth if gain == "linear" else np.asarray(np.exp2(truth) - 1.0)


def _depth(items: int, k: int, fraction: float) -> int:
    if k and fraction:
        raise MetricInputError("declare k or fraction, not both")
    if fraction:
        depth = math.floor(fraction * items + _ROUNDING)
        if not depth:
            raise MetricUndefinedError("the fraction of the list holds no item")
        return depth
    return min(k, items) if k else items


def average_precision_at_k(
    reference: AnyArray, prediction: AnyArray, *, k: int, better: str, ties: str
) -> float:
    """Return the mean over relevant items of the precision at their ranks, 0 below rank k."""
    relevance, scores = actives(reference, prediction)
    depth = min(k, relevance.size) if k else relevance.size
    at_rank = _precisions(relevance, scores, better=better, ties=ties)
    return float(at_rank[:depth].sum() / min(relevance.sum(), depth))


def _precisions(relevance: FloatArray, scores: FloatArray, *, better: str, ties: str) -> FloatArray:
    """Return the expectation, at each rank, of being relevant times the precision there."""
    ranks = np.arange(1, relevance.size + 1)
    if ties != "average":
        ordered = gains_by_rank(relevance, scores, better=better, ties=ties)
        return np.asarray(ordered * np.cumsum(ordered) / ranks)
    size, hits = group_counts(relevance, scores, better=better)
    group = np.sort(tie_groups(scores, better))
    before, hits_before = np.cumsum(size) - size, np.cumsum(hits) - hits
    # Given a relevant item at a place of its group, those before it are relevant by this chance.
    chance = np.divide(hits - 1, size - 1, out=np.zeros_like(size), where=size > 1)
    earlier = (ranks - 1 - before[group]) * chance[group]
    return np.asarray((hits / size)[group] * (hits_before[group] + earlier + 1) / ranks)


def reciprocal_rank(reference: AnyArray, prediction: AnyArray, *, better: str, ties: str) -> float:
    """Return one divided by the rank of the first relevant item."""
    relevance, scores = actives(reference, prediction)
    size, hits = group_counts(relevance, scores, better=better)
    first = int(np.flatnonzero(hits)[0])
    before, items, found = int(size[:first].sum()), int(size[first]), int(hits[first])
    if ties == "optimistic":
        return 1.0 / (before + 1)
    if ties == "pessimistic":
        return 1.0 / (before + items - found + 1)
    expected, none_yet = 0.0, 1.0
    for place in range(items - found + 1):
        here = found / (items - place)
        expected += none_yet * here / (before + place + 1)
        none_yet *= 1.0 - here
    return expected


def _found(
    reference: AnyArray, prediction: AnyArray, k: int, better: str, ties: str
) -> tuple[float, float]:
    """Return how many relevant items are in the top k (all of them for 0), and in the list."""
    relevance, scores = actives(reference, prediction)
    depth = k or int(relevance.sum())
    ordered = gains_by_rank(relevance, scores, better=better, ties=ties)
    return float(ordered[:depth].sum()), float(relevance.sum())


def precision_at_k(
    reference: AnyArray, prediction: AnyArray, *, k: int, better: str, ties: str
) -> float:
    """Return the share of relevant items in the top k."""
    return _found(reference, prediction, k, better, ties)[0] / k


def recall_at_k(
    reference: AnyArray, prediction: AnyArray, *, k: int, better: str, ties: str
) -> float:
    """Return the share of all relevant items that are in the top k."""
    found, there = _found(reference, prediction, k, better, ties)
    return found / there


def r_precision(reference: AnyArray, prediction: AnyArray, *, better: str, ties: str) -> float:
    """Return the share of relevant items among as many as there are relevant ones."""
    found, there = _found(reference, prediction, 0, better, ties)
    return found / there


def top_recall(
    reference: AnyArray, prediction: AnyArray, *, top_reference: float, top_prediction: float
) -> float:
    """Return the share of the references' top fraction that is in the predictions' top fraction."""
    truth, guess = float_pair(reference, prediction)
    wanted = truth >= np.percentile(truth, 100.0 * (1.0 - top_reference))
    called = guess >= np.percentile(guess, 100.0 * (1.0 - top_prediction))
    return float((wanted & called).sum() / wanted.sum())


def _first(default: int, text: str = "How many items of the list count.") -> Parameter:
    return Parameter("k", text, default=default, low=1)


METRICS = (
    list_metric(
        "ndcg",
        "NDCG",
        whole=ndcg,
        parameters=(
            Parameter(
                "gain",
                "What an item is worth: its relevance ('linear'), 2^relevance - 1 "
                "('exponential'), or its relevance scaled to 0..1 in its list ('min_max').",
                default="linear",
                choices=("linear", "exponential", "min_max"),
            ),
            Parameter("k", "How many items count; 0 for all.", default=0, low=0),
            Parameter(
                "fraction",
                "The top of the list as a part of it, rounded down; 0 for all. ProteinGym's form "
                "is gain 'min_max' and 0.1.",
                default=0.0,
                low=0.0,
                high=1.0,
            ),
            BETTER,
            TIES,
        ),
        help="Gains of the items, discounted by log2(1 + rank) and summed, divided by the same of "
        "the best order.",
        traps=(
            "Linear and exponential gains are both called NDCG: read the parameter.",
            "It is far from 0 even for a random order of a long list without k.",
            NEEDS_ALL,
        ),
        undefined_when="no item of the list has a gain",
        formula=r"\sum_{i \le k} \frac{g_i}{\log_2(1+i)} / \sum_{i \le k} "
        r"\frac{g^*_i}{\log_2(1+i)}",
        citation=_JARVELIN,
    ),
    list_metric(
        "average_precision_at_k",
        "Average precision of a list (MAP)",
        whole=average_precision_at_k,
        parameters=(
            Parameter("k", "How many items count; 0 for all.", default=0, low=0),
            BETTER,
            TIES,
        ),
        help="Precision at the rank of each relevant item, averaged; its mean over targets is MAP.",
        traps=(
            "With k, divided by min(k, relevant items), so that 1 can be reached.",
            "Ties differ from average_precision, which takes tied items in at once.",
            _EXPECTED_OVER_LISTS,
            NEEDS_ALL,
        ),
        formula=r"\frac{1}{\min(k,R)} \sum_{i \le k} [i \text{ relevant}] P(i)",
        citation=f"{_MANNING}; ties: {_MCSHERRY}",
    ),
    list_metric(
        "reciprocal_rank",
        "Reciprocal rank (MRR)",
        whole=reciprocal_rank,
        parameters=(BETTER, TIES),
        help="1 divided by the rank of the first relevant item; its mean over targets is MRR.",
        traps=("Blind to every relevant item but the first.", _EXPECTED_OVER_LISTS, NEEDS_ALL),
        formula=r"1 / \min\{i : i \text{ relevant}\}",
        citation=f"Voorhees, TREC-8, NIST SP 500-246 (1999); ties: {_MCSHERRY}",
    ),
    list_metric(
        "precision_at_k",
        "Precision at k",
        whole=precision_at_k,
        parameters=(_first(10), BETTER, TIES),
        help="Share of relevant items among the first k of the list.",
        traps=("Where fewer than k items are relevant, 1 cannot be reached.", NEEDS_ALL),
        formula=r"\frac1k |\{i \le k : i \text{ relevant}\}|",
        citation=_MANNING,
    ),
    list_metric(
        "recall_at_k",
        "Recall at k",
        whole=recall_at_k,
        parameters=(_first(10), BETTER, TIES),
        help="Share of the relevant items that are among the first k of the list.",
        traps=("Where more than k items are relevant, 1 cannot be reached.", NEEDS_ALL),
        formula=r"\frac1R |\{i \le k : i \text{ relevant}\}|",
        citation=_MANNING,
    ),
    list_metric(
        "r_precision",
        "R-precision",
        whole=r_precision,
        parameters=(BETTER, TIES),
        help="Precision at R, the number of relevant items of the list; there it equals recall.",
        traps=(NEEDS_ALL,),
        formula=r"\frac1R |\{i \le R : i \text{ relevant}\}|",
        citation=_MANNING,
    ),
    list_metric(
        "top_recall",
        "Recall of the top fraction (ProteinGym)",
        whole=top_recall,
        parameters=tuple(
            Parameter(
                name,
                f"Which part of the {side} is the top, by linear percentile.",
                default=0.1,
                low=1e-6,
                high=1.0,
            )
            for name, side in (("top_reference", "references"), ("top_prediction", "predictions"))
        ),
        help="Share of the items with the highest references that are among those with the "
        "highest predictions.",
        traps=(
            "Items that tie with the threshold all count as top: a constant prediction has "
            "recall 1.",
            NEEDS_ALL,
        ),
        undefined_when="",
        formula=r"|T_v \cap T_u| / |T_v|",
        citation=_PROTEINGYM,
    ),
)
