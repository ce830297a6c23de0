"""The engine's records as JSON and back. What comes back from a child is checked, not believed."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from scoring.contract import (
    Aggregate,
    CheckReport,
    JsonValue,
    Mending,
    MetricChoice,
    PredictionFormat,
    Problem,
    ScoreReport,
    ScoreRow,
    ScoreStatus,
    TargetSpec,
)
from scoring.crowd import CrowdFile
from scoring.twins import Measured

_TEXT_LIMIT = 1000


def format_to_json(prediction_format: PredictionFormat) -> dict[str, JsonValue]:
    return {"reader": prediction_format.reader, "options": dict(prediction_format.options)}


def format_from_json(value: Mapping[str, Any]) -> PredictionFormat:
    return PredictionFormat(reader=value["reader"], options=value["options"])


def targets_to_json(targets: Sequence[TargetSpec]) -> list[JsonValue]:
    return [_shallow(target) for target in targets]


def targets_from_json(value: Sequence[Mapping[str, Any]]) -> list[TargetSpec]:
    return [
        TargetSpec(
            **{
                **target,
                "shape": tuple(target["shape"]),
                "reference_shape": _shape_from_json(target.get("reference_shape")),
            }
        )
        for target in value
    ]


def _shallow(record: TargetSpec | MetricChoice) -> dict[str, JsonValue]:
    """Return the fields as they are; `asdict` would copy each one deeply."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _shape_from_json(value: Sequence[int | None] | None) -> tuple[int | None, ...] | None:
    return None if value is None else tuple(value)


def metrics_to_json(metrics: Sequence[MetricChoice]) -> list[JsonValue]:
    return [{**_shallow(choice), "parameters": dict(choice.parameters)} for choice in metrics]


def metrics_from_json(value: Sequence[Mapping[str, Any]]) -> list[MetricChoice]:
    return [
        MetricChoice(**{**choice, "aggregate": Aggregate(choice["aggregate"])}) for choice in value
    ]


def check_from_json(value: Any) -> CheckReport:
    """Rebuild a check report.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError
        If the value is not one.
    """
    return CheckReport(
        problems=tuple(_problem(problem) for problem in value["problems"]),
        problems_left_out=int(value["problems_left_out"]),
        answered=tuple(_text(slug) for slug in value["answered"]),
        metadata=dict(value["metadata"]),
        suggestions=tuple(_mending(mending) for mending in value["suggestions"]),
    )


def score_from_json(value: Any) -> ScoreReport:
    """Rebuild a score report; raises as `check_from_json` does."""
    return ScoreReport(
        rows=tuple(_row(row) for row in value["rows"]),
        check=check_from_json(value["check"]),
        engine_version=_text(value["engine_version"]),
    )


def crowd_from_json(value: Any) -> CrowdFile:
    """Rebuild a consensus file; raises as `check_from_json` does."""
    return CrowdFile(
        content=base64.b64decode(_whole_text(value["content"]), validate=True),
        check=check_from_json(value["check"]),
        left_out={_text(slug): _text(reason) for slug, reason in value["left_out"].items()},
        refusal=_text(value["refusal"]),
    )


def measured_from_json(value: Any) -> list[Measured]:
    """Rebuild what pairs of entries measured; raises as `check_from_json` does."""
    found = [Measured(_number(each["distance"]), int(each["numbers"])) for each in value]
    if any(each.distance is not None and each.distance < 0 for each in found):
        raise ValueError("a distance below zero")
    return found


def _number(value: Any) -> float | None:
    # NaN and infinities cannot come: neither side writes them into JSON, and `json` would give
    # them as floats, which the comparison below refuses.
    if value is not None and not abs(float(value)) < float("inf"):
        raise ValueError("a number that is not finite")
    return None if value is None else float(value)


def _row(value: Mapping[str, Any]) -> ScoreRow:
    target = value["target"]
    return ScoreRow(
        key=_text(value["key"]),
        target=None if target is None else _text(target),
        status=ScoreStatus(value["status"]),
        value=_number(value["value"]),
        detail=_text(value["detail"]),
    )


def _problem(value: Mapping[str, Any]) -> Problem:
    names = ("code", "message", "where", "remedy")
    return Problem(**{name: _text(value[name]) for name in names})


def _mending(value: Mapping[str, Any]) -> Mending:
    changes = tuple((_text(before), _text(after)) for before, after in value["changes"])
    names = ("code", "message", "where", "decide")
    return Mending(**{name: _text(value[name]) for name in names}, changes=changes)


def _text(value: Any) -> str:
    return _whole_text(value)[:_TEXT_LIMIT]


def _whole_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
