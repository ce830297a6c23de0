"""Mending a table of text: its encoding, separators, header and comments, then its rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.contract import JsonValue, TargetSpec
from scoring.harmonize.columns import WantedColumns, find_columns
from scoring.harmonize.conversion import note_unknown_unit
from scoring.harmonize.encoding import decoded
from scoring.harmonize.names import match_names
from scoring.harmonize.numbers import is_number, marks_of, plain_number
from scoring.harmonize.records import MendingLog
from scoring.harmonize.rows import Cell, Table, mend_columns, mend_rows
from scoring.harmonize.spelling import DELIMITERS, note_delimiter
from scoring.readers.checks import shown
from scoring.readers.units import declared_units

_COMMENT_UNIT = re.compile(r"#+\s*units?\s*[:=]\s*(\S.*?)\s*", re.IGNORECASE)


@dataclass(slots=True)
class _Table(Table):
    """A table of text."""

    delimiter: str = "\t"


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
        units=declared_units(options["units"]),
        targets={target.slug: target for target in targets},
        log=log,
        strict=options.get("extra_columns", "refuse") == "refuse",
        delimiter=options.get("delimiter", "\t"),
    )
    lines = _without_comments(lines, table)
    has_header = _find_header(lines, table)
    note_unknown_unit(log, table.units, named=table.unit)
    if not has_header:
        return "".join(f"{line}\n" for line in lines).encode("utf-8")
    mend_rows(table)
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
    return any(find_columns(_cells(line, mark), table.wanted) for mark in DELIMITERS)


def _find_header(lines: Sequence[str], table: _Table) -> bool:
    """Cut the lines into cells and put the round's column names on top; return whether it can."""
    others = [mark for mark in DELIMITERS if mark != table.delimiter]
    for mark in (table.delimiter, *others):
        header = _cells(lines[0], mark) if lines else []
        found = find_columns(header, table.wanted)
        headless = found is None and _is_row(header, table)
        if found is None and not headless:
            continue
        rows: list[list[Cell]] = [_cells(line, mark) for line in lines]
        note_delimiter(table.log, mark, table.delimiter)
        if found is None:
            table.header, table.rows = list(table.wanted.names), rows
            _note_no_header(table)
            return True
        table.header, table.rows = header, rows[1:]
        return mend_columns(table, found)
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


def _note_no_header(table: _Table) -> None:
    table.log.note(
        "NO_HEADER",
        "The file begins with a prediction; a header line is written above it.",
        changes=[("", table.delimiter.join(table.wanted.names))],
    )


def _written(table: _Table) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=table.delimiter, lineterminator="\n")
    writer.writerows([table.header, *table.rows])
    return out.getvalue().encode("utf-8")
