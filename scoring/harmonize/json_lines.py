"""Mending JSON Lines: what of each object the table's rules can see, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.contract import JsonValue, TargetSpec
from scoring.harmonize.columns import WantedColumns, find_columns
from scoring.harmonize.conversion import note_unknown_unit
from scoring.harmonize.encoding import decoded
from scoring.harmonize.records import MendingLog
from scoring.harmonize.rows import ABSENT, Cell, Table, mend_columns, mend_rows
from scoring.readers.jsonl import TARGET, VALUES
from scoring.readers.number_text import NumberError
from scoring.readers.strict_json import JsonFaultError, parse_json
from scoring.readers.units import declared_units

_ONE, _SEVERAL = VALUES


@dataclass(slots=True)
class _Line:
    """A line as it stands, and the object that it holds, if it holds one."""

    text: str
    said: dict[str, Any] | None

    @property
    def value_key(self) -> str:
        """The key of its value, if that is one of the reader's."""
        keys = [key for key in VALUES if key in (self.said or {})]
        return keys[0] if len(keys) == 1 else ""

    def named(self) -> dict[str, Cell]:
        """Return what it says, the value always under the same key."""
        key = self.value_key
        return {_ONE if name == key else name: cell for name, cell in (self.said or {}).items()}

    def written(self, row: Mapping[str, Cell]) -> str:
        """Return the line again, as it was unless it says something else now."""
        key = self.value_key or (_SEVERAL if isinstance(row.get(_ONE), list) else _ONE)
        now = {key if name == _ONE else name: cell for name, cell in row.items()}
        return self.text if now == self.said else _as_text(now)


def mended_lines(
    content: bytes,
    log: MendingLog,
    *,
    options: Mapping[str, JsonValue],
    targets: Sequence[TargetSpec],
) -> bytes:
    """Return the lines as the round asks for them; one that is no JSON stays as it is."""
    lines = _lines(decoded(content, log), log)
    objects = [line for line in lines if line.said is not None]
    table = _table(objects, log, options=options, targets=targets)
    found = find_columns(table.header, table.wanted)
    if found is None or not mend_columns(table, found):
        return _joined(line.text for line in lines)
    note_unknown_unit(log, table.units, named=table.unit)
    mend_rows(table)
    rows = iter(table.rows)
    return _joined(
        line.text if line.said is None else line.written(_as_object(table, next(rows)))
        for line in lines
    )


def _as_text(said: Mapping[str, Cell]) -> str:
    return json.dumps(said, separators=(",", ":"))  # a line may have a limit


def _joined(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def _lines(text: str, log: MendingLog) -> list[_Line]:
    """Cut a text into lines; an array of objects, over however many lines, is taken apart."""
    parts = [line for line in text.split("\n") if line.strip()]
    if text.lstrip().startswith("["):
        whole = _parsed(text)
        if isinstance(whole, list) and whole and all(isinstance(each, dict) for each in whole):
            log.note(
                "JSON_ARRAY",
                f"The file is one JSON array; each of its {len(whole)} object(s) gets a line.",
            )
            return [_Line(_as_text(each), _understood(each)) for each in whole]
    return [_Line(part, _understood(_parsed(part))) for part in parts]


def _understood(said: Any) -> dict[str, Any] | None:
    """Return an object, unless it gives its value twice: which one counts is not for us to say."""
    if not isinstance(said, dict) or set(VALUES) <= set(said):
        return None
    return said


def _parsed(text: str) -> Any:
    try:
        return parse_json(text)
    except (JsonFaultError, NumberError):
        return None


def _table(
    objects: Sequence[_Line],
    log: MendingLog,
    *,
    options: Mapping[str, JsonValue],
    targets: Sequence[TargetSpec],
) -> Table:
    """Return all objects as one table, which has a column for each key that is there."""
    synonyms = options["synonyms"]
    words = [word for key in VALUES for word in synonyms.get(key, ())]
    named = [line.named() for line in objects]
    header = list(dict.fromkeys(key for each in named for key in each))
    return Table(
        wanted=WantedColumns(TARGET, (_ONE,), {**synonyms, _ONE: words}),
        units=declared_units(options["units"]),
        targets={target.slug: target for target in targets},
        log=log,
        strict=options["extra_keys"] == "refuse",
        word="field",
        typed=True,
        header=header,
        rows=[[each.get(key, ABSENT) for key in header] for each in named],
    )


def _as_object(table: Table, row: Sequence[Cell]) -> dict[str, Cell]:
    pairs = zip(table.header, row, strict=True)
    return {name: cell for name, cell in pairs if cell is not ABSENT}
