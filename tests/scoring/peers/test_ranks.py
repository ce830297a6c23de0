"""Tests of pairs and of all entries, beside the packages that others compute them with."""

import numpy as np
import pytest

from scoring.contract import Direction
from scoring.ranking.significance import critical_difference, friedman, holm, wilcoxon_map

ERRORS = np.random.default_rng(11).lognormal(size=(6, 25)) * np.linspace(0.5, 2, 6)[:, np.newaxis]


def test_holm_is_that_of_statsmodels(record_property):
    multitest = pytest.importorskip("statsmodels.stats.multitest", reason="needs statsmodels")
    p_values = wilcoxon_map(ERRORS, direction=Direction.LOWER)
    tested = ~np.isnan(p_values)
    theirs = multitest.multipletests(p_values[tested], method="holm")[1]
    difference = np.abs(holm(p_values)[tested] - theirs).max()
    record_property("largest_difference", float(difference))
    assert difference < 1e-14


def test_pairs_are_those_of_scikit_posthocs(record_property):
    posthocs = pytest.importorskip("scikit_posthocs", reason="needs scikit-posthocs")
    theirs = posthocs.posthoc_wilcoxon(list(ERRORS), method="asymptotic", correction=True)
    one_sided = wilcoxon_map(ERRORS, direction=Direction.LOWER)
    two_sided = np.minimum(2 * np.fmin(one_sided, one_sided.T), 1.0)
    np.fill_diagonal(two_sided, 1.0)
    difference = np.abs(two_sided - theirs.to_numpy()).max()
    record_property("largest_difference", float(difference))
    assert difference < 1e-12


def test_critical_difference_separates_the_pairs_of_nemenyis_test():
    posthocs = pytest.importorskip("scikit_posthocs", reason="needs scikit-posthocs")
    p_values = posthocs.posthoc_nemenyi_friedman(ERRORS.T).to_numpy()
    found = friedman(ERRORS, direction=Direction.LOWER)
    apart = np.abs(found.mean_ranks[:, np.newaxis] - found.mean_ranks)
    limit = critical_difference(*ERRORS.shape)
    assert limit == found.critical_difference
    np.testing.assert_array_equal(apart > limit, p_values < 0.05)
    assert (apart > limit).any()
    assert not (apart[np.triu_indices(6, 1)] > limit).all()
