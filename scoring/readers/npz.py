"""Reader `npz`: a zip archive with one .npy array for each target, named like the target."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import BinaryIO, cast

from scoring.contract import JsonValue, TargetSpec
from scoring.errors import PredictionFormatError
from scoring.readers.archive import UNREADABLE, check_member, member_label, open_archive
from scoring.readers.base import REQUIRE_ALL, ArraySource, Prediction, ProblemLog, Reader
from scoring.readers.checks import (
    check_complete,
    check_shape,
    check_unknown_target,
    check_values,
    note_duplicate,
    shown,
)
from scoring.readers.npy_format import (
    ByteStream,
    note_damage,
    raise_damage,
    read_exactly,
    read_header,
    source_of,
)

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}\.npy")
_SPARE_MEMBERS = 64  # unknown names that are still told one by one


def read_npz(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Read a .npz file; see `READER` for what may be in it."""
    log, sources = _open(handle, options=options, targets=targets, look=True)
    log.raise_if_any()
    return Prediction(sources)


def open_npz(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Open a .npz file without looking at values."""
    log, sources = _open(handle, options=options, targets=targets, look=False)
    log.raise_if_any()
    return Prediction(sources, checked=False)


def _open(
    handle: BinaryIO,
    *,
    options: Mapping[str, JsonValue],
    targets: Sequence[TargetSpec],
    look: bool,
) -> tuple[ProblemLog, dict[str, ArraySource]]:
    log = ProblemLog()
    archive = open_archive(handle, log, max_members=len(targets) + _SPARE_MEMBERS)
    log.raise_if_any()
    members = _members(cast(zipfile.ZipFile, archive), log, targets=targets)
    sources: dict[str, ArraySource] = {}
    for target in targets:
        if target.slug in members:
            member = members[target.slug]
            source = _open_member(cast(zipfile.ZipFile, archive), member, log=log, target=target)
            if source is not None and look:
                source = _looked_through(source, member, log=log, target=target)
            if source is not None:
                sources[target.slug] = source
    check_complete(log, members, targets=targets, options=options)
    return log, sources


def _members(
    archive: zipfile.ZipFile, log: ProblemLog, *, targets: Sequence[TargetSpec]
) -> dict[str, zipfile.ZipInfo]:
    """Return the archive's members by target, after noting names that are no targets."""
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        # `orig_filename` is what the file says; `filename` is already cut at a NUL.
        name = member.orig_filename
        if not _NAME.fullmatch(name):
            log.add(
                "BAD_NAME",
                f"the archive has a member {shown(name)}, which is not the name of an array",
                where=f"member {shown(name)}",
                remedy="save the arrays by name: numpy.savez('prediction.npz', name=array, ...)",
            )
            continue
        slug = name.removesuffix(".npy")
        where = member_label(name)
        if not check_unknown_target(log, slug, targets=targets, where=where):
            continue
        if slug in members:
            note_duplicate(log, slug, where=where)
        else:
            members[slug] = member
    return members


def _open_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, log: ProblemLog, target: TargetSpec
) -> ArraySource | None:
    """Return the source of one member if its packing, header and shape are right.

    The shape is compared with the target's before any value is unpacked, so what a member may
    cost is set by the round and not by the file.
    """
    where = member_label(member.orig_filename)
    if not check_member(log, member, where=where):
        return None
    try:
        with archive.open(member) as stream:
            header = read_header(cast(ByteStream, stream), log, size=member.file_size, where=where)
    except UNREADABLE:
        note_damage(log, where)
        return None
    if header is None or not check_shape(log, target, shape=header.shape, where=where):
        return None

    def start() -> ByteStream:
        try:
            stream = cast(ByteStream, archive.open(member))
            read_exactly(stream, header.length)
        except UNREADABLE:
            raise_damage(where)
        return stream

    try:
        return source_of(header, start, where=where)
    except PredictionFormatError as error:
        for problem in error.problems:
            log.append(problem)
        return None


def _looked_through(
    source: ArraySource, member: zipfile.ZipInfo, *, log: ProblemLog, target: TargetSpec
) -> ArraySource | None:
    """Return the source again if its bytes can be read, after noting values that are wrong."""
    try:
        check_values(log, target, source=source, where=member_label(member.orig_filename))
    except PredictionFormatError as error:
        for problem in error.problems:
            log.append(problem)
        return None
    return source


READER = Reader(
    slug="npz",
    title="NumPy archive (.npz)",
    help=(
        "One array for each target, named exactly like the target, written with numpy.savez or "
        "numpy.savez_compressed. Each array has the target's shape and holds finite plain "
        "numbers (float64 or float32 is best)."
    ),
    extensions=(".npz",),
    read_function=read_npz,
    open_function=open_npz,
    options=(REQUIRE_ALL,),
)
