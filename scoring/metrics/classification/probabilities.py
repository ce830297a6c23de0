"""Classification by probabilities: whether what is likely comes true, as often as said."""

from __future__ import annotations

import numpy as np

from scoring.contract import Direction
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.classification.confusion import class_numbers
from scoring.metrics.classification.score_curve import positives
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.samples_chunk import SamplesChunk
from scoring.metrics.samples_rule import (
    ALL_ANSWERED,
    NEEDS_ALL,
    Parameters,
    SamplesRule,
    float_pair,
)
from scoring.readers.base import AnyArray

_BRIER = (
    "Brier, Mon. Weather Rev. 78, 1 (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2"
)
_GUO = "Guo et al., ICML 2017, arXiv:1706.04599"
_NAEINI = "Naeini, Cooper & Hauskrecht, AAAI 2015, doi:10.1609/aaai.v29i1.9602"
_SUM_TOLERANCE = 1e-6
_BINS = "Its value depends on the number of bins, and chance makes it larger for few samples."
_POSITIVE = Parameter("positive", "The label of the positive class.", default=1)
_RENORMALIZE = Parameter(
    "renormalize",
    "Whether probabilities of a sample that do not sum to 1 are divided by their sum; otherwise "
    "they are refused.",
    default=False,
)
_CALIBRATION = (
    Parameter("bins", "Number of bins of equal width from 0 to 1.", default=15, low=1, high=10000),
    Parameter(
        "norm",
        "'l1' is the mean gap weighted by samples (ECE), 'l2' its root mean square, 'max' the "
        "largest gap of a bin (MCE).",
        default="l1",
        choices=("l1", "l2", "max"),
    ),
    Parameter(
        "closed",
        "Which edge belongs to a bin: 'left' as [a, b), 'right' as (a, b]; 0 and 1 belong to the "
        "outermost bins either way.",
        default="left",
        choices=("left", "right"),
    ),
)


def _probabilities(prediction: FloatArray, *, renormalize: bool) -> FloatArray:
    """Return probabilities after checking them: of the positive class (n), or of each (n, c)."""
    if prediction.size and (prediction.min() < 0 or (prediction.max() > 1 and not renormalize)):
        raise MetricInputError(
            "predictions must be probabilities from 0 to 1; if they are scores, turn them into "
            "probabilities before handing in"
        )
    if prediction.ndim == 1:
        if prediction.size and prediction.max() > 1:
            raise MetricInputError("predictions must be probabilities from 0 to 1")
        return prediction
    sums = prediction.sum(axis=1, keepdims=True)
    if renormalize and (sums > 0).all():
        return np.asarray(prediction / sums)
    if (np.abs(sums - 1) > _SUM_TOLERANCE).any():
        raise MetricInputError(
            "the probabilities of each sample must sum to 1; divide each row by its sum"
        )
    return prediction


def _of_truth(chunk: SamplesChunk, parameters: Parameters) -> FloatArray:
    """Return the probability given to what is true, for each sample."""
    given = _probabilities(chunk.prediction, renormalize=bool(parameters["renormalize"]))
    if given.ndim == 1:
        return np.where(positives(chunk.reference, parameters["positive"]), given, 1.0 - given)
    truth = class_numbers(chunk.reference, given.shape[1])
    return np.asarray(np.take_along_axis(given, truth[:, np.newaxis], axis=1)[:, 0])


def _log_losses(chunk: SamplesChunk, parameters: Parameters) -> FloatArray:
    eps = parameters["eps"]
    return np.asarray(-np.log(np.clip(_of_truth(chunk, parameters), eps, 1.0)).sum())


def _finite_mean(total: FloatArray, count: int, _: Parameters) -> float:
    if np.isposinf(total):
        raise MetricUndefinedError("what is true was given the probability 0, and eps is 0")
    return float(total) / count


def _brier(chunk: SamplesChunk, parameters: Parameters) -> FloatArray:
    given = _probabilities(chunk.prediction, renormalize=bool(parameters["renormalize"]))
    if given.ndim == 1:
        return np.asarray(np.square(1.0 - _of_truth(chunk, parameters)).sum())
    truth = class_numbers(chunk.reference, given.shape[1])
    apart = given - (truth[:, np.newaxis] == np.arange(given.shape[1]))
    total = np.square(apart).sum()
    return np.asarray(total / 2.0 if parameters["scale"] == "half" else total)


def ece_binary(
    reference: AnyArray, prediction: AnyArray, *, positive: int, **how: int | str
) -> float:
    """Return how far the positive class's frequency is from its predicted probability."""
    truth, given = float_pair(reference, prediction)
    given = _probabilities(given, renormalize=False)
    return _calibration_error(positives(truth, positive), given, **how)  # type: ignore[arg-type]


def ece_top_label(
    reference: AnyArray, prediction: AnyArray, *, renormalize: bool, **how: int | str
) -> float:
    """Return how far accuracy is from the probability of the most probable class."""
    raw, given = float_pair(reference, prediction)
    given = _probabilities(given, renormalize=renormalize)
    truth = class_numbers(raw, given.shape[1])
    best = given.max(axis=1)
    # Of several most probable classes each is as much the call as the others.
    tied = given == best[:, np.newaxis]
    right = np.take_along_axis(tied, truth[:, np.newaxis], axis=1)[:, 0] / tied.sum(axis=1)
    return _calibration_error(right, best, **how)  # type: ignore[arg-type]


def _calibration_error(
    happened: FloatArray, given: FloatArray, *, bins: int, norm: str, closed: str
) -> float:
    edges = np.linspace(0.0, 1.0, bins + 1)[1:-1]
    place = np.searchsorted(edges, given, side="right" if closed == "left" else "left")
    count = np.bincount(place, minlength=bins)
    filled = count > 0
    gap = np.bincount(place, happened, bins) - np.bincount(place, given, bins)
    gap = np.abs(gap[filled] / count[filled])
    share = count[filled] / given.size
    if norm == "max":
        return float(gap.max())
    return float(np.vecdot(share, gap) if norm == "l1" else np.sqrt(np.vecdot(share, gap**2)))


def _of_probabilities(slug: str, title: str, **record: object) -> Metric:
    usual = {"bounds": (0.0, 1.0), "shapes": ("n", "n")}
    return Metric(
        slug=slug,
        title=title,
        family="classification",
        inputs=Inputs.SAMPLES,
        meaning=Meaning.PROBABILITY,
        direction=Direction.LOWER,
        unit="1",
        perfect=0.0,
        missing=ALL_ANSWERED,
        **{**usual, **record},  # type: ignore[arg-type]
    )


METRICS = (
    _of_probabilities(
        "log_loss",
        "Log loss",
        mergeable=SamplesRule(_log_losses, _finite_mean),
        bounds=(0.0, None),
        shapes=("n *", "n"),
        parameters=(
            Parameter(
                "eps",
                "Smallest probability that counts: smaller ones are taken as this.",
                default=float(np.finfo(np.float64).eps),
                low=0.0,
                high=0.5,
            ),
            _POSITIVE,
            _RENORMALIZE,
        ),
        help="Mean of the negative natural logarithm of the probability given to what is true. "
        "Predictions are the probability of the positive class (n) or of each class (n c).",
        traps=(
            "One sure and wrong prediction decides it; how much it costs is set by eps.",
            "Some publish it in bits (divide by ln 2).",
        ),
        undefined_when="what is true was given the probability 0, and eps is 0",
        formula=r"-\operatorname{mean}_i \ln \max(u_{i,v_i}, \epsilon)",
        citation="Good, J. R. Stat. Soc. B 14, 107 (1952), doi:10.1111/j.2517-6161.1952.tb00104.x",
    ),
    _of_probabilities(
        "brier",
        "Brier score",
        mergeable=SamplesRule(_brier),
        bounds=(0.0, 2.0),
        shapes=("n *", "n"),
        parameters=(
            Parameter(
                "scale",
                "With probabilities of each class: 'sum' over the classes, as Brier (0 to 2), or "
                "'half' of it (0 to 1), which for two classes is the binary value.",
                default="sum",
                choices=("sum", "half"),
            ),
            _POSITIVE,
            _RENORMALIZE,
        ),
        help="Mean squared difference of probabilities and what came true. Predictions are the "
        "probability of the positive class (n), or of each class (n c).",
        traps=("For two classes given as two columns, 'sum' is twice the binary value.",),
        formula=r"\operatorname{mean}_i \sum_c (u_{ic} - [v_i = c])^2",
        citation=_BRIER,
    ),
    _of_probabilities(
        "ece_binary",
        "Calibration error of the positive class",
        whole=ece_binary,
        parameters=(*_CALIBRATION, _POSITIVE),
        help="In bins of predicted probability: how far the frequency of the positive class is "
        "from the mean prediction.",
        traps=(
            "Not the calibration of the most probable class: that is ece_top_label, another "
            "number.",
            "Always predicting the overall frequency is perfectly calibrated and useless.",
            _BINS,
            NEEDS_ALL,
        ),
        formula=r"\sum_b \frac{n_b}{n} |\bar v_b - \bar u_b|",
        citation=_NAEINI,
    ),
    _of_probabilities(
        "ece_top_label",
        "Calibration error of the most probable class",
        whole=ece_top_label,
        shapes=("n c", "n"),
        parameters=(*_CALIBRATION, _RENORMALIZE),
        help="In bins of the largest probability: how far the accuracy is from it.",
        traps=(
            "Only the most probable class counts; of several equal ones each counts in part.",
            _BINS,
            NEEDS_ALL,
        ),
        formula=r"\sum_b \frac{n_b}{n} |\operatorname{acc}_b - \operatorname{conf}_b|",
        citation=_GUO,
    ),
)
