"""Mending the rows of a table, whatever file they stand in: columns, names, numbers, unit.

A cell is text, a number, None, or lists of these; in text files all cells are text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scoring.contract import TargetSpec
from scoring.harmonize.columns import FoundColumns, WantedColumns, is_unit_column
from scoring.harmonize.conversion import any_outside, conversion_for, one_unit
from scoring.harmonize.names import match_names, shifted_indices
from scoring.harmonize.numbers import Marks, is_number, marks_of, plain_number
from scoring.harmonize.records import MendingLog, agreed
from scoring.harmonize.spelling import note_shift, note_spelling
from scoring.readers.checks import shown
from scoring.readers.units import Conversion, Units

Cell = Any
ABSENT = object()  # a row has no such cell
_EXACT = 2**53  # up to here a float is the integer it looks like


@dataclass(slots=True)
class Table:
    """A table on its way from what it is to what the round asks for."""

    wanted: WantedColumns
    units: Units | None
    targets: Mapping[str, TargetSpec]
    log: MendingLog
    strict: bool  # whether the reader refuses columns that nobody asked for
    word: str = "column"
    typed: bool = False  # numbers are numbers, not text
    unread: Sequence[str] = ()  # columns that nobody asked for and nobody looked into
    header: list[str] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)
    unit: str = ""

    def place(self, name: str) -> int:
        return self.header.index(name)

    def body(self, name: str) -> list[list[Cell]]:
        """Return the rows that have a cell in a column."""
        place = self.place(name)
        return [row for row in self.rows if place < len(row) and row[place] is not ABSENT]

    def number(self, leaf: Cell) -> float | None:
        """Return the number that a cell, or a part of it, stands for."""
        if type(leaf) is float:
            return leaf
        if isinstance(leaf, str):
            return float(leaf) if is_number(leaf) and not self.typed else None
        if isinstance(leaf, int | float) and not isinstance(leaf, bool):
            return float(leaf)
        return None


def leaves(cell: Cell) -> Iterator[Cell]:
    """Yield what a cell holds, list by list."""
    if not isinstance(cell, list):
        yield cell
        return
    for each in cell:  # one generator for each list, not for each number
        if type(each) is list:
            yield from leaves(each)
        else:
            yield each


def mapped(cell: Cell, change: Callable[[Cell], Cell]) -> Cell:
    """Return a cell with each part changed."""
    if isinstance(cell, list):
        return [mapped(each, change) if type(each) is list else change(each) for each in cell]
    return change(cell)


def mend_columns(table: Table, found: FoundColumns) -> bool:
    """Name the columns as the round does; return whether each is plain."""
    header, log = table.header, table.log
    for name, places in found.unclear.items():
        among = ", ".join(shown(header[place]) for place in places)
        log.note(
            "COLUMN_UNCLEAR",
            f"Any of the {table.word}s {among} could be {shown(name)}.",
            changes=[(header[place], name) for place in places],
            decide=f"rename the right one to {name}",
        )
    in_order = sorted(found.positions.items(), key=lambda item: item[1])
    renamed = [(header[place], name) for name, place in in_order]
    renamed = [(before, after) for before, after in renamed if before != after]
    if found.unclear:
        return False
    if renamed:
        message = f"{table.word.capitalize()}s are named differently; they get the round's names."
        log.note("COLUMN_NAME", message, changes=renamed)
    for name, place in found.positions.items():
        header[place] = name
    table.unit = found.unit or table.unit
    _drop_cells(table)
    return True


def _drop_cells(table: Table) -> None:
    """Leave out empty cells behind the last column, and columns nobody asked for."""
    header = table.header
    long = [row for row in table.rows if len(row) > len(header)]
    long = [row for row in long if not any(cell.strip() for cell in row[len(header) :])]
    if long:
        table.log.note("TRAILING_CELLS", f"{len(long)} row(s) end in empty cells; left out.")
    for row in long:
        del row[len(header) :]
    told = _take_unit(table)
    extra = [name for name in header if name not in table.wanted.names]
    if table.strict:
        note_extra(table.log, [*extra, *table.unread], word=table.word)
    leave_out = extra if table.strict else [name for name in extra if name == told]
    keep = [place for place, name in enumerate(header) if name not in leave_out]
    full = len(header)
    table.header = [header[place] for place in keep]
    # A row of another length stays as it is: the reader tells of it.
    table.rows = [[row[p] for p in keep] if len(row) == full else row for row in table.rows]


def _take_unit(table: Table) -> str:
    """Take the unit from a column that names it; return the column if the unit is converted."""
    extra = [name for name in table.header if name not in table.wanted.names]
    named = [name for name in extra if is_unit_column(name)]
    if len(named) != 1:
        return ""
    place = table.place(named[0])
    cells = [row[place] for row in table.rows if place < len(row)]
    unit = one_unit(cell if isinstance(cell, str) else "" for cell in cells)
    table.unit = one_unit(each for each in (table.unit, unit) if each)
    return named[0] if table.units and unit in table.units.accepts else ""


def note_extra(log: MendingLog, names: Sequence[str], *, word: str = "column") -> None:
    """Note columns that are left out."""
    if names:
        log.note(
            "EXTRA_COLUMNS",
            f"{len(names)} {word}(s) are not asked for; left out.",
            changes=[(shown(name), "") for name in names],
        )


def mend_rows(table: Table) -> None:
    """Mend names, numbers and unit of a table whose columns have the round's names."""
    _mend_names(table)
    _mend_numbers(table)
    _mend_unit(table)


def _mend_names(table: Table) -> None:
    name, log = table.wanted.id_column, table.log
    place, rows = table.place(name), table.body(name)
    _names_as_text(table, rows, place=place)
    known = list(table.targets)
    found = [row[place] for row in rows if isinstance(row[place], str)]
    shifted = shifted_indices(found, known)
    if shifted:
        new = shifted if note_shift(log, shifted) else {}
    else:
        new = match_names(found, known)
        note_spelling(log, new)
    for row in rows:
        if isinstance(row[place], str):
            row[place] = new.get(row[place], row[place])


def _names_as_text(table: Table, rows: Sequence[list[Cell]], *, place: int) -> None:
    changed = [(row, text) for row in rows if (text := _number_text(row[place])) is not None]
    if not changed:
        return
    table.log.note(
        "ID_TYPE",
        f"{len(changed)} name(s) are numbers; they are written as text.",
        changes=[(f"{row[place]:.17g}", shown(text)) for row, text in changed],
    )
    for row, text in changed:
        row[place] = text


def _number_text(cell: Cell) -> str | None:
    """Return a whole number, as names are that a program took for numbers, as text."""
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    whole = isinstance(cell, int) or (cell.is_integer() and abs(cell) <= _EXACT)
    return str(int(cell)) if whole else None


@dataclass(frozen=True, slots=True)
class _Renumbered:
    """A cell with numbers that are written differently, and the first of them."""

    row: list[Cell]
    place: int
    cell: Cell
    example: tuple[str, str]


def _mend_numbers(table: Table) -> None:
    names = table.wanted.value_columns
    texts = [text for name in names for text in _texts(table, name)]
    marks = marks_of(texts)
    changed = _renumbered(table, Marks.COMMA if marks is Marks.EITHER else marks)
    if not changed:
        return
    examples = [each.example for each in changed]
    commas = any("," in text for each in changed for text in _own_texts(each))
    if marks is Marks.EITHER:
        if not table.log.note(
            "DECIMAL_COMMA",
            "Numbers have a comma, read here as the decimal mark; it could also stand between "
            "thousands.",
            changes=examples,
            decide=agreed("DECIMAL_COMMA"),
        ):
            return
    elif table.typed and not commas:
        message = f"{len(changed)} value(s) are text; they are written as numbers."
        table.log.note("NUMBER_TEXT", message, changes=examples)
    else:
        table.log.note(
            "DECIMAL_COMMA" if commas else "NUMBER_FORM",
            f"{len(changed)} number(s) are no plain decimals"
            + (f": they have {marks}." if commas else "."),
            changes=examples,
        )
    for each in changed:
        each.row[each.place] = each.cell


def _texts(table: Table, name: str) -> Iterator[str]:
    place = table.place(name)
    for row in table.body(name):
        yield from (leaf for leaf in leaves(row[place]) if isinstance(leaf, str))


def _own_texts(changed: _Renumbered) -> Iterator[str]:
    cell = changed.row[changed.place]
    return (leaf for leaf in leaves(cell) if isinstance(leaf, str))


def _renumbered(table: Table, marks: Marks) -> list[_Renumbered]:
    """Return the cells whose numbers are written differently."""

    def plain(leaf: Cell) -> Cell:
        if not isinstance(leaf, str):
            return leaf
        text = plain_number(leaf, marks)
        return float(text) if table.typed and is_number(text) else text

    changed = []
    for name in table.wanted.value_columns:
        place = table.place(name)
        for row in table.body(name):
            if not any(isinstance(leaf, str) for leaf in leaves(row[place])):
                continue
            cell = mapped(row[place], plain)
            pairs = zip(leaves(row[place]), leaves(cell), strict=True)
            first = next((pair for pair in pairs if _is_changed(*pair)), None)
            if first is not None:
                example = (shown(first[0]) if table.typed else first[0], str(first[1]))
                changed.append(_Renumbered(row, place, cell, example))
    return changed


def _is_changed(old: Cell, new: Cell) -> bool:
    return isinstance(old, str) and old != new


def _mend_unit(table: Table) -> None:
    places = [table.place(name) for name in table.wanted.value_columns]
    id_place = table.place(table.wanted.id_column)
    cells = [
        (row, place, numbers)
        for row in table.rows
        for place in places
        if place < len(row) and (numbers := _numbers(table, row[place]))
    ]
    if not cells or table.units is None:
        return
    to = table.units.unit

    def misses(conversion: Conversion | None) -> bool:
        return any(
            any_outside(np.array(numbers), [table.targets[row[id_place]]], conversion)
            for row, _, numbers in cells
            if _is_known(table, row[id_place])
        )

    def example(conversion: Conversion) -> tuple[str, str]:
        row, place, numbers = cells[0]
        after = f"{float(conversion.apply(numbers[0])):.6g}"
        before = row[place] if isinstance(row[place], str) else f"{numbers[0]:.6g}"
        return f"{before} {conversion.unit}", f"{after} {to}"

    conversion = conversion_for(
        table.log, table.units, named=table.unit, misses=misses, example=example
    )
    if conversion is not None:
        for row, place, _ in cells:
            row[place] = mapped(row[place], lambda leaf: _converted(table, leaf, conversion))


def _numbers(table: Table, cell: Cell) -> list[float]:
    found = (table.number(leaf) for leaf in leaves(cell))
    return [number for number in found if number is not None and math.isfinite(number)]


def _is_known(table: Table, name: Cell) -> bool:
    return isinstance(name, str) and name in table.targets


def _converted(table: Table, leaf: Cell, conversion: Conversion) -> Cell:
    number = table.number(leaf)
    if number is None:
        return leaf
    value = float(conversion.apply(number))
    return value if table.typed else repr(value)
