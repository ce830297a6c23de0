"""Distributions: distances of histograms, and of sets of draws."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from scoring.contract import Direction
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.fields.chunk import FloatArray
from scoring.readers.base import AnyArray

_SUM_TOLERANCE = 1e-6
_BLOCK_PAIRS = 1 << 20


def _probabilities(reference: AnyArray, prediction: AnyArray) -> tuple[FloatArray, FloatArray]:
    """Return both distributions, flat and summing to one; refuse what is none."""
    both = []
    for name, array in (("reference", reference), ("prediction", prediction)):
        values = np.asarray(array, dtype=np.float64).ravel()
        if not values.size or values.min() < 0 or abs(values.sum() - 1.0) > _SUM_TOLERANCE:
            raise MetricInputError(
                f"the {name} must be probabilities: zero or more, and 1 in sum; divide counts by "
                "their total"
            )
        both.append(values / values.sum())
    return both[0], both[1]


def _relative_entropy(p: FloatArray, q: FloatArray) -> float:
    from scipy.special import rel_entr

    return float(rel_entr(p, q).sum())


def kl_divergence(reference: AnyArray, prediction: AnyArray, *, base: float) -> float:
    """Return the Kullback-Leibler divergence of the prediction from the reference."""
    truth, guess = _probabilities(reference, prediction)
    if (guess[truth > 0] == 0).any():
        raise MetricUndefinedError(_IMPOSSIBLE)
    return max(_relative_entropy(truth, guess), 0.0) / math.log(base)


def jensen_shannon(reference: AnyArray, prediction: AnyArray, *, base: float) -> float:
    """Return the Jensen-Shannon distance: the root of the divergence."""
    truth, guess = _probabilities(reference, prediction)
    middle = 0.5 * (truth + guess)
    twice = _relative_entropy(truth, middle) + _relative_entropy(guess, middle)
    return math.sqrt(max(twice, 0.0) / (2.0 * math.log(base)))


def total_variation(reference: AnyArray, prediction: AnyArray) -> float:
    """Return half the sum of absolute differences of probabilities."""
    truth, guess = _probabilities(reference, prediction)
    return min(float(np.abs(guess - truth).sum()) / 2.0, 1.0)


def hellinger(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the Hellinger distance."""
    truth, guess = _probabilities(reference, prediction)
    return math.sqrt(min(float(np.square(np.sqrt(guess) - np.sqrt(truth)).sum()) / 2.0, 1.0))


def wasserstein_histogram(reference: AnyArray, prediction: AnyArray, *, width: float) -> float:
    """Return the Wasserstein-1 distance of two histograms over the same even bins."""
    truth, guess = _probabilities(reference, prediction)
    return width * float(np.abs(np.cumsum(guess - truth)[:-1]).sum())


def _draws(reference: AnyArray, prediction: AnyArray) -> tuple[FloatArray, FloatArray]:
    truth = np.asarray(reference, dtype=np.float64)
    guess = np.asarray(prediction, dtype=np.float64)
    if not (truth.size and guess.size):
        raise MetricInputError("reference and prediction hold one draw at least")
    return truth, guess


def wasserstein(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the Wasserstein-1 (earth mover's) distance of two sets of draws of a number."""
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(*_draws(reference, prediction)))


def energy_distance(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the energy distance of two sets of draws of a number."""
    from scipy import stats

    return float(stats.energy_distance(*_draws(reference, prediction)))


def kolmogorov_smirnov(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the largest difference of the distribution functions of two sets of draws."""
    truth, guess = map(np.sort, _draws(reference, prediction))
    everywhere = np.concatenate([truth, guess])
    shares = [
        np.searchsorted(draws, everywhere, side="right") / draws.size for draws in (truth, guess)
    ]
    return float(np.abs(shares[0] - shares[1]).max())


def _mean_kernel(left: FloatArray, right: FloatArray, bandwidth: float) -> float:
    from scipy.spatial.distance import cdist

    step = max(1, _BLOCK_PAIRS // len(right))
    total = 0.0
    for first in range(0, len(left), step):
        squares = cdist(left[first : first + step], right, "sqeuclidean")
        total += float(np.exp(-squares / (2.0 * bandwidth**2)).sum())
    return total / (len(left) * len(right))


def mmd_gaussian(reference: AnyArray, prediction: AnyArray, *, bandwidth: float) -> float:
    """Return the maximum mean discrepancy of two sets of draws, with a Gaussian kernel."""
    truth, guess = _draws(reference, prediction)
    square = (
        _mean_kernel(truth, truth, bandwidth)
        + _mean_kernel(guess, guess, bandwidth)
        - 2.0 * _mean_kernel(truth, guess, bandwidth)
    )
    return math.sqrt(max(square, 0.0))


_IMPOSSIBLE = "the prediction gives probability 0 to something that the reference holds"
_BINS = "All bins of the array are one distribution: zero or more, and 1 in sum to six digits."
_BLIND = "Blind to how far apart bins are: see wasserstein_histogram."
_BASE = Parameter("base", "Base of the logarithm.", default=2.0, low=1.1)
_LIN = "Lin, IEEE Trans. Inf. Theory 37, 145 (1991), doi:10.1109/18.61115"
_SZEKELY = (
    "Szekely & Rizzo, J. Stat. Plan. Inference 143, 1249 (2013), doi:10.1016/j.jspi.2013.03.018"
)
_CHOICE = "Gibbs & Su, Int. Stat. Rev. 70, 419 (2002), doi:10.1111/j.1751-5823.2002.tb00178.x"


def _distance(slug: str, title: str, *, whole: Callable[..., float], **record: Any) -> Metric:
    defaults: dict[str, Any] = {
        "unit": "1",
        "bounds": (0.0, 1.0),
    }
    return Metric(
        slug=slug,
        title=title,
        family="distributions",
        inputs=Inputs.ARRAY,
        direction=Direction.LOWER,
        perfect=0.0,
        whole=whole,
        **(defaults | record),
    )


METRICS = (
    _distance(
        "kl_divergence",
        "Kullback-Leibler divergence",
        meaning=Meaning.PROBABILITY,
        whole=kl_divergence,
        unit="units of information: bits for base 2",
        bounds=(0.0, None),
        parameters=(_BASE,),
        undefined_when=_IMPOSSIBLE,
        help="Information lost when the predicted distribution stands for the true one.",
        traps=(
            "Not symmetric: the reference comes first.",
            "A single impossible bin that happens leaves no value: nothing is clipped.",
            _BINS,
        ),
        formula=r"\sum_i v_i \log (v_i / u_i)",
        citation="Kullback & Leibler, Ann. Math. Stat. 22, 79 (1951), doi:10.1214/aoms/1177729694",
    ),
    _distance(
        "jensen_shannon",
        "Jensen-Shannon distance",
        meaning=Meaning.PROBABILITY,
        whole=jensen_shannon,
        unit="root of units of information",
        bounds=(0.0, None),
        parameters=(_BASE,),
        help="Root of the mean divergence of both distributions from their average. With base 2 it "
        "is at most 1.",
        traps=("The divergence is the square of this distance.", _BLIND, _BINS),
        formula=r"\sqrt{\tfrac12 D(u \Vert w) + \tfrac12 D(v \Vert w)}, \quad w = (u + v) / 2",
        citation=f"{_LIN}; Endres & Schindelin, IEEE Trans. Inf. Theory 49, 1858 (2003), "
        "doi:10.1109/TIT.2003.813506",
    ),
    _distance(
        "total_variation",
        "Total variation distance",
        meaning=Meaning.PROBABILITY,
        whole=total_variation,
        help="Largest difference that the two distributions can make to the probability of any "
        "event: half the sum of the absolute differences.",
        traps=(_BLIND, _BINS),
        formula=r"\tfrac12 \sum_i |u_i - v_i|",
        citation=_CHOICE,
    ),
    _distance(
        "hellinger",
        "Hellinger distance",
        meaning=Meaning.PROBABILITY,
        whole=hellinger,
        help="Distance of the roots of the probabilities, over the root of two.",
        traps=(_BLIND, _BINS),
        formula=r"\tfrac{1}{\sqrt2} \sqrt{\sum_i (\sqrt{u_i} - \sqrt{v_i})^2}",
        citation=_CHOICE,
    ),
    _distance(
        "wasserstein_histogram",
        "Wasserstein-1 distance of histograms",
        meaning=Meaning.PROBABILITY,
        whole=wasserstein_histogram,
        shapes=("k", "k"),
        unit="unit of the bin width",
        bounds=(0.0, None),
        parameters=(Parameter("width", "Width of a bin.", default=1.0, low=0.0),),
        help="How far probability must be moved, on average, to turn one histogram into the "
        "other: the earth mover's distance over even bins.",
        traps=("Bins lie on a line in order; a circle of directions is another metric.", _BINS),
        formula=r"\Delta \sum_k \big| \sum_{i \le k} (u_i - v_i) \big|",
        citation="Rubner, Tomasi & Guibas, Int. J. Comput. Vis. 40, 99 (2000), "
        "doi:10.1023/A:1026543900054",
    ),
    _distance(
        "wasserstein",
        "Wasserstein-1 distance of draws",
        meaning=Meaning.SET,
        whole=wasserstein,
        shapes=("k", "j"),
        unit="unit of the target",
        bounds=(0.0, None),
        help="How far the predicted draws must be moved, on average, to become distributed as the "
        "true ones.",
        traps=(
            "Draws are of one number each, and their order does not matter.",
            "Two sets of draws from one distribution are a little apart: chance, like 1/sqrt(n).",
        ),
        formula=r"\int |F_u(x) - F_v(x)| \, dx",
        citation="Vaserstein, Probl. Peredachi Inf. 5(3), 64 (1969); " + _CHOICE,
    ),
    _distance(
        "energy_distance",
        "Energy distance of draws",
        meaning=Meaning.SET,
        whole=energy_distance,
        shapes=("k", "j"),
        unit="root of the unit of the target",
        bounds=(0.0, None),
        help="Distance of the distribution functions of two sets of draws of one number.",
        traps=("The root, as SciPy returns it; some software returns the square.",),
        formula=r"\sqrt{2 \operatorname{E}|U - V| - \operatorname{E}|U - U'| - "
        r"\operatorname{E}|V - V'|}",
        citation=_SZEKELY,
    ),
    _distance(
        "kolmogorov_smirnov",
        "Kolmogorov-Smirnov distance of draws",
        meaning=Meaning.SET,
        whole=kolmogorov_smirnov,
        shapes=("k", "j"),
        help="Largest difference of the distribution functions of two sets of draws.",
        traps=("It hardly sees the tails.",),
        formula=r"\sup_x |F_u(x) - F_v(x)|",
        citation="Massey, J. Am. Stat. Assoc. 46, 68 (1951), doi:10.1080/01621459.1951.10500769",
    ),
    _distance(
        "mmd_gaussian",
        "Maximum mean discrepancy, Gaussian kernel",
        meaning=Meaning.SET,
        whole=mmd_gaussian,
        shapes=("k d", "j d"),
        bounds=(0.0, None),
        parameters=(
            Parameter(
                "bandwidth", "Standard deviation of the kernel, in the unit.", 1.0, low=1e-12
            ),
        ),
        help="Distance of two sets of draws of vectors: the root of the biased (V-statistic) "
        "estimate with the kernel exp(-|x-y|^2 / (2 h^2)).",
        traps=(
            "The bandwidth decides what it sees: too small or too large, it is near 0 or sees "
            "the mean only.",
            "Biased: two sets of draws from one distribution are a little apart.",
            "All draws are kept, and all pairs looked at, in blocks.",
        ),
        formula=r"\sqrt{\operatorname{mean} k(u, u') + \operatorname{mean} k(v, v') - "
        r"2 \operatorname{mean} k(u, v)}",
        citation="Gretton et al., J. Mach. Learn. Res. 13, 723 (2012)",
    ),
)
