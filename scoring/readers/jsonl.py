"""Reader `jsonl`: JSON Lines, one object with a target's name and its value(s) on each line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

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
    check_shape,
    check_unknown_target,
    check_values,
    is_fixed,
    note_duplicate,
    shown,
)
from scoring.readers.number_text import NumberError
from scoring.readers.strict_json import JsonFaultError, parse_json
from scoring.readers.table_options import note_too_many_rows, row_limit
from scoring.readers.text_lines import LINE_BYTES, read_lines

TARGET, VALUES = "target", ("value", "values")
_NUMBER_BYTES = 32  # of one number and what separates it from the next
_LARGEST_LINE = 64 * 2**20


class _ValueFaultError(Exception):
    """What stands where values should stand are none; carries a code and what is wrong."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


def read_jsonl(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Read a JSON Lines file; see `READER` for what may be in it."""
    log = ProblemLog()
    table = _Table(log, targets=targets, strict=options["extra_keys"] == "refuse")
    count = 0
    for number, line in read_lines(handle, log, max_bytes=_line_bytes(options, targets)):
        if not line.strip():
            continue
        if count >= row_limit(targets):
            note_too_many_rows(log, targets, where=f"line {number}")
            break
        count += 1
        table.read_line(line, number)
    if not count and not len(log):
        log.add(
            "EMPTY_FILE",
            "the file is empty",
            remedy='write one line like {"target": "name", "value": 1.5} for each target',
        )
    check_complete(log, table.first_lines, targets=targets, options=options)
    log.raise_if_any()
    return Prediction(table.sources)


def _line_bytes(options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]) -> int:
    """Return how long a line may be: as declared, or as the largest target of fixed shape needs."""
    sizes = [math.prod(target.shape) for target in targets if is_fixed(target.shape)]
    needed = LINE_BYTES + _NUMBER_BYTES * max(sizes, default=0)
    declared: int = options["max_line_bytes"]
    return max(declared, min(needed, _LARGEST_LINE))


class _Table:
    """What has been read so far."""

    def __init__(self, log: ProblemLog, *, targets: Sequence[TargetSpec], strict: bool) -> None:
        self._log = log
        self._targets = targets
        self._specs = {target.slug: target for target in targets}
        self._strict = strict
        self.first_lines: dict[str, int] = {}
        self.sources: dict[str, ArraySource] = {}

    def read_line(self, line: str, number: int) -> None:
        """Read one line; note what is wrong with it."""
        where = f"line {number}"
        try:
            said = parse_json(line)
        except (JsonFaultError, NumberError) as fault:
            self._log.add(fault.code, f"{where} {fault.reason}", where=where, remedy=fault.remedy)
            return
        keys = [key for key in VALUES if key in said] if isinstance(said, dict) else []
        if len(keys) != 1 or not isinstance(said.get(TARGET), str):
            self._log.add(
                "BAD_LINE",
                f"{where} is not an object with a target's name and its value",
                where=where,
                remedy='write {"target": "name", "value": 1.5}, or "values": [..] for several',
            )
            return
        self._check_keys(said, where=where)
        target = self._target(said[TARGET], number)
        if target is not None:
            self._read_values(target, said[keys[0]], where=where)

    def _check_keys(self, said: Mapping[str, Any], *, where: str) -> None:
        extra = [key for key in said if key not in (TARGET, *VALUES)] if self._strict else []
        for key in extra:
            self._log.add(
                "UNKNOWN_KEY",
                f"{where}: key {shown(key)} is not expected",
                where=where,
                remedy='keep the keys "target" and "value" (or "values") only',
            )

    def _target(self, slug: str, number: int) -> TargetSpec | None:
        where = f"line {number}"
        if slug not in self._specs:
            check_unknown_target(self._log, slug, targets=self._targets, where=where)
            return None
        if slug in self.first_lines:
            first = f"line {self.first_lines[slug]}"
            note_duplicate(self._log, slug, where=where, first=first)
            return None
        self.first_lines[slug] = number
        return self._specs[slug]

    def _read_values(self, target: TargetSpec, said: JsonValue, *, where: str) -> None:
        where = f"{where}, target {target.slug}"
        try:
            array = _array(said, target)
        except _ValueFaultError as fault:
            self._log.add(
                fault.code,
                f"{where}: {fault.reason}",
                where=where,
                remedy="write finite numbers, as lists of equal length for each axis",
            )
            return
        if check_shape(self._log, target, shape=array.shape, where=where):
            source = MemorySource(array)
            check_values(self._log, target, source=source, where=where)
            self.sources[target.slug] = source


def _array(said: JsonValue, target: TargetSpec) -> AnyArray:
    shape = _shape(said)
    free_first, rest = target.shape[:1] == (None,), target.shape[1:]
    if shape == (0,) and free_first and is_fixed(rest):
        shape = (0, *rest)  # an empty list cannot tell its further axes
    return np.array(said, dtype=np.float64).reshape(shape)


def _shape(said: JsonValue) -> tuple[int, ...]:
    """Return the shape of nested lists of numbers; every number is a float by now."""
    if type(said) is float:
        return ()
    if said is None:
        raise _ValueFaultError("MISSING_VALUE", "there is a null where a number should be")
    if not isinstance(said, list):
        raise _ValueFaultError("NOT_A_NUMBER", "there is something else where a number should be")
    if all(type(value) is float for value in said):
        return (len(said),)
    shapes = {_shape(value) for value in said}
    if len(shapes) > 1:
        raise _ValueFaultError("BAD_SHAPE", "the lists are not of equal length")
    return (len(said), *shapes.pop())


def check_line_length(options: Mapping[str, JsonValue]) -> None:
    """Raise `ReaderOptionError` unless a line may have a sane length."""
    if not LINE_BYTES <= options["max_line_bytes"] <= _LARGEST_LINE:
        raise ReaderOptionError(
            f"option max_line_bytes must be from {LINE_BYTES} to {_LARGEST_LINE}"
        )


READER = Reader(
    slug="jsonl",
    title="JSON Lines (.jsonl)",
    help=(
        "A text file in UTF-8 with one JSON object on each line: "
        '{"target": "name", "value": 1.5}, or "values" with nested lists where a target is an '
        "array. Numbers are finite; target names are compared exactly."
    ),
    extensions=(".jsonl", ".ndjson"),
    read_function=read_jsonl,
    options=(
        ReaderOption(
            "extra_keys",
            "What to do with further keys of a line.",
            default="refuse",
            choices=("refuse", "ignore"),
        ),
        ReaderOption(
            "max_line_bytes",
            "The longest line. Targets of fixed shape get the length they need in any case; "
            "raise it for arrays of free length.",
            default=2**20,
            kind=int,
        ),
        REQUIRE_ALL,
    ),
    check_options=check_line_length,
)
