"""Partitions, distributions, spectra and matching against scikit-learn, SciPy and ms_entropy."""

import numpy as np
import pytest

from scoring.metrics import get_metric
from tests.scoring.peers.test_forecasts import agree, compute

RNG = np.random.default_rng(21)
TRUE_LABELS = RNG.integers(0, 5, 400)
LABELS = np.where(RNG.uniform(size=400) < 0.7, TRUE_LABELS + 3, RNG.integers(0, 6, 400))
P, Q = RNG.dirichlet(np.ones(12)), RNG.dirichlet(np.ones(12))
DRAWS, OTHERS = RNG.normal(size=70), RNG.normal(0.4, 1.5, size=55)


def test_partitions_agree_with_scikit_learn(record_property):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    pair = (TRUE_LABELS, LABELS)
    agree(
        record_property,
        {
            "rand": (compute("adjusted_rand", *pair), metrics.adjusted_rand_score(*pair)),
            "mutual": (
                compute("normalized_mutual_information", *pair),
                metrics.normalized_mutual_info_score(*pair),
            ),
        },
    )


def test_overlaps_agree_with_scikit_learn(record_property):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    truth, guess = TRUE_LABELS % 3, LABELS % 3
    f1 = metrics.f1_score(truth, guess, average="macro", labels=[1, 2])
    jaccard = metrics.jaccard_score(truth, guess, average="macro", labels=[1, 2])
    agree(
        record_property,
        {
            "dice": (
                compute("dice", truth == 1, guess == 1),
                metrics.f1_score(truth == 1, guess == 1),
            ),
            "iou": (
                compute("iou", truth, guess, label=2),
                metrics.jaccard_score(truth == 2, guess == 2),
            ),
            "dice macro": (compute("dice_macro", truth, guess), f1),
            "iou macro": (compute("iou_macro", truth, guess), jaccard),
        },
    )


def test_distances_of_distributions_agree_with_scipy(record_property):
    from scipy import stats
    from scipy.spatial.distance import directed_hausdorff, jensenshannon

    bins = np.arange(12.0)
    moved = stats.wasserstein_distance(bins, bins, P, Q)
    points, others = np.argwhere(TRUE_LABELS.reshape(20, 20) == 1), np.array([[3, 4], [15, 2]])
    masks = np.zeros((2, 20, 20))
    masks[0][tuple(points.T)] = 1
    masks[1][tuple(others.T)] = 1
    surface = max(
        directed_hausdorff(points, others)[0],
        directed_hausdorff(others, points)[0],
    )
    agree(
        record_property,
        {
            "relative entropy": (compute("kl_divergence", P, Q), stats.entropy(P, Q, base=2)),
            "Jensen-Shannon": (compute("jensen_shannon", P, Q), jensenshannon(P, Q, base=2)),
            "earth mover": (compute("wasserstein_histogram", P, Q), moved),
            "Kolmogorov-Smirnov": (
                compute("kolmogorov_smirnov", DRAWS, OTHERS),
                stats.ks_2samp(DRAWS, OTHERS).statistic,
            ),
            "Hausdorff": (compute("hausdorff", masks[0], masks[1]), surface),
        },
    )


@pytest.mark.parametrize("weighted", [True, False])
def test_entropy_similarity_agrees_with_its_authors(record_property, weighted):
    peer = pytest.importorskip("ms_entropy", reason="ms_entropy is not installed")
    theirs = (
        peer.calculate_entropy_similarity
        if weighted
        else peer.calculate_unweighted_entropy_similarity
    )
    pairs = {}
    for case in range(20):
        mz = 100.0 + 7.0 * np.arange(15)
        spectra = [
            np.stack([mz + RNG.uniform(-0.02, 0.02, 15), RNG.uniform(0.05, 1, 15) ** 3], axis=1)
            for _ in range(2)
        ]
        spectra[1] = spectra[1][RNG.uniform(size=15) < 0.7]
        for spectrum in spectra:  # the unweighted form of theirs asks for shares
            spectrum[:, 1] /= spectrum[:, 1].sum()
        arrays = (spectrum.astype(np.float32) for spectrum in spectra)
        expected = theirs(*arrays, ms2_tolerance_in_da=0.05, clean_spectra=False)
        ours = get_metric("spectral_entropy_similarity").compute(
            *spectra, tolerance=0.05, weighted=weighted
        )
        pairs[case] = (ours, expected)
    agree(record_property, pairs, tolerance=2e-6)  # theirs is in single precision
