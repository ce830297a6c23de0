"""The table of a sectioned text file: from the lines below its key to one number per target."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.contract import JsonValue, TargetSpec
from scoring.errors import ReaderOptionError
from scoring.readers.base import ArraySource, MemorySource, ProblemLog
from scoring.readers.checks import check_range, check_unknown_target, note_duplicate, shown
from scoring.readers.number_text import NumberError, parse_number
from scoring.readers.section_layout import (
    Layout,
    Line,
    SectionBody,
    key_suggestion,
    printable,
)

_CELL_LENGTH = 200  # kept of a column that is not scored


@dataclass(frozen=True, slots=True)
class Table:
    """How the rows of the table are read; columns are counted from 0 here."""

    layout: Layout
    id_column: int
    value_column: int
    other_columns: Mapping[str, int]
    width: int  # columns a row may have
    ignored_rows: frozenset[tuple[str, ...]]
    targets: Mapping[str, TargetSpec]  # by the id as it is compared
    ids_ignore_case: bool

    def compared(self, identifier: str) -> str:
        return identifier.casefold() if self.ids_ignore_case else identifier


def table_from(
    options: Mapping[str, JsonValue], *, layout: Layout, targets: Sequence[TargetSpec]
) -> Table:
    """Check the declared options that describe the table.

    Raises
    ------
    ReaderOptionError
        If a column is declared twice or before the first, or a target is not a single number.
    """
    other = dict(options["other_columns"])
    columns = [options["id_column"], options["value_column"], *other.values()]
    counted = all(type(column) is int and column >= 1 for column in columns)
    if not counted or len(set(columns)) < len(columns):
        raise ReaderOptionError("reader sections: columns are different numbers, counted from 1")
    if any(target.shape for target in targets):
        raise ReaderOptionError("reader sections: every target must be a single number")
    width = max([options["max_columns"], *columns])
    fold = options["ids_ignore_case"]
    by_id = {target.slug.casefold() if fold else target.slug: target for target in targets}
    if len(by_id) < len(targets):
        raise ReaderOptionError("reader sections: target names differ by case only")
    ignored = (row_cells(row, delimiters=layout.delimiters) for row in options["ignored_rows"])
    return Table(
        layout=layout,
        id_column=options["id_column"] - 1,
        value_column=options["value_column"] - 1,
        other_columns={name: column - 1 for name, column in other.items()},
        width=width,
        ignored_rows=frozenset(row_key(cells) for cells in ignored),
        targets=by_id,
        ids_ignore_case=fold,
    )


@dataclass(frozen=True, slots=True)
class TableReading:
    """What a table says: a source per target, the other columns as written, who was named."""

    sources: dict[str, ArraySource]
    other: dict[str, dict[str, str]]
    first_lines: dict[str, str]  # by target, also where the value could not be read


def read_table(log: ProblemLog, body: SectionBody | None, *, table: Table) -> TableReading:
    """Read the rows of a table; note what is wrong with each."""
    reading = TableReading({}, {name: {} for name in table.other_columns}, {})
    rows = 0
    for line in body.lines if body is not None else ():
        cells = _row(log, line, table=table)
        if cells is not None:
            rows += 1
            _read_row(log, reading, cells=cells, line=line, table=table)
    if body is not None and not rows and not len(log):
        _note_empty(log, body, table=table)
    return reading


def _read_row(
    log: ProblemLog, reading: TableReading, *, cells: Sequence[str], line: Line, table: Table
) -> None:
    target = _target(log, cells[table.id_column], line=line, table=table)
    value = _number(log, cells[table.value_column], line=line, table=table)
    if target is None:
        return
    if target.slug in reading.first_lines:
        first = reading.first_lines[target.slug]
        note_duplicate(log, target.slug, where=line.where, first=first)
        return
    reading.first_lines[target.slug] = line.where
    if value is None or not check_range(log, target, value=value, where=line.where):
        return
    reading.sources[target.slug] = MemorySource(value)
    for name, column in table.other_columns.items():
        if column < len(cells) and cells[column]:
            reading.other[name][target.slug] = printable(cells[column][:_CELL_LENGTH])


def _note_empty(log: ProblemLog, body: SectionBody, *, table: Table) -> None:
    example = next(iter(table.targets.values()), TargetSpec("name")).slug
    log.add(
        "EMPTY_TABLE",
        f"{body.key_line.where}: section {body.section.keys[0]} has no rows",
        where=body.key_line.where,
        remedy=f"write one row per target below the key, such as "
        f"{example}{table.layout.delimiters[0]} 1.23",
    )


def _row(log: ProblemLog, line: Line, *, table: Table) -> list[str] | None:
    """Cut a line into cells; return None if it is blank, ignored or not a row (noted)."""
    try:
        cells = row_cells(line.text, delimiters=table.layout.delimiters)
    except csv.Error:
        log.add(
            "BAD_QUOTES",
            f"{line.where}: quotation marks open or close within a cell",
            where=line.where,
            remedy="remove the quotation marks",
        )
        return None
    if not cells or row_key(cells) in table.ignored_rows:
        return None
    needed = max(table.id_column, table.value_column) + 1
    if needed <= len(cells) <= table.width:
        return cells
    expected = str(needed) if needed == table.width else f"{needed} to {table.width}"
    columns = "1 column" if len(cells) == 1 else f"{len(cells)} columns"
    log.add(
        "BAD_ROW",
        f"{line.where}: {shown(line.text.strip())} has {columns}, expected {expected}."
        + _row_hint(log, line, cells=cells, table=table),
        where=line.where,
        remedy=_row_remedy(table),
    )
    return None


def _row_hint(log: ProblemLog, line: Line, *, cells: Sequence[str], table: Table) -> str:
    """Return what a row with too few or too many columns may really be, or nothing."""
    if log.is_full:  # what comes now is only counted, and looking for likeness is slow
        return ""
    if hint := key_suggestion(line.text, layout=table.layout):
        return hint
    if len(cells) > table.width and table.layout.delimiters[0] == ",":
        return " Are there decimal commas?"
    if len(cells) == 1 and any(mark in cells[0] for mark in table.layout.delimiters):
        return " Is the whole row in quotation marks?"
    return ""


def _row_remedy(table: Table) -> str:
    mark = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
    return (
        f"write one target per row: its name in column {table.id_column + 1}, its value in "
        f"column {table.value_column + 1}, separated by {mark[table.layout.delimiters[0]]}"
    )


def row_cells(text: str, *, delimiters: Sequence[str]) -> list[str]:
    """Cut a row at the first declared delimiter it contains; drop blanks and empty last cells."""
    delimiter = next((mark for mark in delimiters if mark in text), delimiters[0])
    rows = list(csv.reader([text.strip(" \t")], delimiter=delimiter, strict=True))
    cells = [_unquoted(cell.strip()) for cell in (rows[0] if rows else [])]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _unquoted(cell: str) -> str:
    """Take away the quotation marks that blanks before them have kept from being read as such."""
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].strip()
    return cell


def row_key(cells: Sequence[str]) -> tuple[str, ...]:
    """Return a row as it is compared with those that are ignored."""
    return tuple(cell.casefold() for cell in cells)


def _target(log: ProblemLog, identifier: str, *, line: Line, table: Table) -> TargetSpec | None:
    """Return the target of a row, or None (noted) if there is none of this name."""
    target = table.targets.get(table.compared(identifier))
    if target is not None:
        return target
    if not identifier:
        log.add(
            "MISSING_NAME",
            f"{line.where}: column {table.id_column + 1} is empty; it names the target",
            where=line.where,
            remedy=_row_remedy(table),
        )
    elif log.is_full or (hint := key_suggestion(identifier, layout=table.layout)):
        log.add(
            "UNKNOWN_TARGET",
            f"{shown(identifier)} is not a target of this round.{'' if log.is_full else hint}",
            where=line.where,
            remedy="write section keys exactly as the round's template has them",
        )
    else:
        check_unknown_target(
            log, identifier, targets=list(table.targets.values()), where=line.where
        )
    return None


def _number(log: ProblemLog, cell: str, *, line: Line, table: Table) -> float | None:
    """Read the value of a row, or note why it is none."""
    try:
        return parse_number(cell)
    except NumberError as error:
        where = f"{line.where}, column {table.value_column + 1}"
        found = f" {shown(cell)}" if cell else ""
        log.add(
            error.code,
            f"{where}: the value{found} {error.reason}",
            where=where,
            remedy=error.remedy,
        )
        return None
