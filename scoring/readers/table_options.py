"""What the tables share, text or not: which columns there are, and how many rows are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scoring.contract import JsonValue, TargetSpec
from scoring.errors import ReaderOptionError
from scoring.readers.base import AnyArray, ProblemLog, ReaderOption

_SPARE_ROWS = 1000  # rows beyond the targets that are still read and told of

ID_COLUMN = ReaderOption("id_column", "The column with the target's name.", default="target")
VALUE_COLUMNS = ReaderOption(
    "value_columns",
    "The column(s) with the predicted value(s), in the order of the target's only axis.",
    default=("value",),
    kind=(list, tuple),
)
EXTRA_COLUMNS = ReaderOption(
    "extra_columns",
    "What to do with columns the round does not declare.",
    default="refuse",
    choices=("refuse", "ignore"),
)


def check_columns(options: Mapping[str, JsonValue]) -> None:
    """Raise `ReaderOptionError` unless one id column and different value columns are named."""
    names = [options["id_column"], *options["value_columns"]]
    if not all(isinstance(name, str) and name for name in names):
        raise ReaderOptionError("the names of columns must be text, and not empty")
    if len(names) < 2 or len(set(names)) < len(names):
        raise ReaderOptionError("name one id column and different value columns")


def check_widths(targets: Sequence[TargetSpec], *, columns: Sequence[str]) -> None:
    """Raise `ReaderOptionError` if a target has another number of values than a row has."""
    allowed = {(), (1,)} if len(columns) == 1 else {(len(columns),)}
    for target in targets:
        if target.shape not in allowed:
            raise ReaderOptionError(
                f"target {target.slug} has another number of values than the "
                f"{len(columns)} value column(s) declared"
            )


def row_limit(targets: Sequence[TargetSpec]) -> int:
    """Return how many rows are read at most."""
    return len(targets) + _SPARE_ROWS


def note_too_many_rows(log: ProblemLog, targets: Sequence[TargetSpec], *, where: str) -> None:
    """Note that a table has more rows than are read."""
    log.add(
        "TOO_MANY_ROWS",
        f"there are far more rows than the {len(targets)} target(s) of the round",
        where=where,
        remedy="write one row for each target",
    )


def in_shape(values: Sequence[float], target: TargetSpec) -> AnyArray:
    """Return a row's values in the target's shape: one number, or one axis."""
    return np.array(values) if target.shape else np.array(values[0])
