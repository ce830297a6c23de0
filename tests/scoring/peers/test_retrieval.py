"""Retrieval and early recognition against RDKit and scikit-learn."""

import numpy as np
import pytest

from scoring.metrics import get_metric

SEEDS = range(20)


def compute(slug, truth, guess, **parameters):
    return get_metric(slug).compute(truth, guess, **parameters)


def test_early_recognition_is_that_of_rdkit(largest):
    rdkit = pytest.importorskip("rdkit.ML.Scoring.Scoring", reason="RDKit is not installed")
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        actives = rng.permutation(np.repeat([1.0, 0.0], [5, 45]))
        energies = rng.permutation(50) * 0.5
        ranked = [[energies[i], bool(actives[i])] for i in np.argsort(energies)]
        for alpha in (5.0, 20.0, 160.9):
            how = {"alpha": alpha, "better": "lower"}
            theirs = rdkit.CalcBEDROC(ranked, 1, alpha)
            largest.compare(compute("bedroc", actives, energies, **how), theirs, "bedroc")
            theirs = rdkit.CalcRIE(ranked, 1, alpha)
            largest.compare(compute("rie", actives, energies, **how), theirs, "rie")
        for fraction in (0.02, 0.1, 0.5):
            (theirs,) = rdkit.CalcEnrichment(ranked, 1, [fraction])
            ours = compute(
                "enrichment_factor", actives, energies, fraction=fraction, better="lower"
            )
            largest.compare(ours, theirs, f"enrichment {fraction}")


@pytest.mark.parametrize("decimals", [1, 12])
def test_ndcg_is_that_of_scikit_learn(decimals, largest):
    sklearn = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        relevance = rng.integers(0, 4, 30).astype(float)
        scores = np.round(rng.random(30), decimals)
        for k in (1, 5, 30, 40):
            theirs = sklearn.ndcg_score([relevance], [scores], k=k)
            largest.compare(compute("ndcg", relevance, scores, k=k), theirs, f"ndcg {k}")
            theirs = sklearn.ndcg_score([2**relevance - 1], [scores], k=k)
            ours = compute("ndcg", relevance, scores, k=k, gain="exponential")
            largest.compare(ours, theirs, f"exponential ndcg {k}")


def test_average_precision_without_ties_is_that_of_scikit_learn(largest):
    sklearn = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        relevance = rng.permutation(np.repeat([1, 0], [6, 24]))
        scores = rng.permutation(30) / 30
        theirs = sklearn.average_precision_score(relevance, scores)
        largest.compare(compute("average_precision_at_k", relevance, scores), theirs, "map")
