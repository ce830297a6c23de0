"""Reader `parquet`: a table with one row for each target."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from scoring.contract import JsonValue, TargetSpec
from scoring.readers.base import (
    REQUIRE_ALL,
    ArraySource,
    MemorySource,
    Prediction,
    ProblemLog,
    Reader,
)
from scoring.readers.checks import (
    check_complete,
    check_range,
    check_unknown_target,
    note_duplicate,
    shown,
    suggestion,
)
from scoring.readers.parquet_pages import PageError, RowGroup, read_row_groups, unpacked_bytes
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

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

MAX_COLUMNS = 1000
BATCH_ROWS = 4096
NAME_LENGTH = 500  # of a target's name in the id column
_PAGE_BYTES = 16 * 2**20
_SPARE_BYTES = 16 * 2**20  # of all pages together, beyond what the rows need
_ROW_BYTES = 1024
_FOOTER_BYTES = 4 * 2**20
_MAGIC = b"PAR1"
_NUMBERS = frozenset({"DOUBLE", "FLOAT", "INT32", "INT64"})
_LOGICAL_NUMBERS = frozenset({"NONE", "INT", "FLOAT16"})


def read_parquet(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Read a .parquet file; see `READER` for what may be in it."""
    columns = tuple(options["value_columns"])
    check_widths(targets, columns=columns)
    log = ProblemLog()
    file = opened(handle, log)
    if file is not None:
        try:
            _check_schema(file, log, options=options)
        except faults():
            _note_damage(log)
    log.raise_if_any()
    groups = row_groups(handle, log, schema=column_paths(file))
    names = (options["id_column"], *columns)
    check_size(groups, handle, log=log, names=names, targets=targets)
    log.raise_if_any()
    # As a dictionary, or a long name would be unpacked once for each row that has it.
    file = opened(handle, log, as_dictionary=[options["id_column"]])
    table = _Table(log, targets=targets, columns=columns)
    filled = [position for position, group in enumerate(groups) if group.rows]
    for start, found, values in _batches(file, log, names=names, groups=filled):
        table.read_rows(start, names=found, values=values)
    check_complete(log, table.first_rows, targets=targets, options=options)
    log.raise_if_any()
    return Prediction(table.sources)


def faults() -> tuple[type[Exception], ...]:
    """Return what the library raises on a damaged file; its texts are never shown."""
    from pyarrow import ArrowException

    plain = (OSError, RuntimeError, ValueError, TypeError, LookupError, OverflowError)
    return (ArrowException, MemoryError, *plain)


def opened(
    handle: BinaryIO, log: ProblemLog, *, as_dictionary: Sequence[str] = ()
) -> ParquetFile | None:
    from pyarrow.parquet import ParquetFile

    if not _has_sane_ends(handle):
        log.add(
            "NOT_PARQUET",
            "the file is not a Parquet file, or it is cut off",
            remedy="write it with a Parquet library, such as table.to_parquet(...), and upload it "
            "unchanged",
        )
        return None
    handle.seek(0)
    try:
        return ParquetFile(
            handle,
            pre_buffer=False,
            read_dictionary=list(as_dictionary),
            thrift_string_size_limit=_FOOTER_BYTES,
            thrift_container_size_limit=2**20,
        )
    except faults():
        _note_damage(log)
        return None


def _has_sane_ends(handle: BinaryIO) -> bool:
    """Tell whether the file begins and ends as Parquet does, with a footer that fits into it."""
    size = handle.seek(0, 2)
    if size < 12:
        return False
    handle.seek(0)
    start = handle.read(4)
    handle.seek(size - 8)
    length, end = int.from_bytes(handle.read(4), "little"), handle.read(4)
    return start == end == _MAGIC and length <= min(size - 12, _FOOTER_BYTES)


def _note_damage(log: ProblemLog) -> None:
    log.add(
        "DAMAGED",
        "the file is damaged, or is encrypted, or is written in a way that is not read",
        remedy="write it again, with flat columns and snappy, gzip or zstd compression",
    )


def _check_schema(file: ParquetFile, log: ProblemLog, *, options: Mapping[str, JsonValue]) -> None:
    """Note columns that are missing, not expected, or of a type that is not read."""
    schema = file.metadata.schema
    if len(schema) > MAX_COLUMNS:
        log.add(
            "TOO_MANY_COLUMNS",
            f"there are more than {MAX_COLUMNS} columns",
            remedy="keep the columns that the round declares",
        )
        return
    columns = [schema.column(i) for i in range(len(schema))]
    names = column_paths(file)
    wanted = (options["id_column"], *options["value_columns"])
    for name in wanted:
        if names.count(name) != 1:
            log.add(
                "BAD_HEADER",
                f"there is no single column {shown(name)}.{suggestion(name, names)}",
                where="the columns",
                remedy=f"name the columns {', '.join(wanted)}",
            )
    if options["extra_columns"] == "refuse":
        for name in names:
            if name not in wanted:
                log.add(
                    "UNKNOWN_COLUMN",
                    f"column {shown(name)} is not expected",
                    where="the columns",
                    remedy=f"keep the columns {', '.join(wanted)} only; pandas writes its index "
                    "unless it is told index=False",
                )
    for column in columns:
        if column.path in wanted:
            _check_type(log, column, is_name=column.path == wanted[0])


def _check_type(log: ProblemLog, column: Any, *, is_name: bool) -> None:
    """Note a column of another type than text for names, and plain numbers for values."""
    physical, logical = column.physical_type, column.logical_type.type
    plain = column.max_repetition_level == 0
    if is_name:
        fits = plain and physical == "BYTE_ARRAY" and logical == "STRING"
    else:
        number = physical in _NUMBERS and logical in _LOGICAL_NUMBERS
        fits = plain and (number or logical == "FLOAT16")
    if not fits:
        kind = "text" if is_name else "plain numbers"
        log.add(
            "BAD_DTYPE",
            f"column {column.path} does not hold {kind}",
            where=f"column {column.path}",
            remedy=f"write it as {'strings' if is_name else 'double or float'}",
        )


def column_paths(file: Any) -> list[str]:
    schema = file.metadata.schema
    return [schema.column(position).path for position in range(len(schema))]


def row_groups(handle: BinaryIO, log: ProblemLog, *, schema: list[str]) -> list[RowGroup]:
    """Return the row groups; the library takes their columns by place, so these must agree."""
    try:
        groups = read_row_groups(handle, most_bytes=_FOOTER_BYTES)
    except PageError:
        _note_damage(log)
        return []
    if any([column.name for column in group.columns] != schema for group in groups if group.rows):
        _note_damage(log)
        return []
    return groups


def check_size(
    groups: Sequence[RowGroup],
    handle: BinaryIO,
    *,
    log: ProblemLog,
    names: Sequence[str],
    targets: Sequence[TargetSpec],
) -> None:
    """Note more rows than are read, or pages that unpack to more than those rows can need."""
    rows = sum(group.rows for group in groups)
    if rows > row_limit(targets):
        note_too_many_rows(log, targets, where="the table")
        return
    total = largest = 0
    try:
        for column in (column for group in groups for column in group.columns):
            if column.name in names:
                size, most = unpacked_bytes(handle, start=column.start, length=column.length)
                total, largest = total + size, max(largest, most)
    except PageError:
        _note_damage(log)
        return
    if largest > _PAGE_BYTES or total > rows * _ROW_BYTES + _SPARE_BYTES:
        log.add(
            "TOO_LARGE",
            "the columns unpack to far more bytes than their rows can need",
            remedy="write plain numbers and short names",
        )


def _batches(
    file: Any, log: ProblemLog, *, names: Sequence[str], groups: Sequence[int]
) -> Iterator[tuple[int, list[str | None], list[list[float | None]]]]:
    """Yield (rows before, target names, values by column) until the end or a damaged place."""
    row = 0
    try:
        for batch in file.iter_batches(
            batch_size=BATCH_ROWS, row_groups=list(groups), columns=list(names), use_threads=False
        ):
            found = _names(batch.column(names[0]))
            yield row, found, [_numbers(batch.column(name)) for name in names[1:]]
            row += len(found)
    except faults():
        _note_damage(log)


def _names(column: Any) -> list[str | None]:
    """Return the names of a batch, each distinct one made once, and shortened if it is absurd."""
    texts = [(value.as_py() or "")[: NAME_LENGTH + 1] for value in column.dictionary]
    return [None if index is None else texts[index] for index in column.indices.to_pylist()]


def _numbers(column: Any) -> list[float | None]:
    """Return a column's values; None where there is none."""
    # Not by way of `to_numpy`, which imports pandas where it is installed: seconds for a child.
    return [None if value is None else float(value) for value in column.to_pylist()]


class _Table:
    """What has been read so far."""

    def __init__(
        self, log: ProblemLog, *, targets: Sequence[TargetSpec], columns: Sequence[str]
    ) -> None:
        self._log = log
        self._targets = targets
        self._specs = {target.slug: target for target in targets}
        self._columns = columns
        self.first_rows: dict[str, int] = {}
        self.sources: dict[str, ArraySource] = {}

    def read_rows(
        self, start: int, *, names: Sequence[str | None], values: Sequence[Sequence[float | None]]
    ) -> None:
        """Read the rows of one batch; note what is wrong with each."""
        for index, name in enumerate(names):
            target = self._target(name, start + index + 1)
            if target is None:
                continue
            cells = [column[index] for column in values]
            where = f"row {start + index + 1}"
            right = [
                self._is_right(cell, target, where=f"{where}, column {column}")
                for cell, column in zip(cells, self._columns, strict=True)
            ]
            if all(right):
                numbers = [cell for cell in cells if cell is not None]
                self.sources[target.slug] = MemorySource(in_shape(numbers, target))

    def _target(self, name: str | None, row: int) -> TargetSpec | None:
        where = f"row {row}"
        if name is None or len(name) > NAME_LENGTH:
            self._log.add(
                "BAD_NAME",
                f"{where} has no target's name, or one of more than {NAME_LENGTH} characters",
                where=where,
                remedy="write the target's name as the round does",
            )
            return None
        if name not in self._specs:
            check_unknown_target(self._log, name, targets=self._targets, where=where)
            return None
        if name in self.first_rows:
            note_duplicate(self._log, name, where=where, first=f"row {self.first_rows[name]}")
            return None
        self.first_rows[name] = row
        return self._specs[name]

    def _is_right(self, cell: float | None, target: TargetSpec, *, where: str) -> bool:
        if cell is not None and math.isfinite(cell):
            return check_range(self._log, target, value=cell, where=where)
        code, what = (
            ("MISSING_VALUE", "holds no value") if cell is None else ("NOT_FINITE", "is not finite")
        )
        remedy = "write a finite number, or leave the whole target out"
        self._log.add(code, f"{where} {what}", where=where, remedy=remedy)
        return False


READER = Reader(
    slug="parquet",
    title="Parquet table (.parquet)",
    help=(
        "A table with one row for each target: a column of text with the target's name, and its "
        "value(s) in columns of double, float or integer type. Rows are counted from 1 and may "
        "stand in any order."
    ),
    extensions=(".parquet",),
    read_function=read_parquet,
    options=(ID_COLUMN, VALUE_COLUMNS, EXTRA_COLUMNS, REQUIRE_ALL),
    check_options=check_columns,
    extra="parquet",
    packages=("pyarrow", "pyarrow.parquet"),
)
