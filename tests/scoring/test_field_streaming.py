"""One pass over a field: any layout, any cutting, plain or compiled, gives what the whole gives."""

import io
import math
import subprocess
import sys

import numpy as np
import pytest

from scoring.contract import MetricChoice, PredictionFormat, TargetSpec
from scoring.engine import check, score
from scoring.errors import ReferenceFaultError
from scoring.metrics import all_metrics
from scoring.metrics.fields import compiled_sums
from scoring.metrics.fields.plan import FieldPlan
from scoring.passes import field_values
from scoring.readers import MemorySource
from tests.scoring.files import npy_bytes, npz_bytes

LENGTHS = {"b": 3, "t": 6, "c": 2, "x": 26, "y": 27, "z": 28}
LAYOUTS = ["tx", "xt", "bxytc", "btcxy", "txy", "xyc", "tbx", "tbxy", "btxc", "xty", "xyz", "x"]
# Wide enough for sums down columns, and longer than a block.
WIDE = {"b": 2, "t": 9, "c": 5, "x": 130, "y": 30, "z": 8}
BANDS = ("low", "mid", "high")


def metrics_of(layout, space_axes):
    chosen = {}
    for metric in all_metrics():
        if metric.inputs != "field" or (metric.slug == "ssim" and space_axes != 2):
            continue
        bands = BANDS if metric.slug == "frmse" else (None,)
        for band in bands:
            parameters = {"layout": layout} | ({"band": band} if band else {})
            chosen[metric.slug, band] = metric, metric.complete(parameters)
    return chosen


def assert_same_as_whole(reference, prediction, layout, only=None, **options):
    space_axes = sum(axis in "xyz" for axis in layout)
    chosen = {k: v for k, v in metrics_of(layout, space_axes).items() if not only or k[0] in only}
    found = field_values(
        MemorySource(reference),
        MemorySource(prediction),
        metrics={key: metric for key, (metric, _) in chosen.items()},
        parameters={key: parameters for key, (_, parameters) in chosen.items()},
        **options,
    )
    for key, (metric, parameters) in chosen.items():
        expected = metric.compute(reference, prediction, **parameters)
        assert found[key] == pytest.approx(expected, rel=1e-12, abs=1e-15), key


@pytest.mark.parametrize("piece_values", [1, 700, 10**6])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_and_cutting_gives_the_value_of_the_whole(layout, piece_values):
    generator = np.random.default_rng(1)
    shape = tuple(LENGTHS[axis] for axis in layout)
    v = generator.standard_normal(shape) + 0.5
    u = v + 0.1 * generator.standard_normal(shape) + 0.05
    assert_same_as_whole(v, u, layout, compiled=False, piece_values=piece_values)


SUMS = ("nrmse", "rmse_field", "vrmse", "max_error", "crmse", "brmse", "frmse", "conserved_drift")


@pytest.mark.parametrize("layout", ["bxytc", "tx", "btxc", "xytb", "btcxy"])
@pytest.mark.parametrize("number", ["<f4", ">f4", "<f8", "<i2"])
@pytest.mark.parametrize("compiled", [False, True], ids=["numpy", "compiled"])
def test_sums_alone_are_the_same_for_every_number_type(layout, number, compiled):
    if compiled:
        pytest.importorskip("numba", reason="the extra 'fast' is not installed")
        assert compiled_sums.prepare()
    generator = np.random.default_rng(2)
    shape = tuple(WIDE[axis] for axis in layout)
    v = (50 * generator.standard_normal(shape)).astype(number)
    u = (v + 5 * generator.standard_normal(shape)).astype(number)
    assert_same_as_whole(v, u, layout, only=SUMS, compiled=compiled)


def test_compiled_and_plain_sums_agree_to_the_last_digits():
    pytest.importorskip("numba", reason="the extra 'fast' is not installed")
    assert compiled_sums.prepare()
    generator = np.random.default_rng(3)
    for layout, shape in (
        ("tx", (40, 5000)),
        ("bxytc", (2, 37, 41, 5, 4)),
        ("btxyc", (2, 3, 99, 50, 2)),
    ):
        v = (1e5 + generator.standard_normal(shape)).astype(np.float32)
        u = (v + 0.1 * generator.standard_normal(shape)).astype(np.float32)
        chosen = {k: v for k, v in metrics_of(layout, 2).items() if k[0] in SUMS}
        plain, compiled = (
            field_values(
                MemorySource(v),
                MemorySource(u),
                metrics={key: metric for key, (metric, _) in chosen.items()},
                parameters={key: parameters for key, (_, parameters) in chosen.items()},
                compiled=compiled,
            )
            for compiled in (False, True)
        )
        for key, value in plain.items():
            assert compiled[key] == pytest.approx(value, rel=1e-12), (layout, key)


def test_plain_sums_serve_where_nothing_can_be_compiled():
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "import numpy as np\n"
        "from scoring.metrics import get_metric\n"
        "from scoring.metrics.fields import compiled_sums\n"
        "assert not compiled_sums.prepare() and compiled_sums.ready(2**40) is None\n"
        "from scoring.passes import field_values\n"
        "from scoring.readers import MemorySource\n"
        "v = np.ones((4, 16)); m = get_metric('nrmse')\n"
        "found = field_values(MemorySource(v), MemorySource(2 * v), metrics={'k': m},\n"
        "                     parameters={'k': m.complete({})})\n"
        "assert found == {'k': 1.0}, found\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("layout", ["tx", "xt", "btxc", "bxytc"])
@pytest.mark.parametrize("offset", [0.0, 100.0, 101_325.0])
def test_single_precision_fields_of_any_mean_keep_nine_digits(layout, offset):
    generator = np.random.default_rng(4)
    shape = tuple({"b": 2, "t": 8, "c": 4, "x": 96, "y": 64}[axis] for axis in layout)
    v = (offset + generator.standard_normal(shape)).astype(np.float32)
    u = (v + 0.01 * generator.standard_normal(shape) + 0.002).astype(np.float32)
    wide = [np.asarray(field, dtype=np.longdouble) for field in (v, u)]
    space = tuple(i for i, axis in enumerate(layout) if axis in "xy")
    samples = tuple(i for i, axis in enumerate(layout) if axis == "b")
    e = wide[1] - wide[0]
    square = np.mean(e**2, axis=space)
    expected = {
        "nrmse": np.mean(np.sqrt(square / np.mean(wide[0] ** 2, axis=space))),
        "vrmse": np.mean(np.sqrt(square / (np.var(wide[0], axis=space, ddof=1) + 1e-7))),
        "crmse": np.mean(
            np.sqrt(np.mean(np.mean(e, axis=space, keepdims=True) ** 2, axis=samples))
        ),
        "max_error": np.mean(np.max(np.abs(e), axis=(*space, *samples))),
    }
    for compiled in (False, True):
        for slug, value in expected.items():
            metric = next(metric for metric in all_metrics() if metric.slug == slug)
            found = field_values(
                MemorySource(v),
                MemorySource(u),
                metrics={slug: metric},
                parameters={slug: metric.complete({"layout": layout})},
                compiled=compiled,
            )
            assert found[slug] == pytest.approx(float(value), rel=1e-9)


def test_constant_reference_has_no_spread_at_all():
    v = np.full((3, 7, 50), 0.1, dtype=np.float32)
    u = v + np.float32(1.0)
    metric = next(metric for metric in all_metrics() if metric.slug == "vrmse")
    found = field_values(
        MemorySource(v),
        MemorySource(u),
        metrics={"k": metric},
        parameters={"k": metric.complete({"layout": "btx", "eps": 1e-10})},
    )
    assert found["k"] == pytest.approx(1e5, rel=1e-6)


def test_first_axes_of_one_step_are_not_what_a_field_is_cut_along():
    assert FieldPlan("btx", (1, 5, 3)).cut_axis == "t"
    assert FieldPlan("btx", (2, 5, 3)).cut_axis == "b"
    assert FieldPlan("bxt", (1, 5, 3)).cut_axis == ""


# What the engine finds while it scores is what it finds when it checks.

SHAPE = (40, 64)
SUM_METRICS = [MetricChoice("nrmse", "nrmse"), MetricChoice("max", "max_error")]
VALUE_METRICS = [*SUM_METRICS, MetricChoice("l1", "relative_l1")]
NPZ = PredictionFormat("npz")


def fields(seed=5, count=2):
    generator = np.random.default_rng(seed)
    return {f"u{i}": generator.standard_normal(SHAPE) for i in range(count)}


def references(arrays):
    return {slug: io.BytesIO(npy_bytes(array)) for slug, array in arrays.items()}


@pytest.mark.parametrize("metrics", [SUM_METRICS, VALUE_METRICS, [], [MetricChoice("a", "acc")]])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 7.5])
def test_bad_values_found_while_scoring_are_told_as_checking_tells_them(metrics, value):
    truth = fields()
    targets = [TargetSpec(slug, SHAPE, low=-7.0, high=7.0) for slug in truth]
    guess = {slug: array.copy() for slug, array in truth.items()}
    guess["u1"][39, 63] = guess["u0"][3, 2] = value
    content = npz_bytes(guess)
    report = score(io.BytesIO(content), NPZ, targets, references(truth), metrics)
    checked = check(io.BytesIO(content), NPZ, targets)
    assert report.rows == ()
    assert report.check == checked
    assert len(checked.problems) == 2


def test_values_so_large_that_their_squares_overflow_are_not_taken_for_infinite_ones():
    truth = fields()
    targets = [TargetSpec(slug, SHAPE) for slug in truth]
    guess = {slug: np.full(SHAPE, 1e200) for slug in truth}
    report = score(io.BytesIO(npz_bytes(guess)), NPZ, targets, references(truth), SUM_METRICS)
    assert report.check.ok
    statuses = {(row.key, row.target): row.status.value for row in report.rows}
    assert statuses["nrmse", "u0"] == "undefined"
    assert statuses["max", "u0"] == "ok"


def test_values_of_targets_that_are_not_scored_are_looked_at_too():
    truth = fields()
    targets = [TargetSpec(slug, SHAPE) for slug in truth]
    cancelled = TargetSpec("gone", (3,))
    guess = {**truth, "gone": np.array([1.0, np.nan, 2.0])}
    report = score(
        io.BytesIO(npz_bytes(guess)),
        NPZ,
        targets,
        references(truth),
        SUM_METRICS,
        also_readable=[cancelled],
    )
    assert [problem.code for problem in report.check.problems] == ["NOT_FINITE"]


@pytest.mark.parametrize("metrics", [SUM_METRICS, VALUE_METRICS])
def test_reference_that_is_not_finite_is_the_organizers_fault(metrics):
    truth = fields()
    targets = [TargetSpec(slug, SHAPE) for slug in truth]
    broken = {slug: array.copy() for slug, array in truth.items()}
    broken["u1"][20, 20] = np.nan
    with pytest.raises(ReferenceFaultError):
        score(io.BytesIO(npz_bytes(truth)), NPZ, targets, references(broken), metrics)


class CountingFile(io.BytesIO):
    """A file that counts the bytes it hands out."""

    taken = 0

    def read(self, size=-1):
        content = super().read(size)
        self.taken += len(content)
        return content

    def readinto(self, buffer):
        found = super().readinto(buffer)
        self.taken += found
        return found


@pytest.mark.parametrize("metrics", [SUM_METRICS, VALUE_METRICS])
def test_every_file_is_read_once(metrics):
    truth = np.random.default_rng(6).standard_normal((300, 512))
    files = [CountingFile(npy_bytes(array)) for array in (truth, truth + 0.1)]
    report = score(
        files[1], PredictionFormat("npy"), [TargetSpec("u", truth.shape)], {"u": files[0]}, metrics
    )
    assert all(row.value is not None for row in report.rows)
    for file in files:
        assert truth.nbytes <= file.taken <= truth.nbytes + 4096


def test_damage_found_while_scoring_is_told_as_checking_tells_it():
    truth = fields()
    targets = [TargetSpec(slug, SHAPE) for slug in truth]
    content = bytearray(npz_bytes(truth))
    content[len(content) // 4] ^= 0xFF
    report = score(io.BytesIO(bytes(content)), NPZ, targets, references(truth), SUM_METRICS)
    assert [problem.code for problem in report.check.problems] == ["DAMAGED"]
    assert report.check == check(io.BytesIO(bytes(content)), NPZ, targets)


def test_half_precision_and_whole_numbers_are_scored_like_doubles():
    generator = np.random.default_rng(7)
    v = generator.integers(-50, 50, (6, 40))
    for dtype in (np.int8, np.float16, np.uint8):
        truth, guess = v.astype(dtype), (v + 1).astype(dtype)
        targets = [TargetSpec("u", v.shape)]
        report = score(
            io.BytesIO(npy_bytes(guess)),
            PredictionFormat("npy"),
            targets,
            references({"u": truth}),
            [MetricChoice("rmse", "rmse_field")],
        )
        wide = guess.astype(float) - truth.astype(float)
        expected = np.mean(np.sqrt(np.mean(wide**2, axis=1)))
        assert report.rows[0].value == pytest.approx(expected, rel=1e-12)
        assert math.isfinite(expected)
