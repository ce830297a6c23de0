"""Survival: predictions against times of which some are only known to be later (censored)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scoring.contract import Direction
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.samples_rule import ALL_ANSWERED, NEEDS_ALL, float_pair
from scoring.readers.base import AnyArray

_GRAF = (
    "Graf, Schmoor, Sauerbrei & Schumacher, Stat. Med. 18, 2529 (1999), "
    "doi:10.1002/(SICI)1097-0258(19990915/30)18:17/18<2529::AID-SIM274>3.0.CO;2-5"
)
_REFERENCE = (
    "The reference is (time, event) for each sample: event 1 if it happened, 0 if censored."
)
_ORIENTATION = Parameter(
    "orientation",
    "What predictions are: 'risk' is higher for those who have the event earlier, 'time' is "
    "higher for those who have it later.",
    default="risk",
    choices=("risk", "time"),
)


def _times_and_events(reference: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    time, event = reference[:, 0], reference[:, 1]
    if ((event != 0) & (event != 1)).any():
        raise MetricInputError("the reference's second column must be 1 (event) or 0 (censored)")
    return time, event == 1


def _concordance(
    reference: FloatArray, risk: FloatArray, weights: FloatArray | None = None
) -> float:
    """Return the weighted share of comparable pairs in the right order; ties of risk are half.

    A pair is comparable if the earlier time is an event, or if times are equal and only one is.
    In the order of time, events first, an event is compared with all that come after those of
    its own moment.
    """
    time, event = _times_and_events(reference)
    order = np.lexsort((~event, time))
    time, event, risk = time[order], event[order], risk[order]
    weights = np.ones_like(time) if weights is None else weights[order]
    at = np.flatnonzero(event)
    # Where the events of one moment end, and what is compared with them begins.
    after = np.searchsorted(time, time[at]) + _events_at(time, event)[at]
    below, same = _counts_after(risk, after, risk[at])
    pairs = float(weights[at] @ (time.size - after))
    if not pairs:
        raise MetricUndefinedError(
            "no two samples can be compared: none is an event before another"
        )
    return float(weights[at] @ (below + same / 2.0)) / pairs


def _events_at(time: FloatArray, event: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many events each sample's own moment has."""
    _, place = np.unique(time, return_inverse=True)
    return np.bincount(place, event).astype(np.int64)[place]


def _counts_after(
    values: FloatArray, start: NDArray[np.int64], asked: FloatArray
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many of ``values[start[i]:]`` are below ``asked[i]``, and how many equal it.

    Every rest is put together from blocks whose lengths are powers of two; the blocks of one
    length are sorted and searched all at once. Time grows as n log(n)^2, memory as n.
    """
    names, ranks = np.unique(values, return_inverse=True)
    length = 1 << max(0, int(values.size - 1).bit_length())
    # What fills up the last block is above everything.
    padded = np.full(length, names.size, dtype=np.int64)
    padded[: values.size] = ranks
    wanted = np.searchsorted(names, asked)
    below = np.zeros(start.size, dtype=np.int64)
    same = below.copy()
    begin, size = start.astype(np.int64), 1
    while size <= length:
        using = np.flatnonzero((begin & size).astype(bool) if size < length else begin == 0)
        block = begin[using] // size
        # Ranks of one block follow those of the block before, so that all are one sorted row.
        rows = np.sort(padded.reshape(-1, size), axis=1)
        rows += np.arange(length // size)[:, np.newaxis] * (names.size + 1)
        keys = block * (names.size + 1) + wanted[using]
        low = np.searchsorted(rows.ravel(), keys)
        high = np.searchsorted(rows.ravel(), keys, side="right")
        below[using] += low - block * size
        same[using] += high - low
        begin[using] += size
        size *= 2
    return below, same


def _risk(prediction: FloatArray, orientation: str) -> FloatArray:
    return -prediction if orientation == "time" else prediction


def harrell_c(reference: AnyArray, prediction: AnyArray, *, orientation: str) -> float:
    """Return Harrell's index of concordance."""
    truth, guess = float_pair(reference, prediction)
    return _concordance(truth, _risk(guess, orientation))


def uno_c(reference: AnyArray, prediction: AnyArray, *, orientation: str, tau: float) -> float:
    """Return Uno's index of concordance, weighted by the inverse probability of censoring."""
    truth, guess = float_pair(reference, prediction)
    time, event = _times_and_events(truth)
    counted = event & (time < tau) if tau else event
    uncensored = _uncensored(time, event, at=time[counted])
    if (uncensored == 0).any():
        raise MetricUndefinedError(
            "everyone is censored by some event's time; declare tau before the end of follow-up"
        )
    weights = np.zeros_like(time)
    weights[counted] = uncensored**-2.0
    return _concordance(truth, _risk(guess, orientation), weights)


def _uncensored(time: FloatArray, event: NDArray[np.bool_], *, at: FloatArray) -> FloatArray:
    """Return the Kaplan-Meier probability of not being censored up to and including given times.

    At equal times events come before censoring.
    """
    moments, place = np.unique(time, return_inverse=True)
    events = np.bincount(place, event)
    censored = np.bincount(place, ~event)
    there = time.size - np.concatenate([[0.0], np.cumsum(events + censored)[:-1]])
    staying = 1.0 - np.divide(
        censored, there - events, out=np.zeros_like(censored), where=censored > 0
    )
    steps = np.concatenate([[1.0], np.cumprod(staying)])
    return np.asarray(steps[np.searchsorted(moments, at, side="right")])


def integrated_brier(reference: AnyArray, prediction: AnyArray, *, times: list[float]) -> float:
    """Return the Brier score of survival probabilities, averaged over time by trapezoids."""
    truth, survival = float_pair(reference, prediction)
    time, event = _times_and_events(truth)
    moments = _moments(times, survival.shape[1])
    if survival.min() < 0 or survival.max() > 1:
        raise MetricInputError("predictions must be probabilities of survival, from 0 to 1")
    if moments[-1] >= time.max():
        raise MetricUndefinedError("the declared times go beyond the last time of the reference")
    at_time = _uncensored(time, event, at=time)
    had = event[:, np.newaxis] & (time[:, np.newaxis] <= moments)
    still = time[:, np.newaxis] > moments
    weight = had * _inverse(at_time)[:, np.newaxis]
    weight += still * _inverse(_uncensored(time, event, at=moments))
    scores = (weight * np.square(still - survival)).mean(axis=0)
    return float(np.trapezoid(scores, moments) / (moments[-1] - moments[0]))


def _inverse(probability: FloatArray) -> FloatArray:
    """Return 1/p, and no weight where p is 0: nobody is left who could be weighted."""
    return np.divide(1.0, probability, out=np.zeros_like(probability), where=probability > 0)


def _moments(times: list[float], columns: int) -> FloatArray:
    numbers = all(isinstance(t, (int, float)) and not isinstance(t, bool) for t in times)
    moments = np.array(times if numbers else [], dtype=np.float64)
    if moments.size < 2 or moments.size != columns or not (np.diff(moments) > 0).all():
        raise MetricInputError(
            "declare 'times': one increasing number for each column of the prediction, two at least"
        )
    return moments


def _of_survival(slug: str, title: str, **record: object) -> Metric:
    usual = {"direction": Direction.HIGHER, "bounds": (0.0, 1.0), "perfect": 1.0}
    return Metric(
        slug=slug,
        title=title,
        family="survival",
        inputs=Inputs.SAMPLES,
        unit="1",
        missing=ALL_ANSWERED,
        **{"shapes": ("n", "n 2"), **usual, **record},  # type: ignore[arg-type]
    )


METRICS = (
    _of_survival(
        "harrell_c",
        "Concordance index (Harrell)",
        meaning=Meaning.ORDER,
        whole=harrell_c,
        parameters=(_ORIENTATION,),
        help=f"Share of comparable pairs whose order is predicted; equal predictions count half. "
        f"{_REFERENCE}",
        traps=(
            "Software differs in orientation, and the wrong one gives 1 - c: read the parameter.",
            "Depends on how many are censored, and when: see uno_c.",
            "Two events at the same time are not compared; an event and a censored sample are.",
            NEEDS_ALL,
        ),
        undefined_when="no two samples can be compared",
        formula=r"P(u_i > u_j \mid t_i < t_j, \delta_i = 1) + \tfrac12 P(u_i = u_j \mid \ldots)",
        citation="Harrell, Lee & Mark, Stat. Med. 15, 361 (1996), "
        "doi:10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4",
    ),
    _of_survival(
        "uno_c",
        "Concordance index (Uno)",
        meaning=Meaning.ORDER,
        whole=uno_c,
        parameters=(
            _ORIENTATION,
            Parameter(
                "tau",
                "Only events before this time count; 0 for all of them.",
                default=0.0,
                low=0.0,
            ),
        ),
        help="Concordance in which each pair is weighted by the inverse squared probability of "
        f"not being censored by then, so that censoring does not decide it. {_REFERENCE}",
        traps=(
            "Censoring is estimated from the references themselves, by Kaplan and Meier.",
            "Without tau, a few late events may carry most of the weight.",
            NEEDS_ALL,
        ),
        undefined_when="no two samples can be compared, or nobody is left uncensored at the time "
        "of some event that counts",
        formula=r"\frac{\sum_{ij} \delta_i \hat G(t_i)^{-2} [t_i < t_j, t_i < \tau][u_i > u_j]}"
        r"{\sum_{ij} \delta_i \hat G(t_i)^{-2} [t_i < t_j, t_i < \tau]}",
        citation="Uno et al., Stat. Med. 30, 1105 (2011), doi:10.1002/sim.4154",
    ),
    _of_survival(
        "integrated_brier",
        "Integrated Brier score of survival",
        meaning=Meaning.PROBABILITY,
        whole=integrated_brier,
        shapes=("n t", "n 2"),
        direction=Direction.LOWER,
        bounds=(0.0, None),
        perfect=0.0,
        parameters=(
            Parameter(
                "times",
                "The times of the prediction's columns, increasing, in the unit of the reference.",
                default=[],
            ),
        ),
        help="Predictions are probabilities to survive each of the declared times. Squared error "
        "against what happened, weighted for censoring, averaged over time by trapezoids. "
        f"{_REFERENCE}",
        traps=(
            "0.25 is as good as always saying one half, without censoring.",
            "Censoring is estimated from the references themselves, by Kaplan and Meier.",
            NEEDS_ALL,
        ),
        undefined_when="a declared time is not before the last time of the reference",
        formula=r"\frac{1}{t_m - t_1} \int_{t_1}^{t_m} \operatorname{mean}_i "
        r"w_i(t) ([t_i > t] - u_i(t))^2 dt",
        citation=_GRAF,
    ),
)
