import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics import all_metrics, get_metric
from scoring.metrics.fields.chunk import FieldChunk, FieldPlan
from scoring.passes import field_values
from scoring.readers import MemorySource

FIELD_METRICS = [metric for metric in all_metrics() if metric.inputs == "field"]
LINE_METRICS = [
    metric for metric in FIELD_METRICS if metric.slug != "ssim"
]  # one space axis is enough
# Proportional to the error, and to the unit or to nothing else.
LINEAR = ("nrmse", "rmse_field", "vrmse", "max_error", "crmse", "brmse", "frmse", "relative_l2")
LINEAR_METRICS = [metric for metric in FIELD_METRICS if metric.slug in LINEAR]
every_line_metric = pytest.mark.parametrize("metric", LINE_METRICS, ids=lambda metric: metric.slug)
N = 64
X = np.arange(N) / N
V = np.sin(2 * np.pi * X)[np.newaxis]
U = V + 0.1 + 0.02 * np.sin(40 * np.pi * X)


def compute(slug, reference, prediction, **parameters):
    return get_metric(slug).compute(reference, prediction, **parameters)


# Computed with independent implementations; see the metrics' citations for the definitions.
@pytest.mark.parametrize(
    ("slug", "parameters", "expected"),
    [
        ("rmse_field", {}, 0.1009950494),
        ("nrmse", {}, 0.1428285686),
        ("max_error", {}, 0.12),
        ("crmse", {}, 0.1),
        ("brmse", {}, 0.0912302122),
        ("frmse", {"band": "low"}, 0.025),
        ("frmse", {"band": "mid"}, 0.0),
        ("frmse", {"band": "high"}, 0.0004761905),
        ("vrmse", {}, 0.1417083133),
        ("vrmse", {"divisor": "population", "eps": 0.0}, 0.1428285686),
        ("relative_l2", {}, 0.1428285686),
    ],
)
def test_golden_field_comes_out_to_ten_digits(slug, parameters, expected):
    assert compute(slug, V, U, **parameters) == pytest.approx(expected, abs=5e-11)


@pytest.mark.parametrize("band", ["low", "mid", "high"])
def test_fourier_bands_equal_the_definition_over_samples(band):
    generator = np.random.default_rng(8)
    v, u = generator.standard_normal((2, 3, 40, 2, 1))
    value = compute("frmse", v, u, layout="bxtc", band=band)
    amplitude = np.sqrt(np.mean(np.abs(np.fft.fft(u - v, axis=1)) ** 2, axis=0)) / 40
    part = {"low": slice(0, 4), "mid": slice(4, 12), "high": slice(12, 21)}[band]
    assert value == pytest.approx(np.mean(amplitude[part]), rel=1e-12)


def test_two_dimensional_fourier_bands_sum_shells_of_the_positive_quadrant():
    generator = np.random.default_rng(9)
    v, u = generator.standard_normal((2, 3, 32, 36))
    power = np.abs(np.fft.fftn(u - v, axes=(1, 2))) ** 2
    shells = np.zeros((3, 16))
    for i in range(16):
        for j in range(18):
            shell = int(np.sqrt(i * i + j * j))
            if shell < 16:
                shells[:, shell] += power[:, i, j]
    amplitude = np.sqrt(shells.mean(axis=0)) / (32 * 36)
    for band, part in (("low", slice(0, 4)), ("mid", slice(4, 12)), ("high", slice(12, None))):
        value = compute("frmse", v, u, layout="bxy", band=band)
        assert value == pytest.approx(amplitude[part].mean(), rel=1e-12)


def test_two_dimensional_boundary_counts_corners_twice():
    error = np.zeros((5, 7))
    error[0, 0] = 1.0
    value = compute("brmse", np.ones((5, 7)), 1.0 + error, layout="xy")
    assert value == pytest.approx(np.sqrt(2 / (2 * 5 + 2 * 7)), rel=1e-15)


def test_twice_the_reference_is_exactly_one_relative_error():
    assert compute("nrmse", V, 2 * V) == 1.0
    assert compute("relative_l2", V, 2 * V) == 1.0


def test_mean_predictor_scores_as_the_variance_divisor_says():
    reference = np.random.default_rng(1).standard_normal((1, 384)) + 3
    mean = np.full_like(reference, reference.mean())
    exact = {"eps": 0.0}
    assert compute("vrmse", reference, mean, **exact) == pytest.approx(np.sqrt(383 / 384), 1e-14)
    population = compute("vrmse", reference, mean, divisor="population", **exact)
    assert population == pytest.approx(1.0, rel=1e-14)


def test_constant_offset_is_all_conserved_error_in_mode_zero():
    shifted = V + 0.25
    assert compute("crmse", V, shifted) == pytest.approx(0.25, rel=1e-14)
    assert compute("frmse", V, shifted, band="low") == pytest.approx(0.25 / 4, rel=1e-14)
    assert compute("frmse", V, shifted, band="mid") == pytest.approx(0.0, abs=1e-16)


def test_shifted_wave_has_the_error_of_the_addition_theorem():
    for shift in (1, 5, 16):
        moved = np.roll(V, shift, axis=1)
        expected = 2 * abs(np.sin(np.pi * shift / N))
        assert compute("nrmse", V, moved) == pytest.approx(expected, rel=1e-13)
        assert compute("crmse", V, moved) == pytest.approx(0.0, abs=1e-16)


def test_error_power_adds_up_to_the_squared_error():
    generator = np.random.default_rng(2)
    u, v = generator.standard_normal((2, 1, 50))
    chunk = FieldChunk(FieldPlan("tx", (1, 50)), reference=v, prediction=u)
    twice = np.full(26, 2.0)
    twice[[0, 25]] = 1.0
    assert (chunk.error_power @ twice) / 50 == pytest.approx(chunk.squared_error, rel=1e-13)


@every_line_metric
@settings(max_examples=25, deadline=None)
@given(
    first=st.sampled_from("btc"),
    length=st.integers(1, 9),
    piece_values=st.integers(1, 4000),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_cutting_gives_the_value_of_the_whole(metric, first, length, piece_values, seed):
    layout = first + "".join(axis for axis in "btxc" if axis != first)
    shape = (length, *(3 if axis != "x" else 16 for axis in layout[1:]))
    generator = np.random.default_rng(seed)
    v, u = generator.standard_normal((2, *shape))
    whole = metric.compute(v, u, layout=layout)
    pieces = field_values(
        MemorySource(v),
        MemorySource(u),
        metrics={"k": metric},
        parameters={"k": metric.complete({"layout": layout})},
        piece_values=piece_values,
    )
    assert pieces["k"] == pytest.approx(whole, rel=1e-12)


@every_line_metric
def test_any_merging_order_gives_the_same_value(metric):
    generator = np.random.default_rng(4)
    v, u = generator.standard_normal((2, 6, 3, 16))
    for layout in ("btx", "tbx"):
        parameters = metric.complete({"layout": layout})
        plan = FieldPlan(layout, v.shape)
        steps = metric.mergeable
        parts = [
            steps.update(
                steps.init(plan, parameters),
                FieldChunk(plan, reference=v[i : i + 1], prediction=u[i : i + 1], start=i),
            )
            for i in range(6)
        ]
        expected = metric.compute(v, u, **parameters)
        for order in (range(6), reversed(range(6)), (3, 0, 5, 1, 4, 2)):
            state = steps.init(plan, parameters)
            for index in order:
                state = steps.merge(parts[index], state)
            assert steps.finalize(state) == pytest.approx(expected, rel=1e-12)


@every_line_metric
def test_single_precision_with_a_large_mean_loses_no_digit(metric):
    generator = np.random.default_rng(5)
    v = (101_325 + generator.standard_normal((3, 4096))).astype(np.float32)
    u = (v + 0.01 * generator.standard_normal(v.shape) + 0.001).astype(np.float32)
    wide = metric.compute(v.astype(np.float64), u.astype(np.float64))
    assert metric.compute(v, u) == wide
    # Extended precision as the oracle for the sums; the Fourier bands see the same difference.
    shift = np.float64(101_325)
    if metric.slug in {"rmse_field", "vrmse", "crmse", "max_error", "brmse"}:
        assert metric.compute(v - shift, u - shift) == pytest.approx(wide, rel=1e-9)


@every_line_metric
def test_perfect_prediction_has_the_perfect_value(metric):
    assert metric.compute(V, V.copy()) == pytest.approx(metric.perfect, rel=1e-15)


@pytest.mark.parametrize("metric", LINEAR_METRICS, ids=lambda metric: metric.slug)
def test_error_grows_in_proportion_and_units_behave_as_declared(metric):
    one, two = metric.compute(V, U), metric.compute(V, V + 2 * (U - V))
    assert two == pytest.approx(2 * one, rel=1e-12)
    scaled = metric.compute(1e6 * V, 1e6 * U)
    factor = 1.0 if metric.unit == "1" else 1e6
    assert scaled == pytest.approx(factor * one, rel=1e-6)


@pytest.mark.parametrize("slug", ["nrmse", "relative_l2"])
def test_relative_error_of_a_zero_reference_is_undefined(slug):
    for prediction in (V, np.zeros_like(V)):
        with pytest.raises(MetricUndefinedError, match="zero everywhere"):
            compute(slug, np.zeros_like(V), prediction)


def test_one_zero_time_level_makes_nrmse_undefined_but_not_relative_l2():
    v, u = np.vstack([V, 0 * V]), np.vstack([U, U])
    with pytest.raises(MetricUndefinedError):
        compute("nrmse", v, u)
    assert compute("relative_l2", v, u) > 0


def test_band_without_modes_is_undefined():
    v = np.ones((1, 16))
    assert compute("frmse", v, v + 1, band="mid") == 0.0
    with pytest.raises(MetricUndefinedError, match="too coarse for the high band"):
        compute("frmse", v, v + 1, band="high")


def test_maximum_over_time_is_a_declared_choice():
    v, u = np.zeros((3, 5)), np.zeros((3, 5))
    u[1, 2] = -6.0
    assert compute("max_error", v, u) == 2.0
    assert compute("max_error", v, u, reduction="max") == 6.0


def test_relative_l2_summed_over_samples_is_the_mean_times_their_number():
    generator = np.random.default_rng(6)
    v, u = generator.standard_normal((2, 5, 8))
    total = compute("relative_l2", v, u, layout="bx", reduction="sum")
    assert total == pytest.approx(5 * compute("relative_l2", v, u, layout="bx"), rel=1e-14)


def test_overflow_is_undefined_and_not_infinite():
    with pytest.raises(MetricUndefinedError):
        compute("rmse_field", np.zeros((1, 4)), np.full((1, 4), 1e300))


@pytest.mark.parametrize("layout", ["t", "tt", "txx", "tq", "xyz", ""])
def test_layout_that_does_not_fit_is_refused(layout):
    with pytest.raises(MetricInputError, match="layout"):
        compute("nrmse", V, U, layout=layout)


@pytest.mark.parametrize(
    "parameters", [{"band": "top"}, {"nope": 1}, {"domain_size": "1"}, {"domain_size": -1}]
)
def test_wrong_parameters_are_refused(parameters):
    with pytest.raises(MetricInputError):
        compute("frmse", V, U, **parameters)


def test_shapes_must_agree_and_values_be_finite():
    with pytest.raises(MetricInputError, match="same shape"):
        compute("nrmse", V, U[0])
    with pytest.raises(MetricInputError, match="finite"):
        compute("nrmse", V, np.where(X > 0.5, np.nan, U))
