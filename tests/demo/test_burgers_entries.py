"""Datasets, targets and entries of burgers-1d."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demo.burgers.__main__ import normalised_rmse
from demo.burgers.arrays import npz_bytes, read_npz
from demo.burgers.challenge import (
    CLASSES,
    SHAPE,
    Target,
    TargetInputs,
    inputs_bytes,
    read_inputs,
    targets,
)
from demo.burgers.datasets import (
    AUGMENTED,
    ORIGINAL,
    read_trajectories,
    symmetry_image,
    write_augmented,
    write_original,
)
from demo.burgers.entries import ENTRIES, Materials, entry, predict
from demo.burgers.fields import grid, random_field
from demo.burgers.solver import solve

LEARNED = [candidate.slug for candidate in ENTRIES if candidate.datasets]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("datasets")
    files = {slug: folder / f"{slug}.npz" for slug in (ORIGINAL, AUGMENTED)}
    write_original(files[ORIGINAL])
    write_augmented(files[AUGMENTED], files[ORIGINAL])
    return files


@pytest.fixture(scope="module")
def held() -> list[Target]:
    return targets(72, 6)  # one for each viscosity


@pytest.fixture(scope="module")
def predictions(paths: dict[str, Path], held: list[Target]) -> dict[str, dict[str, np.ndarray]]:
    materials = Materials(paths)
    inputs = [target.inputs for target in held]
    return {e.slug: predict(e, inputs, materials=materials).arrays for e in ENTRIES}


def _score(held: list[Target], arrays: dict[str, np.ndarray], label: str | None = None) -> float:
    chosen = [t for t in held if label in (None, t.inputs.label)]
    return float(np.mean([normalised_rmse(t.answer, arrays[t.slug]) for t in chosen]))


def test_the_same_seed_gives_the_same_round_and_another_seed_another() -> None:
    first, again, other = targets(1, 2), targets(1, 2), targets(2, 2)
    assert [t.slug for t in first] == [t.slug for t in other]
    for a, b, c in zip(first, again, other, strict=True):
        assert np.array_equal(a.answer, b.answer)
        assert not np.allclose(a.inputs.initial, c.inputs.initial)


def test_released_inputs_read_back_as_they_were(held: list[Target], tmp_path: Path) -> None:
    inputs = held[0].inputs
    path = tmp_path / "inputs.npz"
    path.write_bytes(inputs_bytes(inputs))
    back = read_inputs(path, inputs.slug)
    assert (back.slug, back.label, back.viscosity) == (
        inputs.slug,
        inputs.label,
        inputs.viscosity,
    )
    for name in ("x", "times", "initial"):
        assert np.array_equal(getattr(back, name), getattr(inputs, name))


def test_inputs_carry_no_array_of_the_answers_shape(held: list[Target], tmp_path: Path) -> None:
    path = tmp_path / "inputs.npz"
    path.write_bytes(inputs_bytes(held[0].inputs))
    assert {name: a.shape for name, a in read_npz(path).items()} == {
        "x": (256,),
        "times": (20,),
        "initial": (256,),
        "viscosity": (),
    }


def test_datasets_have_the_same_bytes_when_made_again(tmp_path: Path) -> None:
    files = []
    for turn in ("first", "again"):
        original, augmented = tmp_path / f"{turn}-1.npz", tmp_path / f"{turn}-2.npz"
        write_original(original, per_viscosity=1)
        write_augmented(augmented, original, per_viscosity=1)
        files.append((original.read_bytes(), augmented.read_bytes()))
    assert files[0] == files[1]


def test_datasets_are_small_enough_to_ship(paths: dict[str, Path]) -> None:
    assert all(path.stat().st_size < 5_000_000 for path in paths.values())


def test_array_files_keep_no_clock() -> None:
    packed = npz_bytes({"a": np.arange(3.0)})
    assert packed == npz_bytes({"a": np.arange(3.0)})
    assert packed != npz_bytes({"a": np.arange(4.0)})


def test_the_augmented_dataset_holds_each_original_flow_once_and_sharper_ones(
    paths: dict[str, Path],
) -> None:
    original, augmented = read_trajectories(paths[ORIGINAL]), read_npz(paths[AUGMENTED])
    rows = augmented["image_of"]
    assert sorted(rows[rows >= 0]) == list(range(len(original.u)))
    images = augmented["viscosity"][rows >= 0]
    assert np.array_equal(images, original.viscosity[rows[rows >= 0]])
    assert augmented["viscosity"][rows < 0].max() < original.viscosity.min()


def test_no_training_flow_starts_like_a_target(paths: dict[str, Path], held: list[Target]) -> None:
    starts = read_trajectories(paths[ORIGINAL], paths[AUGMENTED]).u[:, 0]
    for target in held:
        assert np.abs(starts - target.inputs.initial[::2]).max(axis=1).min() > 0.05


@pytest.mark.parametrize("mirror", [False, True])
def test_a_symmetry_image_solves_the_same_equation(mirror: bool) -> None:
    times = np.array([0.0, 0.2, 0.4])
    initial = random_field(np.random.default_rng(4)).sample(grid(128))[None]
    flow = solve(initial, times, viscosity=0.02)[0]
    image = symmetry_image(flow, times, shift=0.3, boost=0.2, mirror=mirror)
    solved = solve(image[:1], times, viscosity=0.02, tolerance=1e-7)[0]
    assert np.abs(image - solved).max() < 1e-6


@pytest.mark.parametrize("slug", [candidate.slug for candidate in ENTRIES])
def test_every_entry_answers_every_target_with_finite_numbers(
    predictions: dict[str, dict[str, np.ndarray]], held: list[Target], slug: str
) -> None:
    assert set(predictions[slug]) == {target.slug for target in held}
    for array in predictions[slug].values():
        assert array.shape == SHAPE
        assert array.dtype == np.float64
        assert np.isfinite(array).all()


@pytest.mark.parametrize("slug", [e.slug for e in ENTRIES if not e.baseline])
def test_every_entry_beats_persistence_by_half_in_every_class(
    predictions: dict[str, dict[str, np.ndarray]], held: list[Target], slug: str
) -> None:
    for label in CLASSES:
        floor = _score(held, predictions["persistence"], label)
        assert _score(held, predictions[slug], label) < 0.7 * floor


def test_persistence_repeats_the_initial_field(
    predictions: dict[str, dict[str, np.ndarray]], held: list[Target]
) -> None:
    for target in held:
        array = predictions["persistence"][target.slug]
        assert np.array_equal(array, np.tile(target.inputs.initial, (SHAPE[0], 1)))


def test_entries_rank_as_their_methods_promise(
    predictions: dict[str, dict[str, np.ndarray]], held: list[Target]
) -> None:
    score = {slug: _score(held, arrays) for slug, arrays in predictions.items()}
    assert score["weno5-128"] < score["muscl-128"] < score["upwind-64"] < score["dynamic-modes"]
    assert score["corrected-flux"] < score["muscl-128"]
    assert score["operator-inference"] < score["dynamic-modes"] < score["persistence"]
    spectral = predictions["spectral-64"]
    assert _score(held, spectral, "smooth") < 1e-5 < 1e-3 < _score(held, spectral, "shock")


@pytest.mark.parametrize("slug", ["upwind-64", "muscl-128", "weno5-128", "corrected-flux-tuned"])
def test_conservative_entries_keep_the_mean_of_the_flow(
    predictions: dict[str, dict[str, np.ndarray]], held: list[Target], slug: str
) -> None:
    for target in held:
        drift = predictions[slug][target.slug].mean(axis=1) - target.inputs.initial.mean()
        assert np.abs(drift).max() < 1e-10


def test_what_an_entry_learns_depends_on_the_dataset_it_reads(
    paths: dict[str, Path], held: list[Target]
) -> None:
    inputs = [target.inputs for target in held]
    swapped = Materials({ORIGINAL: paths[AUGMENTED], AUGMENTED: paths[ORIGINAL]})
    for slug in ("dynamic-modes", "operator-inference"):
        usual = predict(entry(slug), inputs, materials=Materials(paths)).arrays
        other = predict(entry(slug), inputs, materials=swapped).arrays
        assert any(not np.array_equal(usual[name], other[name]) for name in usual)


def test_lineage_names_only_datasets_and_entries_that_exist() -> None:
    slugs = {candidate.slug for candidate in ENTRIES}
    assert len(slugs) == len(ENTRIES)
    for candidate in ENTRIES:
        assert set(candidate.datasets) <= {ORIGINAL, AUGMENTED}
        assert set(candidate.models) <= slugs - {candidate.slug}
    assert [e.slug for e in ENTRIES if e.baseline] == ["persistence"]
    assert len(LEARNED) == 4


def test_entries_see_public_inputs_only(paths: dict[str, Path], held: list[Target]) -> None:
    inputs = [target.inputs for target in held[:2]]
    assert all(type(shown) is TargetInputs for shown in inputs)
    assert not hasattr(inputs[0], "answer")
    measured = predict(entry("upwind-64"), inputs, materials=Materials(paths))
    assert set(measured.arrays) == {shown.slug for shown in inputs}
    assert measured.seconds > 0
