"""Two small scorings of made-up numbers, by which a process gets warm.

In the zygote they fill caches. In a child that waits for its job they make the child's own copies
of the memory that every job writes to, some thousand pages, before anybody waits for them.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring import engine
from scoring.contract import Aggregate, MetricChoice, PredictionFormat, TargetSpec

_SLUGS = ("u", "v", "w")
_FIELD = np.linspace(0.0, 1.0, 32).reshape(2, 16)
_NUMBER_METRICS = [
    MetricChoice("one", "squared_error", aggregate=Aggregate.ROOT_MEAN),
    MetricChoice("all", "kendall_tau_b", aggregate=Aggregate.POOLED),
]
_FIELD_METRICS = [MetricChoice("nrmse", "nrmse"), MetricChoice("max", "max_error")]


def rehearse() -> None:
    """Score a few numbers in a CSV file, and a few fields in an NPZ file."""
    rows = "".join(f"{slug},{at}.5\n" for at, slug in enumerate(_SLUGS))
    numbers = [np.array(float(at)) for at in range(len(_SLUGS))]
    _score("csv", f"target,value\n{rows}".encode(), numbers, metrics=_NUMBER_METRICS)
    content = io.BytesIO()
    arrays: dict[str, Any] = dict.fromkeys(_SLUGS, _FIELD)
    np.savez(content, **arrays)
    _score("npz", content.getvalue(), [_FIELD] * len(_SLUGS), metrics=_FIELD_METRICS)


def _score(
    reader: str,
    content: bytes,
    truths: list[npt.NDArray[np.float64]],
    *,
    metrics: list[MetricChoice],
) -> None:
    targets = [TargetSpec(slug, truth.shape) for slug, truth in zip(_SLUGS, truths, strict=True)]
    references = {slug: io.BytesIO() for slug in _SLUGS}
    for slug, truth in zip(_SLUGS, truths, strict=True):
        np.save(references[slug], truth)
        references[slug].seek(0)
    report = engine.score(
        io.BytesIO(content), PredictionFormat(reader), targets, references, metrics
    )
    if not report.check.ok:
        raise RuntimeError("the made-up file has problems")
