"""Reader `netcdf`: one variable for each target, in a classic or a NetCDF-4 file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, cast

import numpy as np

from scoring.contract import JsonValue, TargetSpec
from scoring.readers.array_paths import EXTRA_ARRAYS, PATH, check_path
from scoring.readers.array_tree import ArrayTree, TreeArray, read_tree
from scoring.readers.base import (
    REQUIRE_ALL,
    AnyArray,
    ArraySource,
    Prediction,
    ProblemLog,
    Reader,
    ReaderOption,
)
from scoring.readers.hdf5_file import FAULTS, SIGNATURE, Hdf5Array, Hdf5Tree, open_hdf5
from scoring.readers.netcdf_classic import (
    ClassicArray,
    Header,
    Variable,
    read_classic_header,
)
from scoring.readers.packed_values import Packing, UnpackedSource

_FILLS = ("_FillValue", "missing_value")
_SCALING = ("scale_factor", "add_offset")


def read_netcdf(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Read a NetCDF file; see `READER` for what may be in it."""
    log = ProblemLog()
    tree = open_netcdf(handle, log)
    log.raise_if_any()
    return read_tree(cast(ArrayTree, tree), log, options=options, targets=targets)


def open_netcdf(handle: BinaryIO, log: ProblemLog) -> ArrayTree | None:
    """Open a NetCDF file of either kind, or return None after noting why it is not opened."""
    tree: ArrayTree | None = None
    handle.seek(0)
    start = handle.read(len(SIGNATURE))
    if start == SIGNATURE:
        file = open_hdf5(handle, log)
        tree = _NetCdf4Tree(file) if file is not None else None
    elif (header := read_classic_header(handle)) is not None:
        tree = _ClassicTree(header, handle)
    else:
        log.add(
            "NOT_NETCDF",
            "the file is not a NetCDF file, or its header is cut off or damaged",
            remedy="write it with a NetCDF library, close it, and upload it unchanged",
        )
    return tree


class _PackedArray:
    """A variable, its stored values seen as the numbers they stand for."""

    def __init__(
        self, stored: TreeArray, *, dtype: np.dtype[Any], attributes: Mapping[str, AnyArray | str]
    ) -> None:
        self._stored = stored
        self._dtype = dtype
        self._attributes = attributes

    @property
    def shape(self) -> tuple[int, ...]:
        return self._stored.shape

    @property
    def value_bytes(self) -> int:
        return max(8, self._stored.value_bytes)

    def source(self, log: ProblemLog, *, where: str) -> ArraySource | None:
        numbers = {name: self._number(name) for name in (*_FILLS, *_SCALING)}
        if self._dtype.kind not in "fiub" or "_Unsigned" in self._attributes:
            log.add(
                "BAD_DTYPE",
                f"{where} does not hold plain numbers",
                where=where,
                remedy="write the variable as double or float, without the attribute _Unsigned",
            )
            return None
        try:
            packing = Packing.declared(
                self._dtype,
                scale=numbers["scale_factor"],
                offset=numbers["add_offset"],
                fills=tuple(f for f in (numbers[name] for name in _FILLS) if f is not None),
            )
        except ValueError:
            log.add(
                "BAD_ATTRIBUTE",
                f"{where}: scale_factor, add_offset or _FillValue is not a single finite number",
                where=where,
                remedy="leave the attribute out and write the values themselves",
            )
            return None
        stored = self._stored.source(log, where=where)
        return UnpackedSource(stored, packing) if stored is not None else None

    def text_attribute(self, name: str) -> str:
        return self._stored.text_attribute(name)

    def _number(self, name: str) -> AnyArray | None:
        value = self._attributes.get(name)
        return None if value is None else np.asarray(value)


class _ClassicTree:
    """The variables of a classic file, which has no groups."""

    is_classic = True

    def __init__(self, header: Header, handle: BinaryIO) -> None:
        self._header = header
        self._handle = handle

    def names(self, group: tuple[str, ...], log: ProblemLog, *, limit: int) -> Sequence[str]:
        return [] if group else sorted(self._header.variables)

    def holds(self, path: tuple[str, ...]) -> bool:
        return self._variable(path) is not None

    def find(self, path: tuple[str, ...], log: ProblemLog, *, where: str) -> TreeArray | None:
        variable = self._variable(path)
        if variable is None:
            return None
        stored = ClassicArray(variable, self._header, handle=self._handle)
        return _PackedArray(stored, dtype=variable.dtype, attributes=variable.attributes)

    def _variable(self, path: tuple[str, ...]) -> Variable | None:
        return self._header.variables.get(path[0]) if len(path) == 1 else None


class _NetCdf4Tree:
    """The variables of a NetCDF-4 file, which is an HDF5 file with conventions."""

    def __init__(self, file: Hdf5Tree) -> None:
        self._file = file

    def names(self, group: tuple[str, ...], log: ProblemLog, *, limit: int) -> Sequence[str]:
        return self._file.names(group, log, limit=limit)

    def holds(self, path: tuple[str, ...]) -> bool:
        return self._file.holds(path)

    def find(self, path: tuple[str, ...], log: ProblemLog, *, where: str) -> TreeArray | None:
        array = self._file.find(path, log, where=where)
        if array is None:
            return None
        names = (*_FILLS, *_SCALING, "_Unsigned")
        found = {name: _attribute(array, name) for name in names}
        attributes = {name: value for name, value in found.items() if value is not None}
        return _PackedArray(array, dtype=array.dtype, attributes=attributes)


def _attribute(array: Hdf5Array, name: str) -> AnyArray | str | None:
    """Return an attribute's number; a text stands for one that is there and is no number."""
    from h5py import h5a

    try:
        identifier = array.dataset.id
        if not h5a.exists(identifier, name.encode()):
            return None
        attribute = h5a.open(identifier, name.encode())
        if attribute.dtype.kind not in "fiu" or attribute.shape not in ((), (1,)):
            return "not a number"
        value = np.empty(attribute.shape, attribute.dtype)
        attribute.read(value)
    except FAULTS:
        return "not a number"
    return value


READER = Reader(
    slug="netcdf",
    title="NetCDF (.nc)",
    help=(
        "One variable for each target, named like the target or at the path that the round "
        "declares, with the target's shape. Classic files and NetCDF-4 are read; scale_factor and "
        "add_offset are applied, and a fill value counts as a missing value. Coordinates and "
        "other variables do not matter unless the round says so."
    ),
    extensions=(".nc", ".nc4", ".cdf"),
    read_function=read_netcdf,
    options=(
        PATH,
        ReaderOption(
            EXTRA_ARRAYS.name, EXTRA_ARRAYS.help, default="ignore", choices=EXTRA_ARRAYS.choices
        ),
        REQUIRE_ALL,
    ),
    check_options=check_path,
    extra="hdf5",
    packages=("h5py",),
)
