"""The one grammar of a number in a text file.

Python's own ``float`` also takes ``1_000``, digits of other scripts, ``nan`` and ``infinity``, and
turns 1e400 into infinity. A submission is read more strictly, so that nothing is guessed.
"""

from __future__ import annotations

import math
import re

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_A_VALUE = frozenset({"na", "n/a", "nan", "none", "null", "-", "--", "?", "missing"})
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)
NUMBER_LENGTH = 100


class NumberError(ValueError):
    """A text is not a finite decimal number; carries what is wrong and how to mend it."""

    def __init__(self, code: str, reason: str, remedy: str) -> None:
        self.code = code
        self.reason = reason
        self.remedy = remedy
        super().__init__(reason)


def parse_number(text: str) -> float:
    """Return the finite number that a text spells in plain ASCII decimal notation.

    Blanks around the number do not matter. ``12``, ``-0.5``, ``.5``, ``3.`` and ``1.5e-3`` are
    numbers; ``1,5``, ``1_000``, ``0x10``, ``nan`` and ``1e400`` are not.

    Raises
    ------
    NumberError
        With a stable code (MISSING_VALUE, NOT_A_NUMBER, NOT_FINITE), a reason and a remedy.
    """
    word = text.strip(" \t")
    if not word or word.casefold() in _NOT_A_VALUE:
        raise _no_value(word)
    if len(word) > NUMBER_LENGTH or not _DECIMAL.fullmatch(word):
        raise _no_number(word)
    value = float(word)
    if not math.isfinite(value):
        raise NumberError(
            "NOT_FINITE", "is too large for double precision", "write a number below 1e308"
        )
    if value == 0.0 and re.search(r"[1-9]", re.split("[eE]", word)[0]):
        raise NumberError("NOT_A_NUMBER", "is too small for double precision", "write 0 instead")
    return value


def _no_value(word: str) -> NumberError:
    reason = f"holds no value ({word})" if word else "is empty"
    return NumberError(
        "MISSING_VALUE", reason, "write a finite number, or leave the whole target out"
    )


def _no_number(word: str) -> NumberError:
    if _INFINITE.fullmatch(word):
        return NumberError("NOT_FINITE", "is infinite", "write a finite number")
    remedy = "write a finite decimal number such as -1.25 or 3.0e-4"
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", word):
        remedy = "use a point, not a comma, as the decimal mark"
    elif not word.isascii():
        remedy = "use the ASCII digits 0-9, '-' and '.' only"
    elif "_" in word or "," in word:
        remedy = "leave out separators between thousands"
    return NumberError("NOT_A_NUMBER", "is not a number", remedy)
