"""Forecasts given as quantiles or intervals of each number."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from scoring.contract import Direction, JsonValue
from scoring.errors import MetricInputError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.case_mean import Blocks, case_blocks, case_mean, sample_blocks
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.forecasts.ensembles import GNEITING_RAFTERY

_SAME_LEVEL = 1e-9
_BRACHER = (
    "Bracher et al., PLoS Comput. Biol. 17, e1008618 (2021), doi:10.1371/journal.pcbi.1008618"
)
_BOSSE = "Bosse et al., scoringutils, arXiv:2205.07090 (2022)"
LEVELS = Parameter(
    "levels",
    "Probability of each predicted quantile, rising, in the order of the prediction's second "
    "axis. Intervals are formed of levels that add up to 1.",
    default=[0.05, 0.25, 0.5, 0.75, 0.95],
)
CROSSING = Parameter(
    "crossing",
    "What to do where a higher quantile is below a lower one: 'refuse' the prediction, or 'sort' "
    "the quantiles of that case.",
    default="refuse",
    choices=("refuse", "sort"),
)
LEVEL = Parameter(
    "level",
    "Probability that the interval is meant to hold, 1 - alpha.",
    default=0.9,
    low=0.001,
    high=0.999,
)
_GRID = "Further axes are grid points; each counts as one case of the same weight."


def _levels(levels: Sequence[float], prediction: FloatArray) -> FloatArray:
    probabilities = np.asarray(levels, dtype=object)
    numeric = all(isinstance(p, int | float) and not isinstance(p, bool) for p in levels)
    if not levels or probabilities.ndim != 1 or not numeric:
        raise MetricInputError("parameter levels must be a list of numbers")
    rising = np.asarray(levels, dtype=np.float64)
    if not (rising[0] > 0 and rising[-1] < 1 and (np.diff(rising) > 0).all()):
        raise MetricInputError("parameter levels must rise, and lie between 0 and 1")
    if rising.size != prediction.shape[1]:
        raise MetricInputError(
            f"there are {rising.size} levels, and {prediction.shape[1]} quantiles are predicted"
        )
    return rising


def _central(levels: Sequence[float], prediction: FloatArray) -> FloatArray:
    """Return the levels if they are a median and pairs around it."""
    rising = _levels(levels, prediction)
    if not rising.size % 2 or np.abs(rising + rising[::-1] - 1.0).max() > _SAME_LEVEL:
        raise MetricInputError("parameter levels must be 0.5 and pairs that add up to 1")
    return rising


def _in_order(prediction: FloatArray, crossing: str) -> FloatArray:
    if crossing == "sort":
        return np.sort(prediction, axis=1)
    if _falls(prediction):
        raise MetricInputError(
            "a predicted quantile or upper bound is below a lower one; write each case in "
            "rising order"
        )
    return prediction


def _falls(prediction: FloatArray) -> bool:
    """Tell whether any case has a value below the one before it."""
    # In one row, where neighbours of two cases meet too: rows are short, and calls for each dear.
    flat = prediction.reshape(-1)
    falls = flat[1:] < flat[:-1]
    falls[prediction.shape[1] - 1 :: prediction.shape[1]] = False
    return bool(falls.any())


def _pinball(reference: FloatArray, quantiles: FloatArray, levels: FloatArray) -> FloatArray:
    above = reference[:, None] - quantiles
    return np.maximum(levels * above, (levels - 1.0) * above)


def _mean_pinball(reference: FloatArray, quantiles: FloatArray, levels: FloatArray) -> FloatArray:
    """Return the mean of `_pinball` over the quantiles, as two products instead of five passes."""
    below = quantiles - reference[:, None]
    share = below @ levels
    np.maximum(below, 0.0, out=below)
    return np.asarray((below @ np.ones(levels.size) - share) / levels.size)


def pinball_of_cases(reference: FloatArray, prediction: FloatArray, *, tau: float) -> FloatArray:
    """Return the pinball loss of one quantile of each case, for arrays of one shape."""
    return _pinball(reference.reshape(-1), prediction.reshape(-1, 1), np.array([tau]))


def quantile_score_of_cases(
    reference: FloatArray, prediction: FloatArray, *, levels: list[float], crossing: str
) -> FloatArray:
    """Return the mean pinball loss over the quantiles of each case, shape (k)."""
    at = _levels(levels, prediction)
    return _mean_pinball(reference, _in_order(prediction, crossing), at)


def interval_of_cases(reference: FloatArray, prediction: FloatArray, *, level: float) -> FloatArray:
    """Return the interval score of each case: bounds of shape (k, 2) give (k)."""
    low, high = _in_order(prediction, "refuse").T
    missed = np.maximum(low - reference, 0.0) + np.maximum(reference - high, 0.0)
    return np.asarray(high - low + 2.0 / (1.0 - level) * missed)


def covered(reference: FloatArray, prediction: FloatArray, **_: JsonValue) -> FloatArray:
    """Return 1 where the reference is within the bounds, and 0 elsewhere."""
    low, high = _in_order(prediction, "refuse").T
    return np.asarray((low <= reference) & (reference <= high), dtype=np.float64)


def _intervals(
    prediction: FloatArray, levels: list[float], crossing: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lower and upper bounds, widest first, and medians: shapes (k, K), (k, K), (k)."""
    half = _central(levels, prediction).size // 2
    quantiles = _in_order(prediction, crossing)
    return quantiles[:, :half], quantiles[:, :half:-1], quantiles[:, half]


def wis_dispersion_of_cases(
    reference: FloatArray, prediction: FloatArray, *, levels: list[float], crossing: str
) -> FloatArray:
    """Return what the widths of the intervals add to the weighted interval score."""
    low, high, _ = _intervals(prediction, levels, crossing)
    outside = np.asarray(levels, dtype=np.float64)[: low.shape[1]]  # alpha / 2 of each
    return np.asarray((high - low) @ outside / (low.shape[1] + 0.5))


def wis_overprediction_of_cases(
    reference: FloatArray, prediction: FloatArray, *, levels: list[float], crossing: str
) -> FloatArray:
    """Return what intervals above the reference add to the weighted interval score."""
    low, _, median = _intervals(prediction, levels, crossing)
    missed = np.maximum(low - reference[:, None], 0.0).sum(axis=1)
    missed += 0.5 * np.maximum(median - reference, 0.0)
    return np.asarray(missed / (low.shape[1] + 0.5))


def wis_underprediction_of_cases(
    reference: FloatArray, prediction: FloatArray, *, levels: list[float], crossing: str
) -> FloatArray:
    """Return what intervals below the reference add to the weighted interval score."""
    _, high, median = _intervals(prediction, levels, crossing)
    missed = np.maximum(reference[:, None] - high, 0.0).sum(axis=1)
    missed += 0.5 * np.maximum(reference - median, 0.0)
    return np.asarray(missed / (high.shape[1] + 0.5))


def wis_of_cases(
    reference: FloatArray, prediction: FloatArray, *, levels: list[float], crossing: str
) -> FloatArray:
    """Return the weighted interval score of each case, shape (k)."""
    at = _central(levels, prediction)
    return 2.0 * _mean_pinball(reference, _in_order(prediction, crossing), at)


def quantile_bias_of_cases(
    reference: FloatArray, prediction: FloatArray, *, levels: list[float], crossing: str
) -> FloatArray:
    """Return the bias of each case: -1 is far too low, 1 far too high, shape (k)."""
    at = _central(levels, prediction)
    quantiles = _in_order(prediction, crossing)
    truth = reference[:, None]
    median = quantiles[:, at.size // 2]
    reached = np.where(quantiles <= truth, at, 0.0).max(axis=1)
    kept_above = np.where(quantiles >= truth, at, 1.0).min(axis=1)
    too_high = np.where(reference < median, 1.0 - 2.0 * reached, 0.0)
    return np.where(reference > median, 1.0 - 2.0 * kept_above, too_high)


def coverage_deviation_of_cases(
    reference: FloatArray, prediction: FloatArray, *, levels: list[float], crossing: str
) -> FloatArray:
    """Return the share of the intervals that hold the reference less the nominal one."""
    low, high, _ = _intervals(prediction, levels, crossing)
    if not low.shape[1]:
        raise MetricInputError("parameter levels must hold one interval at least")
    nominal = 1.0 - 2.0 * np.asarray(levels, dtype=np.float64)[: low.shape[1]]
    truth = reference[:, None]
    return np.asarray((((low <= truth) & (truth <= high)) - nominal).mean(axis=1))


def _quantile_metric(
    slug: str,
    title: str,
    *,
    measure: Callable[..., FloatArray],
    blocks: Blocks = case_blocks,
    **record: object,
) -> Metric:
    defaults: dict[str, object] = {
        "shapes": ("n q *", "n *"),
        "direction": Direction.LOWER,
        "unit": "unit of the target",
        "bounds": (0.0, None),
        "perfect": 0.0,
        "parameters": (LEVELS, CROSSING),
    }
    return Metric(
        slug=slug,
        title=title,
        family="quantile forecasts",
        inputs=Inputs.SAMPLES,
        meaning=Meaning.VALUE,
        mergeable=case_mean(measure, blocks=blocks),
        **(defaults | record),  # type: ignore[arg-type]
    )


_PART = "A part of the weighted interval score, to explain it: alone it can be brought to 0."

METRICS = (
    _quantile_metric(
        "pinball_loss",
        "Pinball loss of one quantile",
        measure=pinball_of_cases,
        shapes=("n *", "n *"),
        blocks=sample_blocks,
        parameters=(
            Parameter("tau", "Probability of the quantile.", default=0.5, low=0.001, high=0.999),
        ),
        help="Error of a predicted quantile, weighted so that the true quantile is best: tau where "
        "the reference is above it, 1 - tau where it is below. Averaged over cases.",
        traps=("At tau = 0.5 it is half the mean absolute error.", _GRID),
        formula=r"\operatorname{mean}_i \max\big( \tau (y_i - q_i), (\tau - 1)(y_i - q_i) \big)",
        citation="Koenker & Bassett, Econometrica 46, 33 (1978), doi:10.2307/1913643",
    ),
    _quantile_metric(
        "quantile_score",
        "Mean pinball loss over quantiles",
        measure=quantile_score_of_cases,
        help="Pinball loss averaged over the predicted quantiles and over cases.",
        traps=(
            "The levels need not be even: where they crowd, the score looks closest.",
            "Half the weighted interval score, where levels are a median and pairs around it.",
            _GRID,
        ),
        formula=r"\operatorname{mean}_{i,k} \max\big( \tau_k (y_i - q_{ik}), "
        r"(\tau_k - 1)(y_i - q_{ik}) \big)",
        citation=GNEITING_RAFTERY,
    ),
    _quantile_metric(
        "interval_score",
        "Interval score (Winkler)",
        measure=interval_of_cases,
        shapes=("n 2 *", "n *"),
        parameters=(LEVEL,),
        help="Width of the predicted interval, plus 2/alpha times the distance by which it misses "
        "the reference; averaged over cases. Lower and upper bound lie along the second axis.",
        traps=("A bound equal to the reference does not miss it.", _GRID),
        formula=r"\operatorname{mean}_i \big( u_i - l_i + \tfrac2\alpha (l_i - y_i)_+ + "
        r"\tfrac2\alpha (y_i - u_i)_+ \big), \quad \alpha = 1 - \text{level}",
        citation="Winkler, J. Am. Stat. Assoc. 67, 187 (1972), doi:10.2307/2284720; "
        + GNEITING_RAFTERY,
    ),
    _quantile_metric(
        "interval_coverage",
        "Coverage of the interval",
        measure=covered,
        shapes=("n 2 *", "n *"),
        unit="1",
        bounds=(0.0, 1.0),
        perfect=0.9,
        perfect_parameter="level",
        rankable=False,
        parameters=(LEVEL,),
        help="Share of the references that lie within the predicted interval, bounds included. It "
        "should be the level.",
        traps=(
            "Both sides of the level are worse, so it cannot rank entries.",
            "Intervals that are as wide as can be, now and then none, have the right coverage: "
            "read it beside the interval score.",
            _GRID,
        ),
        formula=r"\operatorname{mean}_i 1[l_i \le y_i \le u_i]",
        citation="Gneiting, Balabdaoui & Raftery, J. R. Stat. Soc. B 69, 243 (2007), "
        "doi:10.1111/j.1467-9868.2007.00587.x",
    ),
    _quantile_metric(
        "wis",
        "Weighted interval score",
        measure=wis_of_cases,
        help="Interval scores of all pairs of quantiles and the error of the median, weighted so "
        "that the sum comes near the CRPS; averaged over cases.",
        traps=(
            "Rounds with other levels cannot be compared.",
            "In the unit of the target: large counts outweigh small ones; fields often score the "
            "logarithm instead.",
            _GRID,
        ),
        formula=r"\operatorname{mean}_i \frac{1}{K + 1/2} \Big( \tfrac12 |y_i - m_i| + "
        r"\sum_k \tfrac{\alpha_k}{2} \mathrm{IS}_{\alpha_k} \Big)",
        citation=_BRACHER,
    ),
    _quantile_metric(
        "wis_dispersion",
        "Weighted interval score: dispersion",
        measure=wis_dispersion_of_cases,
        rankable=False,
        help="The part of the weighted interval score that comes from the widths of the intervals.",
        traps=(_PART, _GRID),
        formula=r"\operatorname{mean}_i \frac{1}{K + 1/2} \sum_k \tfrac{\alpha_k}{2} "
        r"(u_{ik} - l_{ik})",
        citation=_BRACHER,
    ),
    _quantile_metric(
        "wis_overprediction",
        "Weighted interval score: overprediction",
        measure=wis_overprediction_of_cases,
        rankable=False,
        help="The part of the weighted interval score that comes from references below the "
        "intervals and below the median.",
        traps=(_PART, _GRID),
        formula=r"\operatorname{mean}_i \frac{1}{K + 1/2} \Big( \tfrac12 (m_i - y_i)_+ + "
        r"\sum_k (l_{ik} - y_i)_+ \Big)",
        citation=_BRACHER,
    ),
    _quantile_metric(
        "wis_underprediction",
        "Weighted interval score: underprediction",
        measure=wis_underprediction_of_cases,
        rankable=False,
        help="The part of the weighted interval score that comes from references above the "
        "intervals and above the median.",
        traps=(_PART, _GRID),
        formula=r"\operatorname{mean}_i \frac{1}{K + 1/2} \Big( \tfrac12 (y_i - m_i)_+ + "
        r"\sum_k (y_i - u_{ik})_+ \Big)",
        citation=_BRACHER,
    ),
    _quantile_metric(
        "quantile_bias",
        "Bias of quantile forecasts",
        measure=quantile_bias_of_cases,
        unit="1",
        bounds=(-1.0, 1.0),
        rankable=False,
        help="How much of the forecast lies on the wrong side: -1 is far too low, 1 far too high, "
        "0 where the median is the reference. Averaged over cases.",
        traps=(
            "Zero is best and both signs are worse, so it cannot rank entries.",
            "It sees the order of reference and quantiles only, not the distance.",
            _GRID,
        ),
        formula=r"\operatorname{mean}_i b_i, \quad b_i = 1 - 2 \max\{\tau_k : q_{ik} \le y_i\} "
        r"\text{ if } y_i < m_i, \; 1 - 2 \min\{\tau_k : q_{ik} \ge y_i\} \text{ if } y_i > m_i",
        citation=_BOSSE,
    ),
    _quantile_metric(
        "coverage_deviation",
        "Deviation of interval coverage",
        measure=coverage_deviation_of_cases,
        unit="1",
        bounds=(-1.0, 1.0),
        rankable=False,
        help="Share of references within the predicted intervals less the share that should be, "
        "averaged over intervals and cases. Below 0 the forecasts are too sure of themselves.",
        traps=(
            "Zero is best and both signs are worse, so it cannot rank entries.",
            "Too much coverage of one interval makes up for too little of another.",
            _GRID,
        ),
        formula=r"\operatorname{mean}_{i,k} \big( 1[l_{ik} \le y_i \le u_{ik}] - "
        r"(1 - \alpha_k) \big)",
        citation=_BOSSE,
    ),
)
