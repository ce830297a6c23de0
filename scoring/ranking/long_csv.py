"""Read a long table of scores: one row for each entry, target and metric."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping

from scoring.contract import ScoreStatus
from scoring.ranking.table import LABELS, Row
from scoring.readers.base import ProblemLog
from scoring.readers.number_text import NumberError, parse_number

REQUIRED = ("entry", "target", "metric", "value")
OPTIONAL = ("status", "model", *LABELS)


def read_long_csv(lines: Iterable[str]) -> list[Row]:
    """Read rows from the lines of a CSV file with a header.

    Columns: entry, target, metric, value; optionally status, model, class, group. An empty value
    is a missing one, whatever the column status says of its reason.

    Raises
    ------
    PredictionFormatError
        With every problem found, up to a limit: its line and how to mend it.
    """
    log = ProblemLog()
    reader = csv.reader(lines, strict=True)
    rows: list[Row] = []
    seen: dict[tuple[str, str, str, int], int] = {}
    try:
        header = [name.strip().removeprefix("\ufeff") for name in next(reader, [])]
        _check_header(header, log)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            row = _row(header, cells, reader.line_num, log)
            if row is None:
                continue
            key = (row.entry, row.target, row.metric, row.model)
            if key in seen:
                _refuse(log, reader.line_num, f"repeats line {seen[key]}", "leave one of the two")
            seen.setdefault(key, reader.line_num)
            rows.append(row)
    except (csv.Error, UnicodeDecodeError) as error:
        _refuse(log, reader.line_num, f"is not CSV in UTF-8 ({error})", "save it as CSV in UTF-8")
    log.raise_if_any()
    if not rows:
        log.add("EMPTY_FILE", "the table has no row", remedy="give one row for each score")
        log.raise_if_any()
    return rows


def _check_header(header: list[str], log: ProblemLog) -> None:
    known = (*REQUIRED, *OPTIONAL)
    for name in REQUIRED:
        if name not in header:
            _refuse(log, 1, f"has no column {name}", f"begin with {','.join(REQUIRED)}")
    for name in dict.fromkeys(header):
        if name not in known:
            _refuse(log, 1, f"has an unknown column {name!r}", f"known are {', '.join(known)}")
        if header.count(name) > 1:
            _refuse(log, 1, f"has two columns {name}", "leave one")
    log.raise_if_any()


def _row(header: list[str], cells: list[str], line: int, log: ProblemLog) -> Row | None:
    if len(cells) != len(header):
        message = f"has {len(cells)} cells, the header {len(header)}"
        _refuse(log, line, message, "quote cells that hold commas")
        return None
    found = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    before = len(log)
    for name in ("entry", "target", "metric"):
        if not found[name]:
            _refuse(log, line, f"names no {name}", "fill the cell")
    value = _value(found["value"], line, log)
    status = _status(found.get("status", ""), value, line, log)
    model = _model(found.get("model", ""), line, log)
    if len(log) > before:
        return None
    return Row(
        entry=found["entry"],
        target=found["target"],
        metric=found["metric"],
        value=value,
        status=status,
        model=model,
        labels=_labels(found),
    )


def _labels(found: Mapping[str, str]) -> dict[str, str]:
    return {name: found[name] for name in LABELS if found.get(name)}


def _value(text: str, line: int, log: ProblemLog) -> float | None:
    if not text:
        return None
    try:
        return parse_number(text)
    except NumberError as error:
        remedy = "leave the cell empty" if error.code == "MISSING_VALUE" else error.remedy
        _refuse(log, line, f"column value: {text[:40]!r} {error.reason}", remedy)
        return None


def _status(text: str, value: float | None, line: int, log: ProblemLog) -> ScoreStatus:
    if not text:
        return ScoreStatus.MISSING if value is None else ScoreStatus.OK
    if text not in list(ScoreStatus):
        known = ", ".join(ScoreStatus)
        _refuse(log, line, f"column status: {text[:40]!r} is no status", f"use one of {known}")
        return ScoreStatus.MISSING
    status = ScoreStatus(text)
    if (value is not None) != (status is ScoreStatus.OK):
        _refuse(
            log,
            line,
            f"has status {status.value} and {'no value' if value is None else 'a value'}",
            "give a value exactly where the status is ok",
        )
    return status


def _model(text: str, line: int, log: ProblemLog) -> int:
    if not text:
        return 1
    if text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 1000 and len(text) < 5:
        return int(text)
    _refuse(log, line, f"column model: {text[:40]!r} is no number of a model", "write 1 to 1000")
    return 1


def _refuse(log: ProblemLog, line: int, message: str, remedy: str) -> None:
    log.add("TABLE", f"line {line} {message}", where=f"line {line}", remedy=remedy)
