"""The parts of the Brier score, and how much faster a model finds what is rare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scoring.contract import Direction
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.fields.chunk import FloatArray
from scoring.readers.base import AnyArray


def _events(reference: AnyArray) -> FloatArray:
    events = np.asarray(reference, dtype=np.float64)
    if not events.size:
        raise MetricInputError("there must be one sample at least")
    if not np.isin(events, (0.0, 1.0)).all():
        raise MetricInputError("the reference must be 0 (did not happen) or 1 (happened)")
    return events


def _groups(
    reference: AnyArray, prediction: AnyArray, bins: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return share of the samples, mean forecast and event rate of each group of forecasts."""
    events = _events(reference)
    forecasts = np.asarray(prediction, dtype=np.float64)
    if forecasts.min() < 0 or forecasts.max() > 1:
        raise MetricInputError("predictions must be probabilities, from 0 to 1")
    if bins:
        groups = np.minimum((forecasts * bins).astype(np.int64), bins - 1)
        _, at = np.unique(groups, return_inverse=True)
    else:
        _, at = np.unique(forecasts, return_inverse=True)
    sizes = np.bincount(at)
    mean_forecast = np.bincount(at, weights=forecasts) / sizes
    return sizes / events.size, mean_forecast, np.bincount(at, weights=events) / sizes


def brier_reliability(reference: AnyArray, prediction: AnyArray, *, bins: int) -> float:
    """Return the mean squared difference of forecast and event rate over groups of forecasts."""
    share, forecast, rate = _groups(reference, prediction, bins)
    return float(share @ (forecast - rate) ** 2)


def brier_resolution(reference: AnyArray, prediction: AnyArray, *, bins: int) -> float:
    """Return the variance of the event rate over groups of forecasts."""
    share, _, rate = _groups(reference, prediction, bins)
    return float(share @ (rate - share @ rate) ** 2)


def discovery_acceleration(reference: AnyArray, prediction: AnyArray, *, threshold: float) -> float:
    """Return the precision of the predicted discoveries over the prevalence of true ones."""
    if not reference.size:
        raise MetricInputError("there must be one sample at least")
    true, chosen = np.asarray(reference) <= threshold, np.asarray(prediction) <= threshold
    if not true.any() or not chosen.any():
        raise MetricUndefinedError(_NOTHING_FOUND)
    return float(true[chosen].mean() / true.mean())


_NOTHING_FOUND = "no reference, or no prediction, is at or below the threshold"
_BINS = Parameter(
    "bins",
    "Forecasts are grouped in this many bins of the same width; 0 makes a group of each different "
    "forecast, different to the last bit.",
    default=10,
    low=0,
    high=1000,
)
_MURPHY = (
    "Murphy, J. Appl. Meteorol. 12, 595 (1973), doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2"
)
_EXACT = (
    "Brier score = reliability - resolution + uncertainty exactly where bins = 0, and nearly where "
    "the forecasts of a bin differ."
)


def _of_samples(slug: str, title: str, *, whole: Callable[..., float], **record: Any) -> Metric:
    return Metric(
        slug=slug,
        title=title,
        inputs=Inputs.SAMPLES,
        shapes=("n", "n"),
        unit="1",
        whole=whole,
        **record,
    )


METRICS = (
    _of_samples(
        "brier_reliability",
        "Reliability part of the Brier score",
        meaning=Meaning.PROBABILITY,
        whole=brier_reliability,
        family="probability forecasts",
        direction=Direction.LOWER,
        bounds=(0.0, 1.0),
        perfect=0.0,
        parameters=(_BINS,),
        help="How far forecast probabilities are from the rates at which the event then happened: "
        "mean squared difference over groups of like forecasts.",
        traps=(
            "Always forecasting the overall rate scores 0: read it beside the resolution.",
            "Few samples in a group make it too large.",
            _EXACT,
        ),
        formula=r"\frac1N \sum_k n_k (\bar p_k - \bar o_k)^2",
        citation=_MURPHY,
    ),
    _of_samples(
        "brier_resolution",
        "Resolution part of the Brier score",
        meaning=Meaning.PROBABILITY,
        whole=brier_resolution,
        family="probability forecasts",
        direction=Direction.HIGHER,
        bounds=(0.0, None),
        perfect=None,
        parameters=(_BINS,),
        help="How much the event rates of groups of like forecasts differ from the overall rate. "
        "At best it is the uncertainty o(1 - o) of the overall rate o, a quarter at most.",
        traps=(
            "It does not ask for right probabilities: forecasts the wrong way round resolve as "
            "well.",
            "Few samples in a group make it too large: each sample a group of its own is best.",
            _EXACT,
        ),
        formula=r"\frac1N \sum_k n_k (\bar o_k - \bar o)^2",
        citation=_MURPHY,
    ),
    _of_samples(
        "discovery_acceleration",
        "Discovery acceleration factor",
        meaning=Meaning.VALUE,
        whole=discovery_acceleration,
        family="discovery",
        direction=Direction.HIGHER,
        bounds=(0.0, None),
        perfect=None,
        parameters=(
            Parameter(
                "threshold",
                "A value at or below it is a discovery: energy above the hull, in eV per atom.",
                default=0.0,
            ),
        ),
        undefined_when=_NOTHING_FOUND,
        help="How many times more often a candidate that the model picks is a true discovery than "
        "one picked at random: precision over prevalence.",
        traps=(
            "At best it is one over the prevalence: sets of different prevalence cannot be "
            "compared.",
            "Blind to the discoveries that the model misses.",
        ),
        formula=r"\frac{TP}{TP + FP} \Big/ \frac{TP + FN}{N}",
        citation="Riebesell et al., Nat. Mach. Intell. 7, 836 (2025), "
        "doi:10.1038/s42256-025-01055-1",
    ),
)
