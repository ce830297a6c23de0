"""The unit a round takes, and those it knows how to convert from."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from numpy.typing import NDArray

from scoring.contract import JsonValue
from scoring.errors import ReaderOptionError

_FORM = "write it as {unit: kcal/mol, accepts: {kJ/mol: 0.2390057}}"


@dataclass(frozen=True, slots=True)
class Conversion:
    """From another unit to the round's: value times `factor`, plus `offset`."""

    unit: str
    factor: float
    offset: float = 0.0

    def apply(self, values: NDArray[Any] | float) -> NDArray[Any] | float:
        """Return the values in the round's unit."""
        return values * self.factor + self.offset

    def __str__(self) -> str:
        return f"times {self.factor:.12g}" + (f" plus {self.offset:.12g}" if self.offset else "")


@dataclass(frozen=True, slots=True)
class Units:
    """The unit of a round's values, and the accepted others."""

    unit: str
    accepts: Mapping[str, Conversion] = field(default_factory=dict)

    def knows(self, unit: str) -> bool:
        """Tell whether it is the round's unit or one that can be converted."""
        return unit_name(unit) in {self.unit, *self.accepts}


def unit_name(text: str) -> str:
    """Return a unit in one spelling. Upper and lower case stay: mM is not MM."""
    return unicodedata.normalize("NFKC", text).strip()


def declared_units(value: Mapping[str, JsonValue]) -> Units | None:
    """Read the reader option `units`; None where a round declares none.

    >>> declared_units({"unit": "rad", "accepts": {"deg": 0.017453292519943295}}).accepts["deg"]
    Conversion(unit='deg', factor=0.017453292519943295, offset=0.0)

    Raises
    ------
    ReaderOptionError
        If it is written in another form; says in which.
    """
    if not value:
        return None
    unit, accepts = value.get("unit"), value.get("accepts", {})
    if not isinstance(unit, str) or not unit.strip() or not isinstance(accepts, Mapping):
        raise ReaderOptionError(f"option units: {_FORM}")
    if set(value) - {"unit", "accepts"}:
        raise ReaderOptionError(f"option units: only unit and accepts are known; {_FORM}")
    found = {unit_name(str(name)): _conversion(str(name), how) for name, how in accepts.items()}
    return Units(unit_name(unit), found)


def _conversion(name: str, how: JsonValue) -> Conversion:
    given = how if isinstance(how, Mapping) else {"factor": how}
    factor, offset = given.get("factor"), given.get("offset", 0.0)
    known = set(given) <= {"factor", "offset"}
    if not known or not _is_number(factor) or not _is_number(offset):
        raise ReaderOptionError(
            f"option units: {name} needs a factor, or {{factor: 1, offset: 273.15}}; {_FORM}"
        )
    if factor == 0:
        raise ReaderOptionError(f"option units: the factor of {name} must not be 0")
    return Conversion(unit_name(name), float(factor), float(offset))


def _is_number(value: JsonValue) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)
