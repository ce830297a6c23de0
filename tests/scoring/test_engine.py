import io
import json
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest

from scoring.contract import (
    Aggregate,
    Direction,
    MetricChoice,
    PredictionFormat,
    ScoreStatus,
    TargetSpec,
)
from scoring.engine import ENGINE_VERSION, check, score
from scoring.errors import MetricInputError, ReferenceFaultError, UnknownMetricError
from scoring.metrics import Inputs, Metric, get_metric, registry
from scoring.readers import MemorySource
from tests.scoring.files import npy_bytes, npz_bytes

SHAPE = (5, 32)
TARGETS = [TargetSpec("u01", SHAPE), TargetSpec("u02", SHAPE)]
GENERATOR = np.random.default_rng(7)
TRUTH = {slug: GENERATOR.standard_normal(SHAPE) for slug in ("u01", "u02")}
GUESS = {slug: truth + 0.1 * GENERATOR.standard_normal(SHAPE) for slug, truth in TRUTH.items()}
METRICS = [
    MetricChoice("nrmse", "nrmse"),
    MetricChoice("high", "frmse", parameters={"band": "high"}),
]
SCALARS = [TargetSpec(f"p{i}") for i in range(1, 5)]
POOLED = [
    MetricChoice("rmse", "rmse", aggregate=Aggregate.POOLED),
    MetricChoice("r", "pearson", aggregate=Aggregate.POOLED),
    MetricChoice("se", "squared_error", aggregate=Aggregate.ROOT_MEAN),
]
CSV = PredictionFormat("csv")


def references(arrays=TRUTH):
    return {slug: io.BytesIO(npy_bytes(array)) for slug, array in arrays.items()}


def scored(guess=GUESS, *, truth=TRUTH, metrics=METRICS, **options):
    handle = io.BytesIO(npz_bytes(guess))
    return score(handle, PredictionFormat("npz"), TARGETS, references(truth), metrics, **options)


def scored_table(text, **options):
    truth = {f"p{i}": np.float64(i) for i in range(1, 5)}
    return score(io.BytesIO(text), CSV, SCALARS, references(truth), POOLED, **options)


def test_rows_come_by_metric_then_target_with_the_metrics_own_values():
    report = scored()
    assert [(row.key, row.target) for row in report.rows] == [
        ("nrmse", "u01"),
        ("nrmse", "u02"),
        ("high", "u01"),
        ("high", "u02"),
    ]
    for row in report.rows:
        choice = next(choice for choice in METRICS if choice.key == row.key)
        metric = get_metric(choice.slug)
        expected = metric.compute(TRUTH[row.target], GUESS[row.target], **choice.parameters)
        assert row.status is ScoreStatus.OK
        assert row.value == pytest.approx(expected, rel=1e-13)
    assert report.check.answered == ("u01", "u02")
    assert report.engine_version == ENGINE_VERSION


def test_scoring_twice_gives_the_same_report():
    assert scored() == scored()


def test_unpredicted_target_has_a_missing_row_for_each_metric():
    report = scored({"u02": GUESS["u02"]})
    assert [(r.key, r.target, r.status) for r in report.rows if r.value is None] == [
        ("nrmse", "u01", ScoreStatus.MISSING),
        ("high", "u01", ScoreStatus.MISSING),
    ]
    assert report.check.answered == ("u02",)


def test_unreadable_file_has_problems_and_no_rows():
    report = scored({"u01": GUESS["u01"].T, "u02": np.nan * GUESS["u02"]})
    assert report.rows == ()
    assert [problem.code for problem in report.check.problems] == ["BAD_SHAPE", "NOT_FINITE"]


def test_report_is_plain_json():
    content = json.loads(json.dumps(scored().to_json(), allow_nan=False))
    assert content["rows"][0]["status"] == "ok"


def test_metric_without_a_value_is_undefined_and_the_others_are_scored():
    report = scored(truth={"u01": 0 * TRUTH["u01"], "u02": TRUTH["u02"]})
    statuses = {(row.key, row.target): row.status for row in report.rows}
    assert statuses["nrmse", "u01"] is ScoreStatus.UNDEFINED
    assert statuses["nrmse", "u02"] is ScoreStatus.OK
    assert statuses["high", "u01"] is ScoreStatus.OK


def test_pooled_metrics_have_one_row_over_all_targets():
    report = scored_table(b"target,value\np4,4.5\np1,1\np2,2\np3,3\n")
    rows = {(row.key, row.target): row for row in report.rows}
    assert rows["rmse", None].value == pytest.approx(0.25)
    assert rows["r", None].value == pytest.approx(np.corrcoef([1, 2, 3, 4], [1, 2, 3, 4.5])[0, 1])
    assert rows["se", "p4"].value == 0.25
    assert len(rows) == 6


def test_pooled_metric_is_missing_when_a_target_is_unanswered():
    report = scored_table(b"target,value\np1,1\np2,2.5\n")
    row = report.rows[0]
    assert (row.status, row.detail) == (ScoreStatus.MISSING, "2 of 4 targets answered")


def test_pooled_metric_may_use_the_answered_targets_and_says_so():
    report = scored_table(b"target,value\np1,1\np2,2.5\n", pooled_missing="answered")
    row = report.rows[0]
    assert row.value == pytest.approx(np.sqrt(0.125))
    assert row.detail == "2 of 4 targets answered"


def test_constant_prediction_leaves_a_correlation_undefined():
    report = scored_table(b"target,value\np1,1\np2,1\np3,1\np4,1\n")
    rows = {row.key: row for row in report.rows}
    assert rows["r"].status is ScoreStatus.UNDEFINED
    assert rows["rmse"].status is ScoreStatus.OK


def test_reference_may_be_an_array_source():
    sources = {slug: MemorySource(array) for slug, array in TRUTH.items()}
    handle = io.BytesIO(npz_bytes(GUESS))
    report = score(handle, PredictionFormat("npz"), TARGETS, sources, METRICS)
    assert report.rows == scored().rows


@pytest.mark.parametrize(
    "truth",
    [
        {"u01": TRUTH["u01"]},
        {**TRUTH, "u03": TRUTH["u01"]},
        {**TRUTH, "u02": TRUTH["u02"].T},
        {**TRUTH, "u02": TRUTH["u02"] * np.inf},
    ],
)
def test_references_that_do_not_fit_the_targets_are_the_organizers_fault(truth):
    with pytest.raises(ReferenceFaultError):
        scored(truth=truth)


def test_wrong_metric_choices_are_refused_before_anything_is_read():
    with pytest.raises(UnknownMetricError):
        scored(metrics=[MetricChoice("a", "nope")])
    with pytest.raises(MetricInputError):
        scored(metrics=[MetricChoice("a", "nrmse", parameters={"band": "low"})])


def test_layout_that_does_not_fit_the_targets_fails_its_rows_only():
    metrics = [MetricChoice("bad", "nrmse", parameters={"layout": "xyt"}), METRICS[0]]
    statuses = [row.status for row in scored(metrics=metrics).rows]
    assert statuses == [ScoreStatus.FAILED] * 2 + [ScoreStatus.OK] * 2


def leaky(reference, prediction):
    raise RuntimeError(f"reference is {reference.tolist()}")


def test_error_of_an_installed_metric_never_carries_its_text_to_the_row(monkeypatch):
    metric = Metric(
        slug="leaky",
        title="Leaky",
        family="test",
        inputs=Inputs.SCALAR,
        direction=Direction.LOWER,
        unit="1",
        bounds=(0, None),
        perfect=0,
        help="Fails.",
        formula="",
        citation="",
        whole=leaky,
    )
    known = registry.all_metrics()
    monkeypatch.setattr(registry, "_metrics", lambda: (*known, metric))
    report = score(
        io.BytesIO(b"target,value\np1,1\n"),
        CSV,
        SCALARS[:1],
        references({"p1": np.float64(0.123456)}),
        [MetricChoice("leaky", "leaky")],
    )
    (row,) = report.rows
    assert row.status is ScoreStatus.FAILED
    assert row.detail == "metric leaky could not be computed (RuntimeError)"


def test_no_message_to_a_participant_shows_a_reference_value():
    secret = 0.8712345
    truth = {"u01": np.full(SHAPE, secret), "u02": np.zeros(SHAPE)}
    for guess in (GUESS, {"u01": GUESS["u01"].T}, {}, {"u02": np.zeros(SHAPE)}):
        report = scored(guess, truth=truth)
        texts = [json.dumps(asdict(problem)) for problem in report.check.problems]
        texts += [row.detail for row in report.rows]
        assert len(texts) >= 1
        assert "87123" not in " ".join(texts)


def test_check_reports_what_is_answered():
    report = check(io.BytesIO(b"target,value\np2,2\n"), CSV, SCALARS)
    assert report.ok
    assert report.answered == ("p2",)


def test_engine_needs_no_django():
    code = (
        "import sys, scoring.engine, scoring.uncertainty, scoring.metrics;"
        "scoring.metrics.all_metrics(); import scoring.readers; scoring.readers.all_readers();"
        "sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
