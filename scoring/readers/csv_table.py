"""Reader `csv`: a header line, then one row for each target."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from scoring.contract import JsonValue, TargetSpec
from scoring.readers.base import (
    REQUIRE_ALL,
    ArraySource,
    MemorySource,
    Prediction,
    ProblemLog,
    Reader,
    ReaderOption,
)
from scoring.readers.checks import (
    check_complete,
    check_range,
    check_unknown_target,
    note_duplicate,
    shown,
    suggestion,
)
from scoring.readers.number_text import NumberError, parse_number
from scoring.readers.table_options import (
    EXTRA_COLUMNS,
    ID_COLUMN,
    VALUE_COLUMNS,
    check_columns,
    check_widths,
    in_shape,
    note_too_many_rows,
    row_limit,
)
from scoring.readers.text_lines import read_lines


@dataclass(slots=True)
class _Table:
    """The state of reading: which column is where, and what has been found so far."""

    id_column: str
    value_columns: tuple[str, ...]
    delimiter: str
    specs: Mapping[str, TargetSpec]
    columns: dict[str, int] = field(default_factory=dict)
    width: int = 0
    first_rows: dict[str, int] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)


def read_csv(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Read a .csv file; see `READER` for what may be in it."""
    table = _Table(
        id_column=options["id_column"],
        value_columns=tuple(options["value_columns"]),
        delimiter=options["delimiter"],
        specs={target.slug: target for target in targets},
    )
    check_columns(options)
    check_widths(targets, columns=table.value_columns)
    log = ProblemLog()
    rows = _rows(handle, log, delimiter=table.delimiter)
    if _read_header(rows, table, log, strict=options["extra_columns"] == "refuse"):
        for count, (number, cells) in enumerate(rows):
            if count >= row_limit(targets):
                note_too_many_rows(log, targets, where=f"row {number}")
                break
            _read_row(table, cells, log=log, number=number)
        check_complete(log, table.first_rows, targets=targets, options=options)
    log.raise_if_any()
    return Prediction(_sources(table, targets))


def _rows(handle: BinaryIO, log: ProblemLog, *, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of each line that is not blank."""
    for number, line in read_lines(handle, log):
        if not line.strip():
            continue
        try:
            yield number, next(csv.reader([line], delimiter=delimiter, strict=True))
        except csv.Error:
            log.add(
                "BAD_QUOTES",
                f"row {number}: a quoted cell is not closed, or text follows the closing quote",
                where=f"row {number}",
                remedy="write cells without quotes, or quote whole cells on one line",
            )


def _read_header(
    rows: Iterator[tuple[int, list[str]]], table: _Table, log: ProblemLog, *, strict: bool
) -> bool:
    """Find the columns by their names; return whether rows can be read."""
    first = next(rows, None)
    if first is None:
        if not len(log):
            log.add(
                "EMPTY_FILE",
                "the file is empty",
                remedy=f"write a header line {_header_line(table)} and a row for each target",
            )
        return False
    number, names = first
    where = f"row {number} (header)"
    wanted = (table.id_column, *table.value_columns)
    for position, name in enumerate(names):
        if name in table.columns:
            log.add("BAD_HEADER", f"column {shown(name)} is there twice", where=where)
            return False
        table.columns[name] = position
    table.width = len(names)
    missing = [name for name in wanted if name not in table.columns]
    for name in missing:
        log.add(
            "BAD_HEADER",
            f"there is no column {shown(name)}.{suggestion(name, names)}",
            where=where,
            remedy=f"write the header line exactly as {_header_line(table)}",
        )
    extra = [name for name in names if name not in wanted] if strict and not missing else []
    for name in extra:
        log.add(
            "UNKNOWN_COLUMN",
            f"column {shown(name)} is not expected",
            where=where,
            remedy=f"keep the columns {_header_line(table)} only",
        )
    return not missing


def _header_line(table: _Table) -> str:
    return table.delimiter.join((table.id_column, *table.value_columns))


def _read_row(
    table: _Table,
    cells: Sequence[str],
    *,
    log: ProblemLog,
    number: int,
) -> None:
    where = f"row {number}"
    if len(cells) != table.width:
        log.add(
            "BAD_ROW",
            f"{where} has {len(cells)} cells, the header has {table.width}",
            where=where,
            remedy=f"write one cell for each column, separated by {table.delimiter!r}",
        )
        return
    slug = cells[table.columns[table.id_column]]
    place = f"{where}, column {table.id_column}"
    if slug not in table.specs:
        check_unknown_target(log, slug, targets=tuple(table.specs.values()), where=place)
        return
    if slug in table.first_rows:
        note_duplicate(log, slug, where=where, first=f"row {table.first_rows[slug]}")
        return
    table.first_rows[slug] = number
    target = table.specs[slug]
    numbers = [
        _cell(table, cells, log=log, column=column, number=number, target=target)
        for column in table.value_columns
    ]
    table.values[slug] = [value for value in numbers if value is not None]


def _cell(
    table: _Table,
    cells: Sequence[str],
    *,
    log: ProblemLog,
    column: str,
    number: int,
    target: TargetSpec,
) -> float | None:
    text = cells[table.columns[column]]
    where = f"row {number}, column {column}"
    try:
        value = parse_number(text)
    except NumberError as error:
        quoted = f"{shown(text)} " if text.strip() else ""
        log.add(error.code, f"{where}: {quoted}{error.reason}", where=where, remedy=error.remedy)
        return None
    check_range(log, target, value=value, where=where)
    return value


def _sources(table: _Table, targets: Sequence[TargetSpec]) -> dict[str, ArraySource]:
    return {
        target.slug: MemorySource(in_shape(table.values[target.slug], target))
        for target in targets
        if target.slug in table.values
    }


DELIMITER = ReaderOption(
    "delimiter",
    "What separates the cells of a row.",
    default=",",
    choices=(",", ";", "\t", "|"),
)

READER = Reader(
    slug="csv",
    title="Table (.csv)",
    help=(
        "A text file in UTF-8: a header line, then one row for each target with its name and its "
        "value(s). Numbers are plain decimals such as -1.25 or 3.0e-4. Target names are compared "
        "exactly, blank lines do not matter."
    ),
    extensions=(".csv", ".tsv", ".txt"),
    read_function=read_csv,
    options=(
        ID_COLUMN,
        VALUE_COLUMNS,
        DELIMITER,
        EXTRA_COLUMNS,
        REQUIRE_ALL,
    ),
    check_options=check_columns,
)
