"""Segmentations, partitions and instances against brute force, worked examples and edges."""

import numpy as np
import pytest

from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics import get_metric


def compute(slug, reference, prediction, **parameters):
    return get_metric(slug).compute(np.array(reference), np.array(prediction), **parameters)


def blobs(seed, shape=(9, 8, 7)):
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.normal(size=shape), 1.5)
    other = field + 0.6 * gaussian_filter(rng.normal(size=shape), 1.5)
    return [(part > np.quantile(part, 0.7)).astype(np.uint8) for part in (field, other)]


def surface_points(mask, spacing):
    """Return the voxels with a face neighbour outside, one by one."""
    padded = np.pad(mask.astype(bool), 1)
    points = []
    for place in np.argwhere(padded):
        neighbours = [
            place + step * axis for axis in np.eye(mask.ndim, dtype=int) for step in (-1, 1)
        ]
        if not all(padded[tuple(neighbour)] for neighbour in neighbours):
            points.append((place - 1) * spacing)
    return np.array(points, dtype=float)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("shape", [(12, 11), (9, 8, 7)])
def test_surface_distances_are_those_of_every_pair_of_surface_voxels(seed, shape):
    reference, prediction = blobs(seed, shape)
    spacing = [0.8, 1.7, 2.5][: len(shape)]
    truth, guess = (surface_points(mask, spacing) for mask in (reference, prediction))
    apart = np.linalg.norm(truth[:, None] - guess[None], axis=2)
    back, there = apart.min(axis=1), apart.min(axis=0)
    pooled = np.concatenate([back, there])
    directed = max(np.percentile(back, 95), np.percentile(there, 95))
    expected = {
        ("hausdorff",): pooled.max(),
        ("hd95", "pooled"): np.percentile(pooled, 95),
        ("hd95", "directed"): directed,
        ("assd", "pooled"): pooled.mean(),
        ("assd", "directed"): (back.mean() + there.mean()) / 2,
    }
    for (slug, *form), value in expected.items():
        parameters = {"form": form[0]} if form else {}
        found = compute(slug, reference, prediction, spacing=spacing, **parameters)
        assert found == pytest.approx(value, rel=1e-12)
    share = compute("surface_dice", reference, prediction, spacing=spacing, tolerance=1.0)
    assert share == pytest.approx(np.mean(pooled <= 1.0))


def test_overlaps_of_a_worked_example():
    reference = [[1, 1, 0, 2], [1, 1, 0, 2]]
    prediction = [[1, 0, 0, 2], [1, 1, 1, 0]]
    assert compute("dice", reference, prediction) == pytest.approx(6 / 8)
    assert compute("iou", reference, prediction) == pytest.approx(3 / 5)
    assert compute("dice", reference, prediction, label=2) == pytest.approx(2 / 3)
    assert compute("dice_macro", reference, prediction) == pytest.approx((6 / 8 + 2 / 3) / 2)
    assert compute("iou_macro", reference, prediction) == pytest.approx((3 / 5 + 1 / 2) / 2)
    assert compute("iou_macro", reference, prediction, ignore=[0, 1]) == pytest.approx(1 / 2)
    assert compute("volume_similarity", reference, prediction, label=2) == pytest.approx(2 / 3)
    assert compute("relative_volume_difference", reference, prediction, label=2) == -0.5


def test_predicted_class_that_is_not_there_counts_as_nothing_right():
    assert compute("dice_macro", [1, 1, 0], [1, 1, 3]) == pytest.approx(0.5)


def test_tissue_at_the_edge_of_the_array_has_a_surface_there():
    full = np.ones((4, 4))
    core = np.pad(np.ones((2, 2)), 1)
    assert compute("hausdorff", full, core) == pytest.approx(np.sqrt(2))


def test_distance_to_an_empty_mask_is_the_diagonal_where_declared():
    one = np.eye(3, 4)
    with pytest.raises(MetricUndefinedError, match="does not hold the label"):
        compute("hd95", one, 0 * one)
    value = compute("hd95", one, 0 * one, empty="diagonal", spacing=[2.0, 1.0])
    assert value == pytest.approx(np.hypot(6, 4))
    assert compute("surface_dice", one, 0 * one) == 0.0


@pytest.mark.parametrize("spacing", [[1.0], [1.0, 0.0], [1.0, -2.0], ["a", "b"], [1.0, True]])
def test_spacing_must_be_a_positive_number_for_each_axis(spacing):
    with pytest.raises(MetricInputError, match="spacing"):
        compute("hd95", np.eye(3), np.eye(3), spacing=spacing)


def test_labels_to_be_ignored_must_be_whole_numbers():
    with pytest.raises(MetricInputError, match="ignore"):
        compute("dice_macro", [1, 0], [1, 0], ignore=["background"])


def test_partitions_of_a_worked_example():
    reference, prediction = [1, 1, 2, 2], [5, 5, 5, 6]
    # Pairs: together in both 1, in the reference 2, in the prediction 3, of six.
    assert compute("adjusted_rand", reference, prediction) == pytest.approx(0.0, abs=1e-15)
    bits = compute("variation_of_information", reference, prediction)
    shares = np.array([2, 1, 1]) / 4
    joint = -(shares * np.log2(shares)).sum()
    entropy = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    assert bits == pytest.approx(2 * joint - 1 - entropy)
    nats = compute("variation_of_information", reference, prediction, base=np.e)
    assert nats == pytest.approx(bits * np.log(2))


def test_background_may_be_left_out_of_a_partition():
    reference, prediction = [0, 0, 0, 1, 1, 2], [1, 2, 3, 1, 1, 2]
    assert compute("adjusted_rand", reference, prediction) < 1
    assert compute("adjusted_rand", reference, prediction, ignore_background=True) == 1.0


def test_panoptic_quality_is_its_two_parts_multiplied():
    reference = np.repeat([1, 2, 3, 0], 4)
    prediction = np.array([1, 1, 1, 0, 5, 5, 6, 6, 7, 7, 7, 7, 7, 0, 0, 0])
    # Matched: IoU 3/4 and 4/5. Not matched: true 2 (half each is not above one half), found 5, 6.
    matched, expected, found = 0.75 + 0.8, 3, 4
    value = compute("panoptic_quality", reference, prediction)
    assert value == pytest.approx(2 * matched / (expected + found))
    parts = [
        compute(slug, reference, prediction)
        for slug in ("segmentation_quality", "recognition_quality")
    ]
    assert value == pytest.approx(parts[0] * parts[1])
    strict = compute("recognition_quality", reference, prediction, threshold=0.78)
    assert strict == pytest.approx(2 / 7)


def test_numbers_that_a_float_cannot_tell_apart_are_no_labels():
    with pytest.raises(MetricInputError, match="whole numbers"):
        compute("dice", [0.0, 1.0], [0.0, 2.0**60])
