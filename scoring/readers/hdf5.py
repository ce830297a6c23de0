"""Reader `hdf5`: one dataset for each target, at a declared path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO, cast

from scoring.contract import JsonValue, TargetSpec
from scoring.readers.array_paths import check_path
from scoring.readers.array_tree import TREE_OPTIONS, read_tree
from scoring.readers.base import Prediction, ProblemLog, Reader
from scoring.readers.hdf5_file import Hdf5Tree, open_hdf5


def read_hdf5(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Read an HDF5 file; see `READER` for what may be in it."""
    log = ProblemLog()
    tree = open_hdf5(handle, log)
    log.raise_if_any()
    return read_tree(cast(Hdf5Tree, tree), log, options=options, targets=targets)


READER = Reader(
    slug="hdf5",
    title="HDF5 (.h5)",
    help=(
        "One dataset for each target, named like the target or at the path that the round "
        "declares, with the target's shape and finite plain numbers (float64 or float32 is best). "
        "Chunks may be packed by gzip, with shuffle and fletcher32; links, external files and "
        "virtual datasets are not followed."
    ),
    extensions=(".h5", ".hdf5"),
    read_function=read_hdf5,
    options=TREE_OPTIONS,
    check_options=check_path,
    extra="hdf5",
    packages=("h5py",),
)
