"""One hostile file, and what reading it in the cage comes to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scoring.cage.client import run_caged
from scoring.cage.codec import format_to_json, targets_to_json
from scoring.cage.records import PREDICTION, CagedJob, CageLimits, CageOutcome, CageResult
from scoring.contract import PredictionFormat, TargetSpec

# What a reader may take on top of the loaded libraries before the system stops it.
LIMITS = CageLimits(memory_bytes=768 * 2**20, wall_s=120.0)
SECRET = b"target,value\np,0.73125\n"  # what lies beside the file and must never come out
TARGETS = (TargetSpec("p"), TargetSpec("a", (4, 3)))


@dataclass(frozen=True)
class Case:
    """A file, made in a folder of its own, and the codes of the problems it may be told."""

    group: str
    title: str
    reader: str
    make: Callable[[Path], bytes]
    codes: frozenset[str]  # none: the file is read
    targets: tuple[TargetSpec, ...] = TARGETS
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of a case."""

    outcome: CageOutcome
    codes: frozenset[str]
    said: str  # everything a participant may see
    seconds: float
    peak_bytes: int


def examined(case: Case, folder: Path) -> Outcome:
    """Make the file of a case and have it checked in the cage."""
    (folder / "secret.csv").write_bytes(SECRET)
    path = folder / "prediction"
    path.write_bytes(case.make(folder))
    request = {
        "format": format_to_json(PredictionFormat(case.reader, case.options)),
        "targets": targets_to_json(case.targets),
    }
    with path.open("rb") as handle:
        job = CagedJob("scoring.cage.jobs:check", LIMITS, request, {PREDICTION: handle})
        result = run_caged(job)
    return _outcome(result)


def _outcome(result: CageResult) -> Outcome:
    problems = result.answer["problems"] if result.outcome is CageOutcome.DONE else []
    return Outcome(
        outcome=result.outcome,
        codes=frozenset(problem["code"] for problem in problems),
        said=json.dumps(result.answer),
        seconds=result.wall_s,
        peak_bytes=result.peak_bytes,
    )
