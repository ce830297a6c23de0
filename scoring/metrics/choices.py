"""Whether the metrics that an organizer chose fit each other and the round's targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scoring.contract import Aggregate, JsonValue, MetricChoice, Problem, TargetSpec
from scoring.errors import MetricInputError, UnknownMetricError
from scoring.metrics.base import Inputs, Metric
from scoring.metrics.fields.chunk import FieldPlan
from scoring.metrics.registry import get_metric

NOT_POOLED = "needs the aggregate mean, median or another; only metrics of samples can be pooled"
POOLED_ONLY = (
    "needs the aggregate pooled, which takes every target as one sample: these targets are single "
    "numbers"
)


def check_choices(
    metrics: Sequence[MetricChoice], targets: Sequence[TargetSpec]
) -> tuple[Problem, ...]:
    """Return what is wrong with a round's metric choices: nothing, if all can be computed."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for choice in metrics:
        if choice.key in seen:
            problems.append(_problem("DUPLICATE_KEY", choice, "is used by two metrics"))
        seen.add(choice.key)
        problems += _check_choice(choice, targets)
    return tuple(problems)


def _check_choice(choice: MetricChoice, targets: Sequence[TargetSpec]) -> list[Problem]:
    try:
        metric = get_metric(choice.slug, choice.version)
        parameters = metric.complete(choice.parameters)
    except UnknownMetricError as error:
        return [_problem("UNKNOWN_METRIC", choice, str(error))]
    except MetricInputError as error:
        return [_problem("BAD_PARAMETER", choice, str(error))]
    problems: list[Problem] = []
    if choice.aggregate is Aggregate.POOLED and metric.inputs is not Inputs.SAMPLES:
        problems.append(_problem("BAD_AGGREGATE", choice, NOT_POOLED))
    elif _needs_pooling(metric, choice, targets):
        problems.append(_problem("BAD_AGGREGATE", choice, POOLED_ONLY))
        return problems
    for target in targets:
        reason = _misfit(metric, target, choice=choice, parameters=parameters)
        if reason:
            problems.append(_problem("BAD_TARGET", choice, f"target {target.slug}: {reason}"))
    return problems


def _needs_pooling(metric: Metric, choice: MetricChoice, targets: Sequence[TargetSpec]) -> bool:
    per_target = metric.inputs is Inputs.SAMPLES and choice.aggregate is not Aggregate.POOLED
    return per_target and bool(targets) and all(target.shape in ((), (1,)) for target in targets)


def _misfit(
    metric: Metric, target: TargetSpec, *, choice: MetricChoice, parameters: Mapping[str, JsonValue]
) -> str:
    prediction, reference = target.shape, target.of_reference
    if metric.inputs is Inputs.SCALAR:
        single = prediction in ((), (1,)) and reference in ((), (1,))
        return "" if single else "the metric takes single numbers"
    if metric.streams_fields:
        try:
            FieldPlan(str(parameters.get("layout", "")), _fixed(prediction))
        except MetricInputError as error:
            return str(error)
    if choice.aggregate is Aggregate.POOLED:
        prediction, reference = pooled_shape(prediction), pooled_shape(reference)
    return metric.misfit(prediction=prediction, reference=reference)


def pooled_shape(shape: Sequence[int | None]) -> tuple[int | None, ...]:
    """Return the shape of targets of this shape put together, each of them one sample."""
    return (None, *(() if tuple(shape) == (1,) else shape))


def _fixed(shape: Sequence[int | None]) -> tuple[int, ...]:
    if None in shape:
        raise MetricInputError("a field has a length along every axis")
    return tuple(length for length in shape if length is not None)


def _problem(code: str, choice: MetricChoice, message: str) -> Problem:
    return Problem(code=code, message=f"metric {choice.key}: {message}", where=choice.key)
