"""Reader `csv`: a header line, then one row for each target."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from scoring.contract import JsonValue, TargetSpec
from scoring.errors import ReaderOptionError
from scoring.readers.base import (
    REQUIRE_ALL,
    AnyArray,
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
from scoring.readers.text_lines import read_lines

_SPARE_ROWS = 1000  # rows beyond the targets that are still read and told of


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
    _check_setup(table, targets)
    log = ProblemLog()
    rows = _rows(handle, log, delimiter=table.delimiter)
    if _read_header(rows, table, log, strict=options["extra_columns"] == "refuse"):
        for count, (number, cells) in enumerate(rows):
            if count >= len(targets) + _SPARE_ROWS:
                _note_too_many(log, number, targets=len(targets))
                break
            _read_row(table, cells, log=log, number=number)
        check_complete(log, table.first_rows, targets=targets, options=options)
    log.raise_if_any()
    return Prediction(_sources(table, targets))


def _check_setup(table: _Table, targets: Sequence[TargetSpec]) -> None:
    width = len(table.value_columns)
    names = {table.id_column, *table.value_columns}
    if not width or len(names) != width + 1:
        raise ReaderOptionError("reader csv: name one id column and different value columns")
    allowed = {(), (1,)} if width == 1 else {(width,)}
    for target in targets:
        if target.shape not in allowed:
            raise ReaderOptionError(
                f"reader csv: target {target.slug} has another number of values than the "
                f"{width} value column(s) declared"
            )


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


def _note_too_many(log: ProblemLog, number: int, *, targets: int) -> None:
    log.add(
        "TOO_MANY_ROWS",
        f"there are far more rows than the {targets} target(s) of the round",
        where=f"row {number}",
        remedy="write one row for each target",
    )


def _sources(table: _Table, targets: Sequence[TargetSpec]) -> dict[str, ArraySource]:
    return {
        target.slug: MemorySource(_shaped(table.values[target.slug], target))
        for target in targets
        if target.slug in table.values
    }


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
        ReaderOption("id_column", "The column with the target's name.", default="target"),
        ReaderOption(
            "value_columns",
            "The column(s) with the predicted value(s), in the order of the target's only axis.",
            default=("value",),
            kind=(list, tuple),
        ),
        ReaderOption(
            "delimiter",
            "What separates the cells of a row.",
            default=",",
            choices=(",", ";", "\t", "|"),
        ),
        ReaderOption(
            "extra_columns",
            "What to do with columns the round does not declare.",
            default="refuse",
            choices=("refuse", "ignore"),
        ),
        REQUIRE_ALL,
    ),
)


def _shaped(values: Sequence[float], target: TargetSpec) -> AnyArray:
    """Return a row's values in the target's shape: one number, or one axis."""
    return np.array(values) if target.shape else np.array(values[0])
