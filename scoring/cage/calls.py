"""The engine behind the cage: same arguments, same reports, and one typed error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO, TypeVar

from scoring.cage import codec
from scoring.cage.client import run_caged
from scoring.cage.records import (
    PREDICTION,
    REFERENCE,
    CagedJob,
    CageLimits,
    CageOutcome,
)
from scoring.contract import (
    CheckReport,
    JsonValue,
    MetricChoice,
    PredictionFormat,
    ScoreReport,
    TargetSpec,
)

_Report = TypeVar("_Report")


class CageError(Exception):
    """A caged job did not end with a report.

    `detail` is for operators and organizers: it names places in the code, never content.
    """

    def __init__(self, outcome: CageOutcome, detail: str = "") -> None:
        self.outcome = outcome
        self.detail = detail
        super().__init__(f"{outcome}: {detail}" if detail else str(outcome))


def check_in_cage(
    handle: BinaryIO,
    prediction_format: PredictionFormat,
    targets: Sequence[TargetSpec],
    *,
    limits: CageLimits,
) -> CheckReport:
    """Do `scoring.engine.check` in a caged child.

    Raises
    ------
    CageError
        If the child did not come to an answer.
    """
    request = {
        "format": codec.format_to_json(prediction_format),
        "targets": codec.targets_to_json(targets),
    }
    job = CagedJob("scoring.cage.jobs:check", limits, request, {PREDICTION: handle})
    return _report(job, codec.check_from_json)


def score_in_cage(
    handle: BinaryIO,
    prediction_format: PredictionFormat,
    targets: Sequence[TargetSpec],
    references: Mapping[str, BinaryIO],
    metrics: Sequence[MetricChoice],
    *,
    limits: CageLimits,
    also_readable: Sequence[TargetSpec] = (),
) -> ScoreReport:
    """Do `scoring.engine.score` in a caged child; raises as `check_in_cage` does."""
    request = {
        "format": codec.format_to_json(prediction_format),
        "targets": codec.targets_to_json(targets),
        "metrics": codec.metrics_to_json(metrics),
        "also_readable": codec.targets_to_json(also_readable),
    }
    files = {PREDICTION: handle} | {REFERENCE + slug: file for slug, file in references.items()}
    job = CagedJob("scoring.cage.jobs:score", limits, request, files)
    return _report(job, codec.score_from_json)


def _report(job: CagedJob, rebuild: Callable[[JsonValue], _Report]) -> _Report:
    result = run_caged(job)
    if result.outcome is not CageOutcome.DONE:
        raise CageError(result.outcome, result.detail)
    try:
        return rebuild(result.answer)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise CageError(CageOutcome.OUTPUT, "the answer is not a report") from None
