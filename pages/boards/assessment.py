"""The table that assessors read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AssessedEntry:
    """One entry's line: its name for this reader, and its value on each target."""

    name: str
    detail: str
    competes: bool
    pooled: float | None
    values: list[float | None]


def assessment_table(document: dict[str, Any], metric: str) -> list[AssessedEntry]:
    """Return the lines of one metric; None is a missing value."""
    lines = []
    for entry in document["entries"]:
        scores = entry["scores"].get(metric, {})
        named = f"{entry['team_name']}, {entry['method_title']}" if "team" in entry else ""
        lines.append(
            AssessedEntry(
                name=entry["entry"],
                detail="; ".join(part for part in (named, entry["track_title"] or "") if part),
                competes=entry["competes"],
                pooled=scores.get(""),
                values=[scores.get(slug) for slug in document["targets"]],
            )
        )
    return lines
