"""Past rounds that are held again: what a case description says, and what its folder holds.

A case has two parts. The description (``cases/<slug>/case.yaml``) is ours: rules and places. The
case folder holds the files as they were published, and is never part of this project. See
``docs/cases.md``.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from scoring.contract import Aggregate, MetricChoice, PredictionFormat, TargetSpec
from scoring.readers.number_text import NumberError, parse_number


class CaseError(Exception):
    """A case description or folder is not as it must be; says what, where and how to mend it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One submission of the past round: its public id, its file as received, who sent it."""

    id: str
    path: Path
    kind: str  # participant, baseline or reference
    team: str = ""  # the sender's number in the user map; empty if the map does not tell
    sent_at: int | None = None  # seconds since 1970

    @property
    def team_slug(self) -> str:
        """The address of the sender's team when the round is held again."""
        return f"group-{self.team or 'unknown'}".lower()


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table of results as published: entry ids in their order, and values by metric key.

    A value is None where the table has none, or has a stand-in for an undefined value.
    """

    path: Path
    ids: tuple[str, ...]
    values: Mapping[str, Mapping[str, float | None]]
    stand_ins: frozenset[tuple[str, str]] = field(default=frozenset())  # (id, key)


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that holding a past round again needs."""

    slug: str
    title: str
    rules: Mapping[str, Any]  # the `round` part as written: dates, policies
    prediction_format: PredictionFormat
    targets: tuple[TargetSpec, ...]
    metrics: tuple[MetricChoice, ...]
    primary: str
    references: Mapping[str, float]
    entries: tuple[Entry, ...]
    unreadable: Mapping[str, str]  # entries known to be unreadable as received, with the reason
    published: tuple[PublishedTable, ...]
    tolerance: float


def read_case(description: Path, folder: Path) -> Case:
    """Read a case description and find in the folder what it names.

    Parameters
    ----------
    description : Path
        The ``case.yaml``.
    folder : Path
        The case folder; files are found by pattern at any depth.

    Raises
    ------
    CaseError
        If a part of the description is missing, or the folder lacks or contradicts it.
    """
    declared = read_description(description)
    try:
        return _case(declared, folder)
    except KeyError as error:
        raise CaseError(f"{description.name} lacks {error.args[0]}") from error


def _case(declared: Mapping[str, Any], folder: Path) -> Case:
    rules = declared["round"]
    targets = _targets(rules["targets"])
    metrics, primary = _metrics(rules["metrics"])
    entries = _entries(declared["submissions"], folder)
    return Case(
        slug=declared["slug"],
        title=declared["title"],
        rules=rules,
        prediction_format=PredictionFormat(rules["reader"], rules.get("reader_options", {})),
        targets=targets,
        metrics=metrics,
        primary=primary,
        references=_references(declared["references"], folder, targets=targets),
        entries=_with_senders(entries, declared.get("user_map"), folder),
        unreadable=declared["submissions"]["unreadable"],
        published=tuple(_published(declared["published"], folder, entries=entries)),
        tolerance=float(declared["published"]["tolerance"]),
    )


def read_description(description: Path) -> dict[str, Any]:
    """Read a ``case.yaml`` and check that its parts are there."""
    try:
        declared = yaml.safe_load(description.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CaseError(f"{description.name} cannot be read: {error}") from error
    needed = {"slug", "title", "round", "submissions", "references", "published"}
    if not isinstance(declared, dict) or (missing := needed - declared.keys()):
        missing = needed if not isinstance(declared, dict) else missing
        raise CaseError(f"{description.name} lacks {', '.join(sorted(missing))}")
    return declared


def _targets(declared: Mapping[str, Any]) -> tuple[TargetSpec, ...]:
    low, high = declared.get("low"), declared.get("high")
    return tuple(TargetSpec(slug, low=low, high=high) for slug in declared["slugs"])


def _metrics(declared: Sequence[Mapping[str, Any]]) -> tuple[tuple[MetricChoice, ...], str]:
    choices = tuple(
        MetricChoice(
            key=one["key"],
            slug=one["metric"],
            version=one.get("version", 1),
            parameters=one.get("parameters", {}),
            aggregate=Aggregate(one["aggregate"]),
        )
        for one in declared
    )
    primary = [one["key"] for one in declared if one.get("primary")]
    if len(primary) != 1:
        raise CaseError("exactly one metric of a case must be primary")
    return choices, primary[0]


def _found(folder: Path, patterns: Sequence[str], *, exclude: Sequence[str] = ()) -> list[Path]:
    """Return the files of the first pattern that finds any, in the order of their names."""
    if not folder.is_dir():
        raise CaseError(f"there is no case folder {folder.name}")
    for pattern in patterns:
        paths = [
            path
            for path in folder.glob(pattern)
            if path.is_file() and not any(path.match(other) for other in exclude)
        ]
        if paths:
            return sorted(paths, key=lambda path: (path.name, path.as_posix()))
    return []


def _entries(declared: Mapping[str, Any], folder: Path) -> tuple[Entry, ...]:
    paths = _found(folder, declared["files"], exclude=declared.get("exclude", ()))
    if not paths:
        raise CaseError(f"no submissions are found as {', '.join(declared['files'])}")
    entries: dict[str, Entry] = {}
    for path in paths:
        match = re.match(declared["id_pattern"], path.name)
        if match is None:
            raise CaseError(f"{path.name} has no submission id at its beginning")
        entry = Entry(match[1], path, _kind(match[1], declared.get("kinds", ())))
        other = entries.setdefault(entry.id, entry)
        if other is not entry:
            raise CaseError(
                f"submission {entry.id} has two files, {_within(other.path, folder)} and "
                f"{_within(path, folder)}; keep the one that was received"
            )
    return tuple(entries[key] for key in sorted(entries))


def _within(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _kind(identifier: str, kinds: Sequence[Mapping[str, str]]) -> str:
    for rule in kinds:
        if re.search(rule["id_pattern"], identifier):
            return rule["kind"]
    return "participant"


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a published table; a name or cell that is missing is an empty text."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    for row in csv.DictReader(io.StringIO(text, newline="")):
        yield {(name or "").strip(): (cell or "").strip() for name, cell in row.items() if name}


def _with_senders(
    entries: tuple[Entry, ...], declared: Mapping[str, Any] | None, folder: Path
) -> tuple[Entry, ...]:
    if declared is None:
        return entries
    senders = {
        row.get(declared["id_column"], ""): row
        for path in _found(folder, declared["files"])
        for row in _rows(path)
    }
    return tuple(_with_sender(entry, senders.get(entry.id, {}), declared) for entry in entries)


def _with_sender(entry: Entry, row: Mapping[str, str], declared: Mapping[str, Any]) -> Entry:
    moment = row.get(declared["time_column"], "")
    return Entry(
        entry.id,
        entry.path,
        entry.kind,
        team=row.get(declared["team_column"], ""),
        sent_at=int(moment) if moment.isdecimal() else None,
    )


def _references(
    declared: Mapping[str, Any], folder: Path, *, targets: Sequence[TargetSpec]
) -> dict[str, float]:
    """Read the answers from the first table that has one for every target."""
    for path in _found(folder, declared["files"]):
        values = {
            row.get(declared["id_column"], ""): row.get(declared["value_column"], "")
            for row in _rows(path)
        }
        if all(values.get(target.slug) for target in targets):
            return {target.slug: _number(path, values[target.slug]) for target in targets}
    raise CaseError(
        f"no table found as {', '.join(declared['files'])} has column "
        f"{declared['value_column']!r} for every target"
    )


def _number(path: Path, text: str) -> float:
    try:
        return parse_number(text)
    except NumberError as error:
        raise CaseError(f"{path.name}: {text!r} {error.reason}") from error


def _published(
    declared: Mapping[str, Any], folder: Path, *, entries: Sequence[Entry]
) -> Iterator[PublishedTable]:
    """Yield the tables that tell of these entries; older tables may have fewer columns."""
    known = {entry.id for entry in entries}
    for path in _found(folder, declared["files"]):
        rows = {row.get(declared["id_column"], ""): row for row in _rows(path)}
        rows = {identifier: row for identifier, row in rows.items() if identifier in known}
        cells = {
            (identifier, key): row[column]
            for identifier, row in rows.items()
            for column, key in declared["columns"].items()
            if column in row
        }
        if cells:
            values: dict[str, dict[str, float | None]] = {identifier: {} for identifier in rows}
            for (identifier, key), text in cells.items():
                values[identifier][key] = _published_value(path, text)
            stand_ins = {place for place, text in cells.items() if _stands_in(text, declared)}
            yield PublishedTable(path, tuple(rows), values, frozenset(stand_ins))


def _stands_in(text: str, declared: Mapping[str, Any]) -> bool:
    """Tell whether a cell is what older software wrote for a value that is undefined."""
    if text.casefold() in declared["undefined_as"]:
        return True
    try:
        rounding = abs(parse_number(text)) <= declared["tolerance"]
    except NumberError:
        return False
    return rounding and "0" in declared["undefined_as"]


def _published_value(path: Path, text: str) -> float | None:
    if text.casefold() in ("", "nan"):
        return None
    value = _number(path, text)
    return value if math.isfinite(value) else None
