"""Set matching, spectra, sequences and distributions against worked examples and brute force."""

import itertools

import numpy as np
import pytest

from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics import get_metric

MEASURED = [[100.0, 0.7], [200.0, 0.2], [300.0, 0.1]]
PREDICTED = [[100.05, 0.5], [200.0, 0.4], [305.0, 0.1]]


def compute(slug, reference, prediction, **parameters):
    return get_metric(slug).compute(np.array(reference), np.array(prediction), **parameters)


def best_total(truth, guess, power):
    """Return the least total cost of pairing all of the smaller set, by trying every way."""
    few, many = sorted([truth, guess], key=len)
    ways = itertools.permutations(many, len(few))
    return min(sum(abs(a - b) ** power for a, b in zip(few, way, strict=True)) for way in ways)


@pytest.mark.parametrize("seed", range(4))
def test_assignment_is_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    truth, guess = rng.normal(size=4), rng.normal(size=int(rng.integers(2, 7)))
    pairs, most = min(4, guess.size), max(4, guess.size)
    total = best_total(truth, guess, 1)
    assert compute("matched_mae", truth, guess) == pytest.approx(total / pairs)
    squares = best_total(truth, guess, 2)
    assert compute("matched_rmse", truth, guess) == pytest.approx(np.sqrt(squares / pairs))
    rated = compute("matched_rmse", truth, guess, unmatched="penalty", penalty=3.0)
    assert rated == pytest.approx(np.sqrt((squares + 9.0 * (most - pairs)) / most))
    assert compute("unmatched_count", truth, guess) == most - pairs
    # A cutoff that no distance reaches leaves the distances as they are.
    ospa = compute("ospa", truth, guess, cutoff=50.0, order=2.0)
    assert ospa == pytest.approx(np.sqrt((squares + 2500.0 * (most - pairs)) / most))
    gospa = compute("gospa", truth, guess, cutoff=50.0, order=2.0)
    assert gospa == pytest.approx(np.sqrt(squares + 1250.0 * (most - pairs)))


def test_far_pairs_cost_the_cutoff():
    assert compute("ospa", [0.0, 9.0], [0.5, 99.0], cutoff=2.0, order=1.0) == pytest.approx(1.25)
    assert compute("gospa", [0.0, 9.0], [0.5], cutoff=2.0, order=1.0) == pytest.approx(1.5)


def test_elements_within_the_tolerance_are_found_once_each():
    truth = [1.0, 2.0, 3.0]
    assert compute("matched_f1", truth, [1.05, 1.02, 2.5, 3.1]) == pytest.approx(2 * 2 / 7)
    # 1.2 alone is near 1.0; taking the nearest first would leave 1.0 without a partner.
    assert compute("matched_f1", [1.0, 1.3], [1.2, 1.5], tolerance=0.25) == 1.0


def test_chamfer_distance_in_both_forms():
    truth, guess = [[0.0, 0.0], [2.0, 0.0]], [[0.0, 1.0]]
    back = (1.0, np.sqrt(5.0))
    assert compute("chamfer", truth, guess) == pytest.approx((1.0 + np.mean(back)) / 2)
    assert compute("chamfer", truth, guess, form="squared_sum") == pytest.approx(1.0 + 3.0)


def test_greedy_cosine_of_a_worked_example():
    value = compute("spectral_cosine", MEASURED, PREDICTED)
    assert value == pytest.approx(0.9029151300, abs=1e-10)
    angle = compute("spectral_angle", MEASURED, PREDICTED)
    assert angle == pytest.approx(1 - 2 * np.arccos(value) / np.pi)
    assert compute("spectral_cosine", MEASURED, PREDICTED, tolerance=0.04) < 0.2


def test_best_matching_finds_more_than_a_greedy_one():
    measured, predicted = [[100.0, 1.0], [100.08, 0.9]], [[100.04, 1.0], [99.92, 0.9]]
    greedy = compute("spectral_cosine", measured, predicted)
    best = compute("spectral_cosine", measured, predicted, matching="optimal")
    assert greedy == pytest.approx(1.0 / 1.81)
    assert best == pytest.approx(1.8 / 1.81)


def test_difference_of_just_the_tolerance_is_within_it():
    assert compute("spectral_cosine", [[100.3, 1.0]], [[100.2, 1.0]], tolerance=0.1) == 1.0
    assert compute("spectral_cosine", [[100.3, 1.0]], [[100.19, 1.0]], tolerance=0.1) == 0.0


def test_entropy_similarity_is_from_nothing_in_common_to_the_same():
    assert compute("spectral_entropy_similarity", MEASURED, MEASURED) == pytest.approx(1.0)
    assert compute("spectral_entropy_similarity", MEASURED, [[50.0, 1.0]]) == 0.0
    with pytest.raises(MetricInputError, match="centroid"):
        compute("spectral_entropy_similarity", MEASURED, [[50.0, 1.0], [50.1, 1.0]])


def slow_edit_distance(truth, guess):
    table = [list(range(len(guess) + 1))]
    for i, token in enumerate(truth, start=1):
        row = [i]
        for j, other in enumerate(guess, start=1):
            cheapest = min(row[-1], table[-1][j]) + 1
            row.append(min(cheapest, table[-1][j - 1] + (token != other)))
        table.append(row)
    return table[-1][-1]


@pytest.mark.parametrize("seed", range(5))
def test_edit_distance_is_that_of_the_textbook(seed):
    rng = np.random.default_rng(seed)
    truth, guess = (rng.integers(0, 4, rng.integers(5, 40)) for _ in range(2))
    expected = slow_edit_distance(truth.tolist(), guess.tolist())
    assert compute("edit_distance", truth, guess) == expected
    assert compute("token_error_rate", truth, guess) == pytest.approx(expected / truth.size)
    longest = max(truth.size, guess.size)
    assert compute("edit_distance_normalized", truth, guess) == pytest.approx(expected / longest)


def test_kitten_becomes_sitting_in_three_steps():
    words = ([ord(letter) for letter in word] for word in ("sitting", "kitten"))
    assert compute("edit_distance", *words) == 3.0


def test_uniform_guess_is_as_perplexed_as_the_vocabulary_is_large():
    even = np.full((6, 50), -np.log(50.0))
    assert compute("perplexity", np.arange(6), even) == pytest.approx(50.0)
    sure_and_wrong = np.where(np.arange(2) == 1, 0.0, -800.0)[None]
    with pytest.raises(MetricUndefinedError, match="too large"):
        compute("perplexity", [0], sure_and_wrong)


def test_distances_of_worked_distributions():
    p, q = [0.5, 0.5, 0.0], [0.25, 0.25, 0.5]
    assert compute("kl_divergence", p, q) == pytest.approx(1.0)
    assert compute("kl_divergence", p, q, base=np.e) == pytest.approx(np.log(2.0))
    assert compute("total_variation", p, q) == pytest.approx(0.5)
    assert compute("hellinger", p, q) == pytest.approx(np.sqrt(1 - 2 * np.sqrt(0.125)))
    assert compute("wasserstein_histogram", p, q, width=2.0) == pytest.approx(2 * 0.75)
    for slug in ("total_variation", "hellinger", "jensen_shannon"):
        assert compute(slug, [1.0, 0.0], [0.0, 1.0]) == pytest.approx(1.0)


def test_discrepancy_of_draws_does_not_depend_on_the_blocks():
    rng = np.random.default_rng(1)
    truth, guess = rng.normal(size=(1500, 2)), rng.normal(0.3, 1.0, size=(900, 2))

    def kernel(left, right):
        apart = ((left[:, None] - right[None]) ** 2).sum(axis=2)
        return np.exp(-apart / 2.0).mean()

    square = kernel(truth, truth) + kernel(guess, guess) - 2 * kernel(truth, guess)
    assert compute("mmd_gaussian", truth, guess) == pytest.approx(np.sqrt(square), rel=1e-10)


def test_sets_too_large_to_be_assigned_are_refused():
    with pytest.raises(MetricInputError, match="too large"):
        compute("matched_mae", np.zeros(20_000), np.zeros(20_000))
