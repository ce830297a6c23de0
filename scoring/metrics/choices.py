"""Whether the metrics that an organizer chose fit each other and the round's targets."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.contract import Aggregate, MetricChoice, Problem, TargetSpec
from scoring.errors import MetricInputError, UnknownMetricError
from scoring.metrics.base import Inputs, Metric
from scoring.metrics.fields_chunk import FieldPlan
from scoring.metrics.registry import get_metric


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
    pooled = choice.aggregate is Aggregate.POOLED
    if pooled != (metric.inputs is Inputs.POOLED):
        wanted = "pooled" if metric.inputs is Inputs.POOLED else "mean, median, sum, ..."
        problems.append(_problem("BAD_AGGREGATE", choice, f"needs the aggregate {wanted}"))
    for target in targets:
        reason = _misfit(metric, target, layout=str(parameters.get("layout", "")))
        if reason:
            problems.append(_problem("BAD_TARGET", choice, f"target {target.slug}: {reason}"))
    return problems


def _misfit(metric: Metric, target: TargetSpec, *, layout: str) -> str:
    if metric.inputs is not Inputs.FIELD:
        return "" if target.shape in ((), (1,)) else "the metric takes single numbers"
    if metric.mergeable is None:
        return ""
    try:
        FieldPlan(layout, target.shape)
    except MetricInputError as error:
        return str(error)
    return ""


def _problem(code: str, choice: MetricChoice, message: str) -> Problem:
    return Problem(code=code, message=f"metric {choice.key}: {message}", where=choice.key)
