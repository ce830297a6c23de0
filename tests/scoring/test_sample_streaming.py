"""Metrics of samples that stream: in pieces of one target, or over all targets in batches."""

import io

import numpy as np
import pytest

from scoring import engine, passes
from scoring.contract import (
    Aggregate,
    Direction,
    MetricChoice,
    PredictionFormat,
    ScoreStatus,
    TargetSpec,
)
from scoring.errors import MetricUndefinedError
from scoring.metrics import Inputs, Metric, registry
from scoring.readers import MemorySource
from tests.scoring.files import npy_bytes, npz_bytes


class MeanMiss:
    """Mean distance of the reference from the mean of the prediction's members."""

    def __init__(self):
        self.pieces = []

    def init(self, plan, parameters):
        return 0.0, 0

    def update(self, state, chunk):
        self.pieces.append(len(chunk.reference))
        miss = np.abs(chunk.prediction.mean(axis=1) - chunk.reference)
        return state[0] + float(miss.sum()), state[1] + len(miss)

    def merge(self, left, right):
        return left[0] + right[0], left[1] + right[1]

    def finalize(self, state):
        if not state[1]:
            raise MetricUndefinedError("there is no sample")
        return state[0] / state[1]


@pytest.fixture
def steps(monkeypatch):
    made = MeanMiss()
    metric = Metric(
        slug="mean_miss",
        title="Mean miss",
        family="test",
        inputs=Inputs.SAMPLES,
        shapes=("n m", "n"),
        direction=Direction.LOWER,
        unit="unit of the target",
        bounds=(0, None),
        perfect=0,
        help="Misses.",
        formula="",
        citation="",
        mergeable=made,
    )
    known = registry.all_metrics()
    monkeypatch.setattr(registry, "_metrics", lambda: (*known, metric))
    return made


def arrays(samples, members, seed=1):
    generator = np.random.default_rng(seed)
    return generator.standard_normal(samples), generator.standard_normal((samples, members))


def scored(truth, guess, target, *, kind="npy", **choice):
    references = {slug: io.BytesIO(npy_bytes(array)) for slug, array in truth.items()}
    content = npy_bytes(next(iter(guess.values()))) if kind == "npy" else npz_bytes(guess)
    return engine.score(
        io.BytesIO(content),
        PredictionFormat(kind),
        target,
        references,
        [MetricChoice("miss", "mean_miss", **choice)],
    )


def test_samples_of_one_target_come_in_pieces_with_shapes_of_their_own(steps):
    v, u = arrays(30_000, 7)
    target = TargetSpec("y", (30_000, 7), reference_shape=(30_000,))
    (row,) = scored({"y": v}, {"y": u}, [target]).rows
    assert row.value == pytest.approx(np.abs(u.mean(axis=1) - v).mean(), rel=1e-12)
    assert len(steps.pieces) > 1
    assert sum(steps.pieces) == 30_000


@pytest.mark.parametrize("max_bytes", [1, 500, 10**7])
def test_any_cutting_of_samples_gives_the_same(steps, max_bytes):
    v, u = arrays(97, 5)
    metric = registry.get_metric("mean_miss")
    pieces = passes.sample_pieces(MemorySource(v), MemorySource(u), max_bytes=max_bytes)
    found = passes.sample_values(pieces, metrics={"k": metric}, parameters={"k": {}})
    assert found["k"] == pytest.approx(metric.compute(v, u), rel=1e-12)


def test_targets_are_pooled_in_batches(steps, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_BYTES", 8 * 4 * 3)
    v, u = arrays(10, 4)
    truth = {f"t{i}": v[i] for i in range(10)}
    guess = {f"t{i}": u[i] for i in range(10)}
    targets = [TargetSpec(slug, (4,), reference_shape=()) for slug in truth]
    report = scored(truth, guess, targets, kind="npz", aggregate=Aggregate.POOLED)
    (row,) = report.rows
    assert row.target is None
    assert row.value == pytest.approx(np.abs(u.mean(axis=1) - v).mean(), rel=1e-12)
    assert steps.pieces == [3, 3, 3, 1]


def test_shapes_that_do_not_fit_fail_the_row_and_values_are_looked_at_all_the_same(steps):
    v, u = arrays(6, 3)
    (row,) = scored({"y": u}, {"y": u}, [TargetSpec("y", (6, 3))]).rows
    assert row.status is ScoreStatus.FAILED
    assert "shape" in row.detail
    u[4, 1] = np.nan
    report = scored({"y": v}, {"y": u}, [TargetSpec("y", (6, 3), reference_shape=(6,))])
    assert [problem.code for problem in report.check.problems] == ["NOT_FINITE"]
    report = scored({"y": v}, {"y": u}, [TargetSpec("y", (6, 3), reference_shape=(6,))])
    assert report.rows == ()
