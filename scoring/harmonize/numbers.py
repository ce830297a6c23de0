"""Numbers that people and programs write differently from a plain ASCII decimal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from scoring.harmonize.names import cleaned
from scoring.readers.number_text import NumberError, parse_number

_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]*)?")
_GROUPED_POINTS = re.compile(r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+(,[0-9]*)?")
_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]*([eE][+-]?[0-9]+)?")
_FORTRAN = re.compile(r"([0-9.])[dD]([+-]?[0-9])")


class Marks(StrEnum):
    """What commas and points in a column of numbers mean."""

    POINT = "a decimal point"
    COMMA = "a decimal comma"
    THOUSANDS = "a comma between thousands"
    EITHER = "a decimal comma or one between thousands"


def marks_of(texts: Iterable[str]) -> Marks:
    """Return what commas mean in a column, judged by all its cells together.

    >>> marks_of(["1,5", "12"]).name, marks_of(["1,234"]).name, marks_of(["1,234.5"]).name
    ('COMMA', 'EITHER', 'THOUSANDS')
    """
    words = [cleaned(text) for text in texts]
    commas = [word for word in words if "," in word]
    if not commas:
        return Marks.POINT
    pointed = any("." in word for word in words)
    grouped = all(_GROUPED.fullmatch(word) for word in commas)
    if grouped:
        return Marks.THOUSANDS if pointed else Marks.EITHER
    if all(_COMMA.fullmatch(word) or _GROUPED_POINTS.fullmatch(word) for word in commas):
        points = [word for word in words if "." in word]
        # 1.234 beside 5,5 may be either; only a number with both marks tells.
        told = not points or any("," in word for word in points)
        if told and all(_GROUPED_POINTS.fullmatch(word) for word in points):
            return Marks.COMMA
    return Marks.POINT


def plain_number(text: str, marks: Marks) -> str:
    """Return a cell as a plain decimal; unchanged if it is none by any of these rules.

    >>> plain_number("\u22121,5D-3", Marks.COMMA)
    '-1.5e-3'
    """
    word = cleaned(text)
    if is_number(text) and not (marks is Marks.COMMA and "." in word):
        return text
    if marks is Marks.COMMA:
        word = word.replace(".", "").replace(",", ".")
    elif marks is Marks.THOUSANDS and _GROUPED.fullmatch(word):
        word = word.replace(",", "")
    word = _FORTRAN.sub(r"\1e\2", word)
    return word if is_number(word) else text


def is_number(text: str) -> bool:
    """Tell whether readers take a cell as a number."""
    try:
        parse_number(text)
    except NumberError:
        return False
    return True
