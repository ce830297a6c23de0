"""Metrics of a rollout: how long, and how evenly through time, a prediction stays right."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scoring.contract import Direction, JsonValue
from scoring.errors import MetricUndefinedError
from scoring.metrics.base import Parameter
from scoring.metrics.fields.chunk import FieldChunk, FieldPlan, FloatArray
from scoring.metrics.fields.norms import SQUARES, squares
from scoring.metrics.fields.record import APEBENCH, UNIFORM, WHOLE_LANES, field_metric
from scoring.metrics.fields.series import SeriesRule, steps_before

_KOCHKOV = "Kochkov et al., PNAS 118, e2101784118 (2021), doi:10.1073/pnas.2101784118"
_VLACHAS = "Vlachas et al., Neural Networks 126, 191 (2020), doi:10.1016/j.neunet.2020.02.016"

_FIRST = Parameter(
    "first_step",
    "The first time that counts, from 0: 1 leaves out a given initial state.",
    default=0,
    low=0,
)
_SHARE = (
    "1 means to the end of the rollout: how much longer it would have lasted is not known, and a "
    "round with a short rollout tells good predictions apart no more."
)
_ZERO = "the reference is zero everywhere in some sample, time and channel"


def _counted(series: FloatArray, parameters: Mapping[str, JsonValue]) -> FloatArray:
    """Return the times that count."""
    counted = series[:, parameters["first_step"] :]
    if not counted.shape[1]:
        raise MetricUndefinedError("no time is left after first_step")
    return counted


def _geometric_mean(
    series: FloatArray, _plan: FieldPlan, parameters: Mapping[str, JsonValue]
) -> float:
    counted = _counted(series, parameters)
    if not counted[..., 1].all():
        raise MetricUndefinedError(_ZERO)
    by_time = np.sqrt(counted[..., 0] / counted[..., 1]).sum(axis=2).mean(axis=0)
    return float(np.exp(np.log(np.minimum(by_time, parameters["clip"])).mean()))


def _correlation(chunk: FieldChunk, _: Mapping[str, JsonValue]) -> FloatArray:
    if not chunk.reference_spread.all():
        raise MetricUndefinedError("the reference is constant over space at some time")
    scale = np.sqrt(chunk.reference_spread) * np.sqrt(chunk.prediction_spread)
    # A constant prediction is no longer correlated with anything.
    return np.where(scale > 0, chunk.co_spread / np.where(scale > 0, scale, 1.0), -1.0)


def _correlated_share(
    series: FloatArray, _plan: FieldPlan, parameters: Mapping[str, JsonValue]
) -> float:
    counted = _counted(series, parameters)
    return float(steps_before(counted < parameters["threshold"]).mean() / counted.shape[1])


def _valid_share(
    series: FloatArray, _plan: FieldPlan, parameters: Mapping[str, JsonValue]
) -> float:
    counted = _counted(series, parameters).sum(axis=2)
    if not counted[..., 1].all():
        raise MetricUndefinedError("the reference is zero everywhere at some time")
    error = np.sqrt(counted[..., 0] / counted[..., 1])
    return float(steps_before(error > parameters["threshold"]).mean() / counted.shape[1])


def _drift(series: FloatArray, plan: FieldPlan, _: Mapping[str, JsonValue]) -> float:
    apart = np.abs(series - series[:, :1]).max(axis=1)
    return float(apart.mean() / plan.points)


METRICS = (
    field_metric(
        "rollout_nrmse",
        "Rollout NRMSE, geometric mean over time (APEBench)",
        rule=SeriesRule(squares, _geometric_mean, needs=SQUARES),
        unit="1",
        parameters=(
            _FIRST,
            Parameter(
                "clip",
                "A time with a larger error counts as this: what a rollout that blows up costs.",
                default=1e6,
                low=0.0,
            ),
        ),
        help="Norm of the error over that of the reference, summed over channels and averaged "
        "over samples, at each time; then the geometric mean over times: early and late times "
        "weigh alike though errors grow by orders of magnitude.",
        traps=(
            "One time without any error makes the whole value 0: leave a given initial state out "
            "by first_step.",
            "The clip decides what a rollout that blows up scores: it belongs to the definition.",
        ),
        undefined_when=_ZERO,
        formula=r"\exp \operatorname{mean}_t \log \min\left(clip, \operatorname{mean}_b \sum_c "
        r"\lVert u-v \rVert_x / \lVert v \rVert_x \right)",
        citation=APEBENCH,
    ),
    field_metric(
        "correlation_time",
        "Correlation time",
        rule=SeriesRule(_correlation, _correlated_share),
        unit="1",
        bounds=(0.0, 1.0),
        direction=Direction.HIGHER,
        perfect=1.0,
        parameters=(
            Parameter(
                "threshold",
                "The correlation over space below which a prediction counts as lost; 0.8 and "
                "0.95 are in use.",
                default=0.8,
                low=-1.0,
                high=1.0,
            ),
            _FIRST,
        ),
        help="How long a prediction stays correlated with the reference over space: the share of "
        "the rollout's times before the first one below the threshold, averaged over samples and "
        "channels.",
        traps=(
            _SHARE,
            "A prediction that is correlated again later does not get those times back.",
            "A prediction that is constant over space counts as lost at that time.",
            "Which field is correlated (velocity, vorticity) changes the value a lot.",
            WHOLE_LANES,
        ),
        undefined_when="the reference is constant over space at some time",
        formula=r"\operatorname{mean}_{b,c} \min \{ t : r_x(u_t, v_t) < threshold \} / T",
        citation=_KOCHKOV,
    ),
    field_metric(
        "valid_time",
        "Valid prediction time",
        rule=SeriesRule(squares, _valid_share, needs=SQUARES),
        unit="1",
        bounds=(0.0, 1.0),
        direction=Direction.HIGHER,
        perfect=1.0,
        parameters=(
            Parameter(
                "threshold",
                "The relative error above which a prediction counts as lost.",
                default=0.5,
                low=0.0,
            ),
            _FIRST,
        ),
        help="How long the error stays small: the share of the rollout's times before the first "
        "one whose relative error over space and channels is above the threshold, averaged over "
        "samples.",
        traps=(
            _SHARE,
            "The norm is the reference's at that time; some authors divide by its standard "
            "deviation over all times.",
            "Channels of different units are mixed in one norm.",
        ),
        undefined_when="the reference is zero everywhere at some time",
        formula=r"\operatorname{mean}_b \min \{ t : \lVert u_t-v_t \rVert / \lVert v_t \rVert > "
        r"threshold \} / T",
        citation=_VLACHAS,
    ),
    field_metric(
        "conserved_drift",
        "Drift of a conserved quantity",
        rule=SeriesRule(lambda chunk, _: chunk.error_sum, _drift, needs=frozenset({"error_sum"})),
        help="How far the prediction's mean over space (its mass, momentum, energy density) "
        "departs from the reference's course in time: the largest change of their difference "
        "since the first time, averaged over samples and channels. Where the reference conserves "
        "the quantity this is the prediction's own drift.",
        traps=(
            "An error that is there from the first time on is not drift: see crmse.",
            "With a single time it is 0.",
            UNIFORM,
        ),
        formula=r"\operatorname{mean}_{b,c} \max_t \left| (\bar u_t - \bar v_t) - "
        r"(\bar u_0 - \bar v_0) \right|",
        citation="LeVeque, Finite Volume Methods for Hyperbolic Problems, Cambridge 2002, "
        "doi:10.1017/CBO9780511791253",
    ),
)
