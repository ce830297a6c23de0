"""From a table of scores to what entries are ranked by, under every scheme a rule may declare.

First everything that depends on the field alone is done once: models are chosen, values become
ranks or Z-scores where the rule says so. What is left is a table of entries and targets, and a
function that combines it under any weighting of targets: the board is that with each target
once, a bootstrap draw is that with targets counted as often as they were drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.aggregate import MissingPolicy, combine
from scoring.contract import Direction
from scoring.ranking.order import average_ranks, competition_ranks
from scoring.ranking.rule import Adjustment, ModelChoice, RankRule, Scheme, Ties
from scoring.ranking.significance import significantly_better
from scoring.ranking.table import ScoreTable, TableError
from scoring.ranking.zscores import two_pass_z
from scoring.uncertainty import Draws

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_CELLS = 2_000_000  # values of nodes held at once


@dataclass(frozen=True, slots=True)
class Field:
    """The entries that a rule ranks, and what it combines."""

    rule: RankRule
    entries: IntArray  # numbers in the table of those that are ranked
    answered: IntArray  # by all entries of the table: targets with a value
    matrix: FloatArray  # (ranked entries, targets): values, ranks or Z-scores; NaN for none
    direction: Direction  # of the matrix
    weights: FloatArray  # of the targets
    units: IntArray  # drawn together by the bootstrap
    strata: IntArray | None
    nodes: tuple[IntArray, ...]  # by level, inner to outer: the node of each target

    @property
    def draws(self) -> Draws:
        """What the bootstrap draws."""
        return Draws(self.units, self.strata)

    def values(self, counts: FloatArray) -> FloatArray:
        """Return what entries are ranked by.

        Parameters
        ----------
        counts : array of shape (draws, targets)
            How often each target counts.

        Returns
        -------
        array of shape (draws, ranked entries)
            NaN where an entry has no value.
        """
        if self.rule.scheme is Scheme.TEST_THEN_RANK:
            return np.stack([self._beaten(row) for row in counts])
        if not self.nodes:
            return combine(self.matrix, self.rule.aggregate, counts * self.weights)
        nodes = int(self.nodes[0].max()) + 1
        step = max(1, _CELLS // (nodes * max(len(self.matrix), 1)))
        return np.concatenate(
            [self._through_levels(counts[i : i + step]) for i in range(0, len(counts), step)]
        )

    def _beaten(self, counts: FloatArray) -> FloatArray:
        """Return the share of the opponents that each entry beats significantly."""
        better = significantly_better(
            np.repeat(self.matrix, counts.astype(np.int64), axis=1),
            direction=self.direction,
            alpha=self.rule.alpha,
            adjust=self.rule.adjust is Adjustment.HOLM,
        )
        return np.asarray(better.sum(axis=1) / max(len(better) - 1, 1))

    def _through_levels(self, counts: FloatArray) -> FloatArray:
        inner = self.nodes[0]
        weights = counts * self.weights
        members = [inner == node for node in range(int(inner.max()) + 1)]
        how = self.rule.aggregate
        values = np.stack(
            [combine(self.matrix[:, each], how, weights[:, each]) for each in members], axis=2
        )
        for level, nodes in enumerate(self.nodes):
            outer = self.nodes[level + 1] if level + 1 < len(self.nodes) else np.zeros_like(nodes)
            values = _average(values, self._node_counts(counts, nodes), _parents(nodes, outer))
        return values[:, :, 0]

    def _node_counts(self, counts: FloatArray, nodes: IntArray) -> FloatArray:
        """Return how often each node counts in each draw.

        A node within one drawn unit counts as often as that unit; a node that holds several counts
        once, if anything of it was drawn.
        """
        columns: list[FloatArray] = []
        for node in range(int(nodes.max()) + 1):
            members = np.flatnonzero(nodes == node)
            if (self.units[members] == self.units[members[0]]).all():
                columns.append(counts[:, members[0]])
            else:
                drawn = np.any(counts[:, members] > 0, axis=1)
                columns.append(np.asarray(drawn, dtype=np.float64))
        return np.stack(columns, axis=1)


def field_of(table: ScoreTable, rule: RankRule) -> Field:
    """Prepare a table for a rule.

    Raises
    ------
    TableError
        The table lacks a metric or a label that the rule names.
    """
    _demand(table, rule)
    chosen = {term.metric: _models(table, rule, term.metric) for term in rule.metrics}
    # (metrics, models, entries, targets): answered is what one model has all metrics of.
    there = (~np.isnan(np.stack(list(chosen.values())))).all(axis=0).any(axis=0)
    answered = there.sum(axis=1)
    entries = _ranked(answered, len(table.targets), rule.missing)
    units, strata = _units(table, rule)
    return Field(
        rule=rule,
        entries=entries,
        answered=answered,
        matrix=_matrix({name: values[:, entries] for name, values in chosen.items()}, rule),
        direction=_matrix_direction(rule),
        weights=_weights(table, rule),
        units=units,
        strata=strata,
        nodes=tuple(
            _numbers([table.label_numbers(each) for each in rule.levels[level:]])
            for level in range(len(rule.levels))
        ),
    )


def _demand(table: ScoreTable, rule: RankRule) -> None:
    for term in rule.metrics:
        if term.metric not in table.values:
            raise TableError(
                f"the rule ranks by metric {term.metric!r}, of which the table has no row; "
                f"it has {', '.join(table.values) or 'none'}"
            )
    for label in rule.labels:
        without = [
            target
            for target, found in zip(
                table.targets, table.labels.get(label, [""] * len(table.targets)), strict=True
            )
            if not found
        ]
        if without:
            raise TableError(
                f"the rule looks at the {label} of targets, but {without[0]!r} has none "
                f"({len(without)} of {len(table.targets)}); fill the column {label}"
            )
    unknown = sorted(set(rule.target_weights) - set(table.targets))
    if unknown:
        raise TableError(
            f"target_weights names {unknown[0]!r}, of which the table has no row; "
            "correct the name or leave it out"
        )


def _models(table: ScoreTable, rule: RankRule, metric: str) -> FloatArray:
    """Return the values of the models that count, shape (models, entries, targets)."""
    values = table.values[metric]
    if rule.models is ModelChoice.FIRST:
        return values[:1]
    if rule.models is ModelChoice.BEST_COMPOSITE:
        return values
    term = next(term for term in rule.metrics if term.metric == metric)
    best = np.fmax.reduce if term.direction is Direction.HIGHER else np.fmin.reduce
    return np.asarray(best(values, axis=0))[np.newaxis]


def _ranked(answered: IntArray, offered: int, missing: MissingPolicy) -> IntArray:
    least = {MissingPolicy.INCOMPLETE: offered, MissingPolicy.SKIP: 1, MissingPolicy.WORST: 0}
    return np.flatnonzero(answered >= least[missing])


def _matrix(chosen: dict[str, FloatArray], rule: RankRule) -> FloatArray:
    if rule.scheme is Scheme.MEAN_RANK:
        return _mean_ranks(chosen, rule)
    matrix = _composite_z(chosen, rule) if rule.scheme is Scheme.Z_SCORE else None
    if matrix is None:
        matrix = chosen[rule.metrics[0].metric][0]
    if rule.missing is MissingPolicy.WORST and rule.penalty is not None:
        return np.where(np.isnan(matrix), rule.penalty, matrix)
    return matrix


def _matrix_direction(rule: RankRule) -> Direction:
    if rule.scheme in (Scheme.AGGREGATE, Scheme.TEST_THEN_RANK):
        return rule.metrics[0].direction
    return rule.direction


def _mean_ranks(chosen: dict[str, FloatArray], rule: RankRule) -> FloatArray:
    """Return ranks target by target, averaged over the metrics by their weights."""
    rank = average_ranks if rule.ties is Ties.AVERAGE else competition_ranks
    total = np.zeros(chosen[rule.metrics[0].metric].shape[1:])
    for term in rule.metrics:
        values = chosen[term.metric][0]
        ranks = np.asarray(
            rank(values.T, direction=term.direction, tolerance=rule.target_tolerance), dtype=float
        ).T
        if rule.missing is not MissingPolicy.WORST:
            ranks[np.isnan(values)] = np.nan
        total += term.weight * ranks
    return total / sum(term.weight for term in rule.metrics)


def _composite_z(chosen: dict[str, FloatArray], rule: RankRule) -> FloatArray:
    """Return the weighted sum of Z-scores of the best model by that sum."""
    models, entries, targets = chosen[rule.metrics[0].metric].shape
    total = np.zeros((models, entries, targets))
    for term in rule.metrics:
        pool = chosen[term.metric].reshape(models * entries, targets)
        scores = two_pass_z(pool, direction=term.direction, rule=rule.z_score)
        total += term.weight * scores.reshape(models, entries, targets)
    return np.asarray(np.fmax.reduce(total, axis=0))


def _weights(table: ScoreTable, rule: RankRule) -> FloatArray:
    weights = np.array([rule.target_weights.get(target, 1.0) for target in table.targets])
    if rule.unit_weights is not None:
        numbers = table.label_numbers(rule.unit_weights)
        weights = weights / np.bincount(numbers)[numbers]
    return weights


def _units(table: ScoreTable, rule: RankRule) -> tuple[IntArray, IntArray | None]:
    """Return the unit of each target and its stratum; equal labels in two strata are two units."""
    units = table.label_numbers(rule.resample)
    if rule.strata is None:
        return units, None
    strata = table.label_numbers(rule.strata)
    return (units if rule.resample == "target" else _numbers([units, strata])), strata


def _numbers(columns: list[IntArray]) -> IntArray:
    """Number the different combinations of some columns of numbers."""
    found = np.unique(np.stack(columns), axis=1, return_inverse=True)[1]
    return np.asarray(found, dtype=np.int64).reshape(-1)


def _parents(nodes: IntArray, outer: IntArray) -> IntArray:
    return outer[np.unique(nodes, return_index=True)[1]]


def _average(values: FloatArray, counts: FloatArray, parents: IntArray) -> FloatArray:
    """Average nodes within their parents, leaving out those without a value.

    Shapes: values (draws, entries, nodes), counts (draws, nodes), parents (nodes,).
    """
    there = ~np.isnan(values) & (counts > 0)[:, np.newaxis, :]
    weights = np.where(there, counts[:, np.newaxis, :], 0.0)
    products = np.where(there, values, 0.0) * weights
    member = parents[:, np.newaxis] == np.arange(int(parents.max()) + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((products @ member) / (weights @ member))
