"""Scores as rows, and the same scores as arrays: what every ranking scheme begins with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scoring.contract import ScoreStatus

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LABELS = ("class", "group")  # what a target may belong to


@dataclass(frozen=True, slots=True)
class Row:
    """One value of one entry. A value is present exactly when the status is OK."""

    entry: str
    target: str
    metric: str
    value: float | None
    status: ScoreStatus = ScoreStatus.OK
    model: int = 1  # which of several predictions of the entry for the target
    labels: Mapping[str, str] = field(default_factory=dict)  # of the target: class, group


class TableError(ValueError):
    """Rows contradict each other; says which and how to mend them."""


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """Scores as arrays. Entries, targets and metrics stand in the order of their first row."""

    entries: tuple[str, ...]
    targets: tuple[str, ...]
    values: Mapping[str, FloatArray]  # by metric: (models, entries, targets), NaN without value
    labels: Mapping[str, tuple[str, ...]]  # by column: one for each target

    def label_numbers(self, column: str) -> IntArray:
        """Return for each target the number of its label; each is its own for ``target``."""
        if column == "target":
            return np.arange(len(self.targets))
        found = np.unique(np.array(self.labels[column]), return_inverse=True)[1]
        return np.asarray(found, dtype=np.int64)


def score_table(rows: Iterable[Row]) -> ScoreTable:
    """Lay rows out as arrays.

    Raises
    ------
    TableError
        A value is given twice, or a target has two labels.
    """
    entries: dict[str, int] = {}
    targets: dict[str, int] = {}
    metrics: dict[str, int] = {}
    cells: dict[tuple[int, int, int, int], float] = {}
    labels: dict[tuple[str, str], str] = {}
    for row in rows:
        place = (
            metrics.setdefault(row.metric, len(metrics)),
            row.model - 1,
            entries.setdefault(row.entry, len(entries)),
            targets.setdefault(row.target, len(targets)),
        )
        if place in cells:
            raise TableError(
                f"entry {row.entry}, target {row.target}, metric {row.metric}, model {row.model}: "
                "there are two rows; leave one"
            )
        cells[place] = np.nan if row.value is None else row.value
        _note_labels(labels, row)
    models = 1 + max((place[1] for place in cells), default=0)
    dense = np.full((len(metrics), models, len(entries), len(targets)), np.nan)
    for place, value in cells.items():
        dense[place] = value
    columns = {column for column, _ in labels}
    return ScoreTable(
        entries=tuple(entries),
        targets=tuple(targets),
        values={metric: dense[number] for metric, number in metrics.items()},
        labels={
            column: tuple(labels.get((column, target), "") for target in targets)
            for column in sorted(columns)
        },
    )


def _note_labels(labels: dict[tuple[str, str], str], row: Row) -> None:
    for column, label in row.labels.items():
        known = labels.setdefault((column, row.target), label)
        if known != label:
            raise TableError(
                f"target {row.target}: {column} is {known!r} in one row and {label!r} in another; "
                "write the same in all"
            )
