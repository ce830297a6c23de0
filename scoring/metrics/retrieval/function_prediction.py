"""Protein function prediction as in CAFA: scored terms of an ontology for each protein."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scoring.contract import Direction, JsonValue
from scoring.errors import MetricInputError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.classification.confusion import indicators
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.samples_chunk import SamplesChunk
from scoring.metrics.samples_rule import ALL_ANSWERED, Parameters, SamplesRule

_BLOCK_VALUES = 2**20
_COVERED, _TP, _FP, _FN, _PRECISION, _RECALL = range(6)


def _order(parents: Sequence[Sequence[int]], terms: int) -> list[int]:
    """Return the terms, every one before its parents; refuse what is not an ontology."""
    if len(parents) != terms:
        raise MetricInputError(
            f"parameter parents must hold one list for each of the {terms} terms (columns)"
        )
    children = [0] * terms
    for of_term in parents:
        for parent in of_term:
            if not isinstance(parent, int) or not 0 <= parent < terms:
                raise MetricInputError("parameter parents must hold numbers of columns, from 0")
            children[parent] += 1
    order = [term for term in range(terms) if not children[term]]
    for term in order:
        for parent in parents[term]:
            children[parent] -= 1
            if not children[parent]:
                order.append(parent)
    if len(order) < terms:
        raise MetricInputError("parameter parents goes in a circle: a term is its own ancestor")
    return order


def _propagated(
    values: FloatArray, parents: Sequence[Sequence[int]], order: Sequence[int]
) -> FloatArray:
    """Return values in which no term has less than its descendants."""
    raised = values.copy()
    for term in order:
        for parent in parents[term]:
            np.maximum(raised[:, parent], raised[:, term], out=raised[:, parent])
    return raised


def _weights(parameters: Parameters, terms: int) -> FloatArray:
    given = parameters["information"]
    weights = np.array(given or np.ones(terms), dtype=np.float64)
    if weights.shape != (terms,) or not (weights >= 0).all():
        raise MetricInputError(
            f"parameter information must hold one number from 0 for each of the {terms} terms"
        )
    if not parameters["roots"] and parameters["parents"]:
        weights[[not of_term for of_term in parameters["parents"]]] = 0.0
    return weights


def thresholds(step: float) -> FloatArray:
    """Return the thresholds between 0 and 1, computed as the CAFA evaluator does."""
    return np.arange(step, 1.0, step)


def _tallies(chunk: SamplesChunk, parameters: Parameters) -> FloatArray:
    """Return sums over proteins at each threshold, shape (6, thresholds)."""
    scores = chunk.prediction
    truth = indicators(chunk.reference, name="reference").astype(np.float64)
    if scores.size and (scores.min() < 0 or scores.max() > 1):
        raise MetricInputError("predictions must be scores from 0 to 1")
    terms = scores.shape[1]
    parents: Sequence[Sequence[int]] = parameters["parents"] or [[]] * terms
    order, weights = _order(parents, terms), _weights(parameters, terms)
    taus = thresholds(parameters["step"])
    total = np.zeros((6, taus.size))
    rows = max(1, _BLOCK_VALUES // max(1, terms))
    for first in range(0, len(scores), rows):
        block = slice(first, first + rows)
        raised = (_propagated(part[block], parents, order) for part in (scores, truth))
        total += _of_block(*raised, weights=weights, taus=taus)
    return total


def _of_block(
    scores: FloatArray, truth: FloatArray, *, weights: FloatArray, taus: FloatArray
) -> FloatArray:
    passed = np.searchsorted(taus, scores, side="right")  # how many thresholds it reaches
    called = _above(passed, np.broadcast_to(weights, scores.shape), taus.size)
    right = _above(passed, truth * weights, taus.size)
    there = (truth @ weights)[:, np.newaxis]
    precision = np.divide(right, called, out=np.zeros_like(right), where=called > 0)
    recall = np.divide(right, there, out=np.zeros_like(right), where=there > 0)
    parts = (called > 0, right, called - right, there - right, precision, recall)
    return np.array([part.sum(axis=0) for part in parts], dtype=np.float64)


def _above(
    passed: np.ndarray[tuple[int, ...], np.dtype[np.intp]], amount: FloatArray, count: int
) -> FloatArray:
    """Return, for each protein and threshold, the sum over the terms that reach it."""
    proteins = len(passed)
    cells = np.arange(proteins)[:, np.newaxis] * (count + 1) + passed
    table = np.bincount(cells.ravel(), amount.ravel(), proteins * (count + 1))
    table = table.reshape(proteins, count + 1)[:, 1:]
    return np.asarray(np.cumsum(table[:, ::-1], axis=1)[:, ::-1])


def _ratio(above: FloatArray, below: FloatArray | float) -> FloatArray:
    below = np.broadcast_to(np.asarray(below, dtype=np.float64), above.shape)
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _best_f(total: FloatArray, proteins: int, parameters: Parameters) -> float:
    if parameters["average"] == "micro":
        precision = _ratio(total[_TP], total[_TP] + total[_FP])
        recall = _ratio(total[_TP], total[_TP] + total[_FN])
    else:
        norm = parameters["norm"]
        precision = _ratio(total[_PRECISION], proteins if norm == "gt" else total[_COVERED])
        recall = _ratio(total[_RECALL], total[_COVERED] if norm == "pred" else proteins)
    return float(_ratio(2.0 * precision * recall, precision + recall).max())


def _least_s(total: FloatArray, proteins: int, parameters: Parameters) -> float:
    covered = total[_COVERED] > 0
    if not covered.any():  # nothing is predicted: all that there is remains uncertain
        return float(total[_FN].max() / proteins)
    below: FloatArray | float = total[_COVERED] if parameters["norm"] == "pred" else proteins
    distance = np.hypot(_ratio(total[_FP], below), _ratio(total[_FN], below))
    return float(distance[covered].min())


_ONTOLOGY: tuple[Parameter, ...] = (
    Parameter(
        "parents",
        "For each term (column) the list of its parents' columns; scores and annotations are "
        "propagated to ancestors by their maximum. Empty for terms without an ontology.",
        default=[],
    ),
    Parameter(
        "information",
        "Information accretion of each term, its weight; empty for a weight of 1 each.",
        default=[],
    ),
    Parameter("roots", "Whether terms without parents count.", default=True),
    Parameter("step", "Distance of the thresholds.", default=0.01, low=1e-4, high=0.5),
    Parameter(
        "norm",
        "What sums over proteins are divided by: 'cafa' divides precision by the proteins with "
        "a term at the threshold and all else by all proteins; 'gt' divides by all; 'pred' by "
        "those with a term.",
        default="cafa",
        choices=("cafa", "gt", "pred"),
    ),
)
_TRAPS = (
    "Thresholds are multiples of the step in floating point, as in the CAFA evaluator: a score "
    "written as 0.07 may fall just below the threshold 0.07.",
    "Terms that no column stands for do not count: decide on the columns before the round.",
)
_CAFA = "Radivojac et al., Nat. Methods 10, 221 (2013), doi:10.1038/nmeth.2340"
_CLARK = "Clark & Radivojac, Bioinformatics 29, i53 (2013), doi:10.1093/bioinformatics/btt228"


def _of_functions(slug: str, title: str, **record: JsonValue) -> Metric:
    return Metric(
        slug=slug,
        title=title,
        family="function prediction",
        inputs=Inputs.SAMPLES,
        meaning=Meaning.ORDER,
        shapes=("n c", "n c"),
        missing=ALL_ANSWERED,
        traps=_TRAPS,
        **record,
    )


METRICS = (
    _of_functions(
        "fmax",
        "Fmax (CAFA)",
        mergeable=SamplesRule(_tallies, _best_f),
        direction=Direction.HIGHER,
        unit="1",
        bounds=(0.0, 1.0),
        perfect=1.0,
        parameters=(
            *_ONTOLOGY,
            Parameter(
                "average",
                "'macro' averages precision and recall over proteins; 'micro' counts all terms "
                "of all proteins together.",
                default="macro",
                choices=("macro", "micro"),
            ),
        ),
        help="Largest F1 over all score thresholds, of precision and recall averaged over "
        "proteins. Predictions are a score from 0 to 1 for each protein and term, references 1 "
        "for a term that the protein has.",
        formula=r"\max_\tau 2 \frac{pr(\tau) rc(\tau)}{pr(\tau) + rc(\tau)}",
        citation=_CAFA,
    ),
    _of_functions(
        "smin",
        "Smin (CAFA)",
        mergeable=SamplesRule(_tallies, _least_s),
        direction=Direction.LOWER,
        unit="unit of the information",
        bounds=(0.0, None),
        perfect=0.0,
        parameters=_ONTOLOGY,
        help="Smallest semantic distance over all score thresholds: the information of terms that "
        "are missed (remaining uncertainty) and of wrong ones (misinformation), as the root of "
        "their squares' sum.",
        formula=r"\min_\tau \sqrt{ru(\tau)^2 + mi(\tau)^2}",
        citation=_CLARK,
    ),
)
