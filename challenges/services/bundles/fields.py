"""The fields of a model, read from a section and checked by the model's own rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from heldout.bundle.section import Section

Values = dict[str, Any]
_LATER = "Move one of the two dates: closes_at is the later one."
_REMEDIES = {"orcid": "Copy it from the person's page at orcid.org, like 0000-0002-1825-0097."}


def read_fields(
    section: Section,
    model: type[models.Model],
    names: Sequence[str],
    *,
    json_kinds: Mapping[str, str] | None = None,
    fallback: Mapping[str, Any] | None = None,
) -> Values:
    """Return the values of `names`, given or default, after noting what the model refuses.

    Parameters
    ----------
    json_kinds : mapping, optional
        How a JSON field is written: "sizes", "words" or "mapping".
    fallback : mapping, optional
        Values for absent keys, before the model's defaults.
    """
    values: Values = {}
    absent = []
    for name in names:
        field = model_field(model, name)
        if not section.has(name):
            values[name] = (fallback or {}).get(name, field.get_default())
            if not field.blank and values[name] in ("", None):
                section.require(name)
                absent.append(name)
            continue
        values[name] = _read(section, field, kind=(json_kinds or {}).get(name, "mapping"))
    _check(section, model, values, absent=absent)
    return values


def model_field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    """Return a field by name, with its default, choices and limits."""
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise TypeError(name)
    return field


def _read(section: Section, field: models.Field[Any, Any], *, kind: str) -> Any:
    name, default = field.name, field.get_default()
    if isinstance(field, models.JSONField):
        return getattr(section, kind)(name)
    if isinstance(field, models.DateTimeField):
        return section.moment(name)
    if isinstance(field, models.BooleanField):
        return section.flag(name, default)
    if isinstance(field, models.FloatField):
        return section.number(name, default)
    if isinstance(field, models.IntegerField):
        return section.whole(name, default)
    return section.text(name, default)


def _check(
    section: Section, model: type[models.Model], values: Values, *, absent: Sequence[str]
) -> None:
    instance = model(**values)
    skipped = {field.name for field in model._meta.fields if field.name not in values}
    for name, value in values.items():
        choices = [key for key, _label in model_field(model, name).flatchoices]
        if choices and value not in choices and name not in absent:
            section.fault(name, f"{name!r} must be one of {', '.join(choices)}.")
            skipped.add(name)
    wrong: set[str] = set()
    try:
        instance.clean_fields(exclude=skipped | set(absent))
    except ValidationError as error:
        wrong = set(error.message_dict)
        for name, reasons in error.message_dict.items():
            section.fault(name, f"{name!r}: {' '.join(reasons)}", _REMEDIES.get(name, ""))
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.CheckConstraint):
            try:
                constraint.validate(model, instance, exclude=skipped)
            except ValidationError as error:
                named = [name for name in _named(constraint.condition) if section.has(name)]
                if wrong.isdisjoint(named):  # else it has been said at this very place
                    remedy = _LATER if {"opens_at", "closes_at"} <= set(named) else ""
                    section.fault(named[-1] if named else "", " ".join(error.messages), remedy)


def _named(condition: object) -> list[str]:
    """Return the fields that a condition of the database speaks of."""
    if isinstance(condition, models.Q):
        return [name for child in condition.children for name in _named(child)]
    if isinstance(condition, tuple):
        lookup, value = condition
        return [lookup.split("__")[0], *_named(value)]
    return [str(condition.deconstruct()[1][0])] if isinstance(condition, models.F) else []


def update(instance: models.Model, values: Mapping[str, Any]) -> bool:
    """Give an instance these values and save it if any is new; tell whether one was."""
    changed = [name for name, value in values.items() if getattr(instance, name) != value]
    if instance.pk is None:
        for name, value in values.items():
            setattr(instance, name, value)
        instance.save()
        return True
    for name in changed:
        setattr(instance, name, values[name])
    if changed:
        instance.save(update_fields=changed)
    return bool(changed)
