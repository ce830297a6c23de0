"""Check a prediction file, and score it against the references: the engine's two doors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, Literal

import numpy as np

from scoring.contract import (
    Aggregate,
    CheckReport,
    JsonValue,
    MetricChoice,
    PredictionFormat,
    ScoreReport,
    ScoreRow,
    ScoreStatus,
    TargetSpec,
)
from scoring.errors import (
    MetricInputError,
    MetricUndefinedError,
    PredictionFormatError,
    ReferenceFaultError,
)
from scoring.metrics.base import Metric
from scoring.metrics.registry import get_metric
from scoring.passes import Outcome, evaluated, field_values
from scoring.readers.base import AnyArray, ArraySource, Prediction, ProblemLog
from scoring.readers.checks import check_shape, check_values
from scoring.readers.npy_format import open_array
from scoring.readers.registry import get_reader

ENGINE_VERSION = "1"


Reference = BinaryIO | ArraySource
PooledMissing = Literal["status", "answered"]


def check(
    handle: BinaryIO, prediction_format: PredictionFormat, targets: Sequence[TargetSpec]
) -> CheckReport:
    """Read a prediction file and report what is wrong with it, or what it answers.

    Raises
    ------
    UnknownReaderError, ReaderOptionError
        If the round's format itself is wrong: the organizer's to mend.
    """
    return _read(handle, prediction_format, targets)[0]


def score(
    handle: BinaryIO,
    prediction_format: PredictionFormat,
    targets: Sequence[TargetSpec],
    references: Mapping[str, Reference],
    metrics: Sequence[MetricChoice],
    *,
    also_readable: Sequence[TargetSpec] = (),
    pooled_missing: PooledMissing = "status",
) -> ScoreReport:
    """Score a prediction file against the references.

    Parameters
    ----------
    handle : binary file
        The prediction, open and seekable.
    prediction_format : PredictionFormat
        Reader and options.
    targets : sequence of TargetSpec
        What is public about the targets.
    references : mapping of target slug to binary file or ArraySource
        One `.npy` file (0-d for a scalar) or array source for each target. They are the expected
        set: a target without prediction gets rows with status missing.
    metrics : sequence of MetricChoice
        What to compute.
    also_readable : sequence of TargetSpec
        Targets that the file may answer though nothing is scored for them: cancelled since.
    pooled_missing : {"status", "answered"}
        Whether a pooled metric has status missing as soon as one target is unanswered, or is
        computed over the answered ones and says so in its detail.

    Returns
    -------
    ScoreReport
        Rows in the order of metrics, then targets; no rows if the file cannot be read.

    Raises
    ------
    ReferenceFaultError
        If references do not fit the targets.
    UnknownMetricError, MetricInputError, UnknownReaderError, ReaderOptionError
        If the round's choices are wrong.
    """
    chosen = [(choice, get_metric(choice.slug, choice.version)) for choice in metrics]
    parameters = {c.key: metric.complete(c.parameters) for c, metric in chosen}
    expected = _open_references(references, targets)
    report, prediction = _read(handle, prediction_format, [*targets, *also_readable])
    if prediction is None:
        return ScoreReport(rows=(), check=report, engine_version=ENGINE_VERSION)
    run = _Run(expected, prediction, parameters, pooled_missing)
    return ScoreReport(rows=run.rows(chosen), check=report, engine_version=ENGINE_VERSION)


def _read(
    handle: BinaryIO, prediction_format: PredictionFormat, targets: Sequence[TargetSpec]
) -> tuple[CheckReport, Prediction | None]:
    reader = get_reader(prediction_format.reader)
    try:
        prediction = reader.read(handle, options=prediction_format.options, targets=targets)
    except PredictionFormatError as error:
        report = CheckReport(problems=error.problems, problems_left_out=error.left_out)
        return report, None
    answered = tuple(target.slug for target in targets if target.slug in prediction.sources)
    return CheckReport(answered=answered, metadata=dict(prediction.metadata)), prediction


def _open_references(
    references: Mapping[str, Reference], targets: Sequence[TargetSpec]
) -> dict[str, ArraySource]:
    slugs = [target.slug for target in targets]
    if set(references) != set(slugs) or len(set(slugs)) != len(slugs):
        odd = sorted(set(references) ^ set(slugs)) or ["a name twice"]
        raise ReferenceFaultError(f"references and targets differ: {', '.join(odd)}")
    opened: dict[str, ArraySource] = {}
    for target in targets:
        given = references[target.slug]
        log = ProblemLog()
        source = (
            given if isinstance(given, ArraySource) else open_array(given, log, where="reference")
        )
        # The range binds predictions; of a reference only shape and finiteness are asked.
        spec = TargetSpec(target.slug, target.of_reference)
        if source is not None and check_shape(log, spec, shape=source.shape, where="reference"):
            check_values(log, spec, source=source)
            opened[target.slug] = source
        if log.problems:
            codes = ", ".join(sorted({problem.code for problem in log.problems}))
            raise ReferenceFaultError(f"the reference of target {target.slug} is unfit: {codes}")
    return opened


class _Run:
    """One prediction against all references: computes each metric once and keeps the outcome."""

    def __init__(
        self,
        references: Mapping[str, ArraySource],
        prediction: Prediction,
        parameters: Mapping[str, Mapping[str, JsonValue]],
        pooled_missing: PooledMissing,
    ) -> None:
        self._references = references
        self._sources = prediction.sources
        self._parameters = parameters
        self._pooled_missing = pooled_missing

    def rows(self, chosen: Sequence[tuple[MetricChoice, Metric]]) -> tuple[ScoreRow, ...]:
        per_target = {slug: self._target_outcomes(slug, chosen) for slug in self._references}
        return tuple(
            row for choice, metric in chosen for row in self._rows_of(choice, metric, per_target)
        )

    def _rows_of(
        self,
        choice: MetricChoice,
        metric: Metric,
        per_target: Mapping[str, Mapping[str, Outcome]],
    ) -> Iterator[ScoreRow]:
        if choice.aggregate is Aggregate.POOLED:
            yield self._pooled_row(choice, metric)
            return
        for slug in self._references:
            if slug not in self._sources:
                yield ScoreRow(
                    choice.key, slug, ScoreStatus.MISSING, detail="no prediction for this target"
                )
            else:
                yield _row(choice.key, slug, per_target[slug][choice.key])

    def _target_outcomes(
        self, slug: str, chosen: Sequence[tuple[MetricChoice, Metric]]
    ) -> dict[str, Outcome]:
        """Evaluate all per-target metrics of one target; the streaming ones share one pass."""
        if slug not in self._sources:
            return {}
        pair = (self._references[slug], self._sources[slug])
        streaming = {c.key: m for c, m in chosen if m.streams_fields}
        outcomes = field_values(*pair, metrics=streaming, parameters=self._parameters)
        arrays: tuple[AnyArray, AnyArray] | None = None
        for choice, metric in chosen:
            if choice.key not in streaming and choice.aggregate is not Aggregate.POOLED:
                arrays = arrays or (pair[0].read(), pair[1].read())
                outcomes[choice.key] = self._whole(choice, metric, arrays)
        return outcomes

    def _whole(
        self, choice: MetricChoice, metric: Metric, arrays: tuple[AnyArray, AnyArray]
    ) -> Outcome:
        return evaluated(
            lambda: metric.compute(*arrays, **dict(self._parameters[choice.key])), slug=metric.slug
        )

    def _pooled_row(self, choice: MetricChoice, metric: Metric) -> ScoreRow:
        answered = [slug for slug in self._references if slug in self._sources]
        coverage = f"{len(answered)} of {len(self._references)} targets answered"
        complete = len(answered) == len(self._references)
        if not answered or (not complete and self._pooled_missing == "status"):
            return ScoreRow(choice.key, None, ScoreStatus.MISSING, detail=coverage)
        try:
            truth = _stacked(self._references, answered)
            guess = _stacked(self._sources, answered)
        except MetricInputError as fault:
            return _row(choice.key, None, fault)
        outcome = self._whole(choice, metric, (truth, guess))
        return _row(choice.key, None, outcome, detail="" if complete else coverage)


def _stacked(sources: Mapping[str, ArraySource], slugs: Sequence[str]) -> AnyArray:
    """Return the arrays of all targets as samples along a new first axis."""
    arrays = [sources[slug].read() for slug in slugs]
    samples = [array.reshape(()) if array.shape == (1,) else array for array in arrays]
    if len({sample.shape for sample in samples}) > 1:
        raise MetricInputError("to be pooled, all targets must be of one shape")
    return np.stack([np.asarray(sample, dtype=np.float64) for sample in samples])


def _row(key: str, target: str | None, outcome: Outcome, *, detail: str = "") -> ScoreRow:
    if isinstance(outcome, MetricUndefinedError):
        return ScoreRow(key, target, ScoreStatus.UNDEFINED, detail=str(outcome))
    if isinstance(outcome, Exception):
        return ScoreRow(key, target, ScoreStatus.FAILED, detail=str(outcome))
    return ScoreRow(key, target, ScoreStatus.OK, value=outcome, detail=detail)
