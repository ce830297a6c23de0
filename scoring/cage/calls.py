"""The engine behind the cage: same arguments, same reports, and one typed error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
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
from scoring.consensus import Way
from scoring.contract import (
    CheckReport,
    JsonValue,
    MetricChoice,
    PredictionFormat,
    ScoreReport,
    TargetSpec,
)
from scoring.crowd import Answers, CrowdFile
from scoring.likeness import Task
from scoring.twins import Measured

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


def combine_in_cage(
    handles: Mapping[str, BinaryIO],
    answers: Answers,
    prediction_format: PredictionFormat,
    targets: Sequence[TargetSpec],
    *,
    way: Way,
    normalise: bool,
    limit_bytes: int,
    limits: CageLimits,
    also_readable: Mapping[str, Sequence[TargetSpec]],
) -> CrowdFile:
    """Do `scoring.crowd.crowd_file` in a caged child; raises as `check_in_cage` does.

    The file comes back in the child's answer, as a caged child can write none.
    """
    request = {
        "format": codec.format_to_json(prediction_format),
        "targets": codec.targets_to_json(targets),
        "also_readable": {
            name: codec.targets_to_json(specs) for name, specs in also_readable.items()
        },
        "answers": [dict(each) for each in answers],
        "way": way.value,
        "normalise": normalise,
        "limit_bytes": limit_bytes,
    }
    room = replace(limits, answer_bytes=limits.answer_bytes + limit_bytes * 4 // 3)
    job = CagedJob("scoring.cage.jobs:combine", room, request, handles)
    made = _report(job, codec.crowd_from_json)
    if len(made.content) > limit_bytes:
        raise CageError(CageOutcome.OUTPUT, "the file is longer than allowed")
    return made


def compare_in_cage(
    handles: Mapping[str, BinaryIO],
    prediction_format: PredictionFormat,
    targets: Sequence[TargetSpec],
    choice: MetricChoice,
    *,
    answers: Mapping[str, Mapping[str, str]],
    tasks: Sequence[Task],
    limits: CageLimits,
    also_readable: Mapping[str, Sequence[TargetSpec]],
) -> list[Measured]:
    """Do `scoring.likeness.likenesses` in a caged child; raises as `check_in_cage` does.

    The child gets predictions alone, never an answer of the round.
    """
    request = {
        "format": codec.format_to_json(prediction_format),
        "targets": codec.targets_to_json(targets),
        "metrics": codec.metrics_to_json([choice]),
        "also_readable": {
            name: codec.targets_to_json(specs) for name, specs in also_readable.items()
        },
        "answers": {entry: dict(files) for entry, files in answers.items()},
        "tasks": [[task.one, task.other, list(task.slugs)] for task in tasks],
    }
    job = CagedJob("scoring.cage.jobs:compare", limits, request, handles)
    measured = _report(job, codec.measured_from_json)
    if len(measured) != len(tasks):
        raise CageError(CageOutcome.OUTPUT, "not as many pairs as were asked for")
    return measured


def _report(job: CagedJob, rebuild: Callable[[JsonValue], _Report]) -> _Report:
    result = run_caged(job)
    if result.outcome is not CageOutcome.DONE:
        raise CageError(result.outcome, result.detail)
    try:
        return rebuild(result.answer)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise CageError(CageOutcome.OUTPUT, "the answer is not a report") from None
