"""What made-up teams predict: the answers themselves, the answers with noise, and their mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scoring.contract import TargetSpec
from scoring.readers.base import AnyArray
from scoring.writing import Arrays

LAYOUTS = ("same", "members_last", "members_first", "one_hot")
_MEMBERS = 5  # where the file may choose how many


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of a round, in memory."""

    specs: tuple[TargetSpec, ...]
    arrays: Mapping[str, AnyArray]

    @property
    def scale(self) -> float:
        """How much the answers that are one number differ from each other."""
        flat = [float(a) for a in self.arrays.values() if a.ndim == 0]
        spread = float(np.std(flat)) if len(flat) > 1 else 0.0
        return spread or max((abs(value) for value in flat), default=0.0) or 1.0

    @property
    def are_labels(self) -> bool:
        """Whether every answer is made of whole numbers or true and false."""
        return all(array.dtype.kind in "biu" for array in self.arrays.values())


def layouts_for(answers: Answers) -> list[str]:
    """Return how predictions could hold the answers, where their shapes differ."""
    if all(spec.shape == spec.of_reference for spec in answers.specs):
        return ["same"]
    return [each for each in LAYOUTS if _is_possible(answers, each)]


def _is_possible(answers: Answers, layout: str) -> bool:
    for spec in answers.specs:
        of_answer, of_file = spec.of_reference, spec.shape
        if layout == "same":
            fits = len(of_answer) == len(of_file)
        elif layout == "members_first":
            fits = of_file[1:] == of_answer
        else:
            fits = of_file[:-1] == of_answer and len(of_file) > 0
        if layout == "one_hot":
            array, classes = answers.arrays[spec.slug], of_file[-1] if of_file else 0
            fits = (
                fits
                and array.dtype.kind in "biu"
                and int(np.max(array, initial=0)) < (classes or 0)
            )
        if not fits:
            return False
    return True


def perfect(answers: Answers, layout: str) -> Arrays:
    """Return the answers as predictions."""
    return noisy(answers, layout, strength=0.0, seed=0)


def noisy(answers: Answers, layout: str, *, strength: float, seed: int) -> Arrays:
    """Return the answers with noise: so many standard deviations, or so many of the labels."""
    rng = np.random.default_rng(seed)
    pool = np.concatenate([np.ravel(array) for array in answers.arrays.values()])
    made: Arrays = {}
    for spec in answers.specs:
        array = answers.arrays[spec.slug]
        if strength and answers.are_labels:
            array = np.where(
                rng.random(array.shape) < strength, rng.choice(pool, array.shape), array
            )
        elif strength:
            scale = float(np.std(array)) if array.ndim else 0.0
            drawn = rng.standard_normal(array.shape)
            array = array + strength * (scale or answers.scale) * drawn
        made[spec.slug] = _clipped(_laid_out(array, spec, layout, doubt=strength), spec)
    return made


def baseline(answers: Answers, layout: str) -> Arrays:
    """Return one guess for all: the mean of all answers, or the most common label."""
    scalars = [float(array) for array in answers.arrays.values() if array.ndim == 0]
    made: Arrays = {}
    for spec in answers.specs:
        array = answers.arrays[spec.slug]
        if answers.are_labels:
            values, counts = np.unique(array if array.ndim else scalars, return_counts=True)
            guess = np.full(array.shape, values[np.argmax(counts)], dtype=array.dtype)
        elif array.ndim:
            guess = np.full(array.shape, float(np.mean(array)))
        else:
            guess = np.array(float(np.mean(scalars)))
        made[spec.slug] = _clipped(_laid_out(guess, spec, layout, doubt=0.0), spec)
    return made


def without(arrays: Arrays, slugs: Sequence[str]) -> Arrays:
    """Return the predictions without those of some targets."""
    return {slug: array for slug, array in arrays.items() if slug not in slugs}


def _laid_out(array: AnyArray, spec: TargetSpec, layout: str, *, doubt: float) -> AnyArray:
    if layout == "same":
        return np.asarray(array)
    if layout == "one_hot":
        classes = int(spec.shape[-1] or 1)
        sure = np.eye(classes)[np.asarray(array, dtype=int)]
        return np.asarray((1 - doubt) * sure + doubt / classes)
    if layout == "members_first":
        return np.repeat(np.asarray(array, dtype=float)[None], spec.shape[0] or _MEMBERS, axis=0)
    members = spec.shape[-1] or _MEMBERS
    return np.repeat(np.asarray(array, dtype=float)[..., None], members, axis=-1)


def _clipped(array: AnyArray, spec: TargetSpec) -> AnyArray:
    if spec.low is None and spec.high is None:
        return array
    return np.asarray(np.clip(array, spec.low, spec.high))
