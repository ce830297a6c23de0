"""Mending Parquet tables: by the rules of all tables, and written back as Parquet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO

from scoring.contract import JsonValue, TargetSpec
from scoring.harmonize.columns import FoundColumns, WantedColumns, find_columns, is_unit_column
from scoring.harmonize.conversion import note_unknown_unit
from scoring.harmonize.records import MendingLog
from scoring.harmonize.rows import Cell, Table, mend_columns, mend_rows, note_extra
from scoring.readers.base import ProblemLog
from scoring.readers.parquet import (
    BATCH_ROWS,
    MAX_COLUMNS,
    NAME_LENGTH,
    check_size,
    column_paths,
    faults,
    opened,
    row_groups,
)
from scoring.readers.table_options import row_limit
from scoring.readers.units import declared_units

_TEXT = "BYTE_ARRAY"


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The columns that are looked into, and the names of the others."""

    names: list[str]
    columns: list[list[Cell]]
    others: list[str]
    as_bytes: frozenset[str]  # columns of bytes, most likely text


def mended_parquet(
    handle: BinaryIO,
    log: MendingLog,
    *,
    options: Mapping[str, JsonValue],
    targets: Sequence[TargetSpec],
) -> Callable[[BinaryIO], None] | None:
    """Return what writes the mended table; None for a file that the library had better not read."""
    wanted = WantedColumns(
        options["id_column"], tuple(options["value_columns"]), options["synonyms"]
    )
    try:
        loaded = _load(handle, wanted, targets=targets)
    except faults():
        return None
    found = find_columns(loaded.names, wanted) if loaded is not None else None
    if loaded is None or found is None:
        return None
    table = Table(
        wanted=wanted,
        units=declared_units(options["units"]),
        targets={target.slug: target for target in targets},
        log=log,
        strict=options["extra_columns"] == "refuse",
        typed=True,
        unread=loaded.others,
        header=list(loaded.names),
        rows=[list(row) for row in zip(*loaded.columns, strict=True)],
    )
    if not mend_columns(table, found):
        return None
    note_unknown_unit(log, table.units, named=table.unit)
    id_column = loaded.names[found.positions[wanted.id_column]]
    _note_types(table, name_in_bytes=id_column in loaded.as_bytes)
    mend_rows(table)
    if not table.strict and log.applied:
        note_extra(log, loaded.others)
    return lambda out: _write(out, table)


def _load(
    handle: BinaryIO, wanted: WantedColumns, *, targets: Sequence[TargetSpec]
) -> _Loaded | None:
    """Read what is needed of a table, within the bounds of the reader."""
    problems = ProblemLog()
    file = opened(handle, problems)
    if file is None:
        return None
    there = column_paths(file)
    found = find_columns(there, wanted) if len(there) <= MAX_COLUMNS else None
    if found is None:
        return None
    names = _needed(there, found)
    schema = file.metadata.schema
    described = [schema.column(there.index(name)) for name in names]
    if len(set(names)) < len(names) or any(each.max_repetition_level for each in described):
        return None
    groups = row_groups(handle, problems, schema=there)
    check_size(groups, handle, log=problems, names=names, targets=targets)
    if len(problems) or sum(group.rows for group in groups) > row_limit(targets):
        return None
    bytes_ = [each for each in described if each.physical_type == _TEXT]
    texts = [each for each in bytes_ if each.logical_type.type != "DECIMAL"]
    # As dictionaries, or a long text would be unpacked once for each row that has it.
    again = opened(handle, problems, as_dictionary=[each.path for each in texts])
    if again is None:
        return None
    columns: list[list[Cell]] = [[] for _ in names]
    filled = [position for position, group in enumerate(groups) if group.rows]
    for batch in again.iter_batches(
        batch_size=BATCH_ROWS, row_groups=filled, columns=names, use_threads=False
    ):
        for cells, name in zip(columns, names, strict=True):
            cells += _cells(batch.column(name))
    as_bytes = frozenset(each.path for each in texts if each.logical_type.type != "STRING")
    return _Loaded(names, columns, [name for name in there if name not in names], as_bytes)


def _needed(names: Sequence[str], found: FoundColumns) -> list[str]:
    """Return the columns that are looked into, in the order of the file."""
    places = {*found.positions.values(), *(p for each in found.unclear.values() for p in each)}
    return [name for p, name in enumerate(names) if p in places or is_unit_column(name)]


def _cells(column: Any) -> list[Cell]:
    """Return the cells of a batch, each distinct text made once and shortened if it is absurd."""
    if not hasattr(column, "dictionary"):
        cells: list[Cell] = column.to_pylist()
        plain = (type(cell) in (int, float, Decimal, type(None)) for cell in cells)
        if not all(plain):
            raise ValueError("no table of text and numbers")
        return cells
    texts = [_text(value.as_py()) for value in column.dictionary]
    return [None if index is None else texts[index] for index in column.indices.to_pylist()]


def _text(value: str | bytes | None) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""
    return text[: NAME_LENGTH + 1]


def _note_types(table: Table, *, name_in_bytes: bool) -> None:
    """Note names that are bytes, and decimals, which are exact and no plain numbers."""
    if name_in_bytes:
        table.log.note("ID_TYPE", "Names are stored as bytes; they are written as text.")
    exact = [
        (row, place)
        for name in table.wanted.value_columns
        for place in (table.place(name),)
        for row in table.rows
        if isinstance(row[place], Decimal)
    ]
    if exact:
        row, place = exact[0]
        table.log.note(
            "NUMBER_TYPE",
            "Numbers are exact decimals; they are written as double.",
            changes=[(f"{row[place]} (decimal)", f"{float(row[place])!r}")],
        )
    for row, place in exact:
        row[place] = float(row[place])


def _write(out: BinaryIO, table: Table) -> None:
    """Write a column of text for the names, and doubles for the values."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    arrays = {}
    for place, name in enumerate(table.header):
        cells = [row[place] for row in table.rows]
        if name in table.wanted.value_columns and not any(isinstance(c, str) for c in cells):
            numbers = [None if cell is None else float(cell) for cell in cells]
            arrays[name] = pa.array(numbers, pa.float64())
        else:  # text that is no number stays for the reader to tell
            texts = [None if cell is None else str(cell) for cell in cells]
            arrays[name] = pa.array(texts, pa.string())
    write_table(pa.table(arrays), out)
