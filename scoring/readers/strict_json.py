"""JSON read strictly: what Python's reader lets pass or dies of is told instead.

Duplicate keys, which mean one thing to one program and another to the next; NaN and infinity,
which are no JSON; numbers beyond double precision; and nesting without end.
"""

from __future__ import annotations

import json
import math
from typing import Any

from scoring.readers.checks import shown
from scoring.readers.number_text import parse_number

_DEPTH = 64


class JsonFaultError(ValueError):
    """A text is not acceptable JSON; carries a stable code, what is wrong and how to mend it."""

    def __init__(self, code: str, reason: str, remedy: str) -> None:
        self.code = code
        self.reason = reason
        self.remedy = remedy
        super().__init__(reason)


def parse_json(text: str) -> Any:
    """Return what a JSON text says, every number as a float.

    NaN, Infinity and numbers too large for double precision become NaN, for the caller to find
    and to place.

    Raises
    ------
    JsonFaultError
        If the text is not JSON, has a key twice in one object, or is nested deeper than 64.
    NumberError
        If a number is of absurd length, or too small for double precision.
    """
    if _depth(text) > _DEPTH:
        raise JsonFaultError(
            "TOO_DEEP",
            f"is nested deeper than {_DEPTH} levels",
            "write the values as lists of numbers, one level for each axis",
        )
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_number,
            parse_int=_number,
            parse_constant=lambda _: math.nan,
        )
    except json.JSONDecodeError as error:
        raise JsonFaultError(
            "BAD_JSON",
            f"is not JSON, as of character {error.pos + 1}",
            "write it with a JSON library, one object on each line",
        ) from None


def _depth(text: str) -> int:
    """Return an upper bound of the nesting: brackets in texts are counted as well."""
    deepest = text.count("[") + text.count("{")
    if deepest <= _DEPTH:
        return deepest
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _number(text: str) -> float:
    value = float(text)
    if value and math.isfinite(value):
        return value
    return math.nan if math.isinf(value) else parse_number(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise JsonFaultError(
                "DUPLICATE_KEY",
                f"has the key {shown(key)} twice in one object",
                "keep one of the two",
            )
        found[key] = value
    return found
