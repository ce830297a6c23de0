"""Regression and rank correlation: one number predicted and one true for each sample."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from scoring.contract import Direction
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs, Metric
from scoring.metrics.fields_chunk import FloatArray
from scoring.metrics.scalars import SIGN
from scoring.readers.base import AnyArray

_ALL_ANSWERED = (
    "Pooled over targets it needs every one answered: otherwise the row has status missing, unless "
    "the round declares that the answered targets alone are used."
)
_CONSTANT = "all predictions, or all references, are the same number"


def _pair(reference: AnyArray, prediction: AnyArray) -> tuple[FloatArray, FloatArray]:
    truth = np.asarray(reference, dtype=np.float64)
    guess = np.asarray(prediction, dtype=np.float64)
    if truth.ndim != 1 or truth.shape != guess.shape or not truth.size:
        raise MetricInputError("there must be one number for each sample, and one sample at least")
    return truth, guess


def _varying_pair(reference: AnyArray, prediction: AnyArray) -> tuple[FloatArray, FloatArray]:
    truth, guess = _pair(reference, prediction)
    if truth.size < 2:
        raise MetricUndefinedError("two samples at least are needed")
    if np.ptp(truth) == 0 or np.ptp(guess) == 0:
        raise MetricUndefinedError(_CONSTANT)
    return truth, guess


def rmse(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the root of the mean squared error over samples."""
    truth, guess = _pair(reference, prediction)
    return float(np.sqrt(np.mean((guess - truth) ** 2)))


def mae(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the mean absolute error over samples."""
    truth, guess = _pair(reference, prediction)
    return float(np.mean(np.abs(guess - truth)))


def mean_error(reference: AnyArray, prediction: AnyArray, *, sign: str) -> float:
    """Return the mean of the signed errors over samples."""
    truth, guess = _pair(reference, prediction)
    difference = float(np.mean(guess - truth))
    return -difference if sign == "reference_minus_prediction" else difference


def r2_determination(reference: AnyArray, prediction: AnyArray) -> float:
    """Return 1 - SSE/SST: the part of the reference's variance that is predicted."""
    truth, guess = _pair(reference, prediction)
    if np.ptp(truth) == 0:
        raise MetricUndefinedError("all references are the same number, or there is only one")
    spread = np.sum((truth - truth.mean()) ** 2)
    return float(1.0 - np.sum((truth - guess) ** 2) / spread)


def pearson(reference: AnyArray, prediction: AnyArray) -> float:
    """Return Pearson's correlation."""
    truth, guess = _varying_pair(reference, prediction)
    return _scipy("pearsonr", "statistic", truth, guess)


def r2_pearson(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the square of Pearson's correlation."""
    return pearson(reference, prediction) ** 2


def spearman(reference: AnyArray, prediction: AnyArray) -> float:
    """Return Spearman's rank correlation; ties get average ranks."""
    truth, guess = _varying_pair(reference, prediction)
    return _scipy("spearmanr", "statistic", truth, guess)


def kendall_tau_b(reference: AnyArray, prediction: AnyArray) -> float:
    """Return Kendall's tau-b, which allows for ties."""
    truth, guess = _varying_pair(reference, prediction)
    return _scipy("kendalltau", "statistic", truth, guess)  # its default variant is b


def slope(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the slope of the least-squares line of prediction on reference."""
    truth, guess = _pair(reference, prediction)
    if np.ptp(truth) == 0:
        raise MetricUndefinedError("all references are the same number, or there is only one")
    return _scipy("linregress", "slope", truth, guess)


def ccc(reference: AnyArray, prediction: AnyArray) -> float:
    """Return Lin's concordance correlation coefficient, in its population form."""
    truth, guess = _pair(reference, prediction)
    apart = truth.mean() - guess.mean()
    scale = truth.var() + guess.var() + apart**2
    if scale == 0:
        raise MetricUndefinedError("all predictions and references are one and the same number")
    covariance = np.mean((truth - truth.mean()) * (guess - guess.mean()))
    return float(2.0 * covariance / scale)


def _scipy(name: str, result: str, *pair: FloatArray) -> float:
    """Return one result of a function of scipy.stats."""
    # Its import takes longer than most files take to score: only for the metrics that need it.
    from scipy import stats

    # SciPy warns of nearly constant input, where the correlation is sensitive but has a value.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(getattr(getattr(stats, name)(*pair), result))


def _of_samples(
    slug: str,
    title: str,
    *,
    whole: Callable[..., float],
    direction: Direction,
    unit: str = "1",
    bounds: tuple[float | None, float | None],
    **record: object,
) -> Metric:
    return Metric(
        slug=slug,
        title=title,
        family="regression",
        inputs=Inputs.SAMPLES,
        shapes=("n", "n"),
        direction=direction,
        unit=unit,
        bounds=bounds,
        missing=_ALL_ANSWERED,
        whole=whole,
        **record,  # type: ignore[arg-type]
    )


METRICS = (
    _of_samples(
        "rmse",
        "RMSE over samples",
        whole=rmse,
        direction=Direction.LOWER,
        unit="unit of the target",
        bounds=(0.0, None),
        perfect=0.0,
        help="Root mean square error over all samples.",
        traps=(
            "One large error outweighs many small ones.",
            "The same number per target, with weights and intervals, is 'squared_error' with the "
            "aggregate 'root_mean'.",
        ),
        formula=r"\sqrt{\operatorname{mean}_i (u_i - v_i)^2}",
        citation="Willmott & Matsuura, Climate Research 30, 79 (2005), doi:10.3354/cr030079",
    ),
    _of_samples(
        "mae",
        "MAE over samples",
        whole=mae,
        direction=Direction.LOWER,
        unit="unit of the target",
        bounds=(0.0, None),
        perfect=0.0,
        help="Mean absolute error over all samples.",
        traps=("The same per target is 'absolute_error' with the aggregate 'mean'.",),
        formula=r"\operatorname{mean}_i |u_i - v_i|",
        citation="Willmott & Matsuura, Climate Research 30, 79 (2005), doi:10.3354/cr030079",
    ),
    _of_samples(
        "mean_error",
        "Mean error (bias)",
        whole=mean_error,
        direction=Direction.LOWER,
        unit="unit of the target",
        bounds=(None, None),
        perfect=0.0,
        rankable=False,
        parameters=(SIGN,),
        help="Mean of the errors with their signs: whether predictions are too high or too low.",
        traps=(
            "Zero is best and both signs are worse, so it cannot rank entries.",
            "Fields differ in the sign they publish: read the parameter.",
        ),
        formula=r"\operatorname{mean}_i (u_i - v_i)",
        citation="JCGM 200:2012, International Vocabulary of Metrology, 2.18",
    ),
    _of_samples(
        "r2_determination",
        "R2, coefficient of determination",
        whole=r2_determination,
        direction=Direction.HIGHER,
        bounds=(None, 1.0),
        perfect=1.0,
        help="1 minus the squared error divided by the spread of the reference. 0 is as good as "
        "the reference's mean; it may be negative.",
        traps=("Not the square of a correlation: that is r2_pearson, and it forgives bias.",),
        undefined_when="all references are the same number",
        formula=r"1 - \sum_i (v_i - u_i)^2 / \sum_i (v_i - \bar v)^2",
        citation="Draper & Smith, Applied Regression Analysis, 3rd ed., Wiley 1998",
    ),
    _of_samples(
        "r2_pearson",
        "R2, squared Pearson correlation",
        whole=r2_pearson,
        direction=Direction.HIGHER,
        bounds=(0.0, 1.0),
        perfect=1.0,
        help="Square of Pearson's correlation: how well a straight line through the predictions "
        "fits, whatever its slope and offset.",
        traps=(
            "Blind to bias and scale, and even to the sign of the correlation.",
            "Not the coefficient of determination: that is r2_determination.",
        ),
        undefined_when=_CONSTANT,
        formula=r"r(u, v)^2",
        citation="Pearson, Proc. R. Soc. London 58, 240 (1895), doi:10.1098/rspl.1895.0041",
    ),
    _of_samples(
        "pearson",
        "Pearson correlation",
        whole=pearson,
        direction=Direction.HIGHER,
        bounds=(-1.0, 1.0),
        perfect=1.0,
        help="Linear correlation of predictions and references.",
        traps=("Blind to bias and scale.", "A single far-out target can decide it."),
        undefined_when=_CONSTANT,
        formula=r"\operatorname{cov}(u, v) / (\sigma_u \sigma_v)",
        citation="Pearson, Proc. R. Soc. London 58, 240 (1895), doi:10.1098/rspl.1895.0041",
    ),
    _of_samples(
        "spearman",
        "Spearman rank correlation",
        whole=spearman,
        direction=Direction.HIGHER,
        bounds=(-1.0, 1.0),
        perfect=1.0,
        help="Correlation of the ranks: whether the order is right. Ties get average ranks.",
        traps=("Blind to the size of errors that do not change the order.",),
        undefined_when=_CONSTANT,
        formula=r"r(\operatorname{rank} u, \operatorname{rank} v)",
        citation="Spearman, Am. J. Psychol. 15, 72 (1904), doi:10.2307/1412159",
    ),
    _of_samples(
        "kendall_tau_b",
        "Kendall tau-b",
        whole=kendall_tau_b,
        direction=Direction.HIGHER,
        bounds=(-1.0, 1.0),
        perfect=1.0,
        help="Share of target pairs in the right order minus the share in the wrong order, "
        "allowing for ties.",
        traps=("tau-b, tau-a and tau-c differ when there are ties.",),
        undefined_when=_CONSTANT,
        formula=r"(P - Q) / \sqrt{(P + Q + T_u)(P + Q + T_v)}",
        citation="Kendall, Biometrika 33, 239 (1945), doi:10.1093/biomet/33.3.239",
    ),
    _of_samples(
        "slope",
        "Slope of prediction on reference",
        whole=slope,
        direction=Direction.HIGHER,
        bounds=(None, None),
        perfect=1.0,
        rankable=False,
        help="Slope of the least-squares line through (reference, prediction): below 1, large "
        "values are predicted too small.",
        traps=(
            "1 is best and both sides are worse, so it cannot rank entries.",
            "The slope of reference on prediction is another number.",
        ),
        undefined_when="all references are the same number",
        formula=r"\operatorname{cov}(u, v) / \operatorname{var}(v)",
        citation="Draper & Smith, Applied Regression Analysis, 3rd ed., Wiley 1998",
    ),
    _of_samples(
        "ccc",
        "Concordance correlation",
        whole=ccc,
        direction=Direction.HIGHER,
        bounds=(-1.0, 1.0),
        perfect=1.0,
        help="Agreement with the line prediction = reference: correlation, bias and scale in one.",
        traps=("Population variances (divisor N), as Lin defines it; other software uses N-1.",),
        undefined_when="all predictions and references are one and the same number",
        formula=r"2 s_{uv} / (s_u^2 + s_v^2 + (\bar u - \bar v)^2)",
        citation="Lin, Biometrics 45, 255 (1989), doi:10.2307/2532051",
    ),
)
