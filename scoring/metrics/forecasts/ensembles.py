"""Ensemble forecasts: several equally likely predictions of each number, or of each vector."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from scoring.contract import Direction, JsonValue
from scoring.errors import MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.case_mean import case_blocks, case_mean, sample_blocks, the_mean, the_root
from scoring.metrics.fields.chunk import FloatArray

_GRID = (
    "Members lie along the second axis; further axes are grid points, and each counts as one "
    "case of the same weight, whatever area it stands for."
)
_FEW_MEMBERS = (
    "It scores the ensemble as it is: of two ensembles from one good model the larger scores "
    "better. See the fair form where entries differ in size."
)
_TWO_MEMBERS = "a forecast needs two members at least"
_FAIR_ZERO = (
    "0 does not mean perfect: two members on either side of the reference score 0, however far "
    "apart they are. Ask for more than a few members."
)


def _sorted_spread(members: FloatArray) -> FloatArray:
    """Return the sum of |x_i - x_j| over unordered pairs of members, shape (k)."""
    count = members.shape[1]
    # Each sorted member is the larger of as many pairs as there are members below it.
    weights = np.arange(1.0 - count, count, 2.0)
    return np.asarray(np.sort(members, axis=1) @ weights)


def crps_of_cases(reference: FloatArray, prediction: FloatArray) -> FloatArray:
    """Return the CRPS of the empirical distribution of each ensemble, shape (k)."""
    errors = prediction - reference[:, None]
    spread = _sorted_spread(errors) / errors.shape[1] ** 2
    return np.asarray(np.abs(errors).mean(axis=1) - spread)


def fair_crps_of_cases(reference: FloatArray, prediction: FloatArray) -> FloatArray:
    """Return the fair CRPS of each ensemble, shape (k)."""
    count = _several(prediction)
    errors = prediction - reference[:, None]
    spread = _sorted_spread(errors) / (count * (count - 1))
    # Never below zero by the triangle inequality; rounding may say otherwise.
    return np.asarray(np.maximum(np.abs(errors).mean(axis=1) - spread, 0.0))


def _several(prediction: FloatArray) -> int:
    if prediction.shape[1] < 2:
        raise MetricUndefinedError(_TWO_MEMBERS)
    return int(prediction.shape[1])


def _lengths(vectors: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(np.einsum("...d,...d->...", vectors, vectors)))


def _pair_distances(members: FloatArray) -> FloatArray:
    """Return the sum of the distances of unordered pairs of members, one member at a time."""
    count = members.shape[1]
    total = np.zeros(len(members))
    for member in range(count - 1):
        apart = members[:, member + 1 :] - members[:, member, None]
        total += _lengths(apart).sum(axis=1)
    return total


def energy_of_cases(reference: FloatArray, prediction: FloatArray) -> FloatArray:
    """Return the energy score of each ensemble of vectors: (k, d) and (k, m, d) give (k)."""
    errors = prediction - reference[:, None]
    spread = _pair_distances(errors) / errors.shape[1] ** 2
    return np.asarray(_lengths(errors).mean(axis=1) - spread)


def fair_energy_of_cases(reference: FloatArray, prediction: FloatArray) -> FloatArray:
    """Return the fair energy score of each ensemble of vectors, shape (k)."""
    count = _several(prediction)
    errors = prediction - reference[:, None]
    spread = _pair_distances(errors) / (count * (count - 1))
    return np.asarray(np.maximum(_lengths(errors).mean(axis=1) - spread, 0.0))


def variogram_of_cases(reference: FloatArray, prediction: FloatArray, *, p: float) -> FloatArray:
    """Return the variogram score of order p of each ensemble of vectors, shape (k)."""
    total = np.zeros(len(reference))
    for at in range(reference.shape[1] - 1):
        true = np.abs(reference[:, at + 1 :] - reference[:, at, None]) ** p
        forecast = np.abs(prediction[:, :, at + 1 :] - prediction[:, :, at, None]) ** p
        total += ((true - forecast.mean(axis=1)) ** 2).sum(axis=1)
    return np.asarray(2.0 * total)  # both orders of every pair, as the definition counts them


def _squared_error_of_mean(reference: FloatArray, prediction: FloatArray) -> FloatArray:
    return np.asarray(np.square((prediction - reference[:, None]).mean(axis=1)))


def _spread_and_error(
    reference: FloatArray, prediction: FloatArray, *, finite_ensemble: bool
) -> FloatArray:
    count = _several(prediction)
    variance = (prediction - reference[:, None]).var(axis=1, ddof=1)
    if finite_ensemble:
        variance = variance * (count + 1) / count
    return np.stack([variance, _squared_error_of_mean(reference, prediction)], axis=1)


def _spread_over_error(means: FloatArray, _count: int, **_: JsonValue) -> float:
    if means[1] == 0:
        raise MetricUndefinedError("the ensemble mean has no error")
    return math.sqrt(means[0] / means[1])


def brier_of_cases(
    reference: FloatArray, prediction: FloatArray, *, threshold: float, estimator: str
) -> FloatArray:
    """Return the Brier score of "above the threshold", by the share of members, shape (k)."""
    happened = reference > threshold
    share = (prediction > threshold).mean(axis=1)
    score = np.square(share - happened)
    if estimator == "fair":
        score = score - share * (1.0 - share) / (_several(prediction) - 1)
        score = np.maximum(score, 0.0)  # as the fair CRPS: only rounding goes below zero
    return np.asarray(score)


def rank_shares(reference: FloatArray, prediction: FloatArray) -> FloatArray:
    """Return where each reference ranks among its members, shape (k, m + 1).

    A reference equal to t members is spread evenly over the t + 1 ranks it may have.
    """
    below = (prediction < reference[:, None]).sum(axis=1)[:, None]
    tied = (prediction == reference[:, None]).sum(axis=1)[:, None]
    ranks = np.arange(prediction.shape[1] + 1)
    return np.asarray(((ranks >= below) & (ranks <= below + tied)) / (tied + 1.0))


def _reliability_index(means: FloatArray, _count: int) -> float:
    return float(np.abs(means - 1.0 / means.size).sum())


def _chi_square(means: FloatArray, count: int) -> float:
    expected = 1.0 / means.size
    return float(count * np.sum((means - expected) ** 2) / expected)


def _ensemble_metric(
    slug: str,
    title: str,
    *,
    measure: Callable[..., FloatArray],
    value: Callable[..., float] = the_mean,
    vectors: bool = False,
    **record: object,
) -> Metric:
    defaults: dict[str, object] = {
        "direction": Direction.LOWER,
        "unit": "unit of the target",
        "bounds": (0.0, None),
        "perfect": 0.0,
    }
    return Metric(
        slug=slug,
        title=title,
        family="ensembles",
        inputs=Inputs.SAMPLES,
        meaning=Meaning.SET,
        shapes=("n m d", "n d") if vectors else ("n m *", "n *"),
        mergeable=case_mean(measure, value, blocks=sample_blocks if vectors else case_blocks),
        **(defaults | record),  # type: ignore[arg-type]
    )


GNEITING_RAFTERY = (
    "Gneiting & Raftery, J. Am. Stat. Assoc. 102, 359 (2007), doi:10.1198/016214506000001437"
)
_FERRO = "Ferro, Q. J. R. Meteorol. Soc. 140, 1917 (2014), doi:10.1002/qj.2270"
_FORTIN = "Fortin et al., J. Hydrometeorol. 15, 1708 (2014), doi:10.1175/JHM-D-14-0008.1"
_HAMILL = (
    "Hamill, Mon. Weather Rev. 129, 550 (2001), doi:10.1175/1520-0493(2001)129<0550:IORHFV>2.0.CO;2"
)

METRICS = (
    _ensemble_metric(
        "crps_ensemble",
        "CRPS of an ensemble",
        measure=crps_of_cases,
        help="Continuous ranked probability score of the members taken as the whole forecast "
        "distribution: error of the members minus half their spread, averaged over cases. With "
        "one member it is the absolute error.",
        traps=(_FEW_MEMBERS, _GRID),
        formula=r"\operatorname{mean}_i \Big( \frac1m \sum_k |x_{ik} - y_i| - "
        r"\frac{1}{2m^2} \sum_{k,l} |x_{ik} - x_{il}| \Big)",
        citation=GNEITING_RAFTERY,
    ),
    _ensemble_metric(
        "crps_fair",
        "Fair CRPS of an ensemble",
        measure=fair_crps_of_cases,
        help="Continuous ranked probability score that the distribution behind the members would "
        "get on average: ensembles of different size can be compared.",
        traps=(_FAIR_ZERO, _GRID),
        undefined_when=_TWO_MEMBERS,
        formula=r"\operatorname{mean}_i \Big( \frac1m \sum_k |x_{ik} - y_i| - "
        r"\frac{1}{2m(m-1)} \sum_{k,l} |x_{ik} - x_{il}| \Big)",
        citation=_FERRO,
    ),
    _ensemble_metric(
        "energy_score",
        "Energy score of an ensemble of vectors",
        measure=energy_of_cases,
        vectors=True,
        help="The CRPS of vectors: distances in place of absolute differences. It judges all "
        "components together.",
        traps=(
            _FEW_MEMBERS,
            "Components of different units or spread are mixed in one distance: scale them first.",
            "It hardly sees wrong correlations between components: see variogram_score.",
            "The time grows with the square of the number of members.",
        ),
        formula=r"\operatorname{mean}_i \Big( \frac1m \sum_k \lVert x_{ik} - y_i \rVert - "
        r"\frac{1}{2m^2} \sum_{k,l} \lVert x_{ik} - x_{il} \rVert \Big)",
        citation=GNEITING_RAFTERY,
    ),
    _ensemble_metric(
        "energy_score_fair",
        "Fair energy score of an ensemble of vectors",
        measure=fair_energy_of_cases,
        vectors=True,
        help="Energy score that the distribution behind the members would get on average: "
        "ensembles of different size can be compared.",
        traps=(
            "0 does not mean perfect: members on a line through the reference can score 0.",
            "Components of different units or spread are mixed in one distance: scale them first.",
            "The time grows with the square of the number of members.",
        ),
        undefined_when=_TWO_MEMBERS,
        formula=r"\operatorname{mean}_i \Big( \frac1m \sum_k \lVert x_{ik} - y_i \rVert - "
        r"\frac{1}{2m(m-1)} \sum_{k,l} \lVert x_{ik} - x_{il} \rVert \Big)",
        citation=_FERRO,
    ),
    _ensemble_metric(
        "variogram_score",
        "Variogram score of an ensemble of vectors",
        measure=variogram_of_cases,
        vectors=True,
        unit="unit of the target, to the power of 2 p",
        parameters=(Parameter("p", "Order of the differences.", default=0.5, low=0.01, high=2.0),),
        help="How well the differences between components are forecast: it sees wrong "
        "correlations that the energy score overlooks.",
        traps=(
            "Blind to a bias common to all components: use it beside another score.",
            "All pairs of components count the same; both orders of a pair are counted.",
            "The time grows with the square of the number of components.",
        ),
        formula=r"\operatorname{mean}_i \sum_{a,b} \Big( |y_{ia} - y_{ib}|^p - "
        r"\frac1m \sum_k |x_{ika} - x_{ikb}|^p \Big)^2",
        citation="Scheuerer & Hamill, Mon. Weather Rev. 143, 1321 (2015), "
        "doi:10.1175/MWR-D-14-00269.1",
    ),
    _ensemble_metric(
        "ensemble_mean_rmse",
        "RMSE of the ensemble mean",
        measure=_squared_error_of_mean,
        value=the_root,
        help="Root mean square error of the mean of the members, over all cases.",
        traps=("It says nothing about the spread: a single good forecast does as well.", _GRID),
        formula=r"\sqrt{\operatorname{mean}_i (\bar x_i - y_i)^2}",
        citation=_FORTIN,
    ),
    _ensemble_metric(
        "spread_skill_ratio",
        "Spread-skill ratio",
        measure=_spread_and_error,
        value=_spread_over_error,
        unit="1",
        perfect=1.0,
        rankable=False,
        parameters=(
            Parameter(
                "finite_ensemble",
                "Multiply the variance by (m + 1)/m, so that a reliable ensemble of any size has "
                "the ratio 1.",
                default=True,
            ),
        ),
        help="Root of the mean variance of the members (divisor m - 1) over the RMSE of their "
        "mean. Below 1 the ensemble is too sure of itself, above 1 it is too cautious.",
        traps=(
            "1 is best and both sides are worse, so it cannot rank entries.",
            "A biased ensemble looks too sure of itself, whatever its spread.",
            _GRID,
        ),
        undefined_when=f"{_TWO_MEMBERS}, or the ensemble mean has no error",
        formula=r"\sqrt{\tfrac{m+1}{m} \operatorname{mean}_i s_i^2 \Big/ "
        r"\operatorname{mean}_i (\bar x_i - y_i)^2}",
        citation=_FORTIN,
    ),
    _ensemble_metric(
        "brier_ensemble",
        "Brier score of exceeding a threshold",
        measure=brier_of_cases,
        unit="1",
        bounds=(0.0, 1.0),
        parameters=(
            Parameter("threshold", "The event is a value above it.", default=0.0),
            Parameter(
                "estimator",
                "'plain' takes the share of members as the probability; 'fair' corrects for the "
                "number of members, of which two are needed.",
                default="plain",
                choices=("plain", "fair"),
            ),
        ),
        help="Squared difference between the share of members above a threshold and what happened "
        "(1 above, 0 not), averaged over cases.",
        traps=(
            "A value equal to the threshold is not above it.",
            "For rare events every forecast scores near 0: compare with always saying no.",
            _GRID,
        ),
        undefined_when=f"the estimator is 'fair': {_TWO_MEMBERS}",
        formula=r"\operatorname{mean}_i (p_i - o_i)^2, \quad "
        r"p_i = \frac1m \sum_k 1[x_{ik} > z], \; o_i = 1[y_i > z]",
        citation="Brier, Mon. Weather Rev. 78, 1 (1950), "
        "doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2; fair form: " + _FERRO,
    ),
    _ensemble_metric(
        "rank_histogram_deviation",
        "Reliability index of the rank histogram",
        measure=rank_shares,
        value=_reliability_index,
        unit="1",
        bounds=(0.0, 2.0),
        help="Sum of the distances between the shares of cases in each rank and an even share: 0 "
        "is a flat rank histogram. The rank is the place of the reference among its members; a "
        "tie is spread evenly over the ranks it may have.",
        traps=(
            "A flat histogram is needed for a reliable ensemble, and does not prove one: errors of "
            "opposite sign in two halves of the cases cancel.",
            "Chance alone gives more than 0 when cases are few.",
            _GRID,
        ),
        formula=r"\sum_{r=0}^{m} \big| f_r - \tfrac{1}{m+1} \big|",
        citation="Delle Monache et al., J. Geophys. Res. 111, D24307 (2006), "
        "doi:10.1029/2005JD006917",
    ),
    _ensemble_metric(
        "rank_histogram_chi2",
        "Chi-square of the rank histogram",
        measure=rank_shares,
        value=_chi_square,
        unit="1",
        rankable=False,
        help="Chi-square statistic of the rank histogram against a flat one. A reliable ensemble "
        "of m members has about m; a tie is spread evenly over the ranks it may have.",
        traps=(
            "About m is what chance gives, so less is not better, and it cannot rank entries.",
            "It grows with the number of cases, and takes them for independent.",
            _GRID,
        ),
        formula=r"n (m+1) \sum_{r=0}^{m} \big( f_r - \tfrac{1}{m+1} \big)^2",
        citation=_HAMILL,
    ),
)
