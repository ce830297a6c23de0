"""Mending text files in sections: their keys, and the rows of their table by the table's rules."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.contract import JsonValue, TargetSpec
from scoring.harmonize.columns import FoundColumns, WantedColumns, find_columns, folded
from scoring.harmonize.conversion import note_unknown_unit
from scoring.harmonize.encoding import decoded
from scoring.harmonize.names import cleaned, match_names
from scoring.harmonize.numbers import is_number, marks_of, plain_number
from scoring.harmonize.records import MendingLog
from scoring.harmonize.rows import Cell, Table, mend_rows
from scoring.harmonize.spelling import note_delimiter
from scoring.readers.base import ProblemLog
from scoring.readers.checks import shown
from scoring.readers.section_layout import (
    Layout,
    Line,
    Section,
    SectionBody,
    encodings_from,
    layout_from,
    lines_of,
    split_sections,
)
from scoring.readers.section_table import Table as Declared
from scoring.readers.section_table import row_cells, row_key, table_from
from scoring.readers.units import declared_units

_ID, _VALUE = "target", "value"
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(slots=True)
class _Row:
    """A row of the table: its line, its cells, and what of them is mended."""

    line: Line
    cells: list[str]
    before: list[Cell]  # name and value


def mended_sections(
    content: bytes,
    log: MendingLog,
    *,
    options: Mapping[str, JsonValue],
    targets: Sequence[TargetSpec],
) -> bytes:
    """Return the file as the round asks for it; lines in order stay as they are."""
    layout = layout_from(options)
    declared = table_from(options, layout=layout, targets=targets)
    text, encoding = _text(content, log, options=options)
    lines = lines_of(
        ProblemLog(), text, max_lines=options["max_lines"], max_length=options["max_line_length"]
    )
    lines = _mend_keys(lines, log, layout=layout, synonyms=options["synonyms"])
    body = split_sections(ProblemLog(), lines, layout=layout).get(layout.table.name)
    new = _mend_table(body, log, declared=declared, options=options) if body else {}
    rest = [new.get(line.number, line.text) for line in lines]
    return "\n".join(line for line in rest if line is not None).encode(encoding)


def _text(content: bytes, log: MendingLog, *, options: Mapping[str, JsonValue]) -> tuple[str, str]:
    """Decode as the reader would, if it can; return the text and how it is written again."""
    if b"\0" not in content:
        for encoding in encodings_from(options["encodings"]):
            name = "utf-8-sig" if encoding == "utf-8" else encoding
            try:
                return content.decode(name), encoding
            except UnicodeDecodeError:
                continue
    return decoded(content, log), "utf-8"


def _mend_keys(
    lines: Sequence[Line],
    log: MendingLog,
    *,
    layout: Layout,
    synonyms: Mapping[str, Sequence[str]],
) -> list[Line]:
    """Write the key of each section that has none on the only line that could be meant."""
    told = [line for line in lines if line.text.strip() and not layout.is_comment(line.text)]
    keys = [layout.key_of(line.text)[0] for line in told]
    there = {section.name for section in keys if section is not None}
    free = [line for line, section in zip(told, keys, strict=True) if section is None]
    new: dict[int, str] = {}
    for section in layout.sections.values():
        if section.name not in there:
            words = {folded(w) for w in (*section.keys, *synonyms.get(section.name, ()))}
            like = [
                (line, text) for line in free if (text := _as_key(line, section, words, layout))
            ]
            if len(like) == 1:
                line, text = like[0]
                new[line.number] = text
    if new:
        changes = [(shown(lines[n - 1].text.strip()), shown(text)) for n, text in new.items()]
        message = "Section keys are written differently; they are written as the round does."
        log.note("SECTION_KEY", message, changes=changes)
    return [Line(line.number, new.get(line.number, line.text)) for line in lines]


def _as_key(line: Line, section: Section, words: set[str], layout: Layout) -> str:
    """Return a line as the key of a section, or nothing if it does not read like one."""
    bare, suffix = cleaned(line.text), layout.key_suffix
    start, mark, rest = bare.partition(suffix) if suffix else (bare, "", "")
    # A word of a text may be a key without its suffix: only where a key must be.
    if folded(start) not in words or not (mark or section.required):
        return ""
    if rest.strip() and not layout.inline_text:
        return ""
    return f"{section.keys[0]}{suffix} {rest.strip()}".rstrip()


def _mend_table(
    body: SectionBody,
    log: MendingLog,
    *,
    declared: Declared,
    options: Mapping[str, JsonValue],
) -> dict[int, str | None]:
    """Return the lines that change, by number; None for one that is left out."""
    # A row on the line of its key stays as it is.
    lines = [line for line in body.lines if line.number != body.key_line.number]
    mark = _delimiter(lines, declared)
    rows = _rows(lines, mark, declared)
    note_delimiter(log, mark[0], declared.layout.delimiters[0])
    new: dict[int, str | None] = {}
    title = _title(rows[0][1], declared, options=options) if rows else None
    if title is not None:
        line, _ = rows.pop(0)
        log.note(
            "HEADER_ROW",
            "The table begins with the titles of its columns; left out.",
            changes=[(shown(line.text.strip()), "")],
        )
        new[line.number] = None
    needed = max(declared.id_column, declared.value_column) + 1
    kept = [_row(line, cells, declared) for line, cells in rows if needed <= len(cells)]
    table = Table(
        wanted=WantedColumns(_ID, (_VALUE,)),
        units=declared_units(options["units"]),
        targets={target.slug: target for target in declared.targets.values()},
        log=log,
        strict=True,
        header=[_ID, _VALUE],
        rows=[list(row.before) for row in kept],
        unit=title.unit if title is not None else "",
    )
    note_unknown_unit(log, table.units, named=table.unit)
    mend_rows(table)
    for row, now in zip(kept, table.rows, strict=True):
        if now != row.before or mark != declared.layout.delimiters:
            new[row.line.number] = _written(row, now, declared)
    return new


def _row(line: Line, cells: list[str], declared: Declared) -> _Row:
    name = cells[declared.id_column]
    target = declared.targets.get(declared.compared(name))
    return _Row(line, cells, [target.slug if target else name, cells[declared.value_column]])


def _written(row: _Row, now: Sequence[Cell], declared: Declared) -> str:
    cells = list(row.cells)
    cells[declared.id_column], cells[declared.value_column] = now
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=declared.layout.delimiters[0], lineterminator="").writerow(cells)
    return out.getvalue()


def _delimiter(lines: Sequence[Line], declared: Declared) -> tuple[str, ...]:
    """Return the delimiters that make most rows: the declared ones unless others do better."""
    own = declared.layout.delimiters
    choices = [own, *((mark,) for mark in _DELIMITERS if mark not in own)]
    counts = [_rows_cut(lines, mark, declared) for mark in choices]
    return choices[counts.index(max(counts))]


def _rows(
    lines: Sequence[Line], delimiters: tuple[str, ...], declared: Declared
) -> list[tuple[Line, list[str]]]:
    """Return the lines that are rows, each with its cells."""
    rows = []
    for line in lines:
        try:
            cells = row_cells(line.text, delimiters=delimiters)
        except csv.Error:
            continue  # the reader tells of it
        if cells and row_key(cells) not in declared.ignored_rows:
            rows.append((line, cells))
    return rows


def _rows_cut(lines: Sequence[Line], delimiters: tuple[str, ...], declared: Declared) -> int:
    """Return how many lines are predictions if they are cut at these."""
    needed = max(declared.id_column, declared.value_column) + 1
    rows = [
        (cells[declared.id_column], cells[declared.value_column])
        for _, cells in _rows(lines, delimiters, declared)
        if needed <= len(cells) <= declared.width
    ]
    slugs = [target.slug for target in declared.targets.values()]
    known = set(match_names([name for name, _ in rows], slugs))
    return sum(
        (name in known or declared.compared(name) in declared.targets)
        and is_number(plain_number(value, marks_of([value])))
        for name, value in rows
    )


def _title(
    cells: Sequence[str], declared: Declared, *, options: Mapping[str, JsonValue]
) -> FoundColumns | None:
    """Return what cells say if they name the columns, each where the round has it."""
    found = find_columns(cells, WantedColumns(_ID, (_VALUE,), options["synonyms"]))
    places = {_ID: declared.id_column, _VALUE: declared.value_column}
    return found if found is not None and found.positions == places else None
