"""What a metric is: a record that says everything about it, and the function that computes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Protocol

import numpy as np

from scoring.contract import Direction, JsonValue
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.fields.chunk import FieldChunk, FieldPlan
from scoring.metrics.samples_chunk import SamplesChunk
from scoring.metrics.shapes import misfit
from scoring.readers.base import AnyArray

MISSING_POLICY = (
    "A target without a prediction gives a row with status missing, never a number; the round's "
    "missing policy decides what that means for the entry."
)


class Inputs(StrEnum):
    """What one evaluation of the metric sees."""

    FIELD = "field"  # one target: an array over space, and perhaps time, channels and samples
    SCALAR = "scalar"  # one target: one number
    SAMPLES = "samples"  # samples along the first axis: of one target, or each target is one
    ARRAY = "array"  # one target: one object, as the metric's shapes say


class Meaning(StrEnum):
    """What the numbers of a prediction are: it decides what a middle of several would mean."""

    VALUE = "value"  # quantities on one scale: element-wise median and mean
    PROBABILITY = "probability"  # element-wise mean
    LABEL = "label"  # classes: a vote
    ORDER = "order"  # only the order is looked at, so there need be no common scale
    FRAME = "frame"  # coordinates, each prediction in a frame of its own
    SET = "set"  # elements in any order: draws, members, peaks, objects
    NAMES = "names"  # numbers that only tell instances apart
    SEQUENCE = "sequence"  # symbols without fixed places
    LOGARITHM = "logarithm"  # of probabilities: a mean of them is no distribution


class Mergeable(Protocol):
    """A metric that is computed in pieces: any cutting, any merging order, the same value.

    States are small and plain (numbers and small arrays), so that they can be stored or sent.
    Plan and chunk are `FieldPlan` and `FieldChunk` for metrics of fields, `SamplesPlan` and
    `SamplesChunk` for metrics of samples.
    """

    def init(self, plan: Any, parameters: Mapping[str, JsonValue]) -> Any:
        """Return the state before any piece."""

    def update(self, state: Any, chunk: Any) -> Any:
        """Return the state after one more piece."""

    def merge(self, left: Any, right: Any) -> Any:
        """Return the state of both parts together."""

    def finalize(self, state: Any) -> float:
        """Return the value; raise `MetricUndefinedError` where there is none."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter of a metric."""

    name: str
    help: str
    default: JsonValue
    choices: tuple[JsonValue, ...] = ()
    low: float | None = None
    high: float | None = None

    def check(self, value: JsonValue) -> None:
        """Raise `MetricInputError` unless the value may be declared."""
        kind = float if isinstance(self.default, float) else type(self.default)
        numeric = kind is float and isinstance(value, int) and not isinstance(value, bool)
        if not (isinstance(value, kind) or numeric) or isinstance(value, bool) != (kind is bool):
            raise MetricInputError(f"parameter {self.name} must be of type {kind.__name__}")
        if self.choices and value not in self.choices:
            allowed = ", ".join(repr(choice) for choice in self.choices)
            raise MetricInputError(f"parameter {self.name} must be one of {allowed}")
        if kind in (int, float) and not self._low() <= value <= self._high():
            raise MetricInputError(
                f"parameter {self.name} must be from {self._low():g} to {self._high():g}"
            )

    def _low(self) -> float:
        return -math.inf if self.low is None else self.low

    def _high(self) -> float:
        return math.inf if self.high is None else self.high


@dataclass(frozen=True, slots=True)
class Metric:
    """A registered metric.

    Exactly one of `whole` and `mergeable` is given: a function ``(reference, prediction,
    **parameters) -> float`` that sees everything, or the four steps of a streaming one.
    """

    slug: str
    title: str
    family: str
    inputs: Inputs
    direction: Direction
    unit: str  # "1", or in words: "unit of the target"
    bounds: tuple[float | None, float | None]
    perfect: float | None  # None: no value is the best that any prediction could have
    help: str  # plain words, with the traps
    formula: str  # TeX
    citation: str
    version: int = 1
    traps: tuple[str, ...] = ()
    undefined_when: str = ""
    missing: str = MISSING_POLICY
    shapes: tuple[str, str] = ("*", "*")  # patterns of prediction and reference, see `shapes`
    absent_parts: bool = False  # NaN in a prediction marks a part that it leaves out
    meaning: Meaning | None = None  # None: nobody has told, so several are never made one
    parameters: tuple[Parameter, ...] = ()
    perfect_parameter: str = ""  # the perfect value is this parameter's, where it has one
    rankable: bool = True  # False: shown only, because neither "lower" nor "higher" is better
    whole: Callable[..., float] | None = field(default=None, repr=False)
    mergeable: Mergeable | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if (self.whole is None) == (self.mergeable is None):
            raise ValueError(f"metric {self.slug}: give either whole or mergeable")
        if self.mergeable is not None and self.inputs not in (Inputs.FIELD, Inputs.SAMPLES):
            raise ValueError(f"metric {self.slug}: only metrics of fields and samples stream")
        if self.inputs is Inputs.SAMPLES and any(s.split()[:1] != ["n"] for s in self.shapes):
            raise ValueError(f"metric {self.slug}: the first axis of its shapes is n, the samples")

    def complete(self, parameters: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Check declared parameters and fill in the defaults of the others."""
        known = {parameter.name: parameter for parameter in self.parameters}
        for name, value in parameters.items():
            if name not in known:
                has = ", ".join(sorted(known)) or "none"
                raise MetricInputError(
                    f"metric {self.slug} has no parameter {name!r}; it has {has}"
                )
            known[name].check(value)
        return {name: parameters.get(name, spec.default) for name, spec in known.items()}

    def perfect_value(self, parameters: Mapping[str, JsonValue] | None = None) -> float | None:
        """Return the value of a perfect prediction under these parameters, if there is one."""
        if not self.perfect_parameter:
            return self.perfect
        return float(self.complete(parameters or {})[self.perfect_parameter])

    def compute(self, reference: AnyArray, prediction: AnyArray, **parameters: JsonValue) -> float:
        """Return the metric of two arrays of the shapes it asks for.

        Raises
        ------
        MetricInputError
            If shapes, values or parameters are outside the metric's domain.
        MetricUndefinedError
            If the metric has no value for this input.
        """
        complete = self.complete(parameters)
        reference, prediction = np.asarray(reference), np.asarray(prediction)
        reason = self.misfit(prediction=prediction.shape, reference=reference.shape)
        if reason:
            raise MetricInputError(reason)
        given = prediction[~np.isnan(prediction)] if self.absent_parts else prediction
        if not (np.isfinite(reference).all() and np.isfinite(given).all()):
            raise MetricInputError("reference and prediction must be finite")
        with np.errstate(all="ignore"):
            return self.checked(self._evaluate(reference, prediction, complete))

    def misfit(self, *, prediction: Sequence[int | None], reference: Sequence[int | None]) -> str:
        """Return why these shapes do not fit the metric, or nothing if they do."""
        patterns = dict(zip(("prediction", "reference"), self.shapes, strict=True))
        return misfit(patterns, {"prediction": prediction, "reference": reference})

    def to_json(self) -> dict[str, JsonValue]:
        """Return everything the metric says of itself, without its functions."""
        names = [each.name for each in fields(self) if each.repr]
        record = {name: getattr(self, name) for name in names}
        return record | {
            "bounds": list(self.bounds),
            "shapes": dict(zip(("prediction", "reference"), self.shapes, strict=True)),
            "traps": list(self.traps),
            "parameters": [asdict(parameter) for parameter in self.parameters],
            "streams": self.mergeable is not None,
        }

    @property
    def streams_fields(self) -> bool:
        """Whether pieces of a field are enough for it."""
        return self.mergeable is not None and self.inputs is Inputs.FIELD

    @property
    def streams_samples(self) -> bool:
        """Whether pieces of a set of samples are enough for it."""
        return self.mergeable is not None and self.inputs is Inputs.SAMPLES

    def checked(self, value: float) -> float:
        """Return the value as a float if it is one; raise `MetricUndefinedError` if not."""
        value = float(value)
        if not math.isfinite(value):
            raise MetricUndefinedError(self.undefined_when or "the result is not a finite number")
        return value

    def _evaluate(
        self, reference: AnyArray, prediction: AnyArray, parameters: dict[str, JsonValue]
    ) -> float:
        if self.whole is not None:
            return self.whole(reference, prediction, **parameters)
        if self.mergeable is None:
            raise TypeError(self.slug)
        chunk: FieldChunk | SamplesChunk
        if self.inputs is Inputs.FIELD:
            plan = FieldPlan(parameters.get("layout", ""), reference.shape)
            chunk = FieldChunk(plan, reference=reference, prediction=prediction)
        else:
            chunk = SamplesChunk(reference=reference, prediction=prediction)
        state = self.mergeable.init(chunk.plan, parameters)
        return self.mergeable.finalize(self.mergeable.update(state, chunk))
