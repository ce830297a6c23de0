"""Mending a table of text: its separators, columns, names, numbers and unit."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scoring.contract import JsonValue, TargetSpec
from scoring.harmonize.columns import FoundColumns, WantedColumns, find_columns
from scoring.harmonize.conversion import any_outside, conversion_for, note_unknown_unit
from scoring.harmonize.encoding import decoded
from scoring.harmonize.names import match_names, shifted_indices
from scoring.harmonize.numbers import Marks, is_number, marks_of, plain_number
from scoring.harmonize.records import MendingLog, agreed
from scoring.harmonize.spelling import note_shift, note_spelling
from scoring.readers.checks import shown
from scoring.readers.units import Conversion, Units, declared_units

_COMMENT_UNIT = re.compile(r"#+\s*units?\s*[:=]\s*(\S.*?)\s*", re.IGNORECASE)
_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar", " ": "blanks"}


@dataclass(slots=True)
class _Table:
    """A table on its way from what it is to what the round asks for."""

    wanted: WantedColumns
    delimiter: str
    strict: bool
    units: Units | None
    targets: Mapping[str, TargetSpec]
    log: MendingLog
    rows: list[list[str]]
    unit: str = ""

    def column(self, name: str) -> list[str]:
        """Return the cells of a column, of the rows that have it."""
        place = self.rows[0].index(name)
        return [row[place] for row in self.body(name)]

    def body(self, name: str) -> list[list[str]]:
        place = self.rows[0].index(name)
        return [row for row in self.rows[1:] if place < len(row)]


def mended_table(
    content: bytes,
    log: MendingLog,
    *,
    options: Mapping[str, JsonValue],
    targets: Sequence[TargetSpec],
) -> bytes:
    """Return the table as the round asks for it, as far as it can be told."""
    lines = [line for line in decoded(content, log).split("\n") if line.strip()]
    wanted = WantedColumns(
        options.get("id_column", "target"),
        tuple(options.get("value_columns", ("value",))),
        options["synonyms"],
    )
    table = _Table(
        wanted=wanted,
        delimiter=options.get("delimiter", "\t"),
        strict=options.get("extra_columns", "refuse") == "refuse",
        units=declared_units(options["units"]),
        targets={target.slug: target for target in targets},
        log=log,
        rows=[],
    )
    lines = _without_comments(lines, table)
    has_header = _find_header(lines, table)
    note_unknown_unit(log, table.units, named=table.unit)
    if not has_header:
        return "".join(f"{line}\n" for line in lines).encode("utf-8")
    _mend_names(table)
    _mend_numbers(table)
    _mend_unit(table)
    return _written(table)


def _without_comments(lines: list[str], table: _Table) -> list[str]:
    comments = [line for line in lines if line.lstrip().startswith("#")]
    if not comments:
        return lines
    for comment in comments:
        named = _COMMENT_UNIT.fullmatch(comment.strip())
        table.unit = named[1] if named else table.unit
    rest = [line for line in lines if not line.lstrip().startswith("#")]
    header = next((line for line in map(_uncommented, comments) if _is_header(line, table)), "")
    if header and not _is_header("".join(rest[:1]), table):
        table.log.note(
            "HEADER_COMMENT",
            "The header line begins with #, as a comment does.",
            changes=[(shown(f"# {header}"), shown(header))],
        )
        return [header, *rest]
    table.log.note(
        "COMMENTS",
        f"{len(comments)} line(s) begin with #, which a plain table does not have; left out.",
        changes=[(shown(comment), "") for comment in comments],
    )
    return rest


def _uncommented(line: str) -> str:
    return line.lstrip().lstrip("#").strip()


def _is_header(line: str, table: _Table) -> bool:
    return any(find_columns(_cells(line, mark), table.wanted) for mark in _DELIMITERS)


def _find_header(lines: Sequence[str], table: _Table) -> bool:
    """Cut the lines into cells and put the round's column names on top; return whether it can."""
    others = [mark for mark in _DELIMITERS if mark != table.delimiter]
    for mark in (table.delimiter, *others):
        header = _cells(lines[0], mark) if lines else []
        found = find_columns(header, table.wanted)
        headless = found is None and _is_row(header, table)
        if found is None and not headless:
            continue
        table.rows = [_cells(line, mark) for line in lines]
        _note_delimiter(table, mark)
        if found is None:
            _note_no_header(table)
            return True
        return _mend_columns(table, found)
    return False


def _cells(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return line.split(delimiter)


def _is_row(cells: Sequence[str], table: _Table) -> bool:
    """Tell whether cells are a prediction in the order of the columns, not a header."""
    if len(cells) != len(table.wanted.names):
        return False
    known = cells[0] in table.targets or bool(match_names(cells[:1], list(table.targets)))
    marks = marks_of(cells[1:])
    return known and all(is_number(plain_number(cell, marks)) for cell in cells[1:])


def _note_delimiter(table: _Table, mark: str) -> None:
    if mark != table.delimiter:
        table.log.note(
            "DELIMITER",
            f"Cells are separated by {_DELIMITERS[mark]}; the round asks for "
            f"{_DELIMITERS[table.delimiter]}.",
            changes=[(shown(mark), shown(table.delimiter))],
        )


def _note_no_header(table: _Table) -> None:
    table.rows.insert(0, list(table.wanted.names))
    table.log.note(
        "NO_HEADER",
        "The file begins with a prediction; a header line is written above it.",
        changes=[("", table.delimiter.join(table.wanted.names))],
    )


def _mend_columns(table: _Table, found: FoundColumns) -> bool:
    header, log = table.rows[0], table.log
    for name, places in found.unclear.items():
        among = ", ".join(shown(header[place]) for place in places)
        log.note(
            "COLUMN_UNCLEAR",
            f"Any of the columns {among} could be {shown(name)}.",
            changes=[(header[place], name) for place in places],
            decide=f"rename the right one to {name}",
        )
    in_order = sorted(found.positions.items(), key=lambda item: item[1])
    renamed = [(header[place], name) for name, place in in_order]
    renamed = [(before, after) for before, after in renamed if before != after]
    if found.unclear:
        return False
    if renamed:
        message = "Columns are named differently; they get the round's names."
        log.note("COLUMN_NAME", message, changes=renamed)
    for name, place in found.positions.items():
        header[place] = name
    table.unit = found.unit or table.unit
    _drop_cells(table)
    return True


def _drop_cells(table: _Table) -> None:
    """Leave out empty cells behind the last column, and columns nobody asked for."""
    header = table.rows[0]
    long = [row for row in table.rows[1:] if len(row) > len(header)]
    long = [row for row in long if not any(cell.strip() for cell in row[len(header) :])]
    if long:
        table.log.note("TRAILING_CELLS", f"{len(long)} row(s) end in empty cells; left out.")
    for row in long:
        del row[len(header) :]
    keep = [place for place, name in enumerate(header) if name in table.wanted.names]
    extra = [name for name in header if name not in table.wanted.names]
    if not extra or not table.strict:
        return
    table.log.note(
        "EXTRA_COLUMNS",
        f"{len(extra)} column(s) are not asked for; left out.",
        changes=[(shown(name), "") for name in extra],
    )
    full = len(header)
    # A row of another length stays as it is: the reader tells of it.
    table.rows = [[row[p] for p in keep] if len(row) == full else row for row in table.rows]


def _mend_names(table: _Table) -> None:
    name, log = table.wanted.id_column, table.log
    known, found = list(table.targets), table.column(table.wanted.id_column)
    shifted = shifted_indices(found, known)
    if shifted:
        new = shifted if note_shift(log, shifted) else {}
    else:
        new = match_names(found, known)
        note_spelling(log, new)
    place = table.rows[0].index(name)
    for row in table.body(name):
        row[place] = new.get(row[place], row[place])


def _mend_numbers(table: _Table) -> None:
    names = table.wanted.value_columns
    marks = marks_of([cell for name in names for cell in table.column(name)])
    changed = _renumbered(table, Marks.COMMA if marks is Marks.EITHER else marks)
    if not changed:
        return
    commas = any("," in row[place] for row, place, _ in changed)
    if marks is Marks.EITHER:
        if not table.log.note(
            "DECIMAL_COMMA",
            "Numbers have a comma, read here as the decimal mark; it could also stand between "
            "thousands.",
            changes=[(row[place], text) for row, place, text in changed],
            decide=agreed("DECIMAL_COMMA"),
        ):
            return
    else:
        table.log.note(
            "DECIMAL_COMMA" if commas else "NUMBER_FORM",
            f"{len(changed)} number(s) are no plain decimals"
            + (f": they have {marks}." if commas else "."),
            changes=[(row[place], text) for row, place, text in changed],
        )
    for row, place, text in changed:
        row[place] = text


def _renumbered(table: _Table, marks: Marks) -> list[tuple[list[str], int, str]]:
    """Return (row, place, new text) of each number that is written differently."""
    changed = []
    for name in table.wanted.value_columns:
        place = table.rows[0].index(name)
        for row in table.body(name):
            text = plain_number(row[place], marks)
            if text != row[place]:
                changed.append((row, place, text))
    return changed


def _mend_unit(table: _Table) -> None:
    names = table.wanted.value_columns
    places = [table.rows[0].index(name) for name in names]
    id_place = table.rows[0].index(table.wanted.id_column)
    cells = [
        (row, place)
        for row in table.rows[1:]
        for place in places
        if place < len(row) and is_number(row[place])
    ]
    if not cells or table.units is None:
        return
    to = table.units.unit

    def misses(conversion: Conversion | None) -> bool:
        return any(
            any_outside(np.array([float(row[place])]), [table.targets[row[id_place]]], conversion)
            for row, place in cells
            if row[id_place] in table.targets
        )

    def example(conversion: Conversion) -> tuple[str, str]:
        row, place = cells[0]
        after = f"{float(conversion.apply(float(row[place]))):.6g}"
        return f"{row[place]} {conversion.unit}", f"{after} {to}"

    conversion = conversion_for(
        table.log, table.units, named=table.unit, misses=misses, example=example
    )
    if conversion is not None:
        for row, place in cells:
            row[place] = repr(float(conversion.apply(float(row[place]))))


def _written(table: _Table) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=table.delimiter, lineterminator="\n")
    writer.writerows(table.rows)
    return out.getvalue().encode("utf-8")
