"""Survival against lifelines and scikit-survival."""

import numpy as np
import pytest

from scoring.metrics import get_metric

SEEDS = range(20)


def censored_samples(seed, *, ties):
    """Return times, events and predicted risks; rounded times and risks tie."""
    rng = np.random.default_rng(seed)
    time = np.round(rng.exponential(5.0, 40) + 0.1, 0 if ties else 12) + 0.1
    event = rng.random(40) < 0.6
    # Whoever stays longest is censored: then nobody's weight is infinite.
    event[time > np.sort(time)[-6]] = True
    risk = np.round(-time + rng.normal(0.0, 4.0, 40), 0 if ties else 12)
    return time, event, risk


@pytest.mark.parametrize("ties", [False, True])
def test_harrells_index_is_that_of_lifelines(ties, largest):
    lifelines = pytest.importorskip("lifelines.utils", reason="lifelines is not installed")
    for seed in SEEDS:
        time, event, risk = censored_samples(seed, ties=ties)
        reference = np.stack([time, event], axis=1)
        ours = get_metric("harrell_c").compute(reference, -risk, orientation="time")
        largest.compare(ours, lifelines.concordance_index(time, -risk, event), "c")


@pytest.mark.parametrize("ties", [False, True])
def test_indices_of_concordance_are_those_of_scikit_survival(ties, largest):
    sksurv = pytest.importorskip("sksurv.metrics", reason="scikit-survival is not installed")
    for seed in SEEDS:
        time, event, risk = censored_samples(seed, ties=ties)
        reference = np.stack([time, event], axis=1)
        pairs = np.array(list(zip(event, time, strict=True)), dtype=[("e", bool), ("t", float)])
        theirs = sksurv.concordance_index_censored(event, time, risk)[0]
        largest.compare(get_metric("harrell_c").compute(reference, risk), theirs, "harrell")
        tau = float(np.quantile(time, 0.8))
        theirs = sksurv.concordance_index_ipcw(pairs, pairs, risk, tau=tau)[0]
        largest.compare(get_metric("uno_c").compute(reference, risk, tau=tau), theirs, "uno")
        theirs = sksurv.concordance_index_ipcw(pairs, pairs, risk)[0]
        largest.compare(get_metric("uno_c").compute(reference, risk), theirs, "uno, all")


def test_integrated_brier_score_is_that_of_scikit_survival(largest):
    sksurv = pytest.importorskip("sksurv.metrics", reason="scikit-survival is not installed")
    for seed in SEEDS:
        time, event, _ = censored_samples(seed, ties=False)
        reference = np.stack([time, event], axis=1)
        pairs = np.array(list(zip(event, time, strict=True)), dtype=[("e", bool), ("t", float)])
        moments = np.quantile(time, [0.1, 0.3, 0.5, 0.8])
        survival = -np.sort(-np.random.default_rng(seed).random((40, 4)), axis=1)
        theirs = sksurv.integrated_brier_score(pairs, pairs, survival, moments)
        ours = get_metric("integrated_brier").compute(reference, survival, times=moments.tolist())
        largest.compare(ours, theirs, "brier")
