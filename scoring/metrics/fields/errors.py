"""Field and PDE metrics: an array over space, and perhaps time, channels and samples."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scoring.contract import JsonValue
from scoring.errors import MetricUndefinedError
from scoring.metrics.base import Parameter
from scoring.metrics.fields.chunk import FieldChunk, FloatArray
from scoring.metrics.fields.record import AVERAGED, FNO, PDEBENCH, THE_WELL, UNIFORM, field_metric
from scoring.metrics.fields.rule import FieldRule, FieldState
from scoring.metrics.fields.spectrum import BANDS, wavenumbers

_ERROR_AND_REFERENCE = frozenset({"squared_error", "reference_square"})


def _error_and_reference(chunk: FieldChunk, _: Mapping[str, JsonValue]) -> FloatArray:
    return np.stack([chunk.squared_error, chunk.reference_square], axis=-1)


def _error_and_spread(chunk: FieldChunk, _: Mapping[str, JsonValue]) -> FloatArray:
    return np.stack([chunk.squared_error, chunk.reference_spread], axis=-1)


def _relative(measures: FloatArray, _folded: int, _state: FieldState) -> FloatArray:
    return np.asarray(np.sqrt(measures[..., 0]) / np.sqrt(measures[..., 1]))


def _root_mean(measures: FloatArray, _folded: int, state: FieldState) -> FloatArray:
    return np.asarray(np.sqrt(measures / state.plan.points))


def _variance_scaled(measures: FloatArray, _folded: int, state: FieldState) -> FloatArray:
    points = state.plan.points
    divisor = points - 1 if state.parameters["divisor"] == "sample" else points
    variance = measures[..., 1] / divisor if divisor else np.full(measures.shape[:-1], np.nan)
    mean_square = measures[..., 0] / points
    return np.asarray(np.sqrt(mean_square / (variance + state.parameters["eps"])))


def _conserved(measures: FloatArray, folded: int, state: FieldState) -> FloatArray:
    return np.asarray(np.sqrt(measures / folded) / state.plan.points)


def _boundary(measures: FloatArray, _folded: int, state: FieldState) -> FloatArray:
    faces = sum(2 * state.plan.points // length for length in state.plan.space)
    return np.asarray(np.sqrt(measures / faces))


def _band(chunk: FieldChunk, parameters: Mapping[str, JsonValue]) -> FloatArray:
    """Return power by wavenumber of the band; without samples, its mean amplitude."""
    name = parameters["band"]
    if not wavenumbers(chunk.plan.space) > BANDS[name].start:
        raise MetricUndefinedError(f"the grid is too coarse for the {name} band")
    if chunk.plan.length("b") == 1:
        return chunk.error_bands[..., list(BANDS).index(name)]
    return chunk.error_power[..., BANDS[name]]


def _band_amplitude(measures: FloatArray, folded: int, state: FieldState) -> FloatArray:
    scale = state.parameters["domain_size"] / state.plan.points
    if state.plan.length("b") == 1:
        return np.asarray(measures * scale)
    return np.asarray(np.sqrt(measures / folded).mean(axis=-1) * scale)


METRICS = (
    field_metric(
        "nrmse",
        "Normalized RMSE (PDEBench)",
        rule=FieldRule(_error_and_reference, _relative, needs=_ERROR_AND_REFERENCE),
        unit="1",
        help="Root mean square error over space, divided by the root mean square of the "
        "reference, at each sample, time and channel; then averaged. 0 is perfect, 1 is as wrong "
        "as predicting zero everywhere.",
        traps=(
            AVERAGED,
            "There is no small constant below the fraction line: a reference that is zero "
            "everywhere at some time has no value.",
            "A field with a large mean scores well with its mean alone; see vrmse.",
        ),
        undefined_when="the reference is zero everywhere in some sample, time and channel",
        formula=r"\operatorname{mean}_{b,t,c} \lVert u-v \rVert_x / \lVert v \rVert_x",
        citation=PDEBENCH,
    ),
    field_metric(
        "rmse_field",
        "RMSE of a field (PDEBench)",
        rule=FieldRule(
            lambda chunk, _: chunk.squared_error, _root_mean, needs=frozenset({"squared_error"})
        ),
        help="Root mean square error over space at each sample, time and channel, then averaged.",
        traps=(AVERAGED, "Targets of larger amplitude weigh more; see nrmse."),
        formula=r"\operatorname{mean}_{b,t,c} \sqrt{\operatorname{mean}_x (u-v)^2}",
        citation=PDEBENCH,
    ),
    field_metric(
        "vrmse",
        "Variance-scaled RMSE (The Well)",
        rule=FieldRule(
            _error_and_spread,
            _variance_scaled,
            needs=frozenset({"squared_error", "reference_spread"}),
        ),
        unit="1",
        parameters=(
            Parameter(
                "divisor",
                "Variance of the reference over its N points: 'sample' divides by N-1, as The "
                "Well's code does; 'population' divides by N.",
                default="sample",
                choices=("sample", "population"),
            ),
            Parameter("eps", "Added to the variance.", default=1e-7, low=0.0, high=1.0),
        ),
        help="Root mean square error over space, divided by the standard deviation of the "
        "reference over space, at each sample, time and channel; then averaged. About 1 is as "
        "wrong as predicting the reference's mean.",
        traps=(
            "With the sample variance, predicting the exact mean scores sqrt((N-1)/N), not 1.",
            "eps has the unit of the target squared: for fields of very small amplitude it "
            "dominates, and the value is too small.",
            AVERAGED,
        ),
        undefined_when="the variance of the reference over space is zero and eps is zero, or "
        "there is one grid point only and the divisor is 'sample'",
        formula=r"\operatorname{mean}_{b,t,c} \sqrt{\operatorname{mean}_x (u-v)^2 / "
        r"(\operatorname{var}_x v + \epsilon)}",
        citation=THE_WELL,
    ),
    field_metric(
        "max_error",
        "Maximum error",
        rule=FieldRule(
            lambda chunk, _: chunk.error_peak,
            lambda measures, _folded, _state: measures,
            fold="b",
            combine=np.maximum,
            needs=frozenset({"error_peak"}),
        ),
        parameters=(
            Parameter(
                "reduction",
                "Over times and channels: 'mean' of the maxima, as PDEBench, or 'max' of them.",
                default="mean",
                choices=("mean", "max"),
            ),
        ),
        help="Largest absolute error over space and samples, at each time and channel; then "
        "averaged over times and channels (or the largest of them, by the parameter).",
        traps=(
            "With the default, a single bad time level is averaged away; choose 'max' for the "
            "largest error anywhere.",
            "At a shock, a shift by less than one grid cell already gives the full jump.",
        ),
        formula=r"\operatorname{mean}_{t,c} \max_{b,x} |u-v|",
        citation=PDEBENCH,
    ),
    field_metric(
        "crmse",
        "Conserved-quantity RMSE (PDEBench)",
        rule=FieldRule(
            lambda chunk, _: np.square(chunk.error_sum),
            _conserved,
            fold="b",
            needs=frozenset({"error_sum"}),
        ),
        help="Error of the mean over space: whether the total amount (mass, momentum) is kept.",
        traps=(
            "It sees the mean only: a prediction with the right total and everything else wrong "
            "scores 0.",
            UNIFORM,
        ),
        formula=r"\operatorname{mean}_{t,c} \frac1N "
        r"\sqrt{\operatorname{mean}_b (\sum_x u - \sum_x v)^2}",
        citation=PDEBENCH,
    ),
    field_metric(
        "brmse",
        "Boundary RMSE (PDEBench)",
        rule=FieldRule(
            lambda chunk, _: chunk.boundary_square, _boundary, needs=frozenset({"boundary_square"})
        ),
        help="Root mean square error over the first and last grid points of every space axis, at "
        "each sample, time and channel; then averaged.",
        traps=(
            "On a periodic domain the ends of the array are ordinary points, and the value says "
            "nothing special.",
            "In two and three dimensions a corner counts once for each face it belongs to.",
        ),
        formula=r"\operatorname{mean}_{b,t,c} "
        r"\sqrt{\operatorname{mean}_{x \in \partial\Omega} (u-v)^2}",
        citation=PDEBENCH,
    ),
    field_metric(
        "frmse",
        "Fourier-band RMSE (PDEBench)",
        rule=FieldRule(_band, _band_amplitude, fold="b", needs=frozenset({"error_spectrum"})),
        parameters=(
            Parameter(
                "band",
                "Wavenumbers: 'low' 0 to 3, 'mid' 4 to 11, 'high' 12 and more.",
                default="low",
                choices=("low", "mid", "high"),
            ),
            Parameter(
                "domain_size",
                "Length, area or volume of the domain; multiplies the value.",
                default=1.0,
                low=0.0,
            ),
        ),
        help="Root mean square amplitude of the error in a band of wavenumbers, averaged over the "
        "wavenumbers of the band: large scales (low), middle, fine scales (high).",
        traps=(
            "Wavenumbers count periods in the domain, not in a unit of length.",
            "The bands are averages over their modes: the three do not add up to the RMSE.",
            "In two and three dimensions only modes with all indices in the lower half are used, "
            "summed (not averaged) over shells; shells from half the shortest axis are dropped.",
            "On a coarse grid a band may hold few modes, or none: then there is no value.",
        ),
        undefined_when="the grid has no wavenumber in the band",
        formula=r"\operatorname{mean}_{t,c} \operatorname{mean}_{k \in band} "
        r"\frac{L}{N} \sqrt{\operatorname{mean}_b |\hat u_k - \hat v_k|^2}",
        citation=PDEBENCH,
    ),
    field_metric(
        "relative_l2",
        "Relative L2 error",
        rule=FieldRule(_error_and_reference, _relative, fold="tc", needs=_ERROR_AND_REFERENCE),
        unit="1",
        parameters=(
            Parameter(
                "reduction",
                "Over samples: 'mean', or 'sum' as some training losses do.",
                default="mean",
                choices=("mean", "sum"),
            ),
        ),
        help="Norm of the error divided by the norm of the reference, both over all of space, "
        "time and channels of a sample; averaged over samples.",
        traps=(
            "Unlike nrmse, times with a large field weigh more: the norm runs over time as well.",
            "Channels of different units are mixed in one norm.",
        ),
        undefined_when="the reference of some sample is zero everywhere",
        formula=r"\operatorname{mean}_b \lVert u-v \rVert_{t,c,x} / \lVert v \rVert_{t,c,x}",
        citation=FNO,
    ),
)
