"""Pictures of what was predicted beside what was true, once that is revealed."""

from __future__ import annotations

from math import prod
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from challenges.errors import RoundNotReady
from challenges.models import Reference, Target
from challenges.selectors import prediction_format, spec_of
from challenges.services.references import open_revealed
from leaderboards.pictures.png import field_and_error
from leaderboards.visible import VisibleBoard
from scoring.errors import PredictionFormatError
from scoring.readers import get_reader
from scoring.readers.base import ProblemLog
from scoring.readers.npy_format import open_array
from submissions.models import Submission

MOST_CELLS = 2_000_000  # drawn while somebody waits
MOST_BYTES = 64 * 1024**2

FloatArray = NDArray[np.float64]


class NothingToDraw(LookupError):
    """There is no picture: not revealed, not shown, not a field, or too large."""


def is_drawable(target: Target) -> bool:
    """Tell whether a target is a field that is small enough to be drawn."""
    shape = target.answer_shape
    sizes = [size for size in shape if size is not None]
    same = target.reference_shape is None or target.reference_shape == target.shape
    return same and len(sizes) == len(shape) > 0 and 1 < prod(sizes) <= MOST_CELLS


def field_picture(board: VisibleBoard, target: Target, submission: Submission) -> bytes:
    """Draw a target's answer, an entry's prediction of it, and the error, as a PNG.

    Of more than two axes the last two are drawn, at the first place of the others.

    Raises
    ------
    NothingToDraw
        Also before the reveal, and while predictions are not shown.
    """
    sight = board.sight
    drawable = is_drawable(target) and submission.size_bytes <= MOST_BYTES
    if not (sight.revealed and sight.predictions and drawable):
        raise NothingToDraw(target.slug)
    try:
        truth, guess = _answer(target), _prediction(target, submission)
    except (RoundNotReady, Reference.DoesNotExist, PredictionFormatError, OSError):
        raise NothingToDraw(target.slug) from None
    if truth.shape != guess.shape:
        raise NothingToDraw(target.slug)
    return field_and_error(_plane(truth), _plane(guess))


def _answer(target: Target) -> FloatArray:
    with open_revealed(target) as handle:
        source = open_array(handle, ProblemLog(), where=target.slug)
        if source is None:
            raise NothingToDraw(target.slug)
        return np.asarray(source.read(), dtype=np.float64)


def _prediction(target: Target, submission: Submission) -> FloatArray:
    wanted = prediction_format(target.round)
    specs = [spec_of(each) for each in target.round.targets.all()]
    with submission.file.open("rb") as stored:
        handle = cast(BinaryIO, stored.file or stored)
        found = get_reader(wanted.reader).read(handle, options=wanted.options, targets=specs)
        source = found.sources.get(target.slug)
        if source is None:
            raise NothingToDraw(target.slug)
        return np.asarray(source.read(), dtype=np.float64)


def _plane(values: FloatArray) -> FloatArray:
    if values.ndim == 1:
        return values[np.newaxis]
    return np.asarray(values.reshape(-1, *values.shape[-2:])[0])
