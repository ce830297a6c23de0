"""Published scores to rank again; `published/README.md` says where they are from."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scoring.ranking.table import Row

FloatArray = NDArray[np.float64]
_FILE = Path(__file__).with_name("published") / "sampl6_logp.csv"
PUBLISHED = ("rmse", "rmse_low", "rmse_high", "mae")


@dataclass(frozen=True)
class Sampl6:
    entries: tuple[str, ...]
    targets: tuple[str, ...]
    errors: FloatArray  # (entries, targets), predicted less measured
    published: dict[str, FloatArray]  # by statistic

    def rows(self, metric: str = "squared_error") -> list[Row]:
        values = {"squared_error": self.errors**2, "absolute_error": np.abs(self.errors)}[metric]
        return [
            Row(entry, target, metric, float(values[i, j]))
            for i, entry in enumerate(self.entries)
            for j, target in enumerate(self.targets)
        ]

    @property
    def order(self) -> list[str]:
        """The published order: by RMSE."""
        return [self.entries[i] for i in np.argsort(self.published["rmse"])]


def sampl6() -> Sampl6:
    with _FILE.open(encoding="utf-8", newline="") as lines:
        measured, *rows = list(csv.DictReader(lines))
    targets = tuple(name for name in measured if name.startswith("SM"))
    predicted = np.array([[float(row[target]) for target in targets] for row in rows])
    return Sampl6(
        entries=tuple(row["entry"] for row in rows),
        targets=targets,
        errors=predicted - np.array([float(measured[target]) for target in targets]),
        published={name: np.array([float(row[name]) for row in rows]) for name in PUBLISHED},
    )


@dataclass(frozen=True)
class WholeRound:
    """All entries of the round: the reference calculations of its organizers are none."""

    entries: tuple[str, ...]
    targets: tuple[str, ...]
    errors: FloatArray  # (entries, targets), predicted less measured
    rmse: FloatArray  # as published, to ten decimals


def whole_sampl6() -> WholeRound:
    first = sampl6()
    with _FILE.open(encoding="utf-8", newline="") as lines:
        measured = next(csv.DictReader(lines))
    with _FILE.with_name("sampl6_logp_others.csv").open(encoding="utf-8", newline="") as lines:
        others = list(csv.DictReader(lines))
    rows = [[float(row[each]) - float(measured[each]) for each in first.targets] for row in others]
    return WholeRound(
        entries=(*first.entries, *(row["entry"] for row in others)),
        targets=first.targets,
        errors=np.vstack([first.errors, rows]),
        rmse=np.array([*first.published["rmse"], *(float(row["rmse"]) for row in others)]),
    )
