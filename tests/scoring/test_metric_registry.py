import math

import pytest

from scoring.contract import Aggregate, MetricChoice, TargetSpec
from scoring.errors import UnknownMetricError
from scoring.metrics import all_metrics, check_choices, get_metric

FIELD = TargetSpec("u01", (21, 64))
SCALAR = TargetSpec("p1")


@pytest.mark.parametrize("metric", all_metrics(), ids=lambda metric: metric.slug)
def test_every_metric_explains_itself(metric):
    texts = (metric.title, metric.help, metric.formula, metric.citation, metric.unit)
    assert all(text.strip() for text in texts)
    assert metric.family
    assert metric.missing
    assert metric.perfect is None or math.isfinite(metric.perfect)
    assert all(parameter.help for parameter in metric.parameters)
    assert metric.complete({}).keys() == {parameter.name for parameter in metric.parameters}
    low, high = metric.bounds
    if metric.rankable and not metric.perfect_parameter:
        assert metric.perfect == (low if metric.direction == "lower" else high)


def test_metrics_are_found_by_slug_and_version():
    metric = get_metric("nrmse")
    assert get_metric("nrmse", 1) is metric
    with pytest.raises(UnknownMetricError, match="no version 99"):
        get_metric("nrmse", 99)
    with pytest.raises(UnknownMetricError, match="no metric 'nope'"):
        get_metric("nope")


def codes(choices, targets):
    return [problem.code for problem in check_choices(choices, targets)]


def test_sound_choices_have_no_problem():
    choices = [
        MetricChoice("nrmse", "nrmse"),
        MetricChoice("low", "frmse", parameters={"band": "low"}),
    ]
    assert codes(choices, [FIELD]) == []
    assert codes([MetricChoice("r", "rmse", aggregate=Aggregate.POOLED)], [SCALAR]) == []


@pytest.mark.parametrize(
    ("choice", "targets", "code"),
    [
        (MetricChoice("a", "nope"), [FIELD], "UNKNOWN_METRIC"),
        (MetricChoice("a", "nrmse", version=7), [FIELD], "UNKNOWN_METRIC"),
        (MetricChoice("a", "nrmse", parameters={"band": "low"}), [FIELD], "BAD_PARAMETER"),
        (MetricChoice("a", "nrmse", parameters={"layout": "xyt"}), [FIELD], "BAD_TARGET"),
        (MetricChoice("a", "nrmse"), [SCALAR], "BAD_TARGET"),
        (MetricChoice("a", "squared_error"), [FIELD], "BAD_TARGET"),
        (MetricChoice("a", "rmse"), [SCALAR], "BAD_AGGREGATE"),
        (MetricChoice("a", "nrmse", aggregate=Aggregate.POOLED), [FIELD], "BAD_AGGREGATE"),
    ],
)
def test_choices_that_cannot_be_computed_are_told(choice, targets, code):
    assert codes([choice], targets) == [code]


def test_keys_must_be_unique():
    assert codes([MetricChoice("a", "nrmse")] * 2, [FIELD]) == ["DUPLICATE_KEY"]
