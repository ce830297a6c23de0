"""How far the entries of a round are from each other, read from their prediction files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from scoring.contract import MetricChoice, PredictionFormat, TargetSpec
from scoring.readers.base import ArraySource, Prediction
from scoring.readers.registry import get_reader
from scoring.twins import Measured, measure


@dataclass(frozen=True, slots=True)
class Task:
    """Two entries to measure against each other, over the targets that both answer."""

    one: str
    other: str
    slugs: tuple[str, ...]


def likenesses(
    handles: Mapping[str, BinaryIO],
    prediction_format: PredictionFormat,
    targets: Sequence[TargetSpec],
    choice: MetricChoice,
    *,
    answers: Mapping[str, Mapping[str, str]],
    tasks: Sequence[Task],
    also_readable: Mapping[str, Sequence[TargetSpec]] | None = None,
) -> list[Measured]:
    """Measure pairs of entries, in the order asked for.

    Parameters
    ----------
    handles : mapping of name to binary file
        The files of the entries, open and seekable.
    prediction_format, targets
        What is public about the round: as in `scoring.engine.score`.
    choice : MetricChoice
        The primary metric.
    answers : mapping of entry to mapping from target to name of a file
        Which file's answer to a target counts.
    tasks : sequence of Task
    also_readable : mapping of name to sequence of TargetSpec
        Targets that a file may answer though none is asked for: cancelled since.

    Raises
    ------
    PredictionFormatError
        If a file is not what was accepted once.
    """
    read = {
        name: get_reader(prediction_format.reader).open(
            handle,
            options=prediction_format.options,
            targets=[*targets, *(also_readable or {}).get(name, ())],
        )
        for name, handle in handles.items()
    }
    weights = {target.slug: target.weight for target in targets}
    found = []
    for task in tasks:
        common = frozenset(task.slugs)
        asked = [target for target in targets if target.slug in common]
        one, other = (_entry(answers[each], read, task.slugs) for each in (task.one, task.other))
        if all(target.slug in each.sources for target in asked for each in (one, other)):
            found.append(measure(one, other, asked, choice, weights=weights))
        else:
            found.append(Measured(None, 0))
    return found


def _entry(
    answers: Mapping[str, str], read: Mapping[str, Prediction], slugs: Sequence[str]
) -> Prediction:
    sources: dict[str, ArraySource] = {}
    for slug in slugs:
        if slug in answers and slug in read[answers[slug]].sources:
            sources[slug] = read[answers[slug]].sources[slug]
    return Prediction(sources=sources)
