"""What the readers of named arrays share: HDF5, NetCDF and Zarr are trees of arrays.

A tree finds names and opens arrays; here it is decided which arrays a round wants, and everything
that is wrong with them is told in the same words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from scoring.contract import JsonValue, TargetSpec
from scoring.errors import PredictionFormatError
from scoring.readers.array_paths import EXTRA_ARRAYS, PATH, ArrayPath, path_for
from scoring.readers.base import REQUIRE_ALL, ArraySource, Prediction, ProblemLog
from scoring.readers.checks import (
    check_complete,
    check_shape,
    check_unknown_target,
    check_values,
    is_fixed,
    shown,
)

SPARE_NAMES = 64  # unknown names that are still told one by one
# Where the round leaves a length open, the file sets what it costs, up to here.
OPEN_LENGTH_BYTES = 256 * 2**20
ATTRIBUTE_LENGTH = 200
TREE_OPTIONS = (PATH, EXTRA_ARRAYS, REQUIRE_ALL)


class TreeArray(Protocol):
    """An array found in a tree: its shape and type are known, its values are not read yet."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def value_bytes(self) -> int:
        """Bytes of one value as it is handed over."""

    def source(self, log: ProblemLog, *, where: str) -> ArraySource | None:
        """Return its values, or None after noting why they cannot be read."""

    def text_attribute(self, name: str) -> str:
        """Return a short text that the file keeps with the array; empty if there is none."""


class ArrayTree(Protocol):
    """An open file of named arrays."""

    def names(self, group: tuple[str, ...], log: ProblemLog, *, limit: int) -> Sequence[str]:
        """Return the names in a group; note it if there are more than `limit`."""

    def find(self, path: tuple[str, ...], log: ProblemLog, *, where: str) -> TreeArray | None:
        """Return the array at a path, or None: if it is not there, or after noting a fault."""

    def holds(self, path: tuple[str, ...]) -> bool:
        """Tell whether there is anything at a path."""


def read_tree(
    tree: ArrayTree,
    log: ProblemLog,
    *,
    options: Mapping[str, JsonValue],
    targets: Sequence[TargetSpec],
) -> Prediction:
    """Take the array of each target from a tree.

    Raises
    ------
    PredictionFormatError
        With everything that is wrong with them.
    """
    path = path_for(options, targets)
    if options[EXTRA_ARRAYS.name] == "refuse" and path.names_target:
        _check_names(tree, log, path=path, targets=targets)
    sources: dict[str, ArraySource] = {}
    there = []
    for target in targets:
        place = path.of(target.slug)
        if tree.holds(place):
            there.append(target.slug)
            source = _open(tree, place, log=log, target=target)
            if source is not None:
                sources[target.slug] = source
    if not there and not len(log):
        _note_nothing(log, path=path, targets=targets)
    check_complete(log, there, targets=targets, options=options)
    log.raise_if_any()
    return Prediction(sources)


def _check_names(
    tree: ArrayTree, log: ProblemLog, *, path: ArrayPath, targets: Sequence[TargetSpec]
) -> None:
    """Note names beside those of the targets: most likely one that is misspelled."""
    expected = {path.name_of(target.slug): target for target in targets}
    named = [TargetSpec(name) for name in expected]
    limit = len(targets) + SPARE_NAMES
    for name in tree.names(path.container, log, limit=limit):
        if name not in expected:
            check_unknown_target(log, name, targets=named, where=f"name {shown(name)}")


def _open(
    tree: ArrayTree, place: tuple[str, ...], *, log: ProblemLog, target: TargetSpec
) -> ArraySource | None:
    """Return the source of one target if its type, shape, storage and values are right."""
    where = f"array {'/'.join(place)}"
    try:
        array = tree.find(place, log, where=where)
        if array is None or not check_shape(log, target, shape=array.shape, where=where):
            return None
        if not _is_affordable(array, log, target=target, where=where):
            return None
        source = array.source(log, where=where)
        if source is not None:
            check_values(log, target, source=source, where=where)
    except PredictionFormatError as error:
        for problem in error.problems:
            log.append(problem)
        return None
    return source


def _is_affordable(array: TreeArray, log: ProblemLog, *, target: TargetSpec, where: str) -> bool:
    size = math.prod(array.shape) * array.value_bytes
    if is_fixed(target.shape) or size <= OPEN_LENGTH_BYTES:
        return True
    log.add(
        "TOO_LARGE",
        f"{where} takes {size:,} bytes when unpacked; at most {OPEN_LENGTH_BYTES:,} are read",
        where=where,
        remedy="leave out values that nobody asked for, or use a shorter number type",
    )
    return False


def _note_nothing(log: ProblemLog, *, path: ArrayPath, targets: Sequence[TargetSpec]) -> None:
    example = "/".join(path.of(targets[0].slug)) if targets else ""
    log.add(
        "NO_ARRAYS",
        "the file holds none of the arrays that were asked for",
        remedy=f"name the arrays as the round does, the first one {shown(example)}",
    )
