"""Reader `npy`: one array, for a round with one target or with targets along the first axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from scoring.contract import JsonValue, TargetSpec
from scoring.errors import ReaderOptionError
from scoring.readers.base import (
    REQUIRE_ALL,
    AnyArray,
    ArraySource,
    MemorySource,
    Prediction,
    ProblemLog,
    Reader,
    ReaderOption,
)
from scoring.readers.checks import check_shape, check_values
from scoring.readers.npy_format import (
    ArrayHeader,
    ByteStream,
    StreamSource,
    open_array,
    read_header,
    source_of,
)

_WHERE = "the array"


def read_npy(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Read a .npy file; see `READER` for what may be in it."""
    log, sources = _open(handle, options=options, targets=targets)
    specs = {target.slug: target for target in targets}
    for slug, array in sources.items():
        check_values(log, specs[slug], source=array)
    log.raise_if_any()
    return Prediction(sources)


def open_npy(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Open a .npy file without looking at values."""
    log, sources = _open(handle, options=options, targets=targets)
    log.raise_if_any()
    return Prediction(sources, checked=False)


def _open(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> tuple[ProblemLog, dict[str, ArraySource]]:
    """Return a source for each target whose shape is right, and what is wrong with the others."""
    stacked = _stacked_targets(options["stack"], targets)
    log = ProblemLog()
    if not stacked:
        source = open_array(handle, log, where=_WHERE)
        log.raise_if_any()
        sources = {targets[0].slug: source} if source is not None else {}
    else:
        sources = _open_stack(handle, log, stacked=stacked)
    specs = {target.slug: target for target in targets}
    fits = {
        slug: array
        for slug, array in sources.items()
        if check_shape(log, specs[slug], shape=array.shape)
    }
    return log, fits


def _stacked_targets(
    stack: Sequence[str] | None, targets: Sequence[TargetSpec]
) -> list[TargetSpec]:
    if not stack:
        if len(targets) != 1:
            raise ReaderOptionError(
                "reader npy: a round with several targets must list them in option stack, "
                "in the order of the array's first axis"
            )
        return []
    specs = {target.slug: target for target in targets}
    if set(stack) != set(specs) or len(stack) != len(specs):
        raise ReaderOptionError("reader npy: option stack must list every target exactly once")
    if len({target.shape for target in targets}) != 1:
        raise ReaderOptionError("reader npy: stacked targets must all have the same shape")
    return [specs[slug] for slug in stack]


def _open_stack(
    handle: BinaryIO, log: ProblemLog, *, stacked: Sequence[TargetSpec]
) -> dict[str, ArraySource]:
    size = handle.seek(0, 2)
    handle.seek(0)
    header = read_header(handle, log, size=size, where=_WHERE)
    whole = TargetSpec(slug="all", shape=(len(stacked), *stacked[0].shape))
    if header is None or not check_shape(log, whole, shape=header.shape, where=_WHERE):
        log.raise_if_any()
        return {}
    if header.fortran_order:
        array = source_of(header, lambda: _at(handle, header.length), where=_WHERE).read()
        return {target.slug: _memory(array, i) for i, target in enumerate(stacked)}
    return {target.slug: _slice(handle, header, index=i) for i, target in enumerate(stacked)}


def _memory(array: AnyArray, index: int) -> ArraySource:
    return MemorySource(array[index])


def _slice(handle: BinaryIO, header: ArrayHeader, *, index: int) -> ArraySource:
    part = ArrayHeader(header.shape[1:], header.dtype, False, header.length)
    offset = header.length + index * part.body_bytes
    return StreamSource(part, lambda: _at(handle, offset), where=_WHERE)


def _at(handle: BinaryIO, offset: int) -> ByteStream:
    handle.seek(offset)
    return handle


READER = Reader(
    slug="npy",
    title="NumPy array (.npy)",
    help=(
        "One array written with numpy.save. In a round with one target it is that target's "
        "prediction. In a round with several targets of one shape, the first axis runs over the "
        "targets in the order the round lists."
    ),
    extensions=(".npy",),
    read_function=read_npy,
    open_function=open_npy,
    options=(
        ReaderOption(
            "stack",
            "The target names in the order of the array's first axis; needed as soon as the "
            "round has more than one target.",
            default=None,
            kind=(list, tuple),
        ),
        REQUIRE_ALL,
    ),
)
