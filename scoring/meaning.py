"""What the predictions of a round mean, by its metrics, and so how several are made one.

Nothing is guessed: a metric whose predictions nobody has told the meaning of allows no consensus,
and metrics that disagree allow what they all do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scoring.consensus import Way
from scoring.contract import MetricChoice, TargetSpec
from scoring.metrics.base import Meaning, Metric
from scoring.metrics.registry import get_metric

_WAYS: dict[Meaning, frozenset[Way]] = {
    # Quantiles keep their order under both, and parameters of a normal, logistic or log-normal
    # forecast are averaged as its quantiles would be.
    Meaning.VALUE: frozenset({Way.MEDIAN, Way.MEAN}),
    Meaning.PROBABILITY: frozenset({Way.MEAN}),
    Meaning.LABEL: frozenset({Way.VOTE}),
    Meaning.ORDER: frozenset(Way),  # no objection, but no reason either
}


class Obstacle(StrEnum):
    """Why the predictions of a round have no middle."""

    UNDECLARED = "undeclared"
    ORDER = "order"
    DISAGREEMENT = "disagreement"
    FREE_SHAPE = "free_shape"
    FRAME = "frame"
    SET = "set"
    NAMES = "names"
    SEQUENCE = "sequence"
    LOGARITHM = "logarithm"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a round's predictions are made one, or why not; `metric` is the key of who objects."""

    ways: tuple[Way, ...] = ()
    normalise: bool = False
    obstacle: Obstacle | None = None
    metric: str = ""


def made_one_by(metric: Metric) -> str:
    """Say in words by what several predictions for this metric alone are made one.

    Examples
    --------
    >>> made_one_by(get_metric("mae"))
    'median, mean'
    >>> made_one_by(get_metric("rmsd"))
    'not at all'
    """
    if metric.meaning is Meaning.ORDER:
        return "what the other metrics of the round allow"
    allowed = _WAYS.get(metric.meaning, frozenset()) if metric.meaning else frozenset()
    return ", ".join(way.value for way in Way if way in allowed) or "not at all"


def ways_for(metrics: Sequence[MetricChoice], targets: Sequence[TargetSpec]) -> Verdict:
    """Decide how predictions of these targets, judged by these metrics, are made one.

    Examples
    --------
    >>> verdict = ways_for([MetricChoice("e", "mae"), MetricChoice("r", "spearman")], [])
    >>> [way.value for way in verdict.ways]
    ['median', 'mean']
    >>> ways_for([MetricChoice("r", "spearman")], []).obstacle
    <Obstacle.ORDER: 'order'>
    """
    allowed, scale = frozenset(Way), False
    for choice in metrics:
        meaning = get_metric(choice.slug, choice.version).meaning
        if meaning is None:
            return Verdict(obstacle=Obstacle.UNDECLARED, metric=choice.key)
        if meaning not in _WAYS:
            return Verdict(obstacle=Obstacle(meaning.value), metric=choice.key)
        allowed &= _WAYS[meaning]
        scale |= meaning is not Meaning.ORDER
        if not allowed:
            return Verdict(obstacle=Obstacle.DISAGREEMENT, metric=choice.key)
    if not scale:
        return Verdict(obstacle=Obstacle.ORDER)
    if any(None in target.shape for target in targets):
        return Verdict(obstacle=Obstacle.FREE_SHAPE)
    return Verdict(
        ways=tuple(way for way in Way if way in allowed),
        normalise=_takes_any_multiple(metrics) and _has_classes(targets),
    )


def _takes_any_multiple(metrics: Sequence[MetricChoice]) -> bool:
    """Tell whether a metric divides the probabilities of a sample by their sum."""
    return any(
        choice.parameters.get("renormalize", False)
        for choice in metrics
        if get_metric(choice.slug, choice.version).meaning is Meaning.PROBABILITY
    )


def _has_classes(targets: Sequence[TargetSpec]) -> bool:
    """Tell whether the last axis of each prediction holds classes, which the answer has not."""
    return bool(targets) and all(len(t.shape) == len(t.of_reference) + 1 for t in targets)
