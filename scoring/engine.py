"""Check a prediction file, and score it against the references: the engine's two doors."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
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
    UnfitValuesError,
)
from scoring.inspection import TargetInspection
from scoring.metrics.base import Metric
from scoring.metrics.registry import get_metric
from scoring.passes import Outcome, evaluated, field_values, sample_pieces, sample_values
from scoring.readers.base import CHUNK_BYTES, AnyArray, ArraySource, Prediction, ProblemLog
from scoring.readers.checks import check_shape
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
    reader = get_reader(prediction_format.reader)
    try:
        prediction = reader.read(handle, options=prediction_format.options, targets=targets)
    except PredictionFormatError as error:
        return CheckReport(problems=error.problems, problems_left_out=error.left_out)
    return _report(targets, prediction)


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
    specs = [*targets, *also_readable]
    reader = get_reader(prediction_format.reader)
    try:
        prediction = reader.open(handle, options=prediction_format.options, targets=specs)
        run = _Run(expected, prediction, parameters, pooled_missing, specs=specs)
        return ScoreReport(rows=run.rows(chosen), check=run.report, engine_version=ENGINE_VERSION)
    except (PredictionFormatError, UnfitValuesError):
        report = check(handle, prediction_format, specs)
        if report.ok:
            raise  # the file changed in between
        return ScoreReport(rows=(), check=report, engine_version=ENGINE_VERSION)


def score_between(
    prediction: Prediction,
    targets: Sequence[TargetSpec],
    references: Mapping[str, ArraySource],
    metrics: Sequence[MetricChoice],
) -> tuple[ScoreRow, ...]:
    """Score what was read of one file against what was read of another.

    Raises
    ------
    ReferenceFaultError
        If what stands for the answers does not fit the targets.
    UnfitValuesError, PredictionFormatError
        If a value is not acceptable.
    """
    chosen = [(choice, get_metric(choice.slug, choice.version)) for choice in metrics]
    parameters = {c.key: metric.complete(c.parameters) for c, metric in chosen}
    expected = _open_references(references, targets)
    return _Run(expected, prediction, parameters, "status", specs=targets).rows(chosen)


def _report(targets: Sequence[TargetSpec], prediction: Prediction) -> CheckReport:
    answered = tuple(target.slug for target in targets if target.slug in prediction.sources)
    return CheckReport(answered=answered, metadata=dict(prediction.metadata))


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
        spec = TargetSpec(target.slug, target.of_reference)
        if source is not None and check_shape(log, spec, shape=source.shape, where="reference"):
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
        *,
        specs: Sequence[TargetSpec],
    ) -> None:
        self.report = _report(specs, prediction)
        self._references = references
        self._sources = prediction.sources
        self._parameters = parameters
        self._pooled_missing = pooled_missing
        self._looks = {
            spec.slug: TargetInspection(spec, checked=prediction.checked) for spec in specs
        }

    def rows(self, chosen: Sequence[tuple[MetricChoice, Metric]]) -> tuple[ScoreRow, ...]:
        """Return all rows; raise `UnfitValuesError` if some value is not acceptable."""
        apart = [pair for pair in chosen if pair[0].aggregate is not Aggregate.POOLED]
        pooled = [pair for pair in chosen if pair[0].aggregate is Aggregate.POOLED]
        per_target = {slug: self._target_outcomes(slug, apart) for slug in self._references}
        pooled_rows = self._pooled_rows(pooled)
        for slug, source in self._sources.items():
            self._looks[slug].rest(source)
        return tuple(
            row
            for choice, _ in chosen
            for row in (
                [pooled_rows[choice.key]]
                if choice.key in pooled_rows
                else self._rows_of(choice, per_target)
            )
        )

    def _rows_of(
        self, choice: MetricChoice, per_target: Mapping[str, Mapping[str, Outcome]]
    ) -> Iterator[ScoreRow]:
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
        look = self._looks[slug]
        fields = {c.key: m for c, m in chosen if m.streams_fields}
        outcomes = field_values(*pair, metrics=fields, parameters=self._parameters, inspect=look)
        samples = {c.key: m for c, m in chosen if m.streams_samples}
        if samples:
            outcomes |= self._sample_outcomes(samples, *pair, look=look)
        arrays: tuple[AnyArray, AnyArray] | None = None
        for choice, metric in chosen:
            if choice.key not in outcomes:
                if arrays is None:
                    arrays = (pair[0].read(), pair[1].read())
                    look.whole(*arrays)
                outcomes[choice.key] = self._whole(choice, metric, arrays)
        return outcomes

    def _sample_outcomes(
        self,
        metrics: Mapping[str, Metric],
        reference: ArraySource,
        prediction: ArraySource,
        *,
        look: TargetInspection,
    ) -> dict[str, Outcome]:
        """Evaluate streaming metrics of samples in one pass, where the shapes fit them."""
        outcomes: dict[str, Outcome] = {}
        for key, metric in metrics.items():
            reason = metric.misfit(prediction=prediction.shape, reference=reference.shape)
            if reason:
                outcomes[key] = MetricInputError(reason)
        fit = {key: metric for key, metric in metrics.items() if key not in outcomes}
        if not fit:
            return outcomes

        def looked_at() -> Iterator[tuple[AnyArray, AnyArray]]:
            for piece in sample_pieces(reference, prediction):
                look(*piece)
                yield piece
            look.complete = True

        return outcomes | sample_values(looked_at(), metrics=fit, parameters=self._parameters)

    def _whole(
        self, choice: MetricChoice, metric: Metric, arrays: tuple[AnyArray, AnyArray]
    ) -> Outcome:
        return evaluated(
            lambda: metric.compute(*arrays, **dict(self._parameters[choice.key])), slug=metric.slug
        )

    def _pooled_rows(self, chosen: Sequence[tuple[MetricChoice, Metric]]) -> dict[str, ScoreRow]:
        answered = [slug for slug in self._references if slug in self._sources]
        complete = len(answered) == len(self._references)
        coverage = f"{len(answered)} of {len(self._references)} targets answered"
        if not answered or (not complete and self._pooled_missing == "status"):
            return {
                choice.key: ScoreRow(choice.key, None, ScoreStatus.MISSING, detail=coverage)
                for choice, _ in chosen
            }
        outcomes = self._pooled_outcomes(chosen, answered) if chosen else {}
        detail = "" if complete else coverage
        return {key: _row(key, None, found, detail=detail) for key, found in outcomes.items()}

    def _pooled_outcomes(
        self, chosen: Sequence[tuple[MetricChoice, Metric]], answered: Sequence[str]
    ) -> dict[str, Outcome]:
        """Evaluate pooled metrics: streaming ones batch by batch, the others over everything."""
        outcomes: dict[str, Outcome] = {}
        streaming = {c.key: m for c, m in chosen if m.streams_samples}
        whole = [(c, m) for c, m in chosen if c.key not in streaming]
        try:
            if streaming:
                outcomes |= sample_values(
                    self._batches(answered), metrics=streaming, parameters=self._parameters
                )
            if whole:
                arrays = self._stacked(answered)
                outcomes |= {c.key: self._whole(c, m, arrays) for c, m in whole}
        except MetricInputError as fault:
            outcomes |= {c.key: fault for c, _ in chosen if c.key not in outcomes}
        return outcomes

    def _batches(self, slugs: Sequence[str]) -> Iterator[tuple[AnyArray, AnyArray]]:
        sizes = [math.prod(s[slugs[0]].shape) for s in (self._references, self._sources)]
        step = max(1, CHUNK_BYTES // (8 * max(1, *sizes)))
        shapes: set[tuple[tuple[int, ...], ...]] = set()
        for start in range(0, len(slugs), step):
            batch = self._stacked(slugs[start : start + step])
            shapes.add(tuple(array.shape[1:] for array in batch))
            _one_shape(shapes)
            yield batch

    def _stacked(self, slugs: Sequence[str]) -> tuple[AnyArray, AnyArray]:
        """Return references and predictions as samples along a new first axis."""
        pairs = [(self._references[slug].read(), self._sources[slug].read()) for slug in slugs]
        for slug, pair in zip(slugs, pairs, strict=True):
            self._looks[slug].whole(*pair)
        truth, guess = zip(*pairs, strict=True)
        return _stack(truth), _stack(guess)


def _stack(arrays: Sequence[AnyArray]) -> AnyArray:
    samples = [array.reshape(()) if array.shape == (1,) else array for array in arrays]
    _one_shape({sample.shape for sample in samples})
    return np.stack([np.asarray(sample, dtype=np.float64) for sample in samples])


def _one_shape(shapes: Collection[object]) -> None:
    if len(shapes) > 1:
        raise MetricInputError("to be pooled, all targets must be of one shape")


def _row(key: str, target: str | None, outcome: Outcome, *, detail: str = "") -> ScoreRow:
    if isinstance(outcome, MetricUndefinedError):
        return ScoreRow(key, target, ScoreStatus.UNDEFINED, detail=str(outcome))
    if isinstance(outcome, Exception):
        return ScoreRow(key, target, ScoreStatus.FAILED, detail=str(outcome))
    return ScoreRow(key, target, ScoreStatus.OK, value=outcome, detail=detail)
