"""The names of rules in words, for those who read what an amendment changed."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import FieldDoesNotExist
from django.db import models

from challenges.models import Round, RoundFile, RoundMetric, Target, TargetWindow, Track
from challenges.models.design_items import DESIGN_ITEMS

_LISTS: Mapping[str, tuple[str, type[models.Model]]] = {
    "targets": ("Target", Target),
    "metrics": ("Metric", RoundMetric),
    "files": ("File", RoundFile),
    "tracks": ("Track", Track),
}
# What the design says in other words than the rows.
_SAID = {
    "cancelled": "cancelled",
    "commitment": "commitment to the sealed answer",
    "sha256": "SHA-256",
    "size": "size in bytes",
}


def rule_in_words(path: str) -> str:
    """Return what a changed rule is about: "targets / u03 / cancelled" is "Target u03: cancelled".

    What has no name in words is named as in the design.
    """
    first, *rest = path.split(" / ")
    if first == "design_items" and rest:
        return DESIGN_ITEMS.get(rest[0], rest[0])
    if first not in _LISTS or not rest:
        return _name(Round, first).capitalize()
    label, model = _LISTS[first]
    name, *inner = rest
    if inner and inner[0] == "windows":
        where = f" in the track {inner[1]}" if len(inner) > 1 else ""
        said = _name(TargetWindow, inner[2]) if len(inner) > 2 else "dates"
        return f"{label} {name}{where}: {said}"
    said = ", ".join(_name(model, each) for each in inner) or "as a whole"
    return f"{label} {name}: {said}"


def _name(model: type[models.Model], field: str) -> str:
    try:
        return str(getattr(model._meta.get_field(field), "verbose_name", field))
    except FieldDoesNotExist:
        return _SAID.get(field, field.replace("_", " "))
