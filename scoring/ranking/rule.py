"""The declared rule of a ranking: everything that turns scores into an order, in one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from scoring.aggregate import MissingPolicy
from scoring.contract import Aggregate, Direction
from scoring.ranking.zscores import ZScoreRule


class Scheme(StrEnum):
    """How an entry's values on the targets become what it is ranked by."""

    AGGREGATE = "aggregate"  # combine the values, then rank
    MEAN_RANK = "mean_rank"  # rank on each target, then combine the ranks
    TEST_THEN_RANK = "test_then_rank"  # share of the opponents beaten significantly
    Z_SCORE = "z_score"  # combine the two-pass Z-scores


class ModelChoice(StrEnum):
    """Which of an entry's several models for a target counts."""

    FIRST = "first"
    BEST_PER_METRIC = "best_per_metric"
    BEST_COMPOSITE = "best_composite"  # by the weighted sum of Z-scores


class Ties(StrEnum):
    """What entries that tie on a target get in a mean rank."""

    MIN = "min"
    AVERAGE = "average"


class Adjustment(StrEnum):
    """What is done about testing many pairs."""

    NONE = "none"
    HOLM = "holm"


@dataclass(frozen=True, slots=True)
class MetricTerm:
    """One metric of a rule, and its weight in a composite."""

    metric: str
    direction: Direction
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class RankRule:
    """How entries are ranked. `docs/ranking.md` explains every field.

    Parameters
    ----------
    metrics : tuple of MetricTerm
        One; several make a composite, for mean ranks and Z-scores only.
    scheme : Scheme
    aggregate : Aggregate
        How the values of one target each become one; any but pooled.
    levels : tuple of str
        Labels of targets, inner to outer: values are aggregated within each, then averaged
        within the next, and last over the outermost.
    unit_weights : str, optional
        A label: each target weighs 1 over the number of targets that share it.
    target_weights : mapping of target to weight
        1 where none is declared.
    models : ModelChoice
    missing : MissingPolicy
        Of a target without value.
    penalty : float, optional
        What stands in under ``worst``: a value, or a Z-score. Mean ranks need none.
    tolerance, target_tolerance : float
        Values this close to the best of their group tie: on the board, and on one target.
    ties : Ties
    z_score : ZScoreRule
    alpha, adjust
        Of the tests of test-then-rank.
    resample : str
        What the bootstrap draws: ``target`` or a label.
    strata : str, optional
        A label within which as many are drawn as there are.
    confidence : float
        Of the intervals.
    """

    metrics: tuple[MetricTerm, ...]
    scheme: Scheme = Scheme.AGGREGATE
    aggregate: Aggregate = Aggregate.MEAN
    levels: tuple[str, ...] = ()
    unit_weights: str | None = None
    target_weights: Mapping[str, float] = field(default_factory=dict)
    models: ModelChoice = ModelChoice.FIRST
    missing: MissingPolicy = MissingPolicy.INCOMPLETE
    penalty: float | None = None
    tolerance: float = 0.0
    target_tolerance: float = 0.0
    ties: Ties = Ties.MIN
    z_score: ZScoreRule = field(default_factory=ZScoreRule)
    alpha: float = 0.05
    adjust: Adjustment = Adjustment.NONE
    resample: str = "target"
    strata: str | None = None
    confidence: float = 0.95

    @property
    def direction(self) -> Direction:
        """Which way what entries are ranked by is better."""
        if self.scheme is Scheme.MEAN_RANK:
            return Direction.LOWER
        if self.scheme is Scheme.AGGREGATE:
            return self.metrics[0].direction
        return Direction.HIGHER

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of targets that the rule looks at."""
        named = (*self.levels, self.unit_weights, self.resample, self.strata)
        return tuple(dict.fromkeys(name for name in named if name not in (None, "target")))

    def to_json(self) -> dict[str, Any]:
        """Return the rule as a rule file would declare it, with all defaults."""
        return asdict(self)
