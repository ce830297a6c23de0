"""One byte form for equal answers: a .npy file of float64, int64 or bool in C order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from challenges.errors import ReferenceRefused
from challenges.models import Target
from scoring.contract import fits
from scoring.errors import PredictionFormatError
from scoring.readers.base import ArraySource, MemorySource, ProblemLog
from scoring.readers.checks import check_dtype, shape_text
from scoring.readers.npy_format import open_array

_CANONICAL = {"f": np.dtype("<f8"), "i": np.dtype("<i8"), "u": np.dtype("<i8"), "b": np.dtype("?")}


def write_canonical(
    values: NDArray[np.generic] | ArraySource | BinaryIO, out: Any, *, target: Target
) -> list[int]:
    """Write an answer to `out` in its canonical form, piece by piece; return its shape.

    Raises
    ------
    ReferenceRefused
        If the values are not plain finite numbers of the shape that the target's answer has.
    """
    source = _source(values, target)
    if not fits(source.shape, target.answer_shape):
        raise ReferenceRefused(
            f"The answer of target {target.slug} is {shape_text(source.shape)}, "
            f"the target is {shape_text(target.answer_shape)}.",
            "Correct the target's shape or the file.",
        )
    dtype = _CANONICAL[source.dtype.kind]
    header = {"descr": dtype.str, "fortran_order": False, "shape": tuple(source.shape)}
    npy.write_array_header_1_0(out, header)
    for chunk in _chunks(source, target):
        if not np.isfinite(chunk).all():
            raise ReferenceRefused(
                f"The answer of target {target.slug} holds values that are not finite.",
                "An answer that is not known is left out: cancel or remove the target.",
            )
        if chunk.dtype.kind == "u" and chunk.size and int(chunk.max()) > np.iinfo(np.int64).max:
            raise ReferenceRefused(
                f"The answer of target {target.slug} holds whole numbers above 2^63 - 1.",
                "Save it as float64.",
            )
        out.write(np.ascontiguousarray(chunk, dtype=dtype).tobytes())
    return list(source.shape)


def _source(values: NDArray[np.generic] | ArraySource | BinaryIO, target: Target) -> ArraySource:
    log = ProblemLog()
    where = f"the answer of target {target.slug}"
    source: ArraySource | None
    if isinstance(values, (np.ndarray, np.generic)):
        check_dtype(log, values.dtype, where=where)
        source = MemorySource(values)
    elif isinstance(values, ArraySource):
        check_dtype(log, values.dtype, where=where)
        source = values
    else:
        source = open_array(values, log, where=where)
    if source is None or len(log):
        told = " ".join(f"{problem.message}: {problem.remedy}." for problem in log.problems)
        raise ReferenceRefused(told[:1].upper() + told[1:])
    return source


def _chunks(source: ArraySource, target: Target) -> Iterator[NDArray[Any]]:
    try:
        yield from source.chunks()
    except PredictionFormatError:
        raise ReferenceRefused(
            f"The file with the answer of target {target.slug} is cut off or damaged.",
            "Save it again with numpy.save.",
        ) from None
