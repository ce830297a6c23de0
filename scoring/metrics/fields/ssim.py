"""Structural similarity of fields with two space axes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from scoring.contract import Direction, JsonValue
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Parameter
from scoring.metrics.fields.chunk import FieldChunk, FloatArray
from scoring.metrics.fields.record import WHOLE_LANES, field_metric
from scoring.metrics.fields.rule import FieldRule

_WINDOW = 11
_SIGMA = 1.5


@lru_cache(maxsize=8)
def _window(length: int) -> FloatArray:
    """Return the matrix that slides the Gaussian window over an axis, shape (places, length)."""
    apart = np.arange(_WINDOW) - _WINDOW // 2
    weights = np.exp(-(apart**2) / (2.0 * _SIGMA**2))
    weights /= weights.sum()
    places = np.zeros((length - _WINDOW + 1, length))
    for place in range(len(places)):
        places[place, place : place + _WINDOW] = weights
    return places


def _similarity(chunk: FieldChunk, parameters: Mapping[str, JsonValue]) -> FloatArray:
    """Return the mean similarity over the places of the window, shape (b, t, c)."""
    space = chunk.plan.space
    if len(space) != 2:
        raise MetricInputError("structural similarity needs two space axes")
    if min(space) < _WINDOW:
        raise MetricUndefinedError(f"the grid is smaller than the window of {_WINDOW} points")
    truth, guess = chunk.reference, chunk.prediction
    span = parameters["data_range"] or np.ptp(truth, axis=(-2, -1), keepdims=True)
    if not np.all(span > 0):
        raise MetricUndefinedError("the reference is constant over space, and no range is declared")
    # Second moments about a common value near the mean: a large mean would cancel their digits.
    middle = truth.mean(axis=(-2, -1), keepdims=True)
    over_x, over_y = _window(space[0]), _window(space[1]).T

    def windowed(values: FloatArray) -> FloatArray:
        return np.asarray(over_x @ values @ over_y)

    v, u = truth - middle, guess - middle
    mean_v, mean_u = windowed(v), windowed(u)
    var_v, var_u = windowed(v * v) - mean_v**2, windowed(u * u) - mean_u**2
    both = windowed(u * v) - mean_u * mean_v
    mean_v, mean_u = mean_v + middle, mean_u + middle
    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    luminance = (2.0 * mean_u * mean_v + c1) / (mean_u**2 + mean_v**2 + c1)
    structure = (2.0 * both + c2) / (var_u + var_v + c2)
    return np.asarray((luminance * structure).mean(axis=(-2, -1)))


METRICS = (
    field_metric(
        "ssim",
        "Structural similarity (SSIM)",
        rule=FieldRule(_similarity, lambda measures, _folded, _state: measures),
        unit="1",
        bounds=(-1.0, 1.0),
        direction=Direction.HIGHER,
        perfect=1.0,
        parameters=(
            Parameter(
                "data_range",
                "Largest possible value minus the smallest; 0 takes the reference's own range at "
                "each sample, time and channel.",
                default=0.0,
                low=0.0,
            ),
        ),
        help="Agreement of means, contrast and pattern in a Gaussian window of 11 x 11 points "
        "(sigma 1.5) that slides over the field, averaged over its places, then over samples, "
        "times and channels.",
        traps=(
            "The value depends on the data range: two published values compare only if theirs is "
            "the same.",
            "Windows that would reach over the edge are left out, and moments are those of the "
            "weights (no N-1): other software differs in both.",
            "Made for images with values from 0 up: the term of the means is odd near zero.",
            WHOLE_LANES,
        ),
        undefined_when="the grid is smaller than the window, or the reference is constant over "
        "space and no range is declared",
        formula=r"\operatorname{mean} \frac{(2 \mu_u \mu_v + c_1)(2 \sigma_{uv} + c_2)}"
        r"{(\mu_u^2 + \mu_v^2 + c_1)(\sigma_u^2 + \sigma_v^2 + c_2)}, \quad "
        r"c_1 = (0.01 R)^2,\ c_2 = (0.03 R)^2",
        citation="Wang et al., IEEE Trans. Image Process. 13, 600 (2004), "
        "doi:10.1109/TIP.2003.819861",
    ),
)
