"""Mass spectra: lists of peaks, each of a mass-to-charge ratio and an intensity."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from scoring.contract import Direction
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.matching import reach
from scoring.readers.base import AnyArray

_WEIGHTED_BELOW = 3.0  # entropy in nats: poorer spectra have their weak peaks raised


def _peaks(name: str, array: AnyArray) -> tuple[FloatArray, FloatArray]:
    """Return m/z and intensity of the peaks that have any, by rising m/z."""
    peaks = np.asarray(array, dtype=np.float64)
    if len(peaks) and (peaks[:, 0].min() <= 0 or peaks[:, 1].min() < 0):
        raise MetricInputError(
            f"the {name} holds a peak with m/z not above zero, or with an intensity below zero; "
            "the first column is m/z, the second intensity"
        )
    peaks = peaks[peaks[:, 1] > 0]
    if not len(peaks):
        raise MetricUndefinedError(_NO_PEAK)
    peaks = peaks[np.lexsort((peaks[:, 1], peaks[:, 0]))]
    return peaks[:, 0], peaks[:, 1]


def _near(truth: FloatArray, guess: FloatArray, tolerance: float) -> tuple[Any, Any]:
    """Return the pairs (peak of the reference, peak of the prediction) within the tolerance."""
    allowed = reach(tolerance, truth.max())
    first = np.searchsorted(guess, truth - allowed, side="left")
    last = np.searchsorted(guess, truth + allowed, side="right")
    counts = last - first
    rows = np.repeat(np.arange(truth.size), counts)
    starts = np.repeat(first - np.cumsum(counts) + counts, counts)
    return rows, starts + np.arange(rows.size)


def _greedy(weights: FloatArray, rows: Any, columns: Any, apart: FloatArray) -> float:
    """Return the sum of the largest weights, using each peak once; ties go to the nearest pair."""
    used_rows: set[int] = set()
    used_columns: set[int] = set()
    total = 0.0
    for pair in np.lexsort((columns, rows, apart, -weights)):
        row, column = int(rows[pair]), int(columns[pair])
        if row not in used_rows and column not in used_columns:
            used_rows.add(row)
            used_columns.add(column)
            total += float(weights[pair])
    return total


def _optimal(weights: FloatArray, rows: Any, columns: Any) -> float:
    """Return the largest sum of weights that uses each peak once."""
    from scipy.optimize import linear_sum_assignment

    kept_rows, row_at = np.unique(rows, return_inverse=True)
    kept_columns, column_at = np.unique(columns, return_inverse=True)
    table = np.zeros((kept_rows.size, kept_columns.size))
    table[row_at, column_at] = weights
    return float(table[linear_sum_assignment(table, maximize=True)].sum())


def spectral_cosine(
    reference: AnyArray,
    prediction: AnyArray,
    *,
    tolerance: float,
    matching: str,
    mz_power: float,
    intensity_power: float,
) -> float:
    """Return the cosine of two spectra over peaks matched within the tolerance.

    Parameters
    ----------
    reference, prediction : arrays, shapes (j, 2) and (k, 2)
        m/z and intensity of each peak.
    tolerance : float
        Largest difference in m/z of matched peaks.
    matching : {"greedy", "optimal"}
        Largest products first, or the largest sum of products.
    mz_power, intensity_power : float
        A peak weighs m/z and intensity to these powers.
    """
    true_mz, true_intensity = _peaks("reference", reference)
    mz, intensity = _peaks("prediction", prediction)
    # In units of the largest, so that no power overflows.
    true_weight = (true_mz / true_mz.max()) ** mz_power
    true_weight *= (true_intensity / true_intensity.max()) ** intensity_power
    weight = (mz / mz.max()) ** mz_power * (intensity / intensity.max()) ** intensity_power
    rows, columns = _near(true_mz, mz, tolerance)
    products = true_weight[rows] * weight[columns]
    if matching == "greedy":
        total = _greedy(products, rows, columns, np.abs(true_mz[rows] - mz[columns]))
    else:
        total = _optimal(products, rows, columns)
    return min(total / math.sqrt((true_weight @ true_weight) * (weight @ weight)), 1.0)


def spectral_angle(reference: AnyArray, prediction: AnyArray, **parameters: Any) -> float:
    """Return 1 - 2 arccos(cosine) / pi."""
    return 1.0 - 2.0 * math.acos(spectral_cosine(reference, prediction, **parameters)) / math.pi


def _shares(intensity: FloatArray, *, weighted: bool) -> FloatArray:
    shares = intensity / intensity.sum()
    entropy = float(-(shares * np.log(shares)).sum())
    if weighted and entropy < _WEIGHTED_BELOW:
        shares = shares ** (0.25 + 0.25 * entropy)
        shares /= shares.sum()
    return np.asarray(shares)


def spectral_entropy_similarity(
    reference: AnyArray, prediction: AnyArray, *, tolerance: float, weighted: bool
) -> float:
    """Return the entropy similarity of two spectra, from 0 (no common peak) to 1."""
    from scipy.special import xlogy

    true_mz, true_intensity = _peaks("reference", reference)
    mz, intensity = _peaks("prediction", prediction)
    if any(peaks.size > 1 and np.diff(peaks).min() <= 2 * tolerance for peaks in (true_mz, mz)):
        raise MetricInputError(
            "peaks of one spectrum must be more than twice the tolerance apart; merge them "
            "(centroid the spectrum) first"
        )
    rows, columns = _near(true_mz, mz, tolerance)
    truth = _shares(true_intensity, weighted=weighted)[rows]
    guess = _shares(intensity, weighted=weighted)[columns]
    gained = xlogy(truth + guess, truth + guess) - xlogy(truth, truth) - xlogy(guess, guess)
    return min(float(gained.sum()) / math.log(4.0), 1.0)


_NO_PEAK = "reference or prediction has no peak with an intensity"
_TOLERANCE = Parameter(
    "tolerance", "Largest difference in m/z of matched peaks.", default=0.1, low=0.0
)
_COSINE = (
    _TOLERANCE,
    Parameter(
        "matching",
        "Which peaks are matched: 'greedy' takes the largest products first, 'optimal' the "
        "largest sum.",
        default="greedy",
        choices=("greedy", "optimal"),
    ),
    Parameter("mz_power", "Power of m/z in the weight of a peak.", 0.0, low=0.0, high=4.0),
    Parameter("intensity_power", "Power of the intensity.", 1.0, low=0.01, high=4.0),
)
_PEAKS = "A spectrum is a list of peaks (m/z, intensity); peaks without intensity do not count."
_PRECURSOR = "The precursor's peak often decides it: leave it out of the files, or say so."


def _spectral(slug: str, title: str, *, whole: Callable[..., float], **record: Any) -> Metric:
    return Metric(
        slug=slug,
        title=title,
        family="mass spectra",
        inputs=Inputs.ARRAY,
        meaning=Meaning.SET,
        shapes=("k 2", "j 2"),
        direction=Direction.HIGHER,
        unit="1",
        bounds=(0.0, 1.0),
        perfect=1.0,
        undefined_when=_NO_PEAK,
        whole=whole,
        **record,
    )


METRICS = (
    _spectral(
        "spectral_cosine",
        "Cosine of mass spectra",
        whole=spectral_cosine,
        parameters=_COSINE,
        help="Cosine of the angle between two spectra, over peaks matched within a tolerance, "
        "each used once. Peaks without a partner count in the norms.",
        traps=(
            "Greedy matching may miss the largest sum: 'optimal' finds it.",
            "Raw intensities let one strong peak decide; an intensity power of 0.5 is common.",
            _PRECURSOR,
            _PEAKS,
        ),
        formula=r"\frac{\sum_{(i,j) \in M} w_i w_j}{\sqrt{\sum_i w_i^2 \sum_j w_j^2}}, \quad "
        r"w = (m/z)^a I^b",
        citation="Stein & Scott, J. Am. Soc. Mass Spectrom. 5, 859 (1994), "
        "doi:10.1016/1044-0305(94)87009-8",
    ),
    _spectral(
        "spectral_angle",
        "Normalized spectral angle",
        whole=spectral_angle,
        parameters=_COSINE,
        help="1 less the angle between two spectra, in right angles: as the cosine, but spread "
        "wider where spectra are alike.",
        traps=(
            "Near 1 it magnifies rounding: a cosine off by 1e-12 is an angle off by 1e-6.",
            _PRECURSOR,
            _PEAKS,
        ),
        formula=r"1 - \tfrac{2}{\pi} \arccos(\cos(u, v))",
        citation="Toprak et al., Mol. Cell. Proteomics 13, 2056 (2014), "
        "doi:10.1074/mcp.O113.036475",
    ),
    _spectral(
        "spectral_entropy_similarity",
        "Spectral entropy similarity",
        whole=spectral_entropy_similarity,
        parameters=(
            _TOLERANCE,
            Parameter(
                "weighted",
                "Raise weak peaks of spectra with an entropy below 3, as the authors do.",
                default=True,
            ),
        ),
        help="1 less the entropy that is gained when both spectra are mixed, over its largest "
        "value log 4.",
        traps=(
            "Peaks nearer than twice the tolerance are refused, not merged.",
            "No noise is removed: weak peaks count.",
            _PRECURSOR,
            _PEAKS,
        ),
        formula=r"1 - \frac{2 S_{AB} - S_A - S_B}{\log 4}",
        citation="Li et al., Nat. Methods 18, 1524 (2021), doi:10.1038/s41592-021-01331-z",
    ),
)
