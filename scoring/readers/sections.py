"""Text files in sections: a table of predictions among paragraphs that describe the method.

Such files are written by hand or exported from a spreadsheet::

    # lines with a declared prefix are comments
    Predictions:
    M01, 4.19, 0.13
    M02, 3.82, 0.07

    Method:
    As many lines of text as the authors need.

A round declares which sections there are, where the numbers stand and which irregularities are
forgiven; one file layout then serves every team, whatever its editor does to line ends, quotation
marks and empty columns. The values themselves are never guessed: a number is an ASCII decimal
number, and a row that cannot be read is a problem with a line number.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from scoring.contract import JsonValue, TargetSpec
from scoring.errors import ReaderOptionError
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
    check_unknown_target,
    check_values,
    note_duplicate,
    shown,
)
from scoring.readers.section_layout import (
    KINDS,
    Layout,
    Line,
    SectionBody,
    encodings_from,
    key_suggestion,
    layout_from,
    lines_of,
    read_text,
    split_sections,
)

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NUMBER_LENGTH = 100
_CELL_LENGTH = 200  # kept of a column that is not scored
_NOT_FINITE = frozenset({"nan", "inf", "infinity"})
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"


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


def read_sections(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Read a sectioned text file; see `READER` for the options.

    Returns
    -------
    Prediction
        One scalar per answered target. The metadata holds the text of the other sections by
        their declared names, the columns that are not scored (as written, by target), and the
        encoding that fitted.

    Raises
    ------
    PredictionFormatError
        With every problem found, each with its line.
    ReaderOptionError
        If the declared options contradict each other or the targets.
    """
    layout = layout_from(options)
    table = table_from(options, layout=layout, targets=targets)
    log = ProblemLog()
    encodings = encodings_from(options["encodings"])
    text, encoding = read_text(log, handle, encodings=encodings, max_bytes=options["max_bytes"])
    lines = lines_of(
        log, text, max_lines=options["max_lines"], max_length=options["max_line_length"]
    )
    found = split_sections(log, lines, layout=layout)
    sources, other = _read_table(log, found.get(layout.table.name), table=table)
    metadata: dict[str, JsonValue] = {"encoding": encoding}
    for name, body in found.items():
        if body.section.kind != "table":
            metadata[name] = _read_prose(log, body, layout=layout)
    if layout.table.name in found:
        check_complete(log, sources, targets=targets, options=options)
    log.raise_if_any()
    return Prediction(sources, {**metadata, "other_columns": other})


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
    ignored = (_cells(row, layout=layout) for row in options["ignored_rows"])
    return Table(
        layout=layout,
        id_column=options["id_column"] - 1,
        value_column=options["value_column"] - 1,
        other_columns={name: column - 1 for name, column in other.items()},
        width=width,
        ignored_rows=frozenset(_row_key(cells) for cells in ignored),
        targets=by_id,
        ids_ignore_case=fold,
    )


def _read_table(
    log: ProblemLog, body: SectionBody | None, *, table: Table
) -> tuple[dict[str, ArraySource], dict[str, dict[str, str]]]:
    """Read the rows; return a source per target, and the other columns as written."""
    sources: dict[str, ArraySource] = {}
    other: dict[str, dict[str, str]] = {name: {} for name in table.other_columns}
    first: dict[str, str] = {}
    rows = 0
    for line in body.lines if body is not None else ():
        cells = _row(log, line, table=table)
        if cells is None:
            continue
        rows += 1
        target = _target(log, cells[table.id_column], line=line, table=table)
        value = _number(log, cells[table.value_column], line=line, table=table)
        if target is None:
            continue
        if target.slug in first:
            note_duplicate(log, target.slug, where=line.where, first=first[target.slug])
            continue
        first[target.slug] = line.where
        if value is None:
            continue
        sources[target.slug] = MemorySource(value)
        check_values(log, target, source=sources[target.slug], where=line.where)
        for name, column in table.other_columns.items():
            if column < len(cells) and cells[column]:
                other[name][target.slug] = _clean(cells[column][:_CELL_LENGTH])
    if body is not None and not rows and not len(log):
        _note_empty(log, body, table=table)
    return sources, other


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
        cells = _cells(line.text, layout=table.layout)
    except csv.Error:
        log.add(
            "BAD_QUOTES",
            f"{line.where}: quotation marks open or close within a cell",
            where=line.where,
            remedy="remove the quotation marks",
        )
        return None
    if not cells or _row_key(cells) in table.ignored_rows:
        return None
    needed = max(table.id_column, table.value_column) + 1
    if needed <= len(cells) <= table.width:
        return cells
    hint = key_suggestion(line.text, layout=table.layout)
    if not hint and len(cells) > table.width and table.layout.delimiters[0] == ",":
        hint = " Are there decimal commas?"
    expected = str(needed) if needed == table.width else f"{needed} to {table.width}"
    log.add(
        "BAD_ROW",
        f"{line.where}: {shown(line.text.strip())} has {len(cells)} columns, "
        f"expected {expected}.{hint}",
        where=line.where,
        remedy=_row_remedy(table),
    )
    return None


def _row_remedy(table: Table) -> str:
    mark = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
    return (
        f"write one target per row: its name in column {table.id_column + 1}, its value in "
        f"column {table.value_column + 1}, separated by {mark[table.layout.delimiters[0]]}"
    )


def _cells(text: str, *, layout: Layout) -> list[str]:
    """Cut a row at the first declared delimiter it contains; drop blanks and empty last cells."""
    delimiter = next((mark for mark in layout.delimiters if mark in text), layout.delimiters[0])
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


def _row_key(cells: Sequence[str]) -> tuple[str, ...]:
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
    elif hint := key_suggestion(identifier, layout=table.layout):
        log.add(
            "UNKNOWN_TARGET",
            f"{shown(identifier)} is not a target of this round.{hint}",
            where=line.where,
            remedy="write section keys exactly as the round's template has them",
        )
    else:
        check_unknown_target(
            log, identifier, targets=list(table.targets.values()), where=line.where
        )
    return None


def _number(log: ProblemLog, cell: str, *, line: Line, table: Table) -> float | None:
    """Read an ASCII decimal number; note what else the cell may be."""
    where = f"{line.where}, column {table.value_column + 1}"
    if not cell:
        log.add(
            "MISSING_VALUE",
            f"{where}: there is no value",
            where=where,
            remedy="write a number, or leave the whole row out",
        )
        return None
    if len(cell) <= _NUMBER_LENGTH and _NUMBER.fullmatch(cell):
        value = float(cell)
        if math.isfinite(value):
            return value
    not_finite = cell.lstrip("+-").casefold() in _NOT_FINITE or _NUMBER.fullmatch(cell)
    log.add(
        "NOT_FINITE" if not_finite else "NOT_A_NUMBER",
        f"{where}: {shown(cell)} is not a {'finite ' if not_finite else ''}number"
        + _number_hint(cell),
        where=where,
        remedy="write a finite decimal number with a point, such as -1.23 or 4.5e-3",
    )
    return None


def _number_hint(cell: str) -> str:
    if any(dash in cell for dash in _DASHES):
        return "; its minus sign is a typographic dash, not the '-' of the keyboard"
    if _NUMBER.fullmatch(cell.replace(",", ".", 1)):
        return "; it has a decimal comma"
    return ""


def _read_prose(log: ProblemLog, body: SectionBody, *, layout: Layout) -> JsonValue:
    """Return a text section in its declared kind; note a required one that says nothing."""
    lines = [_clean(layout.without_padding(line.text)) for line in body.lines]
    text = "\n".join(lines).strip()
    if body.section.required and not text:
        log.add(
            "EMPTY_SECTION",
            f"{body.key_line.where}: section {body.section.keys[0]} is empty",
            where=body.key_line.where,
            remedy="write its content below the key",
        )
    if body.section.kind == "text":
        return text
    filled = [line.strip() for line in lines if line.strip()]
    return filled if body.section.kind == "lines" else " ".join(filled)


def _clean(text: str) -> str:
    """Replace control and direction characters, which have no place on a page, by U+FFFD."""
    return "".join(
        "\ufffd" if unicodedata.category(mark) in ("Cc", "Cf", "Cs") and mark != "\t" else mark
        for mark in text
    )


READER = Reader(
    slug="sections",
    title="Text in sections",
    help=(
        "A plain text file with one section for the table of predictions (one row per target) "
        "and further sections that describe the method. Save it as UTF-8."
    ),
    extensions=(".csv", ".txt"),
    read_function=read_sections,
    options=(
        REQUIRE_ALL,
        ReaderOption(
            "sections",
            "The sections: for each name its keys as written in the file, its kind (one of "
            f"{', '.join(KINDS)}) and whether it is required. Exactly one is the table; the "
            "others become metadata of the submission under their names.",
            default={"predictions": {"keys": ["Predictions"], "kind": "table"}},
            kind=dict,
        ),
        ReaderOption("key_suffix", "What follows a section key; may be empty.", default=":"),
        ReaderOption(
            "keys_case_sensitive", "Whether 'NAME:' is another key than 'Name:'.", False, bool
        ),
        ReaderOption(
            "inline_text",
            "Whether a section may begin on the line of its key, behind the suffix.",
            default=True,
            kind=bool,
        ),
        ReaderOption(
            "comment_prefix", "Lines that begin with it are comments; empty: none.", default="#"
        ),
        ReaderOption(
            "stray_text",
            "What to do with text before the first section key.",
            default="refuse",
            choices=("refuse", "ignore"),
        ),
        ReaderOption(
            "delimiters",
            "What separates the columns: a row is cut at the first of these it contains.",
            default=[","],
            kind=list,
        ),
        ReaderOption("id_column", "The column with the target's name, from 1.", 1, int),
        ReaderOption("value_column", "The column with the predicted value, from 1.", 2, int),
        ReaderOption(
            "other_columns",
            "Columns that are kept as written, not scored: name and position.",
            default={},
            kind=dict,
        ),
        ReaderOption(
            "max_columns",
            "How many columns a row may have, if more than the declared ones. Empty columns at "
            "the end never count.",
            default=0,
            kind=int,
        ),
        ReaderOption(
            "ignored_rows",
            "Rows that are no predictions, such as column titles, as they stand in the file; "
            "case and blanks are ignored.",
            default=[],
            kind=list,
        ),
        ReaderOption(
            "ids_ignore_case", "Whether 'm01' answers target 'M01'.", default=False, kind=bool
        ),
        ReaderOption(
            "encodings",
            "The encodings to try, in this order. A byte order mark is dropped.",
            default=["utf-8"],
            kind=list,
        ),
        ReaderOption("max_bytes", "The largest file that is read.", 2**20, int),
        ReaderOption("max_lines", "The most lines that are read.", 20_000, int),
        ReaderOption("max_line_length", "The longest line, in characters.", 20_000, int),
    ),
)
