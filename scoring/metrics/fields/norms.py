"""Field metrics of other benchmarks: the same norms, put together in their own ways."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from scoring.contract import Direction, JsonValue
from scoring.metrics.base import Parameter
from scoring.metrics.fields.chunk import FieldChunk, FloatArray
from scoring.metrics.fields.record import (
    APEBENCH,
    AVERAGED,
    FNO,
    PERIODIC,
    THE_WELL,
    WHOLE_LANES,
    field_metric,
)
from scoring.metrics.fields.rule import FieldRule, FieldState
from scoring.metrics.fields.spectrum import wave_squares

SQUARES = frozenset({"squared_error", "reference_square"})
_EPS = Parameter("eps", "Added below the fraction line.", default=1e-7, low=0.0, high=1.0)
_REDUCTION = Parameter(
    "reduction",
    "Over samples: 'mean', or 'sum' as some training losses do.",
    default="mean",
    choices=("mean", "sum"),
)
_SOBOLEV = (
    "Li et al., Learning Dissipative Dynamics in Chaotic Systems, NeurIPS 2022, arXiv:2106.06898"
)


def squares(chunk: FieldChunk, _: Mapping[str, JsonValue]) -> FloatArray:
    """Return squared error and squared reference summed over space, shape (b, t, c, 2)."""
    return np.stack([chunk.squared_error, chunk.reference_square], axis=-1)


def _sizes(chunk: FieldChunk, _: Mapping[str, JsonValue]) -> FloatArray:
    return np.stack([chunk.error_size, chunk.reference_size], axis=-1)


def _sobolev(chunk: FieldChunk, parameters: Mapping[str, JsonValue]) -> FloatArray:
    step = 2.0 * math.pi / parameters["domain_size"]
    weights = 1.0 + step**2 * wave_squares(chunk.plan.space)
    return np.stack([chunk.error_modes @ weights, chunk.reference_modes @ weights], axis=-1)


def _spreads(chunk: FieldChunk, _: Mapping[str, JsonValue]) -> FloatArray:
    both = (chunk.co_spread, chunk.prediction_spread, chunk.reference_spread)
    return np.stack(both, axis=-1)


def _relative_square(measures: FloatArray, _folded: int, state: FieldState) -> FloatArray:
    points = state.plan.points
    return np.asarray(measures[..., 0] / (measures[..., 1] + points * state.parameters["eps"]))


def _relative_root(measures: FloatArray, folded: int, state: FieldState) -> FloatArray:
    return np.sqrt(_relative_square(measures, folded, state))


def _ratio(measures: FloatArray, _folded: int, _state: FieldState) -> FloatArray:
    return np.asarray(measures[..., 0] / measures[..., 1])


def _root_ratio(measures: FloatArray, folded: int, state: FieldState) -> FloatArray:
    return np.sqrt(_ratio(measures, folded, state))


def _channel_sum(measures: FloatArray, folded: int, state: FieldState) -> FloatArray:
    # The mean over lanes times the number of channels is the mean of sums over channels.
    return _root_ratio(measures, folded, state) * state.plan.length("c")


def _correlation(measures: FloatArray, _folded: int, state: FieldState) -> FloatArray:
    points = state.plan.points
    mixed = state.parameters["divisor"] == "mixed"
    scale = np.sqrt(measures[..., 1]) * np.sqrt(measures[..., 2])
    found = measures[..., 0] / scale
    if not mixed:
        # Rounding may go beyond a correlation's bounds.
        found = np.clip(found, -1.0, 1.0)
    return np.asarray(found * ((points - 1) / points if mixed else 1.0))


_ZERO_REFERENCE = "the reference is zero everywhere in some sample, time and channel"

METRICS = (
    field_metric(
        "nmse",
        "Normalized MSE (The Well)",
        rule=FieldRule(squares, _relative_square, needs=SQUARES),
        unit="1",
        parameters=(_EPS,),
        help="Mean square error over space divided by the mean square of the reference, at each "
        "sample, time and channel; then averaged.",
        traps=(
            "eps has the unit of the target squared: it dominates fields of very small amplitude.",
            AVERAGED,
        ),
        undefined_when=_ZERO_REFERENCE + ", and eps is zero",
        formula=r"\operatorname{mean}_{b,t,c} \operatorname{mean}_x (u-v)^2 / "
        r"(\operatorname{mean}_x v^2 + \epsilon)",
        citation=THE_WELL,
    ),
    field_metric(
        "nrmse_well",
        "Normalized RMSE (The Well)",
        rule=FieldRule(squares, _relative_root, needs=SQUARES),
        unit="1",
        parameters=(_EPS,),
        help="Root of nmse at each sample, time and channel; then averaged.",
        traps=(
            "PDEBench's nrmse has no eps: the two differ where the field is small.",
            AVERAGED,
        ),
        undefined_when=_ZERO_REFERENCE + ", and eps is zero",
        formula=r"\operatorname{mean}_{b,t,c} \sqrt{\operatorname{mean}_x (u-v)^2 / "
        r"(\operatorname{mean}_x v^2 + \epsilon)}",
        citation=THE_WELL,
    ),
    field_metric(
        "linf",
        "L-infinity error (The Well)",
        rule=FieldRule(
            lambda chunk, _: chunk.error_peak,
            lambda measures, _folded, _state: measures,
            needs=frozenset({"error_peak"}),
        ),
        help="Largest absolute error over space at each sample, time and channel; then averaged.",
        traps=(
            "PDEBench's max_error takes the largest over samples as well: the two differ as soon "
            "as there are several samples.",
        ),
        formula=r"\operatorname{mean}_{b,t,c} \max_x |u-v|",
        citation=THE_WELL,
    ),
    field_metric(
        "nrmse_apebench",
        "Normalized RMSE (APEBench)",
        rule=FieldRule(squares, _channel_sum, needs=SQUARES),
        unit="1",
        help="Norm of the error over space divided by that of the reference, summed over "
        "channels; then averaged over samples and times.",
        traps=(
            "Channels are summed, not averaged: with C channels it is C times nrmse.",
            "APEBench joins times by a geometric mean; for that see rollout_nrmse.",
        ),
        undefined_when=_ZERO_REFERENCE,
        formula=r"\operatorname{mean}_{b,t} \sum_c \lVert u-v \rVert_x / \lVert v \rVert_x",
        citation=APEBENCH,
    ),
    field_metric(
        "relative_l1",
        "Relative L1 error",
        rule=FieldRule(_sizes, _ratio, fold="tc"),
        unit="1",
        parameters=(_REDUCTION,),
        help="Sum of the absolute errors divided by the sum of the reference's absolute values, "
        "both over all of space, time and channels of a sample; averaged over samples.",
        traps=("Channels of different units are mixed in one norm.", WHOLE_LANES),
        undefined_when="the reference of some sample is zero everywhere",
        formula=r"\operatorname{mean}_b \lVert u-v \rVert_1 / \lVert v \rVert_1",
        citation=FNO,
    ),
    field_metric(
        "relative_h1",
        "Relative Sobolev (H1) error",
        rule=FieldRule(_sobolev, _root_ratio, fold="tc"),
        unit="1",
        parameters=(
            Parameter(
                "domain_size",
                "Length of the domain along every space axis: the unit of derivatives.",
                default=1.0,
                low=1e-300,
            ),
            _REDUCTION,
        ),
        help="As relative_l2, with the first derivatives in space added to both norms: errors of "
        "fine structure weigh more. Derivatives are taken mode by mode.",
        traps=(PERIODIC, "The value depends on the length of the domain.", WHOLE_LANES),
        undefined_when="the reference of some sample is zero everywhere",
        formula=r"\operatorname{mean}_b \sqrt{\lVert u-v \rVert^2 + \lVert \nabla(u-v) \rVert^2} "
        r"/ \sqrt{\lVert v \rVert^2 + \lVert \nabla v \rVert^2}",
        citation=_SOBOLEV,
    ),
    field_metric(
        "pearson_field",
        "Pearson correlation over space",
        rule=FieldRule(_spreads, _correlation),
        unit="1",
        bounds=(-1.0, 1.0),
        direction=Direction.HIGHER,
        perfect=1.0,
        parameters=(
            Parameter(
                "divisor",
                "'consistent': the same one in covariance and deviations, the usual correlation. "
                "'mixed': N in the covariance, N-1 in the deviations, as The Well's code does.",
                default="consistent",
                choices=("consistent", "mixed"),
            ),
        ),
        help="Linear correlation of prediction and reference over space, at each sample, time and "
        "channel; then averaged.",
        traps=(
            "Blind to bias and scale.",
            "With mixed divisors a perfect prediction scores (N-1)/N, not 1.",
            WHOLE_LANES,
        ),
        undefined_when="prediction or reference is constant over space somewhere",
        formula=r"\operatorname{mean}_{b,t,c} \operatorname{cov}_x(u, v) / (\sigma_u \sigma_v)",
        citation=THE_WELL,
    ),
)
