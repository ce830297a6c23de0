"""Near duplicates: who shares mistakes is told from who is good, and from who is merely as good."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.cage import CageLimits, compare_in_cage
from scoring.contract import Aggregate, MetricChoice, PredictionFormat, TargetSpec
from scoring.likeness import Task
from scoring.meaning import meaning_of
from scoring.metrics.registry import built_in_metrics, get_metric
from scoring.readers.base import MemorySource, Prediction
from scoring.twins import (
    COMPARED,
    Growth,
    Measured,
    Obstacle,
    Standing,
    Yardstick,
    are_near,
    gap_of,
    measure,
    obstacle_to,
    pairs_to_measure,
    window,
)
from tests.factories import npz_bytes

SLUGS = tuple(f"t{place}" for place in range(6))
SPECS = [TargetSpec(slug, (20,)) for slug in SLUGS]
TRUTH = np.random.default_rng(11).normal(size=(6, 20))
RMSE = MetricChoice("rmse", "rmse")


def entry(values: np.ndarray) -> Prediction:
    return Prediction({slug: MemorySource(row) for slug, row in zip(SLUGS, values, strict=True)})


def gap(values: np.ndarray, choice: MetricChoice, truth: np.ndarray = TRUTH) -> float:
    measured = measure(entry(values), entry(truth), SPECS, choice, weights={})
    assert measured.distance is not None
    return measured.distance


def near(
    one: np.ndarray, other: np.ndarray, choice: MetricChoice = RMSE, *, scale: float = 1
) -> bool:
    one, other, truth = one * scale, other * scale, TRUTH * scale
    metric = get_metric(choice.slug)
    gaps = (gap(one, choice, truth), gap(other, choice, truth))
    measured = measure(entry(one), entry(other), SPECS, choice, weights={})
    back = measure(entry(other), entry(one), SPECS, choice, weights={})
    assert measured == back  # symmetric
    return are_near(measured, gaps, percent=1, metric=metric)


def solver(seed: int, size: float = 0.3) -> np.ndarray:
    return TRUTH + size * np.random.default_rng(seed).normal(size=TRUTH.shape)


@pytest.mark.parametrize("slug", ["rmse", "mae", "nrmse_samples", "mse", "pearson", "spearman"])
@pytest.mark.parametrize("scale", [1.0, 1e6, 1e-9])
def test_a_clone_with_a_thousandth_of_noise_is_near_and_an_equally_good_solver_is_not(
    slug: str, scale: float
) -> None:
    choice = MetricChoice("m", slug)
    mine = solver(1)
    noise = 0.0003 * np.random.default_rng(5).normal(size=TRUTH.shape)
    assert near(mine, mine, choice, scale=scale)
    assert near(mine, mine + noise, choice, scale=scale)
    assert not near(mine, solver(2), choice, scale=scale)


def test_two_perfect_solvers_share_answers_and_no_mistakes() -> None:
    assert not near(TRUTH, TRUTH)
    assert not near(TRUTH + 1e-12, TRUTH - 1e-12)
    # At a ceiling that replicates set nobody lacks anything, however much noise the answers have.
    assert gap_of(0.95, 0.9, get_metric("pearson").direction) == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.05, 3.0), st.floats(0.05, 3.0))
def test_no_two_independent_solvers_are_near(seed: int, size: float, other: float) -> None:
    assert not near(solver(seed, size), solver(seed + 1, other))


def test_kin_that_keeps_most_of_its_parents_mistakes_is_not_near_at_one_percent() -> None:
    parent = solver(1)
    fine_tuned = TRUTH + 0.9 * (parent - TRUTH)
    assert not near(parent, fine_tuned)
    assert near(parent, TRUTH + 0.995 * (parent - TRUTH))


@pytest.mark.parametrize(
    ("slug", "numbers", "gap_", "enough"),
    [
        ("rmse", 7, 0.5, False),
        ("rmse", 8, 0.5, True),
        ("spearman", 29, 0.5, False),
        ("accuracy", 70, 0.1, False),  # seven labels told wrongly by both
        ("accuracy", 90, 0.1, True),
    ],
)
def test_few_numbers_in_common_are_no_evidence(
    slug: str, numbers: int, gap_: float, enough: bool
) -> None:
    found = are_near(Measured(0.0, numbers), (gap_, gap_), percent=1, metric=get_metric(slug))
    assert found is enough


def test_only_metrics_that_see_all_of_a_prediction_of_the_kind_of_the_answers_compare() -> None:
    slugs = [slug for each in COMPARED.values() for slug in each.split()]
    assert len(slugs) == len(set(slugs))
    known = {metric.slug: metric for metric in built_in_metrics()}
    assert set(slugs) <= known.keys()
    for slug in slugs:
        assert known[slug].perfect is not None
        assert known[slug].rankable
        assert meaning_of(known[slug]) is not None
    with_shape = [TargetSpec("t", (4,), reference_shape=(2,))]
    assert obstacle_to(MetricChoice("m", "auroc"), SPECS) is Obstacle.METRIC
    assert (
        obstacle_to(MetricChoice("m", "rmse", aggregate=Aggregate.MEDIAN), SPECS)
        is Obstacle.AGGREGATE
    )
    assert obstacle_to(RMSE, with_shape) is Obstacle.SHAPE
    assert obstacle_to(RMSE, SPECS) is None


def standings(entries: Mapping[str, np.ndarray], choice: MetricChoice) -> list[Standing]:
    metric = get_metric(choice.slug)
    return [
        Standing(
            name, np.array([metric.compute(*pair) for pair in zip(TRUTH, values, strict=True)])
        )
        for name, values in entries.items()
    ]


def yardstick(choice: MetricChoice, percent: float = 1) -> Yardstick:
    perfect = get_metric(choice.slug).perfect
    assert perfect is not None
    return Yardstick(choice, np.ones(len(SLUGS)), perfect, percent)


@pytest.mark.parametrize("slug", ["rmse", "mae", "mse", "nrmse_samples", "pearson"])
def test_the_sweep_leaves_out_no_pair_that_is_near(slug: str) -> None:
    """Clones with noise around the threshold: whatever is near was among the pairs to measure."""
    choice = MetricChoice("m", slug)
    draws = np.random.default_rng(3)
    entries = {"p": solver(1)}
    for place, size in enumerate(np.geomspace(1e-4, 0.3, 7)):
        entries[f"c{place:02}"] = entries["p"] + size * draws.normal(size=TRUTH.shape)
    swept = pairs_to_measure(standings(entries, choice), yardstick(choice))
    asked = {(pair.one, pair.other) for pair in swept}
    told = {
        (one, other)
        for one in entries
        for other in entries
        if one < other and near(entries[one], entries[other], choice)
    }
    assert told
    assert told <= asked
    assert len(asked) < len(entries) * (len(entries) - 1) / 2


def test_of_four_hundred_entries_few_are_measured() -> None:
    entries = {f"e{seed:03}": solver(seed, 0.1 + seed / 400) for seed in range(400)}
    entries["clone"] = entries["e007"] + 1e-5
    pairs = pairs_to_measure(standings(entries, RMSE), yardstick(RMSE))
    assert [(pair.one, pair.other) for pair in pairs] == [("clone", "e007")]
    assert (
        window(Growth.DISTANCE, 0.01)
        < window(Growth.NORMALISED, 0.01)
        < window(Growth.SQUARE, 0.01)
    )


def test_a_clone_that_leaves_targets_out_is_compared_on_the_others() -> None:
    whole, part = standings({"whole": solver(1), "part": solver(1)}, RMSE)
    part.values[:3] = np.nan
    (pair,) = pairs_to_measure([whole, part], yardstick(RMSE))
    assert pair.common == (3, 4, 5)
    assert pair.gaps[0] == pair.gaps[1]
    part.values[:4] = np.nan  # fewer than half: another entry
    assert pairs_to_measure([whole, part], yardstick(RMSE)) == []


def test_files_are_compared_in_the_cage() -> None:
    clone = solver(1) + 1e-5
    files = {"a": solver(1), "b": clone, "c": solver(2)}
    handles = {
        name: io.BytesIO(npz_bytes(dict(zip(SLUGS, values, strict=True))))
        for name, values in files.items()
    }
    found = compare_in_cage(
        handles,
        PredictionFormat("npz"),
        SPECS,
        RMSE,
        answers={name.upper(): dict.fromkeys(SLUGS, name) for name in files},
        tasks=[Task("A", "B", SLUGS), Task("C", "A", SLUGS[:2]), Task("A", "B", ("t9",))],
        limits=CageLimits(2**30, 60),
        also_readable={},
    )
    assert found[0].numbers == 120
    assert found[0].distance == pytest.approx(1e-5)
    assert found[1].numbers == 40
    assert found[1].distance is not None
    assert found[1].distance > 0.2
    assert found[2] == Measured(None, 0)
