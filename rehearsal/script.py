"""The files of a rehearsal: what each made-up team predicts, and files that must be refused."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rehearsal.predictions import (
    Answers,
    baseline,
    layouts_for,
    noisy,
    perfect,
    without,
)
from scoring.contract import CheckReport, MetricChoice, PredictionFormat
from scoring.engine import check, score
from scoring.errors import ScoringError
from scoring.metrics import get_metric
from scoring.readers.base import MemorySource
from scoring.writing import Arrays, CannotWrite, write_predictions

NEAR, FAR = 0.05, 0.5  # noise, in standard deviations of the answer
_SEED = 20_261
_TEXT_TABLES = ("csv", "tsv")
_NAMED = ("npz", "jsonl", "sections")
_BINARY = ("npz", "npy")


@dataclass(frozen=True, slots=True)
class Script:
    """Predictions by the name of who hands them in, and how they are written."""

    answers: Answers
    form: PredictionFormat
    predictions: dict[str, Arrays]

    def file(self, name: str, slugs: list[str]) -> bytes:
        """Return what `name` hands in of these targets; empty if it predicts none of them."""
        arrays = {
            slug: array for slug, array in self.predictions[name].items() if slug in set(slugs)
        }
        return write_predictions(arrays, self.form, self.answers.specs) if arrays else b""

    def check(self, content: bytes) -> CheckReport:
        return check(io.BytesIO(content), self.form, self.answers.specs)

    def malformed(self, slugs: list[str]) -> Iterator[tuple[str, bytes]]:
        """Yield files with one mistake each, and what it is."""
        arrays = {slug: self.predictions["near"][slug] for slug in slugs}
        first = slugs[0]
        whole = self.file("near", slugs)
        wrong = arrays | {first: np.stack([arrays[first], arrays[first]], axis=-1)}
        gap = np.array(arrays[first], dtype=float)
        gap.flat[0] = np.nan
        yield from self._written("wrong shape", wrong)
        yield from self._written("not a number", arrays | {first: gap})
        if self.form.reader in _TEXT_TABLES:
            head, _, rows = whole.partition(b"\n")
            yield "wrong column", head + b"_" + b"\n" + rows
        elif self.form.reader in _NAMED:
            other = {f"{slug}-x" if slug == first else slug: a for slug, a in arrays.items()}
            yield from self._written("wrong name", other)
        if self.form.reader in _BINARY:
            yield "cut off", whole[: len(whole) // 2]

    def _written(self, what: str, arrays: Arrays) -> Iterator[tuple[str, bytes]]:
        try:
            yield what, write_predictions(arrays, self.form, self.answers.specs)
        except (CannotWrite, ValueError, TypeError, KeyError):
            return  # the format cannot even say this


def write_script(answers: Answers, form: PredictionFormat, primary: MetricChoice) -> Script:
    """Make up what everybody predicts.

    Raises
    ------
    CannotWrite
        If nothing here writes the format, or no layout of the predictions holds the answers.
    """
    layout = _layout(answers, form, primary)
    near = noisy(answers, layout, strength=NEAR, seed=_SEED)
    slugs = [spec.slug for spec in answers.specs]
    predictions = {
        "perfect": perfect(answers, layout),
        "near": near,
        "far": noisy(answers, layout, strength=FAR, seed=_SEED),
        "baseline": baseline(answers, layout),
    }
    if len(slugs) > 1:
        predictions["half"] = without(near, slugs[len(slugs) // 2 :])
        predictions["single"] = without(perfect(answers, layout), slugs[1:])
    return Script(answers, form, predictions)


def _layout(answers: Answers, form: PredictionFormat, primary: MetricChoice) -> str:
    """Return how a prediction holds the answers: the way in which they score best."""
    layouts = layouts_for(answers)
    if not layouts:
        raise CannotWrite("it is not plain how a prediction of this shape holds the answer")
    if len(layouts) == 1:
        return layouts[0]
    return min(layouts, key=lambda each: _distance(answers, form, primary, layout=each))


def _distance(
    answers: Answers, form: PredictionFormat, primary: MetricChoice, *, layout: str
) -> float:
    aim = get_metric(primary.slug, primary.version).perfect_value(primary.parameters)
    content = write_predictions(perfect(answers, layout), form, answers.specs)
    sources = {slug: MemorySource(array) for slug, array in answers.arrays.items()}
    try:
        told = score(io.BytesIO(content), form, answers.specs, sources, [primary])
    except ScoringError:
        return math.inf
    values = [row.value for row in told.rows if row.value is not None]
    if not values:
        return math.inf
    return sum(abs(value - (aim or 0.0)) for value in values) / len(values)
