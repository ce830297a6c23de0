"""Arrays of HDF5, NetCDF and zipped Zarr files, as their readers see them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

import numpy as np

from scoring.contract import TargetSpec
from scoring.errors import PredictionFormatError
from scoring.harmonize.array_files import ArrayFile, LooseArray, UnreadableError
from scoring.readers.archive import open_archive
from scoring.readers.array_tree import OPEN_LENGTH_BYTES, ArrayTree, TreeArray
from scoring.readers.base import AnyArray, ProblemLog
from scoring.readers.checks import is_fixed
from scoring.readers.hdf5_file import open_hdf5
from scoring.readers.netcdf import open_netcdf
from scoring.readers.zarr_store import MAX_MEMBERS, ZarrTree

_MOST = 2000  # names beyond those of the targets that are looked at
_DEPTH = 8
_WIDEST = 16  # bytes of a number, generously
# A Zarr store that was zipped with its folder: what is in it stands one level lower.
_FORGIVEN = {"NOT_ZARR"}
# How NetCDF-4 marks a dataset that is there for the length of an axis only.
NETCDF_DIMENSION = "This is a netCDF dimension but not a netCDF variable."
_UNIT_ATTRIBUTES = ("units", "unit")

Open = Callable[[BinaryIO, ProblemLog], ArrayTree | None]


def _open_zarr(handle: BinaryIO, log: ProblemLog) -> ArrayTree | None:
    archive = open_archive(handle, log, max_members=MAX_MEMBERS)
    return None if archive is None else ZarrTree(archive, log)


OPENERS: dict[str, Open] = {"hdf5": open_hdf5, "netcdf": open_netcdf, "zarr": _open_zarr}


def load_tree(handle: BinaryIO, slug: str, *, targets: Sequence[TargetSpec]) -> ArrayFile:
    """Return the arrays of plain numbers of a file, each by its path.

    Raises
    ------
    UnreadableError
        If it is no file of this format.
    """
    problems = ProblemLog()
    tree = OPENERS[slug](handle, problems)
    if tree is None or {problem.code for problem in problems.problems} - _FORGIVEN:
        raise UnreadableError
    limit = max([OPEN_LENGTH_BYTES, *(_bytes_of(target) for target in targets)])
    arrays = [
        _loose("/".join(path), array)
        for path, array in _walk(tree, (), left=[_MOST + len(targets)])
        if not array.text_attribute("NAME").startswith(NETCDF_DIMENSION)
        and math.prod(array.shape) * array.value_bytes <= limit
    ]
    return ArrayFile(tuple(arrays), kind=slug, is_classic=getattr(tree, "is_classic", False))


def _bytes_of(target: TargetSpec) -> int:
    return math.prod(target.shape) * _WIDEST if is_fixed(target.shape) else 0


def _walk(
    tree: ArrayTree, group: tuple[str, ...], *, left: list[int]
) -> Iterator[tuple[tuple[str, ...], TreeArray]]:
    """Yield the arrays below a group; `left` counts down the names that may still be looked at."""
    for name in tree.names(group, ProblemLog(), limit=left[0]):
        left[0] -= 1
        if left[0] < 0:
            raise UnreadableError
        path = (*group, name)
        array = tree.find(path, ProblemLog(), where=name)
        if array is not None:
            yield path, array
        elif len(path) < _DEPTH and left[0] > 0:
            yield from _walk(tree, path, left=left)


def _loose(name: str, array: TreeArray) -> LooseArray:
    def read() -> AnyArray:
        problems = ProblemLog()
        try:
            # Only now: that a storage adds up may take long to see, and many are never read.
            source = array.source(problems, where=f"array {name}")
            if source is not None:
                return source.read()
        except PredictionFormatError as error:
            raise UnreadableError(error.problems[0].message) from None
        raise UnreadableError(problems.problems[0].message)

    unit = next(filter(None, map(array.text_attribute, _UNIT_ATTRIBUTES)), "")
    stored = np.dtype((np.void, array.value_bytes))  # how large, which is all that matters yet
    return LooseArray(name, tuple(array.shape), stored, False, read, unit=unit)
