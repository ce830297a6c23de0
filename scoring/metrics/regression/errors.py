"""Errors of regression: one number predicted and one true for each sample."""

from __future__ import annotations

import numpy as np

from scoring.contract import Direction
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.regression.scalars import SIGN
from scoring.metrics.samples_chunk import SamplesChunk
from scoring.metrics.samples_rule import (
    ALL_ANSWERED,
    NEEDS_ALL,
    Parameters,
    SamplesRule,
    float_pair,
    mean_of,
    root_mean_of,
)
from scoring.readers.base import AnyArray

_WILLMOTT = "Willmott & Matsuura, Climate Research 30, 79 (2005), doi:10.3354/cr030079"
_HYNDMAN = (
    "Hyndman & Koehler, Int. J. Forecasting 22, 679 (2006), doi:10.1016/j.ijforecast.2006.03.001"
)
_ZEROS = ("undefined", "skip", "floor")


def _error(chunk: SamplesChunk) -> FloatArray:
    return chunk.prediction - chunk.reference


def _squares(chunk: SamplesChunk, _: Parameters) -> FloatArray:
    error = _error(chunk)
    return np.asarray(np.vecdot(error, error))


def _absolutes(chunk: SamplesChunk, _: Parameters) -> FloatArray:
    return np.asarray(np.abs(_error(chunk)).sum())


def _largest(chunk: SamplesChunk, _: Parameters) -> FloatArray:
    return np.asarray(np.abs(_error(chunk)).max())


def _signed(chunk: SamplesChunk, parameters: Parameters) -> FloatArray:
    total = _error(chunk).sum()
    return np.asarray(-total if parameters["sign"] == "reference_minus_prediction" else total)


def _huber(chunk: SamplesChunk, parameters: Parameters) -> FloatArray:
    size, delta = np.abs(_error(chunk)), parameters["delta"]
    inner = np.minimum(size, delta)
    return np.asarray((inner * (size - inner / 2)).sum())


def _log_squares(chunk: SamplesChunk, parameters: Parameters) -> FloatArray:
    shifted = parameters["log"] == "log1p"
    for name, values in (("predictions", chunk.prediction), ("references", chunk.reference)):
        if values.size and values.min() <= (-1.0 if shifted else 0.0):
            raise MetricInputError(
                f"{name} must be above {-1 if shifted else 0}, or their logarithm does not exist"
            )
    log = np.log1p if shifted else np.log
    difference = log(chunk.prediction) - log(chunk.reference)
    return np.asarray(np.vecdot(difference, difference))


def _percentages(chunk: SamplesChunk, parameters: Parameters) -> FloatArray:
    """Return the sum of relative errors, how many they are, and how many references are zero."""
    truth, zeros = np.abs(chunk.reference), chunk.reference == 0
    size = np.abs(_error(chunk))
    if parameters["zeros"] == "floor":
        relative = size / np.maximum(truth, parameters["floor"])
        return np.array([relative.sum(), truth.size, 0.0])
    relative = size[~zeros] / truth[~zeros]
    return np.array([relative.sum(), relative.size, zeros.sum()])


def _mean_percentage(total: FloatArray, _count: int, parameters: Parameters) -> float:
    if parameters["zeros"] == "undefined" and total[2]:
        raise MetricUndefinedError("a reference is zero")
    if not total[1]:
        raise MetricUndefinedError("all references are zero")
    return float(total[0] / total[1])


def _symmetric(chunk: SamplesChunk, parameters: Parameters) -> FloatArray:
    size = np.abs(_error(chunk))
    scale = np.abs(chunk.reference) + np.abs(chunk.prediction)
    relative = np.divide(size, scale, out=np.zeros_like(size), where=scale > 0)
    return np.asarray(relative.sum() * (2.0 if parameters["scale"] == "mean" else 1.0))


def median_absolute_error(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the median of the absolute errors; the mean of the middle two if there are two."""
    truth, guess = float_pair(reference, prediction)
    return float(np.median(np.abs(guess - truth)))


def centred_rmse(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the RMSE after the mean error is subtracted."""
    truth, guess = float_pair(reference, prediction)
    return float(np.std(guess - truth))


def nrmse_samples(reference: AnyArray, prediction: AnyArray, *, normalizer: str) -> float:
    """Return the RMSE divided by a scale of the reference."""
    truth, guess = float_pair(reference, prediction)
    if normalizer == "std_sample" and truth.size < 2:
        raise MetricUndefinedError("the sample standard deviation needs two samples at least")
    scale = _scale(truth, normalizer)
    if scale == 0 or (normalizer.startswith("std") and np.ptp(truth) == 0):
        raise MetricUndefinedError(f"the reference's {normalizer} is zero")
    return float(np.sqrt(np.mean((guess - truth) ** 2)) / scale)


def _scale(truth: FloatArray, normalizer: str) -> float:
    low, high = np.percentile(truth, [25, 75])
    scales = {
        "range": np.ptp(truth),
        "std": np.std(truth),
        "mean": np.abs(np.mean(truth)),
        "iqr": high - low,
        "rms": np.sqrt(np.mean(truth**2)),
    }
    return float(np.std(truth, ddof=1) if normalizer == "std_sample" else scales[normalizer])


def _of_errors(slug: str, title: str, **record: object) -> Metric:
    usual = {
        "direction": Direction.LOWER,
        "unit": "unit of the target",
        "bounds": (0.0, None),
        "perfect": 0.0,
        "citation": _WILLMOTT,
    }
    return Metric(
        slug=slug,
        title=title,
        family="regression",
        inputs=Inputs.SAMPLES,
        meaning=Meaning.VALUE,
        shapes=("n", "n"),
        missing=ALL_ANSWERED,
        **{**usual, **record},  # type: ignore[arg-type]
    )


METRICS = (
    _of_errors(
        "mse",
        "Mean squared error over samples",
        mergeable=SamplesRule(_squares),
        unit="unit of the target, squared",
        help="Mean of the squared errors over all samples.",
        traps=("One large error outweighs many small ones.", "Its root is 'rmse'."),
        formula=r"\operatorname{mean}_i (u_i - v_i)^2",
    ),
    _of_errors(
        "rmse",
        "RMSE over samples",
        mergeable=SamplesRule(_squares, root_mean_of),
        help="Root mean square error over all samples.",
        traps=(
            "One large error outweighs many small ones.",
            "The same number per target, with weights and intervals, is 'squared_error' with the "
            "aggregate 'root_mean'.",
        ),
        formula=r"\sqrt{\operatorname{mean}_i (u_i - v_i)^2}",
    ),
    _of_errors(
        "mae",
        "MAE over samples",
        mergeable=SamplesRule(_absolutes),
        help="Mean absolute error over all samples.",
        traps=("The same per target is 'absolute_error' with the aggregate 'mean'.",),
        formula=r"\operatorname{mean}_i |u_i - v_i|",
    ),
    _of_errors(
        "median_absolute_error",
        "Median absolute error over samples",
        whole=median_absolute_error,
        help="Half of the samples have a smaller absolute error than this.",
        traps=("Blind to how wrong the worse half is.", NEEDS_ALL),
        formula=r"\operatorname{median}_i |u_i - v_i|",
        citation=_HYNDMAN,
    ),
    _of_errors(
        "max_absolute_error",
        "Largest absolute error over samples",
        mergeable=SamplesRule(_largest, lambda peak, _n, _p: float(peak), np.maximum),
        help="Absolute error of the worst sample.",
        traps=("A single sample decides it.", "The one of a field is 'max_error'."),
        formula=r"\max_i |u_i - v_i|",
        citation="Higham, Accuracy and Stability of Numerical Algorithms, SIAM 2002, "
        "doi:10.1137/1.9780898718027",
    ),
    _of_errors(
        "mape",
        "Mean absolute percentage error",
        mergeable=SamplesRule(_percentages, _mean_percentage),
        unit="1",
        parameters=(
            Parameter(
                "zeros",
                "References of exactly zero: 'undefined' gives no value, 'skip' leaves the "
                "samples out, 'floor' divides by the floor.",
                default="undefined",
                choices=_ZEROS,
            ),
            Parameter(
                "floor",
                "With 'floor': the smallest divisor; scikit-learn's is 2.2e-16.",
                default=float(np.finfo(np.float64).eps),
                low=0.0,
            ),
        ),
        help="Mean of the absolute errors, each divided by the size of its reference. A fraction: "
        "0.1 is 10 percent.",
        traps=(
            "Samples with small references decide it.",
            "Too high a prediction can cost without limit, too low a one at most 1.",
            "A zero divided by the default floor gives numbers of the order 1e15.",
        ),
        undefined_when="a reference is zero (by the parameter), or all are",
        formula=r"\operatorname{mean}_i |u_i - v_i| / |v_i|",
        citation=_HYNDMAN,
    ),
    _of_errors(
        "smape",
        "Symmetric mean absolute percentage error",
        mergeable=SamplesRule(_symmetric),
        unit="1",
        bounds=(0.0, 2.0),
        parameters=(
            Parameter(
                "scale",
                "Divide by the 'mean' of both sizes (values up to 2) or by their 'sum' (up to 1).",
                default="mean",
                choices=("mean", "sum"),
            ),
        ),
        help="Mean of the absolute errors, each divided by the mean size of reference and "
        "prediction. A sample where both are zero counts as 0.",
        traps=(
            "Not symmetric in over- and underprediction, in spite of its name.",
            "A reference of zero costs the full 2 for every prediction but zero.",
        ),
        formula=r"\operatorname{mean}_i 2 |u_i - v_i| / (|u_i| + |v_i|)",
        citation=_HYNDMAN,
    ),
    *(
        _of_errors(
            slug,
            title,
            mergeable=SamplesRule(_log_squares, value),
            unit="1",
            parameters=(
                Parameter(
                    "log",
                    "'log1p' takes ln(1 + x), 'log' takes ln(x); both natural.",
                    default="log1p",
                    choices=("log1p", "log"),
                ),
            ),
            help=text,
            traps=(
                "Too low a prediction costs more than one too high by the same amount.",
                "With 'log1p' the unit matters: where values are small against 1 it is a plain "
                "error.",
            ),
            formula=formula,
            citation="Törnqvist, Vartia & Vartia, The American Statistician 39, 43 (1985), "
            "doi:10.1080/00031305.1985.10479385",
        )
        for slug, title, value, text, formula in (
            (
                "msle",
                "Mean squared logarithmic error",
                mean_of,
                "Mean of the squared differences of the logarithms: errors as ratios.",
                r"\operatorname{mean}_i (\ln(1+u_i) - \ln(1+v_i))^2",
            ),
            (
                "rmsle",
                "Root mean squared logarithmic error",
                root_mean_of,
                "Root of the mean squared difference of the logarithms: errors as ratios.",
                r"\sqrt{\operatorname{mean}_i (\ln(1+u_i) - \ln(1+v_i))^2}",
            ),
        )
    ),
    _of_errors(
        "huber",
        "Huber loss",
        mergeable=SamplesRule(_huber),
        unit="unit of the target, squared",
        parameters=(
            Parameter(
                "delta",
                "Errors up to this count squared, larger ones in proportion to their size.",
                default=1.0,
                low=1e-300,
            ),
        ),
        help="Half the squared error for small errors, growing linearly for large ones: outliers "
        "weigh less than in the mean squared error.",
        traps=("delta has the unit of the target.",),
        formula=r"\operatorname{mean}_i \min(|e_i|,\delta) "
        r"\left(|e_i| - \tfrac12 \min(|e_i|,\delta)\right),\ e = u - v",
        citation="Huber, Ann. Math. Stat. 35, 73 (1964), doi:10.1214/aoms/1177703732",
    ),
    _of_errors(
        "mean_error",
        "Mean error (bias)",
        mergeable=SamplesRule(_signed),
        bounds=(None, None),
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
    _of_errors(
        "centred_rmse",
        "Centred RMSE",
        whole=centred_rmse,
        help="RMSE after the mean error is subtracted: what a constant offset cannot mend.",
        traps=("Blind to bias: a prediction that is off by a constant scores 0.", NEEDS_ALL),
        formula=r"\sqrt{\operatorname{mean}_i (u_i - v_i - \overline{u - v})^2}",
        citation="Gaieb et al., D3R Grand Challenge 3, J. Comput.-Aided Mol. Des. 33, 1 (2019), "
        "doi:10.1007/s10822-018-0180-4",
    ),
    _of_errors(
        "nrmse_samples",
        "Normalized RMSE over samples",
        whole=nrmse_samples,
        unit="1",
        parameters=(
            Parameter(
                "normalizer",
                "What of the reference the RMSE is divided by: its 'range', standard deviation "
                "('std' with divisor N, 'std_sample' with N-1), absolute 'mean', interquartile "
                "range 'iqr' (linear interpolation), or root mean square 'rms'.",
                default="range",
                choices=("range", "std", "std_sample", "mean", "iqr", "rms"),
            ),
        ),
        help="RMSE in units of the reference's own scale, so that targets of different units "
        "compare.",
        traps=(
            "Publications that say NRMSE use any of the six: read the parameter.",
            "The range depends on two samples only and grows with their number.",
            NEEDS_ALL,
        ),
        undefined_when="the chosen scale of the reference is zero",
        formula=r"\sqrt{\operatorname{mean}_i (u_i - v_i)^2} / s(v)",
        citation=_HYNDMAN,
    ),
)
