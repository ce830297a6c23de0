"""The JSON Schema of challenge.yaml, made from the tables that the import reads by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from catalog.models import Artifact, ArtifactFile, Contribution, LineageEdge
from challenges.models import (
    Challenge,
    ChallengeRole,
    Round,
    RoundMetric,
    Target,
    TargetWindow,
    Track,
)
from challenges.models.target import MAX_DIMENSIONS
from challenges.services.bundles.fields import model_field
from challenges.services.bundles.read import CHALLENGE_FIELDS
from challenges.services.bundles.read_artifacts import (
    ARTIFACT_FIELDS,
    CONTRIBUTION_FIELDS,
    LINEAGE_FIELDS,
)
from challenges.services.bundles.read_rounds import (
    METRIC_FIELDS,
    ROUND_FIELDS,
    TARGET_FIELDS,
    TARGET_JSON,
    TRACK_FIELDS,
    WINDOW_FIELDS,
)
from heldout.bundle.answers import ANSWER_KINDS
from heldout.bundle.source import BUNDLE_FORMAT
from scoring.metrics import all_metrics
from scoring.readers import all_readers

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCALAR: Schema = {"type": ["string", "number", "boolean"]}  # text needs no quotes in a bundle
FILE_NAME: Schema = SCALAR | {"description": "A file of the bundle, named from its top."}
KEY_OF_ARTIFACT: Schema = {"type": "string", "pattern": "^[^/]+/.+$"}
WORDS: Schema = {"anyOf": [{"type": "array", "items": SCALAR}, SCALAR]}
SIZES: Schema = {
    "anyOf": [
        {
            "type": "array",
            "maxItems": MAX_DIMENSIONS,
            "items": {"anyOf": [{"type": "integer", "minimum": 1}, {"enum": [None, "?"]}]},
        },
        {"type": ["string", "integer"]},
    ]
}
JSON_KINDS: Mapping[str, Schema] = {
    "sizes": SIZES,
    "words": WORDS,
    "mapping": {"type": "object"},
}


def bundle_schema() -> Schema:
    """Return the schema (JSON Schema 2020-12): what an editor completes and underlines.

    It knows the form of each value. What needs the files, the database or two values at once
    is checked by the import alone.
    """
    properties = {
        "bundle": {"const": BUNDLE_FORMAT, "description": "The version of this format."},
        "challenge": _charter(),
        "artifacts": _many(_artifact()),
        "rounds": _many(_round()),
    }
    top = _mapping(properties, required=("bundle", "challenge", "rounds"))
    return {"$schema": DIALECT, "title": "A challenge bundle", **top}


def _charter() -> Schema:
    person = _section(ChallengeRole, ("role",), {"user": SCALAR}, required=("user",))
    return _section(Challenge, CHALLENGE_FIELDS, {"people": _many(person)})


def _artifact() -> Schema:
    file = _file()
    file["properties"] = file["properties"] | {"media_type": _or_null(SCALAR)}
    source = _section(
        LineageEdge, LINEAGE_FIELDS, {"artifact": KEY_OF_ARTIFACT}, required=("artifact",)
    )
    contributor = _section(
        Contribution,
        CONTRIBUTION_FIELDS,
        {"user": SCALAR},
        json_kinds={"roles": "words"},
        fallback=("share_bp", "name"),
    )
    lists = {"files": _many(file), "inputs": _many(source), "contributors": _many(contributor)}
    return _section(Artifact, ARTIFACT_FIELDS, {"team": SCALAR} | lists)


def _round() -> Schema:
    file = _file()
    moment = {"type": "string", "format": "date-time"}
    file["properties"] = file["properties"] | {
        "target": _or_null(SCALAR),
        "released_at": _or_null(moment),
    }
    metric = _section(RoundMetric, METRIC_FIELDS, {}, fallback=("key",))
    metric["properties"]["metric"] = {"enum": sorted({each.slug for each in all_metrics()})}
    window = _section(TargetWindow, WINDOW_FIELDS, {"track": SCALAR}, required=("track",))
    of_target = {"input": FILE_NAME, "windows": _many(window), "providers": WORDS}
    target = _section(Target, TARGET_FIELDS, of_target, json_kinds=TARGET_JSON)
    others = {
        "tracks": _many(_section(Track, TRACK_FIELDS, {})),
        "targets": _many(target),
        "metrics": _many(metric),
        "files": _many(file),
        "references": _references(),
        "schedule": _schedule(),
        "target_set": KEY_OF_ARTIFACT,
        "offered_data": WORDS,
    }
    made = _section(Round, ROUND_FIELDS, others)
    made["properties"]["reader"]["enum"] = [*sorted(each.slug for each in all_readers()), None]
    return made


def _file() -> Schema:
    limit = ArtifactFile._meta.get_field("description").max_length
    described = SCALAR | {"maxLength": limit}
    return _mapping(
        {"path": FILE_NAME, "name": _or_null(SCALAR), "description": _or_null(described)},
        required=("path",),
    )


def _schedule() -> Schema:
    count: Schema = {"type": "integer", "minimum": 1}
    optional = {"per_release": count, "weekday": SCALAR, "at": SCALAR}
    others = {key: _or_null(value) for key, value in optional.items()}
    return _mapping({"days_open": count} | others, required=("days_open",))


def _references() -> Schema:
    options = {"id": SCALAR, "value": WORDS, "delimiter": {"enum": [",", ";", "\t", "|"]}}
    named: Schema = dict.fromkeys(ANSWER_KINDS, FILE_NAME)
    made = _mapping(named | {key: _or_null(value) for key, value in options.items()})
    return made | {"oneOf": [{"required": [kind]} for kind in ANSWER_KINDS]}


def _section(
    model: type[models.Model],
    names: Iterable[str],
    others: Mapping[str, Schema],
    *,
    required: tuple[str, ...] = (),
    json_kinds: Mapping[str, str] | None = None,
    fallback: tuple[str, ...] = (),
) -> Schema:
    """Describe a mapping: the fields of a model and `others`; `fallback` may be left out."""
    properties: dict[str, Schema] = {}
    needed = list(required)
    for name in names:
        field = model_field(model, name)
        value = _value(field, kind=(json_kinds or {}).get(name, "mapping"))
        must = not field.blank and field.get_default() in ("", None) and name not in fallback
        if must:
            needed.append(name)
        properties[name] = value if must else _or_null(value)
    for name, schema in others.items():
        properties[name] = schema if name in required else _or_null(schema)
    return _mapping(properties, required=tuple(needed))


def _mapping(properties: Mapping[str, Schema], *, required: tuple[str, ...] = ()) -> Schema:
    made: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": dict(properties),
    }
    return made | ({"required": list(required)} if required else {})


def _many(item: Schema) -> Schema:
    """Describe a list that may lie in a table."""
    table = _mapping({"table": FILE_NAME}, required=("table",))
    return {"anyOf": [{"type": "array", "items": item}, table]}


def _or_null(schema: Schema) -> Schema:
    """Allow null, which is read like a key that is left out."""
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    if "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return schema | {"type": [*kinds, "null"]}
    return schema | {"anyOf": [*schema["anyOf"], {"type": "null"}]}


def _value(field: models.Field[Any, Any], *, kind: str) -> Schema:
    made = dict(_form(field, kind=kind))
    if field.help_text:
        made["description"] = str(field.help_text)
    default = field.get_default()
    if default not in ("", None) and isinstance(default, str | int | float | list | dict):
        made["default"] = default
    return made


def _form(field: models.Field[Any, Any], *, kind: str) -> Schema:
    choices = [key for key, _label in field.flatchoices]
    if choices:
        return {"enum": [str(choice) for choice in choices]}
    if isinstance(field, models.JSONField):
        return JSON_KINDS[kind]
    if isinstance(field, models.DateTimeField):
        return {"type": "string", "format": "date-time"}
    if isinstance(field, models.BooleanField):
        return {"type": "boolean"}
    if isinstance(field, models.FloatField | models.IntegerField):
        number = "number" if isinstance(field, models.FloatField) else "integer"
        return {"type": number} | _limits(field)
    text = SCALAR | ({"maxLength": field.max_length} if field.max_length else {})
    return {"anyOf": [text, _mapping({"file": FILE_NAME}, required=("file",))]}


def _limits(field: models.Field[Any, Any]) -> Schema:
    lows, highs = [], []
    for validator in field.validators:
        limit: Any = getattr(validator, "limit_value", None)
        if isinstance(validator, MinValueValidator):
            lows.append(limit() if callable(limit) else limit)
        elif isinstance(validator, MaxValueValidator):
            highs.append(limit() if callable(limit) else limit)
    return ({"minimum": max(lows)} if lows else {}) | ({"maximum": min(highs)} if highs else {})
