"""How a metric of a rollout is put together: one measure for each lane, looked at in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.contract import JsonValue
from scoring.errors import MetricUndefinedError
from scoring.metrics.fields.chunk import LANE_AXES, FieldChunk, FieldPlan, FloatArray


@dataclass(frozen=True, slots=True)
class SeriesState:
    """The measures of all lanes so far: pieces of the cut axis, each with its first step."""

    plan: FieldPlan
    parameters: Mapping[str, JsonValue]
    pieces: tuple[tuple[int, FloatArray], ...] = ()


@dataclass(frozen=True, slots=True)
class SeriesRule:
    """A streaming field metric whose value depends on the order of time.

    Parameters
    ----------
    measure : callable
        (chunk, parameters) -> shape (b, t, c) or (b, t, c, several).
    value : callable
        (measures of all lanes in order, plan, parameters) -> the metric.
    needs : frozenset of str
        As for `FieldRule`.
    """

    measure: Callable[[FieldChunk, Mapping[str, JsonValue]], FloatArray]
    value: Callable[[FloatArray, FieldPlan, Mapping[str, JsonValue]], float]
    needs: frozenset[str] = frozenset()

    def init(self, plan: FieldPlan, parameters: Mapping[str, JsonValue]) -> SeriesState:
        return SeriesState(plan, parameters)

    def update(self, state: SeriesState, chunk: FieldChunk) -> SeriesState:
        piece = (chunk.start, np.array(self.measure(chunk, state.parameters)))
        return SeriesState(state.plan, state.parameters, (*state.pieces, piece))

    def merge(self, left: SeriesState, right: SeriesState) -> SeriesState:
        return SeriesState(left.plan, left.parameters, (*left.pieces, *right.pieces))

    def finalize(self, state: SeriesState) -> float:
        if not state.pieces:
            raise MetricUndefinedError("there is nothing to look at")
        in_order = [piece for _, piece in sorted(state.pieces, key=lambda piece: piece[0])]
        axis = LANE_AXES.index(state.plan.cut_axis or "b")
        series = in_order[0] if len(in_order) == 1 else np.concatenate(in_order, axis=axis)
        return float(self.value(series, state.plan, state.parameters))


def steps_before(failed: NDArray[np.bool_]) -> FloatArray:
    """Return how many steps come before the first failure along axis 1: all, if there is none."""
    never = ~failed.any(axis=1)
    return np.asarray(np.where(never, failed.shape[1], failed.argmax(axis=1)), dtype=np.float64)
