"""Every field metric against its definition written out once more, and against exact answers."""

import numpy as np
import pytest

from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics import all_metrics, get_metric
from scoring.metrics.fields.weather import cell_weights

X = np.arange(64) / 64


def compute(slug, reference, prediction, **parameters):
    return get_metric(slug).compute(reference, prediction, **parameters)


def nrmse_by_lane(v, u):
    return np.sqrt(np.mean((u - v) ** 2, 1) / np.mean(v**2, 1))


def h1_by_sample(v, u):
    wave = 2 * np.pi * np.fft.fftfreq(v.shape[1], 1 / v.shape[1])[:, None, None]

    def norm(field):
        slope = np.fft.ifft(1j * wave * np.fft.fft(field, axis=0), axis=0)
        return np.sqrt(np.sum(field**2) + np.sum(np.abs(slope) ** 2))

    return [norm(u[b] - v[b]) / norm(v[b]) for b in range(len(v))]


def power(field):
    return np.abs(np.fft.fft(field, axis=1)) ** 2


def low_pass(field, top):
    """The field without wavenumbers from `top` on, by a complex transform."""
    modes = np.fft.fft(field, axis=1)
    wave = np.abs(np.fft.fftfreq(field.shape[1], 1 / field.shape[1]))
    return np.fft.ifft(np.where((wave < top)[:, None, None], modes, 0), axis=1).real


def well_low_top(n):
    """The first wavenumber beyond The Well's low bin on a line of n points."""
    edges = np.logspace(np.log10(2 * np.pi / n), np.log10(np.pi + 1e-6), 4)
    return int(np.ceil(edges[1] / (2 * np.pi / n)))


def log_ratios(v, u):
    half = v.shape[1] // 2
    pu, pv = power(u), power(v)

    def energy(p):  # both signs of the wavenumber; the last one has no mirror image
        return np.stack(
            [p[:, k] + (p[:, -k] if k < half else 0) for k in range(1, half + 1)], axis=-1
        )

    return np.abs(np.log10(energy(pu) / energy(pv))).mean(axis=-1)


def weighted(v, u, power_):
    weights = cell_weights([], v.shape[1])[:, None, None]
    return np.mean(weights * (u - v) ** power_, axis=1)


def first_failure(failed):
    return np.mean([np.argmax([*line, True]) for line in failed]) / failed.shape[1]


def correlations(v, u):
    b, _, t, c = v.shape
    lanes = [(i, k) for i in range(b) for k in range(c)]
    return np.array(
        [[np.corrcoef(v[i, :, j, k], u[i, :, j, k])[0, 1] for j in range(t)] for i, k in lanes]
    )


# Over axes (b, x, t, c); e is u - v.
WRITTEN_OUT = {
    "rmse_field": lambda v, u: np.mean(np.sqrt(np.mean((u - v) ** 2, axis=1))),
    "nrmse": lambda v, u: np.mean(nrmse_by_lane(v, u)),
    "vrmse": lambda v, u: np.mean(
        np.sqrt(np.mean((u - v) ** 2, 1) / (np.var(v, 1, ddof=1) + 1e-7))
    ),
    "max_error": lambda v, u: np.mean(np.max(np.abs(u - v), axis=(0, 1))),
    "crmse": lambda v, u: np.mean(np.sqrt(np.mean(np.sum(u - v, 1) ** 2, 0)) / v.shape[1]),
    "brmse": lambda v, u: np.mean(np.sqrt(np.mean((u - v)[:, [0, -1]] ** 2, axis=1))),
    "relative_l2": lambda v, u: np.mean(
        [np.linalg.norm(q - p) / np.linalg.norm(p) for p, q in zip(v, u, strict=True)]
    ),
    "frmse": lambda v, u: np.mean(np.sqrt(np.mean(power(u - v)[:, :4], axis=0)) / v.shape[1]),
    "nmse": lambda v, u: np.mean(np.mean((u - v) ** 2, 1) / (np.mean(v**2, 1) + 1e-7)),
    "nrmse_well": lambda v, u: np.mean(
        np.sqrt(np.mean((u - v) ** 2, 1) / (np.mean(v**2, 1) + 1e-7))
    ),
    "linf": lambda v, u: np.mean(np.max(np.abs(u - v), axis=1)),
    "nrmse_apebench": lambda v, u: np.mean(np.sum(nrmse_by_lane(v, u), axis=-1)),
    "relative_l1": lambda v, u: np.mean(
        [np.abs(q - p).sum() / np.abs(p).sum() for p, q in zip(v, u, strict=True)]
    ),
    "relative_h1": lambda v, u: np.mean(h1_by_sample(v, u)),
    "pearson_field": lambda v, u: np.mean(correlations(v, u)),
    "spectral_mse": lambda v, u: np.mean(low_pass(u - v, well_low_top(v.shape[1])) ** 2),
    "spectral_nmse": lambda v, u: np.mean(
        np.mean(low_pass(u - v, well_low_top(v.shape[1])) ** 2, axis=1)
        / (np.mean(low_pass(v, well_low_top(v.shape[1])) ** 2, axis=1) + 1e-7)
    ),
    "band_energy_error": lambda v, u: np.mean(
        np.abs(np.sum(low_pass(u, 4) ** 2, 1) / np.sum(low_pass(v, 4) ** 2, 1) - 1)
    ),
    "spectrum_log_error": lambda v, u: np.mean(log_ratios(v, u)),
    "rmse_latitude": lambda v, u: np.mean(np.sqrt(np.mean(weighted(v, u, 2), axis=(0, 1)))),
    "rmse_latitude_each": lambda v, u: np.mean(np.sqrt(weighted(v, u, 2))),
    "bias_latitude": lambda v, u: np.mean(weighted(v, u, 1)),
    "rollout_nrmse": lambda v, u: np.exp(
        np.mean(np.log(np.mean(np.sum(nrmse_by_lane(v, u), axis=-1), axis=0)))
    ),
    "correlation_time": lambda v, u: first_failure(correlations(v, u) < 0.8),
    "valid_time": lambda v, u: first_failure(
        np.sqrt(np.sum((u - v) ** 2, (1, 3)) / np.sum(v**2, (1, 3))) > 0.5
    ),
    "conserved_drift": lambda v, u: np.mean(
        np.max(np.abs(np.mean(u - v, 1) - np.mean(u - v, 1)[:, :1]), axis=1)
    ),
}


def test_every_metric_of_one_space_axis_is_written_out():
    fields = {metric.slug for metric in all_metrics() if metric.inputs == "field"}
    assert fields - {"ssim"} == set(WRITTEN_OUT)


@pytest.mark.parametrize("slug", WRITTEN_OUT)
def test_every_metric_equals_its_definition_written_out_in_every_layout(slug):
    generator = np.random.default_rng(7)
    v = generator.standard_normal((3, 32, 4, 2))
    noise = generator.standard_normal(v.shape) * np.array([0.1, 0.4, 0.8, 1.2])[:, None]
    u = v + 0.5 * noise + 0.1
    expected = WRITTEN_OUT[slug](v, u)
    assert expected != 0
    for layout in ("bxtc", "btxc", "tcbx", "xbtc", "ctxb"):
        axes = ["bxtc".index(letter) for letter in layout]
        value = compute(slug, v.transpose(axes), u.transpose(axes), layout=layout)
        assert value == pytest.approx(expected, rel=1e-11)


def test_advected_wave_is_wrong_by_twice_the_sine_of_half_its_phase():
    shift = 0.3
    v, u = np.sin(2 * np.pi * X)[None], np.sin(2 * np.pi * (X - shift))[None]
    exact = 2 * np.sin(np.pi * shift)
    assert compute("nrmse", v, u) == pytest.approx(exact, rel=1e-13)
    assert compute("relative_h1", v, u) == pytest.approx(exact, rel=1e-13)
    assert compute("pearson_field", v, u) == pytest.approx(np.cos(2 * np.pi * shift), rel=1e-13)
    assert compute("crmse", v, u) == pytest.approx(0.0, abs=1e-16)
    # Only where things are is wrong, not how much of them there is.
    assert compute("band_energy_error", v, u) == pytest.approx(0.0, abs=1e-13)


def test_heat_equation_with_the_wrong_diffusivity_decays_at_the_wrong_rate():
    t = np.linspace(0, 1, 6)[:, None]
    rate, wrong = 3.0, 4.0
    v, u = (np.exp(-r * t) * np.cos(4 * np.pi * X) for r in (rate, wrong))
    each = np.abs(np.exp((rate - wrong) * t[1:, 0]) - 1)
    gmean = compute("rollout_nrmse", v, u, first_step=1)
    assert gmean == pytest.approx(np.exp(np.mean(np.log(each))), rel=1e-12)
    assert compute("nrmse", v, u) == pytest.approx(each.sum() / 6, rel=1e-12)
    # The error passes 1/2 when exp(-t) falls below 1/2: between 0.6 and 0.8.
    assert compute("valid_time", v, u) == 4 / 6
    assert compute("correlation_time", v, u) == 1.0
    energies = compute("band_energy_error", v, u)
    assert energies == pytest.approx(np.mean(1 - np.exp(2 * (rate - wrong) * t)), rel=1e-12)


@pytest.mark.parametrize(
    ("layout", "shape"), [("tx", (4, 45)), ("xy", (18, 21)), ("bxyz", (2, 8, 9, 10))]
)
def test_spectral_errors_of_all_bins_add_up_to_the_mean_square(layout, shape):
    generator = np.random.default_rng(3)
    v, u = generator.standard_normal((2, *shape))
    bands = ("low", "mid", "high")
    parts = [compute("spectral_mse", v, u, layout=layout, band=band) for band in bands]
    assert sum(parts) == pytest.approx(np.mean((u - v) ** 2), rel=1e-13)


def test_constant_offset_is_all_in_the_mean_and_in_the_lowest_band():
    v = np.random.default_rng(4).standard_normal((3, 64))
    u = v + 0.25
    assert compute("crmse", v, u) == pytest.approx(0.25, rel=1e-14)
    assert compute("spectral_mse", v, u, band="low") == pytest.approx(0.0625, rel=1e-13)
    assert compute("spectral_mse", v, u, band="high") == pytest.approx(0.0, abs=1e-30)
    assert compute("conserved_drift", v, u) == pytest.approx(0.0, abs=1e-15)
    assert compute("bias_latitude", v, u) == pytest.approx(0.25, rel=1e-13)
    assert compute("pearson_field", v, u) == pytest.approx(1.0, rel=1e-14)


def test_drift_is_the_largest_change_of_the_mean_since_the_first_time():
    v = np.random.default_rng(5).standard_normal((4, 64))
    u = v + np.array([0.5, 0.4, 1.1, 0.6])[:, None]
    assert compute("conserved_drift", v, u) == pytest.approx(0.6, rel=1e-13)


def test_derivatives_weigh_in_the_sobolev_norm_by_the_square_of_the_wavenumber():
    v = np.sin(2 * np.pi * X)[None]
    u = v + 0.1 * np.sin(2 * np.pi * 8 * X)
    exact = 0.1 * np.sqrt((1 + (16 * np.pi) ** 2) / (1 + (2 * np.pi) ** 2))
    assert compute("relative_h1", v, u) == pytest.approx(exact, rel=1e-12)
    wide = compute("relative_h1", v, u, domain_size=1e9)
    assert wide == pytest.approx(compute("relative_l2", v, u), rel=1e-12)


def test_perfect_correlation_with_mixed_divisors_is_n_minus_one_over_n():
    v = np.random.default_rng(6).standard_normal((2, 10))
    assert compute("pearson_field", v, v, divisor="mixed") == pytest.approx(0.9, rel=1e-14)


def test_prediction_that_goes_flat_is_lost_at_that_time():
    v = np.random.default_rng(8).standard_normal((5, 16))
    u = v.copy()
    u[3] = 0.7
    assert compute("correlation_time", v, u) == 3 / 5


def test_rollout_that_blows_up_costs_the_declared_clip():
    v = np.ones((2, 8))
    u = v * np.array([[2.0], [1e40]])
    assert compute("rollout_nrmse", v, u, clip=100.0) == pytest.approx(10.0, rel=1e-13)


def test_missing_energy_in_a_shell_leaves_the_log_error_without_a_value():
    v = np.sin(2 * np.pi * X)[None] + 0.1 * np.sin(10 * np.pi * X)
    u = np.sin(2 * np.pi * X)[None]
    value = compute("spectrum_log_error", v, 10 * v)
    assert value == pytest.approx(2.0, rel=1e-12)
    with pytest.raises(MetricUndefinedError):
        compute("spectrum_log_error", v, 0 * u)


def test_area_of_cells_follows_the_sines_of_their_edges():
    weights = cell_weights([-90.0, -45.0, 0.0, 45.0, 90.0], 5)
    edges = np.sin(np.radians([-90, -67.5, -22.5, 22.5, 67.5, 90]))
    np.testing.assert_allclose(weights, np.diff(edges) / np.diff(edges).mean(), rtol=1e-14)
    np.testing.assert_allclose(cell_weights([60.0, 0.0, -60.0], 3), cell_weights([-60, 0, 60], 3))


@pytest.mark.parametrize("latitudes", [[1.0, 2.0], [0.0, 0.0, 1.0], [0.0, 50.0, 95.0], ["a", 1, 2]])
def test_latitudes_that_are_none_are_refused(latitudes):
    with pytest.raises(MetricInputError, match="latitudes"):
        compute("rmse_latitude", np.ones((2, 3)), np.ones((2, 3)), latitudes=latitudes)


def test_latitude_axis_must_be_in_the_layout():
    with pytest.raises(MetricInputError, match="latitude"):
        compute("rmse_latitude", np.ones((2, 3)), np.ones((2, 3)), latitude_axis="y")


def test_anomaly_correlation_sees_departures_from_climate_only():
    generator = np.random.default_rng(9)
    climate = 280 + 20 * generator.standard_normal((3, 12, 24))
    anomaly, other = generator.standard_normal((2, 3, 12, 24))
    reference = np.stack([climate + anomaly, climate])
    layout = {"layout": "txy"}
    assert compute("acc", reference, climate + 3 * anomaly, **layout) == pytest.approx(1.0, 1e-12)
    assert compute("acc", reference, climate - anomaly, **layout) == pytest.approx(-1.0, 1e-12)
    assert abs(compute("acc", reference, climate + other, **layout)) < 0.2
    ratio = compute("activity_ratio", reference, climate + 3 * anomaly, **layout)
    assert ratio == pytest.approx(3.0, rel=1e-12)


def test_structural_similarity_of_a_shifted_image_of_no_contrast_is_its_luminance_term():
    reference = np.full((16, 16), 0.5)
    value = compute("ssim", reference, reference + 0.25, layout="xy", data_range=1.0)
    assert value == pytest.approx((2 * 0.5 * 0.75 + 1e-4) / (0.25 + 0.5625 + 1e-4), rel=1e-12)


def test_structural_similarity_needs_a_grid_and_a_range():
    with pytest.raises(MetricInputError, match="two space axes"):
        compute("ssim", np.ones((2, 32)), np.ones((2, 32)))
    with pytest.raises(MetricUndefinedError, match="smaller than the window"):
        compute("ssim", np.ones((10, 20)), np.ones((10, 20)), layout="xy")
