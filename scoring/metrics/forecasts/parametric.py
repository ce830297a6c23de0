"""Forecasts given as a distribution: its two parameters for each number."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from scoring.contract import Direction
from scoring.errors import MetricInputError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.case_mean import case_mean
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.forecasts.ensembles import GNEITING_RAFTERY
from scoring.readers.base import AnyArray

_MEAN_AND_SD = (
    "The prediction holds mean and standard deviation along its second axis; further axes are "
    "grid points, and each counts as one case of the same weight."
)


def _parameters(prediction: FloatArray, *, zero_allowed: bool) -> tuple[FloatArray, FloatArray]:
    """Return location and scale of each case; refuse scales that are none."""
    scale = prediction[:, 1]
    if scale.min() < 0 or (not zero_allowed and scale.min() == 0):
        allowed = "zero or more" if zero_allowed else "above zero"
        raise MetricInputError(
            f"the second number of every case is a standard deviation or scale and must be "
            f"{allowed}; write it, not a variance or its logarithm"
        )
    return prediction[:, 0], scale


def _scaled(errors: FloatArray, scale: FloatArray) -> FloatArray:
    """Return errors in units of the scale; where the scale is zero, zero."""
    return np.divide(errors, scale, out=np.zeros(errors.shape), where=scale > 0)


def gaussian_crps_of_cases(reference: FloatArray, prediction: FloatArray) -> FloatArray:
    """Return the CRPS of normal distributions; without spread it is the absolute error."""
    from scipy.special import ndtr

    mean, sd = _parameters(prediction, zero_allowed=True)
    errors = reference - mean
    z = _scaled(errors, sd)
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    crps = sd * (z * (2.0 * ndtr(z) - 1.0) + 2.0 * density - 1.0 / math.sqrt(math.pi))
    return np.where(sd > 0, crps, np.abs(errors))


def logistic_crps_of_cases(reference: FloatArray, prediction: FloatArray) -> FloatArray:
    """Return the CRPS of logistic distributions; without spread it is the absolute error."""
    location, scale = _parameters(prediction, zero_allowed=True)
    errors = reference - location
    z = np.abs(_scaled(errors, scale))
    # |z| + 2 log(1 + exp(-|z|)) - 1 is z - 2 log F(z) - 1, and never overflows.
    crps = scale * (z + 2.0 * np.log1p(np.exp(-z)) - 1.0)
    return np.where(scale > 0, crps, np.abs(errors))


def lognormal_crps_of_cases(reference: FloatArray, prediction: FloatArray) -> FloatArray:
    """Return the CRPS of log-normal distributions; without spread it is the absolute error."""
    from scipy.special import ndtr

    mean, sd = _parameters(prediction, zero_allowed=True)
    if reference.min() <= 0:
        raise MetricInputError("a log-normal forecast is of positive numbers only")
    z = _scaled(np.log(reference) - mean, sd)
    expected = 2.0 * np.exp(mean + sd**2 / 2.0)
    tail = ndtr(z - sd) + ndtr(sd / math.sqrt(2.0)) - 1.0
    crps = reference * (2.0 * ndtr(z) - 1.0) - expected * tail
    return np.where(sd > 0, crps, np.abs(reference - np.exp(mean)))


def log_score_of_cases(reference: FloatArray, prediction: FloatArray) -> FloatArray:
    """Return minus the logarithm of the normal density at each reference."""
    mean, sd = _parameters(prediction, zero_allowed=False)
    z = (reference - mean) / sd
    return np.asarray(0.5 * z * z + np.log(sd) + 0.5 * math.log(2.0 * math.pi))


def dawid_sebastiani_of_cases(reference: FloatArray, prediction: FloatArray) -> FloatArray:
    """Return the squared error in standard deviations plus the logarithm of the variance."""
    mean, sd = _parameters(prediction, zero_allowed=False)
    return np.asarray(np.square((reference - mean) / sd) + 2.0 * np.log(sd))


def pit_distance(reference: AnyArray, prediction: AnyArray, *, distance: str) -> float:
    """Return how far the probability integral transforms are from evenly spread.

    Parameters
    ----------
    reference : array, shape (n, ...)
    prediction : array, shape (n, 2, ...)
        Mean and standard deviation.
    distance : {"kolmogorov", "cramer"}
        Largest difference between the two distribution functions, or the root of the integral
        of its square.
    """
    from scipy.special import ndtr

    if not reference.size:
        raise MetricInputError("there must be one sample at least")
    pairs = np.moveaxis(np.asarray(prediction, dtype=np.float64), 1, -1).reshape(-1, 2)
    mean, sd = _parameters(pairs, zero_allowed=False)
    pit = np.sort(ndtr((np.asarray(reference, dtype=np.float64).reshape(-1) - mean) / sd))
    steps = np.arange(pit.size + 1) / pit.size
    if distance == "kolmogorov":
        return float(max((steps[1:] - pit).max(), (pit - steps[:-1]).max()))
    middle = 0.5 * (steps[1:] + steps[:-1])
    return math.sqrt(np.mean((pit - middle) ** 2) + 1.0 / (12.0 * pit.size**2))


def _parametric(
    slug: str, title: str, *, measure: Callable[..., FloatArray], **record: object
) -> Metric:
    defaults: dict[str, object] = {
        "unit": "unit of the target",
        "bounds": (0.0, None),
        "perfect": 0.0,
    }
    return Metric(
        slug=slug,
        title=title,
        family="parametric forecasts",
        inputs=Inputs.SAMPLES,
        meaning=Meaning.VALUE,
        shapes=("n 2 *", "n *"),
        direction=Direction.LOWER,
        mergeable=case_mean(measure),
        **(defaults | record),  # type: ignore[arg-type]
    )


METRICS = (
    _parametric(
        "crps_gaussian",
        "CRPS of a normal forecast",
        measure=gaussian_crps_of_cases,
        help="Continuous ranked probability score of a normal distribution with the predicted "
        "mean and standard deviation, averaged over cases. A standard deviation of 0 is a single "
        "number: the score is its absolute error.",
        traps=(_MEAN_AND_SD, "Other software gives no number where the standard deviation is 0."),
        formula=r"\operatorname{mean}_i \sigma_i \Big( z_i (2\Phi(z_i) - 1) + 2\varphi(z_i) - "
        r"\pi^{-1/2} \Big), \quad z_i = (y_i - \mu_i) / \sigma_i",
        citation="Gneiting et al., Mon. Weather Rev. 133, 1098 (2005), doi:10.1175/MWR2904.1",
    ),
    _parametric(
        "crps_logistic",
        "CRPS of a logistic forecast",
        measure=logistic_crps_of_cases,
        help="Continuous ranked probability score of a logistic distribution with the predicted "
        "location and scale, averaged over cases. A scale of 0 is a single number.",
        traps=(
            "The second number is the scale s, not the standard deviation, which is s pi/sqrt(3).",
            "Location and scale lie along the second axis of the prediction.",
        ),
        formula=r"\operatorname{mean}_i \big( y_i - \mu_i - 2 s_i \log F(z_i) - s_i \big), "
        r"\quad F(z) = 1 / (1 + e^{-z})",
        citation="Jordan, Krueger & Lerch, J. Stat. Softw. 90(12) (2019), "
        "doi:10.18637/jss.v090.i12",
    ),
    _parametric(
        "crps_lognormal",
        "CRPS of a log-normal forecast",
        measure=lognormal_crps_of_cases,
        help="Continuous ranked probability score of a log-normal distribution, averaged over "
        "cases. The prediction holds mean and standard deviation of the logarithm.",
        traps=(
            "Natural logarithms.",
            "The score is in the unit of the target itself: large values weigh more.",
        ),
        formula=r"\operatorname{mean}_i \Big( y_i (2\Phi(z_i) - 1) - 2 e^{\mu_i + \sigma_i^2/2} "
        r"\big( \Phi(z_i - \sigma_i) + \Phi(\sigma_i/\sqrt2) - 1 \big) \Big), "
        r"\quad z_i = (\log y_i - \mu_i) / \sigma_i",
        citation="Baran & Lerch, Q. J. R. Meteorol. Soc. 141, 2289 (2015), doi:10.1002/qj.2521",
    ),
    _parametric(
        "log_score_gaussian",
        "Logarithmic score of a normal forecast",
        measure=log_score_of_cases,
        unit="natural log of the density",
        bounds=(None, None),
        perfect=None,
        help="Minus the natural logarithm of the normal density at the reference, averaged over "
        "cases: ignorance, or negative log-likelihood.",
        traps=(
            "One reference far outside a narrow forecast decides the mean.",
            "In another unit of the target the value shifts by a constant, the same for all.",
            _MEAN_AND_SD,
        ),
        formula=r"\operatorname{mean}_i \Big( \tfrac12 z_i^2 + \log \sigma_i + "
        r"\tfrac12 \log 2\pi \Big), \quad z_i = (y_i - \mu_i) / \sigma_i",
        citation="Good, J. R. Stat. Soc. B 14, 107 (1952), doi:10.1111/j.2517-6161.1952.tb00104.x",
    ),
    _parametric(
        "dawid_sebastiani",
        "Dawid-Sebastiani score",
        measure=dawid_sebastiani_of_cases,
        unit="natural log of the variance",
        bounds=(None, None),
        perfect=None,
        help="Squared error in predicted standard deviations, plus the logarithm of the predicted "
        "variance, averaged over cases. It needs no shape of the distribution.",
        traps=(
            "Twice the logarithmic score of a normal forecast, less log 2 pi.",
            "In another unit of the target the value shifts by a constant, the same for all.",
            _MEAN_AND_SD,
        ),
        formula=r"\operatorname{mean}_i \Big( (y_i - \mu_i)^2 / \sigma_i^2 + "
        r"2 \log \sigma_i \Big)",
        citation="Dawid & Sebastiani, Ann. Stat. 27, 65 (1999), doi:10.1214/aos/1018031101; "
        + GNEITING_RAFTERY,
    ),
    Metric(
        slug="pit_deviation_gaussian",
        title="Deviation of the PIT from uniform, normal forecast",
        family="parametric forecasts",
        inputs=Inputs.SAMPLES,
        meaning=Meaning.VALUE,
        shapes=("n 2 *", "n *"),
        direction=Direction.LOWER,
        unit="1",
        bounds=(0.0, 1.0),
        perfect=None,
        rankable=False,
        parameters=(
            Parameter(
                "distance",
                "Between the distribution functions: 'kolmogorov' is their largest difference, "
                "'cramer' the root of the integral of its square.",
                default="cramer",
                choices=("kolmogorov", "cramer"),
            ),
        ),
        help="The probability that the forecast gives to values up to the reference (the "
        "probability integral transform, PIT) is spread evenly over 0 to 1 if forecasts are "
        "calibrated. This is the distance from that.",
        traps=(
            "n cases cannot come nearer to 0 than 1/(2n) or 1/(sqrt(12) n), and chance alone "
            "gives about 1/sqrt(n): it cannot rank entries.",
            "It needs all samples at once: one number for each is kept in memory.",
            _MEAN_AND_SD,
        ),
        formula=r"\sup_t |F_n(t) - t| \quad\text{or}\quad "
        r"\Big( \int_0^1 (F_n(t) - t)^2 dt \Big)^{1/2}, \quad "
        r"F_n(t) = \frac1n \#\{i : \Phi(z_i) \le t\}",
        citation="Gneiting, Balabdaoui & Raftery, J. R. Stat. Soc. B 69, 243 (2007), "
        "doi:10.1111/j.1467-9868.2007.00587.x",
        whole=pit_distance,
    ),
)
