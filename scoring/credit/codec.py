"""Credit's records as JSON values and back, driven by their type annotations.

Reading is strict: an unknown, absent or wrongly typed field is an error that names its place, so a
hand-edited export cannot quietly mean something else.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from scoring.credit.records import CreditError

Record = TypeVar("Record")
JsonValue = Any  # what json.loads returns


class ExportError(CreditError, ValueError):
    """A credit export cannot be read; says where and why."""


def to_json_value(value: object) -> JsonValue:
    """Turn a record, or anything a record holds, into what ``json.dumps`` accepts.

    Fractions become "numerator/denominator" and moments ISO 8601 in UTC; floats stay numbers, which
    Python and every IEEE 754 reader restore to the last bit.
    """
    if is_dataclass(value):
        named = ((item, getattr(value, item.name)) for item in fields(value))
        return {
            item.name: to_json_value(each)
            for item, each in named
            if each is not None or not item.metadata.get("omit_none")
        }
    if isinstance(value, tuple):
        return [to_json_value(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def from_json_value(kind: type[Record], value: JsonValue, *, where: str) -> Record:
    """Read a record of ``kind`` from a JSON value.

    Raises
    ------
    ExportError
        Naming the place below ``where`` and what was expected there.
    """
    return _read(kind, value, where)  # type: ignore[no-any-return]  # checked by _read


def _read(kind: Any, value: JsonValue, where: str) -> Any:
    if isinstance(kind, types.UnionType):
        return _read_optional(kind, value, where)
    if get_origin(kind) is tuple:
        return _read_tuple(get_args(kind), value, where)
    if is_dataclass(kind):
        return _read_record(kind, value, where)
    reader = _READERS.get(kind, _read_enum(kind) if issubclass(kind, Enum) else None)
    if reader is None:
        raise TypeError(f"no reader for {kind}")
    try:
        return reader(value)
    except (TypeError, ValueError) as error:
        raise ExportError(f"{where}: {error}") from None


def _read_optional(kind: Any, value: JsonValue, where: str) -> Any:
    if value is None:
        return None
    (inner,) = (each for each in get_args(kind) if each is not types.NoneType)
    return _read(inner, value, where)


def _read_tuple(kinds: tuple[Any, ...], value: JsonValue, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ExportError(f"{where}: expected a list")
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(value) != len(kinds):
        raise ExportError(f"{where}: expected {len(kinds)} items, found {len(value)}")
    return tuple(
        _read(kind, each, f"{where}[{place}]")
        for place, (kind, each) in enumerate(zip(kinds, value, strict=True))
    )


@lru_cache
def _annotations(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _read_record(kind: Any, value: JsonValue, where: str) -> Any:
    if not isinstance(value, dict):
        raise ExportError(f"{where}: expected an object")
    annotations = _annotations(kind)
    unknown = sorted(value.keys() - annotations.keys())
    if unknown:
        raise ExportError(f"{where}: unknown field {unknown[0]!r}")
    needed = {item.name for item in fields(kind) if item.default is MISSING}
    absent = sorted(needed - value.keys())
    if absent:
        raise ExportError(f"{where}: field {absent[0]!r} is not there")
    return kind(
        **{name: _read(annotations[name], each, f"{where}.{name}") for name, each in value.items()}
    )


def _read_text(value: JsonValue) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("expected a text that is not empty")
    return value


def _read_bool(value: JsonValue) -> bool:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def _read_int(value: JsonValue) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("expected a whole number")
    return value


def _read_float(value: JsonValue) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("expected a finite number")
    return float(value)


def _read_fraction(value: JsonValue) -> Fraction:
    try:
        return Fraction(_read_text(value))
    except (ValueError, ZeroDivisionError):
        raise ValueError('expected a fraction as text, such as "1" or "1/3"') from None


def _read_moment(value: JsonValue) -> datetime:
    try:
        moment = datetime.fromisoformat(_read_text(value))
    except ValueError:
        raise ValueError("expected a date and time in ISO 8601") from None
    if moment.tzinfo is None:
        raise ValueError("a date and time needs its offset from UTC, such as +00:00")
    return moment


def _read_enum(kind: type[Enum]) -> Callable[[JsonValue], Enum]:
    def read(value: JsonValue) -> Enum:
        allowed = [each.value for each in kind]
        if value not in allowed:
            raise ValueError(f"expected one of {', '.join(allowed)}")
        return kind(value)

    return read


_READERS: dict[type, Callable[[JsonValue], object]] = {
    str: _read_text,
    bool: _read_bool,
    int: _read_int,
    float: _read_float,
    Fraction: _read_fraction,
    datetime: _read_moment,
}
