"""Weather metrics: fields on a sphere, where a cell counts by its area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scoring.contract import Direction, JsonValue
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.fields.chunk import FieldChunk, FieldPlan, FloatArray, as_lanes
from scoring.metrics.fields.record import LAYOUT, WHOLE_LANES, field_metric
from scoring.metrics.fields.rule import FieldRule, FieldState
from scoring.readers.base import AnyArray

_WEATHERBENCH_2 = (
    "Rasp et al., WeatherBench 2, J. Adv. Model. Earth Syst. 16 (2024), doi:10.1029/2023MS004019"
)
_WEATHERBENCH = (
    "Rasp et al., WeatherBench, J. Adv. Model. Earth Syst. 12 (2020), doi:10.1029/2020MS002203"
)
_AXIS = Parameter(
    "latitude_axis",
    "Which letter of the layout is latitude.",
    default="x",
    choices=("x", "y", "z"),
)
_LATITUDES = Parameter(
    "latitudes",
    "Latitude of each grid point in degrees, in the order of the axis; without it, the centres of "
    "equal cells from pole to pole.",
    default=[],
)
_AREA = (
    "A cell counts by its area, from the sines of its edges (half way between neighbours, and the "
    "poles), not by the cosine of its centre: they differ at the poles."
)
_CLIMATE = (
    "The reference has one more axis, in front, of length 2: the truth, and the climatology that "
    "belongs to it."
)


def cell_weights(latitudes: Sequence[float], count: int) -> FloatArray:
    """Return the area of each latitude's cells, of mean 1.

    Parameters
    ----------
    latitudes : sequence of float
        In degrees, rising or falling; empty for `count` equal cells from pole to pole.

    Raises
    ------
    MetricInputError
        If they are not as many as the axis is long, not monotonic or not between the poles.
    """
    if not all(isinstance(one, int | float) for one in latitudes):
        raise MetricInputError("latitudes must be numbers")
    centres: FloatArray = np.asarray(latitudes, dtype=np.float64)
    if not len(latitudes):
        centres = np.asarray((np.arange(count) + 0.5) * (180.0 / count) - 90.0)
    if centres.shape != (count,) or not np.isfinite(centres).all():
        raise MetricInputError(f"latitudes must be {count} numbers, one for each grid point")
    steps = np.diff(centres)
    if np.abs(centres).max() > 90 or not ((steps > 0).all() or (steps < 0).all()):
        raise MetricInputError("latitudes must rise or fall, and lie from -90 to 90 degrees")
    falls = count > 1 and steps[0] < 0
    ends = (90.0, -90.0) if falls else (-90.0, 90.0)
    edges = np.concatenate([ends[:1], (centres[1:] + centres[:-1]) / 2, ends[1:]])
    areas = np.abs(np.diff(np.sin(np.radians(edges))))
    return np.asarray(areas / areas.mean())


def point_weights(plan: FieldPlan, parameters: Mapping[str, JsonValue]) -> FloatArray:
    """Return the weight of each grid point of a lane, shape (points,), of mean 1."""
    axis = parameters["latitude_axis"]
    if axis not in plan.space_axes:
        raise MetricInputError(f"the layout has no axis {axis}, which is to be latitude")
    at = plan.space_axes.index(axis)
    along = cell_weights(parameters["latitudes"], plan.space[at])
    shape = [1] * len(plan.space)
    shape[at] = -1
    return np.broadcast_to(along.reshape(shape), plan.space).reshape(-1)


def _weighted_square(chunk: FieldChunk, parameters: Mapping[str, JsonValue]) -> FloatArray:
    weights = point_weights(chunk.plan, parameters)
    return np.asarray(np.square(as_lanes(chunk.difference)) @ weights)


def _weighted_error(chunk: FieldChunk, parameters: Mapping[str, JsonValue]) -> FloatArray:
    return np.asarray(as_lanes(chunk.difference) @ point_weights(chunk.plan, parameters))


def _root(measures: FloatArray, folded: int, state: FieldState) -> FloatArray:
    return np.sqrt(measures / (folded * state.plan.points))


def _mean(measures: FloatArray, _folded: int, state: FieldState) -> FloatArray:
    return np.asarray(measures / state.plan.points)


def _anomalies(
    reference: AnyArray, prediction: AnyArray, parameters: Mapping[str, JsonValue]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return anomalies of truth and prediction by lane, and the weights of the points."""
    plan = FieldPlan(parameters["layout"], prediction.shape)
    truth, climate = (as_lanes(plan.arrange(part)) for part in reference)
    return (
        truth - climate,
        as_lanes(plan.arrange(prediction)) - climate,
        point_weights(plan, parameters),
    )


def acc(reference: AnyArray, prediction: AnyArray, **parameters: JsonValue) -> float:
    """Return the anomaly correlation, averaged over samples, times and channels."""
    truth, guess, weights = _anomalies(reference, prediction, parameters)
    if parameters["centred"]:
        truth = truth - (truth @ weights)[..., np.newaxis] / len(weights)
        guess = guess - (guess @ weights)[..., np.newaxis] / len(weights)
    product = (truth * guess) @ weights
    scale = np.sqrt(np.square(truth) @ weights) * np.sqrt(np.square(guess) @ weights)
    return float(np.clip(product / scale, -1.0, 1.0).mean())


def activity_ratio(reference: AnyArray, prediction: AnyArray, **parameters: JsonValue) -> float:
    """Return the activity of the prediction over that of the truth, averaged over lanes."""
    truth, guess, weights = _anomalies(reference, prediction, parameters)
    activities = []
    for anomaly in (guess, truth):
        apart = anomaly - (anomaly @ weights)[..., np.newaxis] / len(weights)
        activities.append(np.sqrt(np.square(apart) @ weights))
    if not activities[1].all():
        raise MetricUndefinedError("the anomaly of the truth is constant over space somewhere")
    return float(np.mean(activities[0] / activities[1]))


def _with_climate(slug: str, title: str, **record: object) -> Metric:
    return Metric(
        slug=slug,
        title=title,
        family="fields",
        inputs=Inputs.ARRAY,
        meaning=Meaning.VALUE,
        shapes=("*", "2 *"),
        direction=Direction.HIGHER,
        unit="1",
        perfect=1.0,
        citation=_WEATHERBENCH_2,
        **record,  # type: ignore[arg-type]
    )


METRICS = (
    field_metric(
        "rmse_latitude",
        "Latitude-weighted RMSE (WeatherBench 2)",
        rule=FieldRule(_weighted_square, _root, fold="bt"),
        parameters=(_AXIS, _LATITUDES),
        help="Root of the mean square error over the sphere, all samples and all times together, "
        "for each channel; then averaged over channels.",
        traps=(
            _AREA,
            "WeatherBench 1 takes the root at each time and then the mean: rmse_latitude_each, "
            "which is never larger.",
            WHOLE_LANES,
        ),
        formula=r"\operatorname{mean}_c \sqrt{\operatorname{mean}_{b,t,x} w_x (u-v)^2}",
        citation=_WEATHERBENCH_2,
    ),
    field_metric(
        "rmse_latitude_each",
        "Latitude-weighted RMSE (WeatherBench 1)",
        rule=FieldRule(_weighted_square, _root),
        parameters=(_AXIS, _LATITUDES),
        help="Root of the mean square error over the sphere at each sample, time and channel; "
        "then averaged.",
        traps=(_AREA, "WeatherBench 2 averages before the root: rmse_latitude.", WHOLE_LANES),
        formula=r"\operatorname{mean}_{b,t,c} \sqrt{\operatorname{mean}_x w_x (u-v)^2}",
        citation=_WEATHERBENCH,
    ),
    field_metric(
        "bias_latitude",
        "Latitude-weighted bias",
        rule=FieldRule(_weighted_error, _mean),
        bounds=(None, None),
        rankable=False,
        parameters=(_AXIS, _LATITUDES),
        help="Mean error over the sphere, with its sign, averaged over samples, times and "
        "channels: whether the prediction is too warm, too wet, too high.",
        traps=(
            "Zero is best and both signs are worse, so it cannot rank entries.",
            "Errors of opposite sign cancel.",
            _AREA,
            WHOLE_LANES,
        ),
        formula=r"\operatorname{mean}_{b,t,c,x} w_x (u-v)",
        citation=_WEATHERBENCH_2,
    ),
    _with_climate(
        "acc",
        "Anomaly correlation coefficient",
        whole=acc,
        bounds=(-1.0, 1.0),
        parameters=(
            LAYOUT,
            _AXIS,
            _LATITUDES,
            Parameter(
                "centred",
                "Whether the mean anomaly over the sphere is taken off first.",
                default=False,
            ),
        ),
        help="Correlation over the sphere of what departs from climatology in prediction and "
        "truth, at each sample, time and channel; then averaged. Above about 0.6 a forecast is "
        "held to be of use.",
        traps=(
            _CLIMATE,
            "The climatology must be that of the day of year and hour.",
            "Blind to the size of the anomalies: see activity_ratio.",
            _AREA,
            "Needs the whole arrays in memory.",
        ),
        undefined_when="an anomaly is zero everywhere at some sample, time and channel",
        formula=r"\operatorname{mean}_{b,t,c} \sum_x w_x u'_x v'_x / "
        r"\sqrt{\sum_x w_x u_x'^2 \sum_x w_x v_x'^2}",
    ),
    _with_climate(
        "activity_ratio",
        "Forecast activity, relative to the truth's",
        whole=activity_ratio,
        bounds=(0.0, None),
        rankable=False,
        parameters=(LAYOUT, _AXIS, _LATITUDES),
        help="Standard deviation over the sphere of what departs from climatology, of the "
        "prediction over the truth's, at each sample, time and channel; then averaged. Below 1 a "
        "forecast is too smooth, as averages of ensembles are.",
        traps=(
            "1 is best and both sides are worse, so it cannot rank entries.",
            _CLIMATE,
            _AREA,
            "Needs the whole arrays in memory.",
        ),
        undefined_when="the anomaly of the truth is constant over space somewhere",
        formula=r"\operatorname{mean}_{b,t,c} \sigma_w(u') / \sigma_w(v')",
    ),
)
