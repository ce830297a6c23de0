"""What the cage costs: a small job scored in this process, and in a caged child."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from bench.measure import Method
from scoring.contract import (
    Aggregate,
    MetricChoice,
    PredictionFormat,
    ScoreReport,
    TargetSpec,
)

UNCAGED = Method("in the calling process", "bench.cage:uncaged", calls=20, clock="perf_counter")
CAGED = Method("in a caged child", "bench.cage:caged", calls=20, clock="perf_counter")

_PREDICTION = "prediction"
_FIELD_SHAPE = (32, 256)
_TARGETS = {
    "table": [TargetSpec(f"m{i:02}") for i in range(11)],
    "fields": [TargetSpec(f"u{i:02}", _FIELD_SHAPE) for i in range(12)],
}
_FORMATS = {"table": PredictionFormat("csv"), "fields": PredictionFormat("npz")}
_METRICS = {
    "table": [
        MetricChoice("rmse", "squared_error", aggregate=Aggregate.ROOT_MEAN),
        MetricChoice("mae", "absolute_error"),
        MetricChoice("tau", "kendall_tau_b", aggregate=Aggregate.POOLED),
    ],
    "fields": [MetricChoice(slug, slug) for slug in ("nrmse", "vrmse", "max_error", "crmse")],
}


def write_files(folder: Path, *, job: str) -> None:
    """Write the references and a prediction of a small job."""
    rng = np.random.default_rng(11)
    truth = {target.slug: rng.standard_normal(target.shape) for target in _TARGETS[job]}
    guess = {slug: values + 0.1 * rng.standard_normal() for slug, values in truth.items()}
    for slug, values in truth.items():
        np.save(folder / f"{slug}.npy", values)
    if job == "fields":
        np.savez(folder / f"{_PREDICTION}.npz", **guess)
        (folder / f"{_PREDICTION}.npz").rename(folder / _PREDICTION)
        return
    lines = ["target,value", *(f"{slug},{float(value)!r}" for slug, value in guess.items())]
    (folder / _PREDICTION).write_text("\n".join(lines) + "\n", encoding="utf-8")


def uncaged(*, folder: str, job: str) -> list[float]:
    """Score the job in this process."""
    from scoring.engine import score

    return _scored(Path(folder), job, score)


def caged(*, folder: str, job: str) -> list[float]:
    """Score the job in a caged child; the cage is already running, as in a worker."""
    from scoring.cage import CageLimits, score_in_cage

    limits = CageLimits(memory_bytes=512 * 2**20, wall_s=60.0)
    return _scored(Path(folder), job, lambda *given: score_in_cage(*given, limits=limits))


def _scored(folder: Path, job: str, score: Callable[..., ScoreReport]) -> list[float]:
    targets = _TARGETS[job]
    with ExitStack() as stack:
        prediction = stack.enter_context((folder / _PREDICTION).open("rb"))
        references = {
            target.slug: stack.enter_context((folder / f"{target.slug}.npy").open("rb"))
            for target in targets
        }
        report = score(prediction, _FORMATS[job], targets, references, _METRICS[job])
    return [row.value for row in report.rows if row.value is not None]
