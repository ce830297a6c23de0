"""Field metrics beside the packages that define or publish them."""

import types

import numpy as np
import pytest

from scoring.metrics import get_metric

GENERATOR = np.random.default_rng(11)
TRUTH = GENERATOR.standard_normal((3, 4, 24, 30, 2)) + 0.7
GUESS = TRUTH + 0.2 * GENERATOR.standard_normal(TRUTH.shape)
LAYOUT = "btxyc"  # The Well's


def compute(slug, reference=TRUTH, prediction=GUESS, **parameters):
    parameters.setdefault("layout", LAYOUT)
    return get_metric(slug).compute(reference, prediction, **parameters)


def agree(record_property, ours, theirs, tolerance):
    difference = max(
        abs(ours[name] - theirs[name]) / abs(theirs[name]) for name in theirs if name in ours
    )
    record_property("largest_difference", difference)
    assert set(ours) == set(theirs)
    assert difference <= tolerance, difference


def test_metrics_of_the_well_equal_its_package(record_property):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    spatial = pytest.importorskip("the_well.benchmark.metrics.spatial", reason="no the_well")
    spectral = pytest.importorskip("the_well.benchmark.metrics.spectral", reason="no the_well")
    meta = types.SimpleNamespace(n_spatial_dims=2)
    u, v = torch.from_numpy(GUESS), torch.from_numpy(TRUTH)
    named = {"nmse": "NMSE", "nrmse_well": "NRMSE", "vrmse": "VRMSE", "linf": "LInfinity"}
    named |= {"rmse_field": "RMSE"}
    theirs = {
        slug: float(getattr(spatial, name).eval(u, v, meta).mean()) for slug, name in named.items()
    }
    ours = {slug: compute(slug) for slug in named}
    theirs["pearson"] = float(spatial.PearsonR.eval(u, v, meta, eps=0.0).mean())
    ours["pearson"] = compute("pearson_field", divisor="mixed")
    agree(record_property, ours, theirs, 1e-12)
    bins = spectral.binned_spectral_mse.eval(u, v, meta)
    bands = {"low": 0, "mid": 1, "high": 2}
    # Its bin edges and counts are in single precision, and it adds 1e-7 to each count.
    for slug, name in (("spectral_mse", "mse"), ("spectral_nmse", "nmse")):
        theirs = {
            band: float(bins[f"spectral_error_{name}_per_bin_{i}"].mean())
            for band, i in bands.items()
        }
        ours = {band: compute(slug, band=band) for band in bands}
        agree(record_property, ours, theirs, 1e-6)


def test_structural_similarity_equals_torchmetrics(record_property):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    image = pytest.importorskip("torchmetrics.functional.image", reason="no torchmetrics")
    both = [torch.from_numpy(field[:, 0].transpose(0, 3, 1, 2)) for field in (GUESS, TRUTH)]
    _, places = image.structural_similarity_index_measure(
        *both, data_range=4.0, return_full_image=True
    )
    # It reflects the field at its edges for windows that reach over them; we leave those out.
    theirs = places[..., 5:-5, 5:-5].mean()
    ours = compute("ssim", TRUTH[:, 0], GUESS[:, 0], layout="bxyc", data_range=4.0)
    agree(record_property, {"ssim": ours}, {"ssim": float(theirs)}, 1e-6)


def test_weighted_errors_equal_xskillscore(record_property):
    xskillscore = pytest.importorskip("xskillscore", reason="xskillscore is not installed")
    xarray = pytest.importorskip("xarray", reason="xarray is not installed")
    from scoring.metrics.fields.weather import cell_weights

    names = ["b", "t", "x", "y", "c"]
    v, u = (xarray.DataArray(field, dims=names) for field in (TRUTH, GUESS))
    weights = xarray.DataArray(cell_weights([], 24), dims=["x"]).broadcast_like(v)
    over_all, over_space = ["b", "t", "x", "y"], ["x", "y"]
    anomaly = xskillscore.pearson_r(u, v, dim=over_space, weights=weights.isel(b=0, t=0, c=0))
    theirs = {
        "rmse_latitude": xskillscore.rmse(u, v, dim=over_all, weights=weights.isel(c=0)).mean(),
        "rmse_latitude_each": xskillscore.rmse(
            u, v, dim=over_space, weights=weights.isel(b=0, t=0, c=0)
        ).mean(),
        "acc": anomaly.mean(),
        "pearson_field": xskillscore.pearson_r(u, v, dim=over_space).mean(),
        "bias_latitude": xskillscore.me(
            u, v, dim=over_space, weights=weights.isel(b=0, t=0, c=0)
        ).mean(),
    }
    climate = np.zeros(TRUTH.shape)
    ours = {slug: compute(slug) for slug in theirs if slug != "acc"}
    ours["acc"] = compute("acc", np.stack([TRUTH, climate]), GUESS, centred=True)
    agree(record_property, ours, {slug: float(value) for slug, value in theirs.items()}, 1e-12)
