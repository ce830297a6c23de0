"""Answers of all targets from one file, read by the readers that read predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from challenges.errors import AnswersRefused
from challenges.models import Target
from scoring.contract import JsonValue, Problem, TargetSpec
from scoring.errors import PredictionFormatError, ReaderOptionError
from scoring.readers import ArraySource, get_reader

KINDS = ("npz", "csv")


def read_answers(
    handle: BinaryIO,
    *,
    targets: Sequence[Target],
    kind: str,
    options: Mapping[str, JsonValue] | None = None,
) -> Mapping[str, ArraySource]:
    """Return the answer of each target from a .npz archive or a table.

    The sources are valid for as long as `handle` stays open.

    Parameters
    ----------
    kind : {"npz", "csv"}
        An archive with one array for each target, or a table with one row for each.
    options : mapping, optional
        Options of the csv reader: columns and delimiter.

    Raises
    ------
    AnswersRefused
        With everything that is wrong, a target without answer included.
    """
    specs = [_spec(target) for target in targets]
    try:
        prediction = get_reader(kind).read(
            handle, options={**(options or {}), "require_all": True}, targets=specs
        )
    except PredictionFormatError as error:
        raise AnswersRefused([_of_answers(problem) for problem in error.problems]) from None
    except ReaderOptionError as error:
        raise AnswersRefused([Problem(code="BAD_OPTION", message=str(error))]) from None
    return prediction.sources


def _spec(target: Target) -> TargetSpec:
    # The range is the prediction's: an answer of another shape is another quantity.
    low, high = (target.low, target.high) if target.reference_shape is None else (None, None)
    return TargetSpec(target.slug, tuple(target.answer_shape), low, high)


def _of_answers(problem: Problem) -> Problem:
    """Put a reader's words, which speak of predictions, into those of answers."""
    if problem.code == "MISSING_TARGET":
        name = problem.message.rpartition(" ")[2]
        return Problem(
            code=problem.code,
            message=f"there is no answer for target {name}",
            where=problem.where,
            remedy="Add it, or remove the target.",
        )
    return problem
