"""How a field metric is put together from its lanes, in one pass and in pieces."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from scoring.contract import JsonValue
from scoring.errors import MetricUndefinedError
from scoring.metrics.fields.chunk import LANE_AXES, FieldChunk, FieldPlan, FloatArray


@dataclass(frozen=True, slots=True)
class FieldState:
    """What is kept between the pieces of a field: one number for each lane at the most.

    `partial` holds folded measures whose other pieces are still to come, `folded` how many lanes
    went into each. `total`, `count` and `peak` sum up values that are already complete.
    """

    plan: FieldPlan
    parameters: Mapping[str, JsonValue]
    partial: FloatArray | None = None
    folded: int = 0
    total: float = 0.0
    count: int = 0
    peak: float = -np.inf


Measure = Callable[[FieldChunk, Mapping[str, JsonValue]], FloatArray]
Value = Callable[[FloatArray, int, FieldState], FloatArray]


@dataclass(frozen=True, slots=True)
class FieldRule:
    """A streaming field metric: measure each lane, fold some axes, take a value, average.

    Parameters
    ----------
    measure : callable
        (chunk, parameters) -> additive quantities, shape (b, t, c) or (b, t, c, several).
    value : callable
        (folded measures, number of folded lanes, state) -> one value for each remaining lane.
    fold : str
        The lane axes that are combined before `value`, out of "btc"; the values of the remaining
        ones are averaged.
    combine : ufunc
        How measures are folded: ``numpy.add`` or ``numpy.maximum``. A measure may come with axes
        of `fold` already summed.
    needs : frozenset of str
        The intermediates that `measure` looks at, where all of them are sums that
        `fields_lanes.LaneTable` collects; empty for a metric that must see the values themselves.
    """

    measure: Measure
    value: Value
    fold: str = ""
    combine: np.ufunc = np.add
    needs: frozenset[str] = frozenset()

    def init(self, plan: FieldPlan, parameters: Mapping[str, JsonValue]) -> FieldState:
        return FieldState(plan, parameters)

    def update(self, state: FieldState, chunk: FieldChunk) -> FieldState:
        measured = self.measure(chunk, state.parameters)
        axes = tuple(LANE_AXES.index(axis) for axis in self.fold)
        lanes = chunk.folded(self.fold)
        # A reduction over nothing would still copy, and a spectrum is as large as its field.
        apart = math.prod(measured.shape[axis] for axis in axes) > 1
        folded = self.combine.reduce(measured, axes, keepdims=True) if apart else measured
        piece = FieldState(state.plan, state.parameters, partial=folded, folded=lanes)
        if state.plan.cut_axis not in self.fold or not state.plan.cut_axis:
            piece = self._completed(piece)
        return self.merge(state, piece)

    def merge(self, left: FieldState, right: FieldState) -> FieldState:
        parts = [part for part in (left.partial, right.partial) if part is not None]
        return FieldState(
            left.plan,
            left.parameters,
            partial=self.combine(*parts) if len(parts) == 2 else next(iter(parts), None),
            folded=left.folded + right.folded,
            total=left.total + right.total,
            count=left.count + right.count,
            peak=float(np.maximum(left.peak, right.peak)),
        )

    def finalize(self, state: FieldState) -> float:
        done = self._completed(state)
        if not done.count:
            raise MetricUndefinedError("there is nothing to average")
        reduction = state.parameters.get("reduction", "mean")
        if reduction == "max":
            return done.peak
        return done.total if reduction == "sum" else done.total / done.count

    def _completed(self, state: FieldState) -> FieldState:
        """Turn folded measures, all of whose pieces are there, into values."""
        if state.partial is None:
            return state
        values = self.value(state.partial, state.folded, state)
        return FieldState(
            state.plan,
            state.parameters,
            total=state.total + float(values.sum()),
            count=state.count + values.size,
            peak=float(np.maximum(state.peak, values.max())),
        )
