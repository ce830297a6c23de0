"""Near duplicates: entries that share their mistakes, and so count as one player of credit.

Two good solvers agree on the answers; what two independent ones do not agree on is where they are
wrong. So one entry's predictions are scored with the other's in the place of the answers, and the
distance that comes out is held against how far both are from the answers themselves:

    D = max |m(p, q) - m*|, |m(q, p) - m*|        and        D <= (percent / 100) min(G_p, G_q)

``m(p, q)`` is the round's primary metric and aggregate of the predictions p with q as answers,
``m*`` its perfect value, and a gap G = |value - ceiling| what an entry's stored value lacks to the
best that one can have. All three are in the metric's unit, so a change of units changes nothing.
An entry without a gap has no mistake to share, and is nobody's near duplicate.

For the errors e_p and e_q of two independent entries, alike in size, D is about sqrt(2) G: far
from any threshold that may be declared. A copy with noise of a thousandth of its error has D near
G / 1000. In a metric of squares (MSE, R2, a correlation) D and G are squares too: 1 % of the
squared error is 10 % of the error.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.aggregate import aggregate, combine
from scoring.contract import Aggregate, Direction, MetricChoice, TargetSpec
from scoring.engine import score_between
from scoring.errors import PredictionFormatError, ReferenceFaultError, UnfitValuesError
from scoring.metrics.base import Meaning, Metric
from scoring.metrics.registry import get_metric
from scoring.readers.base import AnyArray, ArraySource, MemorySource, Prediction

FloatArray = NDArray[np.float64]

# With fewer numbers than these two entries may agree in their mistakes by chance alone.
LEAST_VALUES = 8
LEAST_ORDERED = 30  # in an order of few things the same slips are common
LEAST_MISTAKES = 8  # of labels: what is hard to tell is told wrongly by many
_ROUNDING = 1e-9


class Growth(StrEnum):
    """How a metric grows with what it sees: it says how far two values can be apart at D."""

    DISTANCE = "distance"
    NORMALISED = "normalised"  # a distance over a size of the answers, which the entry's replace
    SQUARE = "square"  # of a distance
    OTHER = "other"


# Only metrics that see every number of a prediction, and that the same predictions make perfect.
# Not here: those that look at a part or a summary (a band, a spectrum, one class, the first k), as
# two entries may agree in that and be strangers; that saturate or count digits; of sets and draws;
# and those whose answers are of another kind than the predictions.
COMPARED: dict[Growth, str] = {
    Growth.DISTANCE: """
        absolute_error mae rmse max_absolute_error max_error linf rmse_field rmse_latitude
        rmse_latitude_each rmsle accuracy exact_match hamming_loss jaccard iou iou_macro hausdorff
        variation_of_information rmsd total_variation hellinger wasserstein_histogram
        edit_distance
    """,
    Growth.NORMALISED: """
        nrmse nrmse_apebench nrmse_well relative_h1 relative_l1 relative_l2 rollout_nrmse vrmse
        nrmse_samples mape smape edit_distance_normalized token_error_rate
    """,
    Growth.SQUARE: """
        squared_error mse msle nmse r2_determination ccc pearson pearson_field spearman
    """,
    Growth.OTHER: """
        huber ssim r2_pearson kendall_tau_b kendall_tau_c weighted_tau f_beta balanced_accuracy
        g_mean cohen_kappa weighted_kappa mcc youden_j dice dice_macro assd hd95 surface_dice
        adjusted_rand normalized_mutual_information gdt_ha gdt_ts lddt lddt_residue_mean tm_score
    """,
}
# Over targets: what one target alone cannot decide. The median leaves out half of them, and one
# equal answer makes a geometric mean nothing.
_AGGREGATES = frozenset({Aggregate.MEAN, Aggregate.SUM, Aggregate.ROOT_MEAN, Aggregate.POOLED})


class Obstacle(StrEnum):
    """Why entries of a round are not compared, so that only identical files count as one."""

    METRIC = "metric"
    AGGREGATE = "aggregate"
    SHAPE = "shape"


def obstacle_to(choice: MetricChoice, targets: Sequence[TargetSpec]) -> Obstacle | None:
    """Return why predictions judged by this metric cannot stand in the place of the answers.

    Examples
    --------
    >>> obstacle_to(MetricChoice("e", "rmse"), [TargetSpec("t", (4,))]) is None
    True
    >>> obstacle_to(MetricChoice("e", "auroc"), [TargetSpec("t", (4,))])
    <Obstacle.METRIC: 'metric'>
    """
    metric = get_metric(choice.slug, choice.version)
    if metric.slug not in _growths() or metric.perfect_value(choice.parameters) is None:
        return Obstacle.METRIC
    if choice.aggregate not in _AGGREGATES:
        return Obstacle.AGGREGATE
    if any(target.of_reference != target.shape for target in targets):
        return Obstacle.SHAPE
    return None


@cache
def _growths() -> dict[str, Growth]:
    return {slug: growth for growth, slugs in COMPARED.items() for slug in slugs.split()}


def growth_of(choice: MetricChoice) -> Growth:
    """Return how the values of a compared metric grow; a root over targets undoes a square."""
    growth = _growths()[choice.slug]
    if choice.aggregate is Aggregate.ROOT_MEAN and growth is Growth.SQUARE:
        return Growth.DISTANCE
    return growth


def window(growth: Growth, share: float) -> float:
    """Return how far the values of near duplicates can be apart, in units of the smaller gap.

    With a = min(G) and D <= share a:

    * distance: |E_p - E_q| <= D by the triangle inequality, so `share`, exactly;
    * normalised: the size of an entry stands where that of the answers stood; twice as much
      leaves room for an entry twice as large, or half, as the answers;
    * square: E = |e|^2, so the roots are at most sqrt(share a) apart, and the values at most
      (2 sqrt(share) + share) a, exactly;
    * other: no theorem; as for squares, which is the widest.

    Examples
    --------
    >>> window(Growth.DISTANCE, 0.01)
    0.01
    >>> round(window(Growth.SQUARE, 0.01), 9)
    0.21
    """
    if growth is Growth.DISTANCE:
        return share
    return 2 * share if growth is Growth.NORMALISED else 2 * math.sqrt(share) + share


def gap_of(value: float, ceiling: float, direction: Direction) -> float:
    """Return what a value lacks to the best one can have, 0 for one that is beyond it.

    Examples
    --------
    >>> round(gap_of(0.75, 0.9, Direction.HIGHER), 9)
    0.15
    >>> gap_of(0.95, 0.9, Direction.HIGHER)
    0.0
    """
    lacking = ceiling - value if direction is Direction.HIGHER else value - ceiling
    return max(0.0, lacking)


@dataclass(frozen=True, slots=True)
class Measured:
    """Two entries against each other; no distance where the metric has none of the two."""

    distance: float | None
    numbers: int  # how many of each prediction were compared


def are_near(
    measured: Measured, gaps: tuple[float, float], *, percent: float, metric: Metric
) -> bool:
    """Tell whether two entries share their mistakes: see the head of this module.

    Parameters
    ----------
    measured : Measured
    gaps : pair of float
        Of both entries, in the metric's unit, over the same targets.
    percent : float
        The round's threshold.
    metric : Metric
        Its meaning says how many numbers are needed.

    Examples
    --------
    >>> rmse = get_metric("rmse")
    >>> are_near(Measured(0.002, 90), (0.5, 0.6), percent=1, metric=rmse)
    True
    >>> are_near(Measured(0.0, 90), (0.0, 0.0), percent=1, metric=rmse)  # both are perfect
    False
    """
    gap = min(gaps)
    if measured.distance is None or not gap > 0:
        return False
    meaning = metric.meaning
    if meaning in (Meaning.LABEL, Meaning.NAMES, Meaning.SEQUENCE):
        enough = measured.numbers * gap >= LEAST_MISTAKES
    else:
        least = LEAST_ORDERED if meaning is Meaning.ORDER else LEAST_VALUES
        enough = measured.numbers >= least
    return enough and measured.distance <= percent / 100 * gap


def measure(
    one: Prediction,
    other: Prediction,
    targets: Sequence[TargetSpec],
    choice: MetricChoice,
    *,
    weights: Mapping[str, float],
) -> Measured:
    """Score two predictions against each other, over these targets.

    The larger of both directions counts, and of each against itself: a metric that does not find
    a prediction perfect in its own place measures no distance, and keeps entries apart.

    Parameters
    ----------
    one, other : Prediction
        Of two files that may be read at one time; both answer all targets.
    targets : sequence of TargetSpec
        Those that both answer.
    choice : MetricChoice
        The primary metric, one without an obstacle.
    weights : mapping of target to weight
    """
    slugs = [target.slug for target in targets]
    # What stands for the answers is read whole, as one source of a file is read at a time.
    pair = [_only(each, slugs) for each in (one, other)]
    numbers = sum(math.prod(source.shape) for source in pair[0].sources.values())
    lacking = []
    for prediction in pair:
        for answers in pair:
            found = _lacking(prediction, answers, targets, choice, weights)
            if found is None:
                return Measured(None, numbers)
            lacking.append(found)
    return Measured(max(lacking), numbers)


def _only(prediction: Prediction, slugs: Sequence[str]) -> Prediction:
    sources: dict[str, ArraySource] = {slug: _Whole(prediction.sources[slug]) for slug in slugs}
    return Prediction(sources=sources, checked=True)


def _lacking(
    prediction: Prediction,
    answers: Prediction,
    targets: Sequence[TargetSpec],
    choice: MetricChoice,
    weights: Mapping[str, float],
) -> float | None:
    # Ranges bind predictions, and these were accepted once.
    specs = [TargetSpec(target.slug, target.shape) for target in targets]
    try:
        rows = score_between(prediction, specs, answers.sources, [choice])
    except (PredictionFormatError, ReferenceFaultError, UnfitValuesError):
        return None
    value = aggregate(rows, choice.aggregate, weights=weights).value
    perfect = own_perfect(choice, [weights.get(spec.slug, 1.0) for spec in specs])
    return None if value is None else abs(value - perfect)


def own_perfect(choice: MetricChoice, weights: Sequence[float]) -> float:
    """Return the aggregated value of a prediction that is its own answer."""
    perfect = get_metric(choice.slug, choice.version).perfect_value(choice.parameters)
    if perfect is None:
        raise ValueError(f"metric {choice.slug} has no perfect value")
    return perfect * sum(weights) if choice.aggregate is Aggregate.SUM else perfect


class _Whole:
    """An array source that reads all of another one, once asked for any of it."""

    def __init__(self, source: ArraySource) -> None:
        self._source = source

    @property
    def shape(self) -> tuple[int, ...]:
        return self._source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._source.dtype

    def read(self) -> AnyArray:
        return self._source.read()

    def chunks(self, max_bytes: int = 2**20) -> Iterator[AnyArray]:
        yield from MemorySource(self.read()).chunks(max_bytes)


@dataclass(frozen=True, slots=True)
class Yardstick:
    """How a round measures: its primary metric, one without an obstacle, and its threshold."""

    choice: MetricChoice
    weights: FloatArray  # of the targets, in their order
    ceiling: float  # the best value that an entry can have over all targets
    percent: float

    @property
    def metric(self) -> Metric:
        return get_metric(self.choice.slug, self.choice.version)

    @property
    def is_pooled(self) -> bool:
        return self.choice.aggregate is Aggregate.POOLED

    @property
    def limit(self) -> float:
        """How far the gaps of two near duplicates can be apart, in units of the smaller one."""
        return window(growth_of(self.choice), self.percent / 100) * (1 + _ROUNDING)

    def gap(self, values: FloatArray, where: NDArray[np.bool_]) -> float:
        """Return the gap of an entry over some of its targets."""
        weights, ceiling = self.weights[where], self.ceiling
        if self.is_pooled:
            return gap_of(float(values[0]), ceiling, self.metric.direction)
        value = combine(values[where][np.newaxis], self.choice.aggregate, weights[np.newaxis])
        if self.choice.aggregate is Aggregate.SUM:
            whole = float(self.weights.sum())
            ceiling *= float(weights.sum()) / whole if whole > 0 else 0.0
        return gap_of(float(value[0, 0]), ceiling, self.metric.direction)

    def least_distance(self, one: FloatArray, other: FloatArray) -> float:
        """Return what the distance is at least, by the values on single targets; 0 if unknown.

        On each target a distance is at least the difference of both values, and a square at
        least the square of the difference of their roots.
        """
        growth = _growths()[self.choice.slug]
        if self.is_pooled or growth is Growth.OTHER:
            return 0.0
        common = ~(np.isnan(one) | np.isnan(other))
        perfect = self.metric.perfect_value(self.choice.parameters) or 0.0
        first, second = (np.abs(each[common] - perfect) for each in (one, other))
        if growth is Growth.SQUARE:
            least = (np.sqrt(first) - np.sqrt(second)) ** 2
        else:
            least = np.abs(first - second) / (2 if growth is Growth.NORMALISED else 1)
        weights = self.weights[common][np.newaxis]
        return float(combine(least[np.newaxis], self.choice.aggregate, weights)[0, 0])


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry by its stored values: one for each target, NaN where it has none.

    For a pooled metric it is one value, of all targets.
    """

    name: str
    values: FloatArray


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entries that may be near duplicates by their values, over the targets both answer."""

    one: str
    other: str
    gaps: tuple[float, float]
    common: tuple[int, ...]  # places of the targets

    @property
    def apart(self) -> float:
        """How far both gaps are apart, in units of the smaller one."""
        return (max(self.gaps) - min(self.gaps)) / min(self.gaps)


def pairs_to_measure(entries: Sequence[Standing], yardstick: Yardstick) -> list[Pair]:
    """Return the pairs that their stored values do not already tell apart, the nearest first.

    What is told apart: gaps that are further from each other than `window` allows, and, where
    that is exact, values on single targets. So of hundreds of entries few pairs are left, and
    files are read for those alone. Entries that answer different targets are compared on those
    that both answer, at least half of either's.

    Parameters
    ----------
    entries : sequence of Standing
    yardstick : Yardstick

    Returns
    -------
    list of Pair
        In an order that does not depend on that of the entries.
    """
    found = []
    for one, other in _possible(sorted(entries, key=lambda each: each.name), yardstick):
        common = _answered(one, yardstick) & _answered(other, yardstick)
        gaps = (yardstick.gap(one.values, common), yardstick.gap(other.values, common))
        pair = Pair(one.name, other.name, gaps, tuple(int(at) for at in np.flatnonzero(common)))
        if not min(gaps) > 0 or pair.apart > yardstick.limit:
            continue
        room = yardstick.percent / 100 * min(gaps) * (1 + _ROUNDING)
        if yardstick.least_distance(one.values, other.values) <= room:
            found.append(pair)
    return sorted(found, key=lambda pair: (pair.apart, pair.one, pair.other))


def _answered(entry: Standing, yardstick: Yardstick) -> NDArray[np.bool_]:
    if yardstick.is_pooled:
        return np.full(yardstick.weights.shape, True)
    return ~np.isnan(entry.values)


def _possible(
    entries: Sequence[Standing], yardstick: Yardstick
) -> Iterator[tuple[Standing, Standing]]:
    """Yield pairs that may be near by their gaps: a sweep over those that answer everything."""
    answered = {each.name: _answered(each, yardstick) for each in entries}
    whole = [each for each in entries if answered[each.name].all()]
    gaps = {each.name: yardstick.gap(each.values, answered[each.name]) for each in whole}
    whole = sorted((each for each in whole if gaps[each.name] > 0), key=lambda e: gaps[e.name])
    for place, one in enumerate(whole):
        reach = gaps[one.name] * (1 + yardstick.limit)
        for other in whole[place + 1 :]:
            if gaps[other.name] > reach:
                break
            yield (one, other) if one.name < other.name else (other, one)
    for one, other in combinations(entries, 2):
        first, second = answered[one.name], answered[other.name]
        both = np.count_nonzero(first & second)
        most = max(np.count_nonzero(first), np.count_nonzero(second))
        if both and 2 * both >= most and not (first.all() and second.all()):
            yield one, other
