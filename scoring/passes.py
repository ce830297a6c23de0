"""One pass over reference and prediction for all streaming metrics of a round."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from scoring.errors import MetricInputError, MetricUndefinedError, ScoringError
from scoring.metrics.base import Metric
from scoring.metrics.fields_chunk import FieldChunk, FieldPlan
from scoring.readers.base import SLAB_BYTES, AnyArray, ArraySource, rows_per_chunk

logger = logging.getLogger(__name__)

Outcome = float | Exception


def evaluated(compute: Callable[[], float], *, slug: str) -> Outcome:
    """Return what a metric computes, or the error that says why there is no value.

    A metric may come from an installed package, and what it raises may quote reference values:
    the message that leaves here names the metric and the kind of error only.
    """
    try:
        return compute()
    except (MetricUndefinedError, MetricInputError) as error:
        return error
    except MemoryError:
        raise  # a limit of the whole job, not a property of the metric
    except Exception as error:  # noqa: BLE001 - the border to metrics of others
        logger.warning("metric %s raised %s", slug, type(error).__name__)
        return ScoringError(f"metric {slug} could not be computed ({type(error).__name__})")


def field_values(
    reference: ArraySource,
    prediction: ArraySource,
    *,
    metrics: Mapping[str, Metric],
    parameters: Mapping[str, Mapping[str, Any]],
    max_bytes: int = SLAB_BYTES,
) -> dict[str, Outcome]:
    """Return value or error of every streaming metric, by key.

    Both arrays are read once, in pieces along the first axis of about `max_bytes` of float64;
    metrics of the same layout share the pieces and what is derived from them. If a layout begins
    with a space axis the field comes in one piece.
    """
    runs: dict[str, _StreamingRun] = {}
    outcomes: dict[str, Outcome] = {}
    plans: dict[str, FieldPlan] = {}
    for key, metric in metrics.items():
        layout = str(parameters[key].get("layout", ""))
        try:
            plan = plans.setdefault(layout, FieldPlan(layout, reference.shape))
        except MetricInputError as error:
            outcomes[key] = error
        else:
            runs[key] = _StreamingRun(metric, plan, parameters[key])
    whole = any(not plan.cut_axis for plan in plans.values())
    for truth, guess in _aligned(reference, prediction, max_bytes if not whole else None):
        if not runs:
            break
        chunks = {
            layout: FieldChunk(plan, reference=truth, prediction=guess)
            for layout, plan in plans.items()
        }
        for run in runs.values():
            run.update(chunks[run.plan.layout])
    return outcomes | {key: run.outcome() for key, run in runs.items()}


class _StreamingRun:
    """One metric on its way through the pieces; stops at its first error."""

    def __init__(self, metric: Metric, plan: FieldPlan, parameters: Mapping[str, Any]) -> None:
        if metric.mergeable is None:
            raise TypeError(f"metric {metric.slug} does not stream")
        self.plan = plan
        self._metric = metric
        self._steps = metric.mergeable
        self._state: Any = self._steps.init(plan, parameters)
        self._error: Exception | None = None

    def update(self, chunk: FieldChunk) -> None:
        if self._error is not None:
            return

        def step() -> float:
            self._state = self._steps.update(self._state, chunk)
            return 0.0

        with np.errstate(all="ignore"):
            result = evaluated(step, slug=self._metric.slug)
        self._error = result if isinstance(result, Exception) else None

    def outcome(self) -> Outcome:
        if self._error is not None:
            return self._error

        def value() -> float:
            return self._metric.checked(self._steps.finalize(self._state))

        with np.errstate(all="ignore"):
            return evaluated(value, slug=self._metric.slug)


def _aligned(
    reference: ArraySource, prediction: ArraySource, max_bytes: int | None
) -> Iterator[tuple[AnyArray, AnyArray]]:
    """Yield pieces with the same steps of the first axis, whatever the two number types are."""
    if max_bytes is None or not reference.shape:
        yield reference.read(), prediction.read()
        return
    step = rows_per_chunk(reference.shape, itemsize=8, max_bytes=max_bytes)
    row_items = int(np.prod(reference.shape[1:], dtype=np.int64))
    sizes = [max(1, step * row_items * source.dtype.itemsize) for source in (reference, prediction)]
    yield from zip(reference.chunks(sizes[0]), prediction.chunks(sizes[1]), strict=True)
