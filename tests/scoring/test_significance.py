import warnings

import numpy as np
import pytest
from scipy import stats

from scoring.contract import Direction
from scoring.ranking import significance
from scoring.ranking.significance import (
    critical_difference,
    friedman,
    holm,
    rank_bounds_by_tests,
    significantly_better,
    wilcoxon_map,
)

THREE_METHODS = np.array([[0.9, 0.6, 0.8, 0.7], [0.8, 0.9, 0.8, 0.2], [0.7, 0.5, 0.1, 0.3]])


def scipy_map(values, alternative, method="asymptotic"):
    p = np.full((len(values), len(values)), np.nan)
    for i, first in enumerate(values):
        for j, second in enumerate(values):
            both = ~np.isnan(first) & ~np.isnan(second)
            if i != j and (first[both] != second[both]).any():
                p[i, j] = stats.wilcoxon(
                    first[both],
                    second[both],
                    method=method,
                    correction=True,
                    alternative=alternative,
                ).pvalue
    return p


def tables():
    generator = np.random.default_rng(5)
    smooth = generator.standard_normal((6, 30)) + np.arange(6)[:, np.newaxis] / 5
    coarse = generator.integers(0, 4, (6, 25)).astype(float)
    gappy = np.where(generator.random((6, 25)) < 0.2, np.nan, coarse)
    same = np.vstack([coarse[:1]] * 2 + [coarse[1:3]])
    return {"smooth": smooth, "ties and zeros": coarse, "gaps": gappy, "equal entries": same}


@pytest.mark.parametrize("name", list(tables()))
@pytest.mark.parametrize(
    ("direction", "alternative"), [(Direction.HIGHER, "greater"), (Direction.LOWER, "less")]
)
def test_map_is_scipys_test_of_every_pair(name, direction, alternative):
    values = tables()[name]
    np.testing.assert_allclose(
        wilcoxon_map(values, direction=direction), scipy_map(values, alternative), rtol=1e-12
    )


@pytest.mark.parametrize("targets", [1, 5, 12, 30, 50, 51])
@pytest.mark.parametrize(
    ("direction", "alternative"), [(Direction.HIGHER, "greater"), (Direction.LOWER, "less")]
)
def test_exact_map_of_few_targets_is_scipys_exact_test(targets, direction, alternative):
    generator = np.random.default_rng(targets)
    values = generator.standard_normal((7, targets)) + np.arange(7)[:, np.newaxis] / 4
    values[0, : targets // 3] = np.nan  # pairs of other sizes in one table
    method = "exact" if targets <= 50 else "asymptotic"
    found = wilcoxon_map(values, direction=direction, exact=True)
    expected = scipy_map(values, alternative, method)
    if targets > 50:  # pairs with the first entry are fewer than 51
        found, expected = found[1:, 1:], expected[1:, 1:]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_exact_map_takes_the_normal_test_where_differences_are_equal():
    coarse = tables()["ties and zeros"]
    plain = wilcoxon_map(coarse, direction=Direction.LOWER)
    np.testing.assert_array_equal(
        wilcoxon_map(coarse, direction=Direction.LOWER, exact=True), plain
    )


def test_twelve_of_twelve_is_significant_among_seven_entries():
    draw = np.random.default_rng(1)
    values = np.arange(1.0, 8.0)[:, np.newaxis] + draw.uniform(0.0, 0.1, (7, 12))
    exact = holm(wilcoxon_map(values, direction=Direction.LOWER, exact=True))
    normal = holm(wilcoxon_map(values, direction=Direction.LOWER))
    assert exact[0, 6] == pytest.approx(42 / 4096)
    assert normal[0, 6] > 0.05


def test_blocks_of_opponents_change_nothing(monkeypatch):
    values = tables()["ties and zeros"]
    whole = wilcoxon_map(values, direction=Direction.LOWER)
    monkeypatch.setattr(significance, "_CELLS", 50)
    np.testing.assert_array_equal(wilcoxon_map(values, direction=Direction.LOWER), whole)


def test_known_pair_has_the_known_p_value():
    reference = np.arange(1.0, 9.0)
    prediction = np.array([1.1, 1.9, 3.5, 3.8, 5.2, 5.2, 7.9, 8.1])
    values = np.vstack([np.abs(prediction - reference), [0.3, 0.4, 0.2, 0.9, 0.1, 0.7, 0.8, 0.6]])
    found = wilcoxon_map(values, direction=Direction.LOWER)[0, 1]
    assert found == pytest.approx(0.2206042598, abs=5e-11)


def test_holm_multiplies_the_smallest_most_and_keeps_the_order():
    np.testing.assert_allclose(
        holm(np.array([0.04, 0.01, np.nan, 0.03, 0.9])), [0.09, 0.04, np.nan, 0.09, 0.9]
    )


def test_entries_that_never_differ_are_not_significant():
    values = np.ones((3, 8))
    assert not significantly_better(values, direction=Direction.LOWER).any()


def test_adjustment_only_takes_significance_away():
    values = tables()["smooth"]
    plain = significantly_better(values, direction=Direction.HIGHER)
    adjusted = significantly_better(values, direction=Direction.HIGHER, adjust=True)
    assert adjusted.sum() < plain.sum()
    assert not (adjusted & ~plain).any()


def test_ranks_left_by_tests_span_the_entries_that_cannot_be_told_apart():
    better = np.array([[0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]], dtype=bool)
    low, high = rank_bounds_by_tests(better)
    assert low.tolist() == [1, 1, 2, 3]
    assert high.tolist() == [2, 3, 4, 4]


def test_friedman_of_three_methods_on_four_cases():
    found = friedman(THREE_METHODS, direction=Direction.HIGHER)
    expected = stats.friedmanchisquare(*THREE_METHODS)
    assert (found.statistic, found.p_value) == (expected.statistic, expected.pvalue)
    assert found.statistic == pytest.approx(4.1333333333, abs=5e-11)
    assert found.p_value == pytest.approx(0.1266071028, abs=5e-11)
    np.testing.assert_allclose(found.mean_ranks, [1.375, 1.875, 2.75])
    assert found.targets == 4


def test_friedman_uses_only_targets_that_all_answered():
    gappy = np.hstack([THREE_METHODS, [[np.nan], [0.5], [0.1]]])
    assert friedman(gappy, direction=Direction.HIGHER).targets == 4


def test_friedman_of_two_entries_is_refused():
    with pytest.raises(ValueError, match="three entries"):
        friedman(THREE_METHODS[:2], direction=Direction.HIGHER)


@pytest.mark.parametrize(("entries", "q"), [(2, 1.960), (3, 2.344), (4, 2.569), (5, 2.728)])
def test_critical_differences_follow_from_the_published_quantiles(entries, q):
    expected = q * np.sqrt(entries * (entries + 1) / (6 * 25))
    assert critical_difference(entries, 25) == pytest.approx(expected, rel=3e-4)


def test_warnings_are_not_raised_by_pairs_without_differences():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(wilcoxon_map(np.zeros((2, 4)), direction=Direction.LOWER)).all()
