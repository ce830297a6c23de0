"""A statement as a JSON document: its schema, what is wrong with one, and how complete it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from catalog.statements.fields import Field, Shape, fields_of

Answers = Mapping[str, Any]

NOT_DISCLOSED = "not disclosed"  # an answer like any other: allowed, and shown
SCHEMA_VERSION = 1
TEXT_MOST = 2000
LINE_MOST = 300
LINES_MOST = 50
COLUMNS_MOST = 500
COLUMN_TYPES = ("text", "integer", "number", "boolean", "date", "array")

_COLUMN = {
    "type": "object",
    "required": ["name", "type"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 120},
        "type": {"enum": list(COLUMN_TYPES)},
        "unit": {"type": "string", "maxLength": 60},
        "meaning": {"type": "string", "maxLength": LINE_MOST},
        "split": {"type": "string", "maxLength": 60},
    },
}
_BARE: dict[Shape, dict[str, Any]] = {
    Shape.TEXT: {"type": "string", "minLength": 1, "maxLength": TEXT_MOST},
    Shape.LINE: {
        "type": "string",
        "minLength": 1,
        "maxLength": LINE_MOST,
        "pattern": r"^[^\r\n]*$",
    },
    Shape.DATE: {"type": "string", "format": "date"},
    Shape.NUMBER: {"type": "number", "minimum": 0, "maximum": 1e15},
    Shape.COUNT: {"type": "integer", "minimum": 0, "maximum": 10**15},
    Shape.YES_NO: {"type": "boolean"},
    Shape.LINES: {
        "type": "array",
        "minItems": 1,
        "maxItems": LINES_MOST,
        "items": {"type": "string", "minLength": 1, "maxLength": LINE_MOST},
    },
    Shape.COLUMNS: {
        "type": "array",
        "minItems": 1,
        "maxItems": COLUMNS_MOST,
        "items": _COLUMN,
    },
}
_formats = FormatChecker(formats=())


def _is_date(value: object) -> bool:
    if not isinstance(value, str):
        return True  # the type is another rule
    return len(value) == 10 and bool(date.fromisoformat(value))


_formats.checks("date", raises=ValueError)(_is_date)


@dataclass(frozen=True, slots=True)
class StatementProblem:
    """What is wrong with one answer, and how to mend it."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of a statement is answered; "not disclosed" is an answer."""

    answered: int
    asked: int
    needed_missing: tuple[Field, ...]
    not_disclosed: tuple[Field, ...]

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means all of it."""
        return 100 * self.answered // self.asked if self.asked else 100


@cache
def json_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the answers for this kind of artifact."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Statement of a {kind}",
        "description": f"Every answer may be {NOT_DISCLOSED!r}. Version {SCHEMA_VERSION}.",
        "type": "object",
        "additionalProperties": False,
        "properties": {each.key: _field_schema(each) for each in fields_of(kind)},
    }


def _field_schema(field: Field) -> dict[str, Any]:
    described = {"title": str(field.label), "description": str(field.help)}
    return {**described, "anyOf": [{"const": NOT_DISCLOSED}, _bare_schema(field)]}


def _bare_schema(field: Field) -> dict[str, Any]:
    keys = [key for key, _ in field.choices]
    if field.shape is Shape.CHOICE:
        return {"enum": keys}
    if field.shape is Shape.CHOICES:
        return {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": keys}}
    return _BARE[field.shape]


@cache
def _validator(kind: str, key: str) -> Draft202012Validator:
    field = next(each for each in fields_of(kind) if each.key == key)
    return Draft202012Validator(_bare_schema(field), format_checker=_formats)


def check(answers: object, kind: str) -> list[StatementProblem]:
    """Return every problem of the answers; none for a document that fits the schema."""
    if not isinstance(answers, Mapping):
        return [StatementProblem("", _("A statement is an object of answers by field."))]
    known = {each.key for each in fields_of(kind)}
    problems = []
    for key, value in answers.items():
        if key not in known:
            told = _("A statement of this kind has no field %(field)s.") % {
                "field": repr(str(key)[:60])
            }
            problems.append(StatementProblem(str(key)[:60], told))
        elif not _is_storable(value):
            told = _("It holds a character that is not text, or a number that is none.")
            problems.append(StatementProblem(key, told))
        elif value != NOT_DISCLOSED:
            error = next(iter(_validator(kind, key).iter_errors(value)), None)
            if error is not None:
                problems.append(StatementProblem(key, _told(error)))
    return problems


def _is_storable(value: object) -> bool:
    """Tell whether a database keeps it: no NUL, no half of a character, no NaN."""
    try:
        return b"\\u0000" not in json.dumps(value, allow_nan=False).encode() and bool(
            json.dumps(value, ensure_ascii=False).encode()
        )
    except (TypeError, ValueError, RecursionError):
        return False


def _told(error: ValidationError) -> str:
    """Say what is wrong without repeating a long answer."""
    place = "".join(f", {step + 1 if isinstance(step, int) else step}" for step in error.path)
    wanted = {
        "maxLength": _("It is longer than %(limit)s characters.")
        % {"limit": error.validator_value},
        "minLength": _("It is empty. Leave the field out instead."),
        "format": _("It is not a date. Write it like 2026-03-31."),
        "enum": _("It is none of %(known)s.")
        % {"known": ", ".join(map(str, error.validator_value))}
        if error.validator == "enum"
        else "",
        "pattern": _("It has more than one line."),
        "required": _("A column has a name and a type."),
    }.get(str(error.validator)) or f"{error.message[:200]}."
    return (
        _("At%(place)s: %(wanted)s") % {"place": place[1:], "wanted": wanted} if place else wanted
    )


def is_answered(answers: Answers, key: str) -> bool:
    """Tell whether a question has an answer, be it "not disclosed"."""
    return answers.get(key) not in (None, "", [])


def completeness(answers: Answers, kind: str) -> Completeness:
    """Return how much is answered, and what is still needed to publish."""
    fields = fields_of(kind)
    answered = [each for each in fields if is_answered(answers, each.key)]
    return Completeness(
        answered=len(answered),
        asked=len(fields),
        needed_missing=tuple(each for each in fields if each.needed and each not in answered),
        not_disclosed=tuple(each for each in answered if answers[each.key] == NOT_DISCLOSED),
    )
