"""Finding a table's columns by other names than the round's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scoring.harmonize.names import cleaned

# What people call these columns everywhere; a round declares more in the option `synonyms`.
ID_NAMES = (
    *("id", "ids", "name", "target", "target id", "key", "identifier", "entry", "sample"),
    *("sample id", "molecule", "molecule id", "mol id", "mol", "compound", "compound id"),
)
VALUE_NAMES = (
    *("value", "values", "prediction", "predictions", "pred", "preds", "predicted"),
    *("predicted value", "y pred", "y hat", "yhat", "output", "result"),
)
UNIT_NAMES = ("unit", "units")
_WITH_UNIT = re.compile(r"(.*?)\s*[\[(]\s*([^\[\]()]+?)\s*[\])]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class WantedColumns:
    """The columns a round asks for, and what else they may be called."""

    id_column: str
    value_columns: tuple[str, ...]
    synonyms: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.id_column, *self.value_columns)

    def also(self, name: str) -> set[str]:
        """Return the folded names that mean this column by convention."""
        if name == self.id_column:
            return {folded(each) for each in ID_NAMES}
        return {folded(each) for each in VALUE_NAMES} if len(self.value_columns) == 1 else set()

    def declared(self, name: str) -> set[str]:
        return {folded(each) for each in self.synonyms.get(name, ())}


@dataclass(frozen=True, slots=True)
class FoundColumns:
    """Where each wanted column is, and the unit that the header names."""

    positions: dict[str, int]
    unclear: dict[str, list[int]]  # a wanted column that several could be
    unit: str = ""

    @property
    def complete(self) -> bool:
        return not self.unclear


def find_columns(header: Sequence[str], wanted: WantedColumns) -> FoundColumns | None:
    """Return where the wanted columns are; None if one cannot be found at all.

    The nearest kind of likeness wins: the very name, its spelling, the name before a unit in
    brackets, a declared synonym, a usual name.
    """
    positions: dict[str, int] = {}
    unclear: dict[str, list[int]] = {}
    for level in range(5):
        for name in wanted.names:
            if name in positions or name in unclear:
                continue
            there = [
                place
                for place, cell in enumerate(header)
                if place not in positions.values() and _is_like(cell, name, wanted, level=level)
            ]
            if len(there) == 1:
                positions[name] = there[0]
            elif there:
                unclear[name] = there
    if len(positions) + len(unclear) < len(wanted.names):
        return None
    units = {_unit(header[positions[name]]) for name in wanted.value_columns if name in positions}
    exact = any(name in header for name in wanted.value_columns)
    return FoundColumns(positions, unclear, "" if exact or len(units) != 1 else units.pop())


def is_unit_column(cell: str) -> bool:
    """Tell whether a column, or a field, is there to name the unit of the values."""
    return folded(cell) in UNIT_NAMES


def _is_like(cell: str, name: str, wanted: WantedColumns, *, level: int) -> bool:
    if level == 0:
        return cell == name
    if level == 1:
        return folded(cell) == folded(name)
    base = _base(cell)
    if level == 2:
        return base == folded(name)
    among = wanted.declared(name) if level == 3 else wanted.also(name)
    return folded(cell) in among or base in among


def folded(name: str) -> str:
    """Return a name without what people write in one way or another."""
    return re.sub(r"[\s_.-]", "", cleaned(name).casefold())


def _base(cell: str) -> str:
    with_unit = _WITH_UNIT.fullmatch(cleaned(cell))
    return folded(with_unit[1] if with_unit else cell)


def _unit(cell: str) -> str:
    with_unit = _WITH_UNIT.fullmatch(cleaned(cell))
    return with_unit[2] if with_unit else ""
