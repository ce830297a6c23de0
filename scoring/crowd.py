"""The consensus of prediction files, as a file in the same format."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from scoring.consensus import Way, middle, misfit
from scoring.contract import CheckReport, PredictionFormat, TargetSpec
from scoring.engine import check
from scoring.readers.base import AnyArray, Prediction
from scoring.readers.registry import get_reader
from scoring.writing import CannotWrite, write_predictions

# Which file answers which target: one mapping for each entry.
Answers = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class CrowdFile:
    """A consensus file, what a reader understands of it, and the targets it leaves out.

    Without content, `refusal` says why there is none: in words, of formats and targets only.
    """

    content: bytes = b""
    check: CheckReport = field(default_factory=CheckReport)
    left_out: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""


def crowd_file(
    handles: Mapping[str, BinaryIO],
    answers: Answers,
    prediction_format: PredictionFormat,
    targets: Sequence[TargetSpec],
    *,
    way: Way,
    normalise: bool = False,
    limit_bytes: int,
    also_readable: Mapping[str, Sequence[TargetSpec]] | None = None,
) -> CrowdFile:
    """Combine what several files answer, target by target, and write it as they are written.

    Parameters
    ----------
    handles : mapping of name to binary file
        The files of the entries, open and seekable.
    answers : sequence of mapping from target to name
        For each entry, the file whose answer to a target counts.
    prediction_format, targets
        What is public about the round: as in `scoring.engine.score`.
    way, normalise
        As in `scoring.consensus.middle`.
    limit_bytes : int
        A longer file is refused.
    also_readable : mapping of name to sequence of TargetSpec
        Targets that a file may answer though none is asked for: cancelled since.

    Raises
    ------
    PredictionFormatError
        If a file is not what was accepted once.
    """
    read = {
        name: get_reader(prediction_format.reader).read(
            handle,
            options=prediction_format.options,
            targets=[*targets, *(also_readable or {}).get(name, ())],
        )
        for name, handle in handles.items()
    }
    arrays: dict[str, AnyArray] = {}
    left_out: dict[str, str] = {}
    size = 0
    for target in targets:
        given = _given(target.slug, answers, read)
        reason = misfit(given)
        if reason:
            left_out[target.slug] = reason
            continue
        arrays[target.slug] = middle(given, way, normalise=normalise)
        size += arrays[target.slug].nbytes
        if size > limit_bytes:
            return CrowdFile(refusal=f"it would have more than {limit_bytes:,} bytes")
    if not arrays:
        return CrowdFile(refusal="no target is answered alike by two of the entries")
    return _written(arrays, left_out, prediction_format, targets, limit_bytes=limit_bytes)


def _given(slug: str, answers: Answers, read: Mapping[str, Prediction]) -> list[AnyArray]:
    return [
        read[each[slug]].sources[slug].read()
        for each in answers
        if slug in each and slug in read[each[slug]].sources
    ]


def _written(
    arrays: dict[str, AnyArray],
    left_out: dict[str, str],
    prediction_format: PredictionFormat,
    targets: Sequence[TargetSpec],
    *,
    limit_bytes: int,
) -> CrowdFile:
    try:
        content = write_predictions(arrays, prediction_format, tuple(targets))
    except CannotWrite as error:
        return CrowdFile(refusal=str(error))
    if len(content) > limit_bytes:
        return CrowdFile(refusal=f"it would have more than {limit_bytes:,} bytes")
    report = check(io.BytesIO(content), prediction_format, targets)
    if report.problems:
        codes = ", ".join(sorted({each.code for each in report.problems}))
        return CrowdFile(refusal=f"the round's reader does not take it: {codes}")
    return CrowdFile(content, report, left_out)
