"""Agreement of predictions and references beyond errors: correlation, order, slope."""

from __future__ import annotations

import warnings

import numpy as np

from scoring.contract import Direction
from scoring.errors import MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.samples_rule import (
    ALL_ANSWERED,
    CONSTANT,
    CONSTANT_TRUTH,
    NEEDS_ALL,
    float_pair,
    varying_pair,
)
from scoring.readers.base import AnyArray


def r2_determination(reference: AnyArray, prediction: AnyArray) -> float:
    """Return 1 - SSE/SST: the part of the reference's variance that is predicted."""
    truth, guess = float_pair(reference, prediction)
    return 1.0 - float(np.sum((truth - guess) ** 2)) / _spread(truth)


def explained_variance(reference: AnyArray, prediction: AnyArray) -> float:
    """Return 1 - var(error)/var(reference)."""
    truth, guess = float_pair(reference, prediction)
    return 1.0 - _spread(truth, of=truth - guess) / _spread(truth)


def _spread(truth: FloatArray, *, of: FloatArray | None = None) -> float:
    """Return the sum of squared deviations of the reference, or of what is given."""
    if np.ptp(truth) == 0:
        raise MetricUndefinedError(CONSTANT_TRUTH)
    values = truth if of is None else of
    return float(np.sum((values - values.mean()) ** 2))


def pearson(reference: AnyArray, prediction: AnyArray) -> float:
    """Return Pearson's correlation."""
    return _scipy("pearsonr", "statistic", *varying_pair(reference, prediction))


def r2_pearson(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the square of Pearson's correlation."""
    return pearson(reference, prediction) ** 2


def spearman(reference: AnyArray, prediction: AnyArray) -> float:
    """Return Spearman's rank correlation; ties get average ranks."""
    return _scipy("spearmanr", "statistic", *varying_pair(reference, prediction))


def kendall_tau_b(reference: AnyArray, prediction: AnyArray) -> float:
    """Return Kendall's tau-b, which allows for ties."""
    return _scipy("kendalltau", "statistic", *varying_pair(reference, prediction), variant="b")


def kendall_tau_c(reference: AnyArray, prediction: AnyArray) -> float:
    """Return Kendall's (Stuart's) tau-c, for scales of different numbers of steps."""
    return _scipy("kendalltau", "statistic", *varying_pair(reference, prediction), variant="c")


def weighted_tau(reference: AnyArray, prediction: AnyArray) -> float:
    """Return Vigna's weighted tau with hyperbolic additive weights, averaged over both rankings."""
    return _scipy("weightedtau", "statistic", *varying_pair(reference, prediction))


def slope(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the slope of the least-squares line of prediction on reference."""
    truth, guess = float_pair(reference, prediction)
    if np.ptp(truth) == 0:
        raise MetricUndefinedError(CONSTANT_TRUTH)
    return _scipy("linregress", "slope", truth, guess)


def ccc(reference: AnyArray, prediction: AnyArray, *, ddof: int = 0) -> float:
    """Return Lin's concordance correlation coefficient."""
    truth, guess = float_pair(reference, prediction)
    if truth.size <= ddof:
        raise MetricUndefinedError("with ddof 1 two samples at least are needed")
    apart = truth.mean() - guess.mean()
    scale = truth.var(ddof=ddof) + guess.var(ddof=ddof) + apart**2
    if scale == 0:
        raise MetricUndefinedError("all predictions and references are one and the same number")
    covariance = np.vecdot(truth - truth.mean(), guess - guess.mean()) / (truth.size - ddof)
    return float(2.0 * covariance / scale)


def _scipy(name: str, result: str, *pair: FloatArray, **options: str) -> float:
    """Return one result of a function of scipy.stats."""
    # Its import takes longer than most files take to score: only for the metrics that need it.
    from scipy import stats

    # SciPy warns of nearly constant input, where the correlation is sensitive but has a value.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(getattr(getattr(stats, name)(*pair, **options), result))


def _of_agreement(slug: str, title: str, *, traps: tuple[str, ...], **record: object) -> Metric:
    return Metric(
        slug=slug,
        title=title,
        family="regression",
        inputs=Inputs.SAMPLES,
        shapes=("n", "n"),
        direction=Direction.HIGHER,
        unit="1",
        perfect=1.0,
        missing=ALL_ANSWERED,
        traps=(*traps, NEEDS_ALL),
        **record,  # type: ignore[arg-type]
    )


METRICS = (
    _of_agreement(
        "r2_determination",
        "R2, coefficient of determination",
        meaning=Meaning.VALUE,
        whole=r2_determination,
        bounds=(None, 1.0),
        help="1 minus the squared error divided by the spread of the reference. 0 is as good as "
        "the reference's mean; it may be negative.",
        traps=("Not the square of a correlation: that is r2_pearson, and it forgives bias.",),
        undefined_when="all references are the same number",
        formula=r"1 - \sum_i (v_i - u_i)^2 / \sum_i (v_i - \bar v)^2",
        citation="Draper & Smith, Applied Regression Analysis, 3rd ed., Wiley 1998",
    ),
    _of_agreement(
        "explained_variance",
        "Explained variance",
        meaning=Meaning.VALUE,
        whole=explained_variance,
        bounds=(None, 1.0),
        help="1 minus the variance of the error divided by the variance of the reference.",
        traps=("Blind to a constant offset, unlike r2_determination.",),
        undefined_when="all references are the same number",
        formula=r"1 - \operatorname{var}(v - u) / \operatorname{var}(v)",
        citation="Draper & Smith, Applied Regression Analysis, 3rd ed., Wiley 1998",
    ),
    _of_agreement(
        "r2_pearson",
        "R2, squared Pearson correlation",
        meaning=Meaning.ORDER,
        whole=r2_pearson,
        bounds=(0.0, 1.0),
        help="Square of Pearson's correlation: how well a straight line through the predictions "
        "fits, whatever its slope and offset.",
        traps=(
            "Blind to bias and scale, and even to the sign of the correlation.",
            "Not the coefficient of determination: that is r2_determination.",
        ),
        undefined_when=CONSTANT,
        formula=r"r(u, v)^2",
        citation="Pearson, Proc. R. Soc. London 58, 240 (1895), doi:10.1098/rspl.1895.0041",
    ),
    _of_agreement(
        "pearson",
        "Pearson correlation",
        meaning=Meaning.ORDER,
        whole=pearson,
        bounds=(-1.0, 1.0),
        help="Linear correlation of predictions and references.",
        traps=("Blind to bias and scale.", "A single far-out target can decide it."),
        undefined_when=CONSTANT,
        formula=r"\operatorname{cov}(u, v) / (\sigma_u \sigma_v)",
        citation="Pearson, Proc. R. Soc. London 58, 240 (1895), doi:10.1098/rspl.1895.0041",
    ),
    _of_agreement(
        "spearman",
        "Spearman rank correlation",
        meaning=Meaning.ORDER,
        whole=spearman,
        bounds=(-1.0, 1.0),
        help="Correlation of the ranks: whether the order is right. Ties get average ranks.",
        traps=("Blind to the size of errors that do not change the order.",),
        undefined_when=CONSTANT,
        formula=r"r(\operatorname{rank} u, \operatorname{rank} v)",
        citation="Spearman, Am. J. Psychol. 15, 72 (1904), doi:10.2307/1412159",
    ),
    _of_agreement(
        "kendall_tau_b",
        "Kendall tau-b",
        meaning=Meaning.ORDER,
        whole=kendall_tau_b,
        bounds=(-1.0, 1.0),
        help="Share of target pairs in the right order minus the share in the wrong order, "
        "allowing for ties.",
        traps=("tau-b, tau-a and tau-c differ when there are ties.",),
        undefined_when=CONSTANT,
        formula=r"(P - Q) / \sqrt{(P + Q + T_u)(P + Q + T_v)}",
        citation="Kendall, Biometrika 33, 239 (1945), doi:10.1093/biomet/33.3.239",
    ),
    _of_agreement(
        "slope",
        "Slope of prediction on reference",
        meaning=Meaning.VALUE,
        whole=slope,
        bounds=(None, None),
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
    _of_agreement(
        "ccc",
        "Concordance correlation",
        meaning=Meaning.VALUE,
        whole=ccc,
        bounds=(-1.0, 1.0),
        help="Agreement with the line prediction = reference: correlation, bias and scale in one.",
        parameters=(
            Parameter(
                "ddof",
                "Variances and covariance divide by N - ddof: 0 as Lin defines it, 1 as some "
                "software does.",
                default=0,
                choices=(0, 1),
            ),
        ),
        traps=("The two divisors give different numbers: read the parameter.",),
        undefined_when="all predictions and references are one and the same number",
        formula=r"2 s_{uv} / (s_u^2 + s_v^2 + (\bar u - \bar v)^2)",
        citation="Lin, Biometrics 45, 255 (1989), doi:10.2307/2532051",
    ),
    _of_agreement(
        "kendall_tau_c",
        "Kendall tau-c",
        meaning=Meaning.ORDER,
        whole=kendall_tau_c,
        bounds=(-1.0, 1.0),
        help="Stuart's form of Kendall's tau: made for scales with different numbers of steps, "
        "as a graded answer against a continuous prediction.",
        traps=(
            "tau-a, tau-b and tau-c differ when there are ties.",
            "With few distinct values and many samples even a perfect order may stay below 1.",
        ),
        undefined_when=CONSTANT,
        formula=r"2 (P - Q) / (n^2 (m-1)/m),\ m \text{ the smaller number of distinct values}",
        citation="Stuart, Biometrika 40, 105 (1953), doi:10.2307/2333101",
    ),
    _of_agreement(
        "weighted_tau",
        "Weighted Kendall tau",
        meaning=Meaning.ORDER,
        whole=weighted_tau,
        bounds=(-1.0, 1.0),
        help="Kendall's tau in which exchanges among the largest values weigh more: pairs weigh "
        "1/(rank + 1) of both, ranks counted from the largest value, averaged over the ranking by "
        "reference and by prediction.",
        traps=("The largest values are the important ones: change the sign if the smallest are.",),
        undefined_when=CONSTANT,
        formula=r"\tau_w = \langle u, v \rangle_w / (\lVert u \rVert_w \lVert v \rVert_w)",
        citation="Vigna, WWW 2015, doi:10.1145/2736277.2741088",
    ),
)
