"""What runs inside the cage: check, score, combine and compare files, from JSON to JSON."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import BinaryIO

from scoring import engine
from scoring.cage import codec
from scoring.cage.records import PREDICTION, REFERENCE
from scoring.consensus import Way
from scoring.contract import JsonValue
from scoring.crowd import crowd_file
from scoring.harmonize import suggestions
from scoring.likeness import Task, likenesses


def check(request: Mapping[str, JsonValue], files: Mapping[str, BinaryIO]) -> JsonValue:
    """Read the prediction file; report what is wrong with it, and how it could be mended."""
    file = files[PREDICTION]
    declared = codec.format_from_json(request["format"])
    targets = codec.targets_from_json(request["targets"])
    report = engine.check(file, declared, targets)
    if not report.ok:
        report = replace(report, suggestions=suggestions(file, declared, targets))
    return asdict(report)


def score(request: Mapping[str, JsonValue], files: Mapping[str, BinaryIO]) -> JsonValue:
    """Score the prediction file against the references."""
    references = {
        name.removeprefix(REFERENCE): handle
        for name, handle in files.items()
        if name.startswith(REFERENCE)
    }
    report = engine.score(
        files[PREDICTION],
        codec.format_from_json(request["format"]),
        codec.targets_from_json(request["targets"]),
        references,
        codec.metrics_from_json(request["metrics"]),
        also_readable=codec.targets_from_json(request["also_readable"]),
    )
    return report.to_json()


def combine(request: Mapping[str, JsonValue], files: Mapping[str, BinaryIO]) -> JsonValue:
    """Combine prediction files into one of the same format."""
    made = crowd_file(
        files,
        request["answers"],
        codec.format_from_json(request["format"]),
        codec.targets_from_json(request["targets"]),
        way=Way(request["way"]),
        normalise=request["normalise"],
        limit_bytes=request["limit_bytes"],
        also_readable={
            name: codec.targets_from_json(specs) for name, specs in request["also_readable"].items()
        },
    )
    return {
        "content": base64.b64encode(made.content).decode("ascii"),
        "check": asdict(made.check),
        "left_out": dict(made.left_out),
        "refusal": made.refusal,
    }


def compare(request: Mapping[str, JsonValue], files: Mapping[str, BinaryIO]) -> JsonValue:
    """Measure how far pairs of entries are from each other."""
    measured = likenesses(
        files,
        codec.format_from_json(request["format"]),
        codec.targets_from_json(request["targets"]),
        codec.metrics_from_json(request["metrics"])[0],
        answers=request["answers"],
        tasks=[Task(one, other, tuple(slugs)) for one, other, slugs in request["tasks"]],
        also_readable={
            name: codec.targets_from_json(specs) for name, specs in request["also_readable"].items()
        },
    )
    return [asdict(each) for each in measured]
