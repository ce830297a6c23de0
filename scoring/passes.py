"""One pass over reference and prediction for all streaming metrics of a round."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from scoring.errors import MetricInputError, MetricUndefinedError, ScoringError
from scoring.metrics.base import Metric
from scoring.metrics.fields import compiled_sums
from scoring.metrics.fields.chunk import FieldChunk, FieldPlan
from scoring.metrics.fields.lanes import LaneTable
from scoring.metrics.samples_chunk import SamplesChunk
from scoring.readers.base import SLAB_BYTES, AnyArray, ArraySource
from scoring.readers.flat import FlatStream, flat_stream

logger = logging.getLogger(__name__)

Outcome = float | Exception
PIECE_VALUES = 128 * 2**10
_KEPT_BYTES = 24 * 2**20


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


class Inspection(Protocol):
    """Looks at values on their way into the metrics; raises where one is not acceptable."""

    every_piece: bool  # whether sums that are finite do not tell enough (a range is declared)
    complete: bool  # set once every value went by

    def __call__(self, reference: AnyArray, prediction: AnyArray) -> None:
        """Look at a piece of both."""


class NoInspection:
    """For values that were looked at before."""

    every_piece = False
    complete = False

    def __call__(self, reference: AnyArray, prediction: AnyArray) -> None:
        """Accept everything."""


def field_values(
    reference: ArraySource,
    prediction: ArraySource,
    *,
    metrics: Mapping[str, Metric],
    parameters: Mapping[str, Mapping[str, Any]],
    inspect: Inspection | None = None,
    compiled: bool = True,
    piece_values: int = PIECE_VALUES,
) -> dict[str, Outcome]:
    """Return value or error of every streaming metric of fields, by key.

    Both arrays are read once for each layout (a round has one), in pieces that stay in the
    processor's cache; all metrics share the pieces and what is derived from them. Metrics of
    lane sums need no more than a piece in memory. The others need all of space at once: pieces
    are then whole steps of the first axis, or the whole field if that is an axis of space.

    Parameters
    ----------
    inspect : Inspection, optional
        Sees every piece whose sums are not finite, or every piece.
    compiled : bool
        Whether compiled sums may be used where they are there.
    piece_values : int
        How many values are taken at a time, where the metrics permit.
    """
    inspect = inspect or NoInspection()
    if compiled:
        compiled_sums.ready(math.prod(reference.shape) * reference.dtype.itemsize)
    outcomes: dict[str, Outcome] = {}
    plans: dict[str, FieldPlan] = {}
    by_layout: dict[str, dict[str, _StreamingRun]] = {}
    for key, metric in metrics.items():
        layout = str(parameters[key].get("layout", ""))
        try:
            plan = plans[layout] if layout in plans else FieldPlan(layout, reference.shape)
        except MetricInputError as error:
            outcomes[key] = error
        else:
            plans[layout] = plan
            run = _StreamingRun(metric, plan, parameters[key])
            by_layout.setdefault(layout, {})[key] = run
    for runs in by_layout.values():
        field_pass = _FieldPass(
            list(runs.values()), inspect, compiled=compiled, piece_values=piece_values
        )
        with np.errstate(all="ignore"):
            field_pass.run(reference, prediction)
        outcomes |= {key: run.outcome() for key, run in runs.items()}
    return outcomes


class _FieldPass:
    """One reading of a field for metrics of one layout."""

    def __init__(
        self,
        runs: Sequence[_StreamingRun],
        inspect: Inspection,
        *,
        compiled: bool,
        piece_values: int,
    ) -> None:
        self._inspect = inspect
        self._plan = runs[0].plan
        fast = self._plan.is_block
        self._on_sums = [run for run in runs if fast and run.needs]
        self._on_values = [run for run in runs if run not in self._on_sums]
        needs = frozenset().union(*(run.needs for run in self._on_sums))
        self._table: LaneTable | None = None
        if self._on_sums:
            self._table = LaneTable(
                self._plan, needs, suspect=inspect, compiled=compiled, most=piece_values
            )
        step_values = math.prod(self._plan.shape) // self._plan.steps
        self._piece_steps = max(1, piece_values // step_values) if self._on_values else 0
        self._step_values: int = step_values

    def run(self, reference: ArraySource, prediction: ArraySource) -> None:
        """Read both and bring every metric up to its last piece."""
        # Once a piece of memory this large was freed, the C library keeps what is freed later,
        # instead of giving it back and fetching it again, page by page, for every transform.
        if math.prod(self._plan.shape) > PIECE_VALUES:
            np.empty(_KEPT_BYTES, dtype=np.uint8)
        truth, guess = flat_stream(reference), flat_stream(prediction)
        steps = self._plan.steps
        group = self._table.group_steps if self._table else steps
        if self._piece_steps:
            group = max(self._piece_steps, group // self._piece_steps * self._piece_steps)
        for start in range(0, steps, group):
            self._group(truth, guess, start=start, steps=min(group, steps - start))
        self._inspect.complete = True

    def _group(self, truth: FlatStream, guess: FlatStream, *, start: int, steps: int) -> None:
        if self._table:
            self._table.begin(start=start, steps=steps)
        left = steps * self._step_values
        while left:
            count = min(left, self._portion())
            values = truth.take(count), guess.take(count)
            if self._inspect.every_piece or self._on_values:
                self._inspect(*values)
            if self._on_values:
                at = start + steps - left // self._step_values
                self._update_values(*values, start=at)
            if self._table:
                self._table.add(*values)
            left -= count
        if self._table:
            chunk = self._table.chunk()
            for run in self._on_sums:
                run.update(chunk)

    def _portion(self) -> int:
        if self._piece_steps:
            return self._piece_steps * self._step_values
        return self._table.portion() if self._table else self._step_values

    def _update_values(self, truth: AnyArray, guess: AnyArray, *, start: int) -> None:
        shape = self._plan.piece_shape(len(truth) // self._step_values)
        chunk = FieldChunk(
            self._plan,
            reference=truth.reshape(shape),
            prediction=guess.reshape(shape),
            start=start,
        )
        for run in self._on_values:
            run.update(chunk)


def sample_values(
    pieces: Iterable[tuple[AnyArray, AnyArray]],
    *,
    metrics: Mapping[str, Metric],
    parameters: Mapping[str, Mapping[str, Any]],
) -> dict[str, Outcome]:
    """Return value or error of every streaming metric of samples, by key.

    Parameters
    ----------
    pieces : iterable of (reference, prediction)
        With the same samples along the first axis; read once for all metrics.
    """
    runs: dict[str, _StreamingRun] = {}
    for truth, guess in pieces:
        chunk = SamplesChunk(reference=truth, prediction=guess)
        for key, metric in metrics.items():
            if key not in runs:
                runs[key] = _StreamingRun(metric, chunk.plan, parameters[key])
            runs[key].update(chunk)
    if metrics and not runs:
        empty = MetricUndefinedError("there is no sample")
        return dict.fromkeys(metrics, empty)
    return {key: run.outcome() for key, run in runs.items()}


class _StreamingRun:
    """One metric on its way through the pieces; stops at its first error."""

    def __init__(self, metric: Metric, plan: Any, parameters: Mapping[str, Any]) -> None:
        if metric.mergeable is None:
            raise TypeError(f"metric {metric.slug} does not stream")
        self.plan = plan
        self.needs: frozenset[str] = getattr(metric.mergeable, "needs", frozenset())
        self._metric = metric
        self._steps = metric.mergeable
        self._state: Any = self._steps.init(plan, parameters)
        self._error: Exception | None = None

    def update(self, chunk: FieldChunk | SamplesChunk) -> None:
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


def sample_pieces(
    reference: ArraySource, prediction: ArraySource, *, max_bytes: int = SLAB_BYTES
) -> Iterator[tuple[AnyArray, AnyArray]]:
    """Yield the same samples of both, whatever the shapes of a sample and the number types are."""
    samples = reference.shape[0]
    sizes = [math.prod(source.shape[1:]) for source in (reference, prediction)]
    step = max(1, max_bytes // (8 * max(1, *sizes)))
    streams = flat_stream(reference), flat_stream(prediction)
    for start in range(0, samples, step):
        count = min(step, samples - start)
        truth, guess = (
            stream.take(count * size).reshape(count, *source.shape[1:])
            for stream, size, source in zip(streams, sizes, (reference, prediction), strict=True)
        )
        yield truth, guess
