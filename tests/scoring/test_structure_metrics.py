"""Structure metrics: golden vectors, residues left out, hostile coordinates."""

import numpy as np
import pytest

from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics import get_metric
from scoring.structure.search import best_fits, tm_d0
from scoring.structure.superposition import rotations, superposed
from tests.scoring.structures import chain, model_of

SEARCHED = ["tm_score", "gdt_ts", "gdt_ha"]
CORNER = np.array([[0.0, 0, 0], [1.5, 0, 0], [1.5, 1.5, 0], [0, 1.5, 1]])


def compute(slug, reference, prediction, **parameters):
    return get_metric(slug).compute(reference, prediction, **parameters)


@pytest.mark.parametrize(
    ("length", "distance"),
    [
        (1, 0.5),
        (16, 0.5),
        (22, 0.5720346666),
        (50, 2.2561222246),
        (100, 3.6520687935),
        (147, 4.5136377784),
        (300, 6.3602470129),
    ],
)
def test_tm_scale_of_published_lengths(length, distance):
    assert tm_d0(length) == pytest.approx(distance, abs=1e-10)


def test_mirror_image_keeps_lddt_and_does_not_fool_rmsd():
    mirrored = CORNER * [1.0, 1.0, -1.0]
    assert compute("lddt", CORNER, mirrored) == 1.0
    assert compute("rmsd", CORNER, mirrored) == pytest.approx(0.4482877361, abs=1e-10)


def test_lddt_of_a_chain_of_four_by_hand():
    line = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]])
    moved = line + np.array([[0, 0, 0], [0, 0, 0], [0, 0, 0], [1.75, 0, 0]])
    # Three of six distances are kept at every cutoff, the other three within 2 and 4 only.
    assert compute("lddt", line, moved) == pytest.approx((3 + 3 * 0.5) / 6)
    # The last residue keeps half of each of its three, each other one loses half of one of three.
    assert compute("lddt_residue_mean", line, moved) == pytest.approx((3 * 2.5 / 3 + 0.5) / 4)
    assert compute("lddt", line, moved, cutoffs=[1.75]) == 1.0
    assert compute("lddt", line, moved, radius=1.0) == pytest.approx((2 + 0.5) / 3)


def test_distances_inside_a_residue_do_not_count_for_lddt():
    reference = CORNER.reshape(2, 2, 3)
    prediction = reference.copy()
    prediction[0, 1] += [50.0, 0.0, 0.0]
    assert compute("lddt", reference, prediction) == 0.5
    with pytest.raises(MetricUndefinedError, match="neighbours"):
        compute("lddt", CORNER.reshape(1, 4, 3), CORNER.reshape(1, 4, 3))


@pytest.mark.parametrize("atoms", [1, 3])
def test_lddt_in_blocks_is_lddt_of_the_whole_matrix(atoms):
    rng = np.random.default_rng(3)
    reference = np.repeat(chain(rng, 420)[:, np.newaxis], atoms, axis=1)
    reference = reference + rng.normal(size=reference.shape) * (atoms > 1)
    prediction = reference + rng.normal(size=reference.shape)
    prediction[::7, 0] = np.nan
    flat, model = reference.reshape(-1, 3), prediction.reshape(-1, 3)
    residue = np.arange(len(flat)) // atoms
    before = np.linalg.norm(flat[:, np.newaxis] - flat, axis=-1)
    after = np.linalg.norm(model[:, np.newaxis] - model, axis=-1)
    near = (before <= 15.0) & (residue[:, np.newaxis] != residue)
    kept = np.mean([np.abs(after - before) <= c for c in (0.5, 1, 2, 4)], axis=0)
    assert compute("lddt", reference, prediction) == pytest.approx(kept[near].mean(), rel=1e-12)


def test_left_out_residues_lower_what_is_divided_by_the_target():
    rng = np.random.default_rng(5)
    reference = chain(rng, 60)
    half = reference.copy()
    half[30:] = np.nan
    assert compute("gdt_ts", reference, half) == 50.0
    assert compute("gdt_ha", reference, half) == 50.0
    assert compute("tm_score", reference, half) == pytest.approx(0.5)
    assert compute("modelled_fraction", reference, half) == 0.5
    assert compute("rmsd", reference, half, minimum_coverage=0.5) == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(MetricUndefinedError, match="30 of 60 atoms are modelled"):
        compute("rmsd", reference, half)


@pytest.mark.parametrize("slug", ["rmsd", *SEARCHED, "lddt", "modelled_fraction"])
def test_atom_with_one_coordinate_missing_is_left_out_as_a_whole(slug):
    reference = chain(np.random.default_rng(5), 30)
    partly, wholly = reference + 0.0, reference + 0.0
    partly[4, 1] = np.nan
    wholly[4] = np.nan
    parameters = {"minimum_coverage": 0.5} if slug == "rmsd" else {}
    same = compute(slug, reference, wholly, **parameters)
    assert compute(slug, reference, partly, **parameters) == same


@pytest.mark.parametrize("slug", SEARCHED)
def test_two_halves_that_moved_apart_are_one_half_right(slug):
    reference = chain(np.random.default_rng(8), 80)
    split = reference.copy()
    split[40:] += [500.0, 0.0, 0.0]
    whole = 100.0 if slug.startswith("gdt") else 1.0
    assert compute(slug, reference, split) == pytest.approx(whole / 2, abs=whole / 1000)


@pytest.mark.parametrize("slug", SEARCHED)
@pytest.mark.parametrize("length", [1, 2, 3, 4, 5])
def test_shortest_chains_have_a_value(slug, length):
    reference = chain(np.random.default_rng(2), length)
    best = get_metric(slug).perfect
    assert compute(slug, reference, reference + 4.0) == pytest.approx(best)
    assert 0.0 <= compute(slug, reference, np.zeros_like(reference)) <= best


@pytest.mark.parametrize("slug", [*SEARCHED, "lddt", "lddt_residue_mean", "rmsd"])
def test_collapsed_and_exploded_models_score_badly_and_never_break(slug):
    metric, reference = get_metric(slug), chain(np.random.default_rng(4), 50)
    line = np.outer(np.arange(50.0), [1.0, 0.0, 0.0])
    for model in (np.zeros((50, 3)), line, reference * 900.0):
        value = metric.compute(reference, model)
        assert np.isfinite(value)
        assert value > 1.0 if slug == "rmsd" else value < 0.7 * metric.perfect


@pytest.mark.parametrize("slug", [*SEARCHED, "lddt", "rmsd", "modelled_fraction"])
def test_coordinates_of_a_wrong_scale_are_refused(slug):
    reference = chain(np.random.default_rng(4), 20)
    with pytest.raises(MetricInputError, match="within 1e"):
        compute(slug, reference, reference * 1e200)


@pytest.mark.parametrize("cutoffs", [[], [0.0], [-1.0], ["1"], [True], [float("inf")], [None]])
def test_cutoffs_that_are_no_distances_are_refused(cutoffs):
    with pytest.raises(MetricInputError, match="cutoffs"):
        compute("lddt", CORNER, CORNER, cutoffs=cutoffs)


def test_a_search_is_a_lower_bound_that_beats_the_plain_superposition():
    rng = np.random.default_rng(11)
    for _ in range(10):
        target = chain(rng, 70)
        model = model_of(rng, target, noise=1.5, hinge=2.0)
        apart = np.sum((superposed(model, target) - target) ** 2, axis=1)
        plain = np.mean(1.0 / (1.0 + apart / tm_d0(70) ** 2))
        assert plain - 1e-12 <= compute("tm_score", target, model) <= 1.0
        within = best_fits(target, model, length=70).within
        assert list(within) == sorted(within)
        assert within[-1] >= np.count_nonzero(apart <= 64.0)


def test_rotations_by_quaternions_are_those_by_singular_values():
    rng = np.random.default_rng(13)
    sets = rng.normal(size=(2, 400, 4, 3)) * rng.uniform(0.1, 30.0, size=(2, 400, 1, 1))
    sets[1, :40] = sets[0, :40]  # the same
    sets[1, 40:60] = sets[0, 40:60] * [1, 1, -1]  # mirrored
    sets[:, 60:80, :, 2] = 0.0  # flat
    sets[:, 80:100, :, 1:] = 0.0  # on a line
    sets[0, 100:110] = 0.0  # collapsed
    model, target = sets - sets.mean(axis=2, keepdims=True)
    covariances = np.einsum("sni,snj->sij", model, target)
    scales = np.sqrt(np.sum(model**2, axis=(1, 2)) * np.sum(target**2, axis=(1, 2)))
    found = rotations(covariances, scales)
    np.testing.assert_allclose(np.linalg.det(found), 1.0, atol=1e-9)
    left, values, right = np.linalg.svd(covariances)
    values[:, 2] *= np.linalg.det(left @ right).round()
    traces = np.einsum("sij,sji->s", found, covariances)
    np.testing.assert_allclose(traces, values.sum(axis=1), atol=1e-7 * scales.max(), rtol=1e-9)


def touching_chain():
    """Twenty-six residues in a line far apart, of which the last touches the first."""
    points = np.outer(np.arange(26.0), [30.0, 0.0, 0.0])
    points[25] = [5.0, 0.0, 0.0]
    return points


def test_contact_precision_by_hand():
    points = touching_chain()  # long range holds the pairs 0-24, 0-25 and 1-25; one touches
    scores = np.zeros((26, 26))
    scores[0, 24], scores[0, 25], scores[1, 25] = 0.2, 0.9, 0.1
    assert compute("contact_precision", points, scores, per_length=26) == 1.0
    assert compute("contact_precision", points, scores, per_length=13) == 0.5
    assert compute("contact_precision", points, scores) == pytest.approx(1 / 3)
    scores[0, 24] = 1.0
    assert compute("contact_precision", points, scores, per_length=26) == 0.0


def test_contact_precision_of_equal_scores_is_the_mean_over_their_orders():
    scores = np.ones((26, 26))
    found = compute("contact_precision", touching_chain(), scores, per_length=26)
    assert found == pytest.approx(1 / 3)


def test_contact_precision_without_contacts_is_undefined():
    points = np.outer(np.arange(26.0), [30.0, 0.0, 0.0])
    with pytest.raises(MetricUndefinedError, match="no contacts"):
        compute("contact_precision", points, np.zeros((26, 26)))
    with pytest.raises(MetricUndefinedError, match="no contacts"):
        compute("contact_precision", points[:3], np.zeros((3, 3)))
