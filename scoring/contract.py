"""What goes into a scoring run and what comes out: plain records, no I/O.

These records cross the border between the platform and the engine, as JSON when the engine
runs in a caged child process. They hold facts that are public (formats, targets, metric
choices) or results; never reference values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

JsonValue = Any  # a value json.dumps accepts; reader options and metric parameters


class Direction(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"


class ScoreStatus(StrEnum):
    """Why a value is there, or why it is not. A value is present exactly when the status is OK."""

    OK = "ok"
    MISSING = "missing"  # the prediction says nothing about this target
    UNDEFINED = "undefined"  # the metric has no value here (a constant input to a correlation)
    FAILED = "failed"  # the metric could not be computed; `detail` says why, without values


class Aggregate(StrEnum):
    """How the per-target values of one metric become the entry's one value.

    ``POOLED`` is another way: every target is one sample, and the metric sees the samples of all
    targets at once (a correlation over molecules). Then there are no per-target values, and the
    row has no target.
    """

    MEAN = "mean"
    MEDIAN = "median"
    SUM = "sum"
    ROOT_MEAN = "root_mean"  # sqrt of the mean: squared errors per target -> RMSE over targets
    GEOMETRIC_MEAN = "geometric_mean"
    POOLED = "pooled"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a submitted file, told to the person who can mend it.

    Built from the public specification and the person's own file only.
    """

    code: str  # stable, upper snake: NOT_FINITE, BAD_SHAPE, MISSING_TARGET ...
    message: str  # what is wrong: "row 12, column logp: 'abc' is not a number"
    where: str = ""  # the place: "row 12, column logp", "array u03", "line 4"
    remedy: str = ""  # how to mend it: "write a finite decimal number"


@dataclass(frozen=True, slots=True)
class Mending:
    """One way in which a machine can see that a file is off, and what it would change.

    Shown, and applied to a new file if a person asks for it; never applied in scoring.
    """

    code: str  # stable, upper snake: AXES, DELIMITER, ID_SPELLING ...
    message: str  # what is off and what would be done
    where: str = ""
    changes: tuple[tuple[str, str], ...] = ()  # the first of them, each (before, after)
    decide: str = ""  # what a person must say, as the file alone does not; empty: nothing


@dataclass(frozen=True, slots=True)
class PredictionFormat:
    """Which reader reads a round's predictions, and how it is set up."""

    reader: str  # slug of a registered reader: "npz", "csv", "sections"
    options: Mapping[str, JsonValue] = field(default_factory=dict)


def fits(shape: Sequence[int], expected: Sequence[int | None]) -> bool:
    """Tell whether an array has a declared shape; a declared length of None is any."""
    return len(shape) == len(expected) and all(
        want in (None, have) for have, want in zip(shape, expected, strict=True)
    )


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """What is public about one target: its name and the shape a prediction must have.

    An axis of length None is as long as the file makes it: a list of peaks, a set of found
    objects. `reference_shape` is given where the reference is of another shape than the
    prediction: one number against the members of an ensemble.
    """

    slug: str
    shape: tuple[int | None, ...] = ()  # () is a scalar
    low: float | None = None  # a prediction outside [low, high] is refused
    high: float | None = None
    weight: float = 1.0
    reference_shape: tuple[int | None, ...] | None = None  # None: that of the prediction

    @property
    def of_reference(self) -> tuple[int | None, ...]:
        """The shape of the reference."""
        return self.shape if self.reference_shape is None else self.reference_shape


@dataclass(frozen=True, slots=True)
class MetricChoice:
    """One metric of a round: a registered metric at a version, its parameters, its aggregate."""

    key: str  # unique in the round, stable: "nrmse", "frmse_low"
    slug: str  # registered metric: "nrmse", "frmse"
    version: int = 1
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    aggregate: Aggregate = Aggregate.MEAN


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One score: metric ``key`` on ``target`` (None for a pooled metric)."""

    key: str
    target: str | None
    status: ScoreStatus
    value: float | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        if (self.value is not None) != (self.status is ScoreStatus.OK):
            raise ValueError(f"score {self.key}/{self.target}: a value is present exactly when ok")


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a reader understood of a prediction file."""

    problems: tuple[Problem, ...] = ()
    problems_left_out: int = 0  # found beyond the reporting limit
    answered: tuple[str, ...] = ()  # targets with a readable prediction
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)  # e.g. method name in the file
    suggestions: tuple[Mending, ...] = ()  # how a person could mend the file

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """The outcome of one scoring run: rows, or the problems that made the file unreadable."""

    rows: tuple[ScoreRow, ...]
    check: CheckReport
    engine_version: str

    def to_json(self) -> dict[str, JsonValue]:
        return asdict(self)
