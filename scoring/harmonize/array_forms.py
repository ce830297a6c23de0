"""How the files of each format hold arrays: where each stands, how they are read and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from scoring.contract import JsonValue, TargetSpec
from scoring.harmonize.array_files import ArrayFile, Part, load, save_npy, save_npz
from scoring.harmonize.array_trees import OPENERS, load_tree
from scoring.harmonize.array_writing import save_classic, save_hdf5, save_netcdf4, save_zarr
from scoring.readers.array_paths import EXTRA_ARRAYS, ArrayPath, path_for

Save = Callable[[BinaryIO, Sequence[Part]], None]
ARRAY_READERS = ("npy", "npz", *OPENERS)
_FLAT = ArrayPath.declared("{target}")


@dataclass(frozen=True, slots=True)
class ArrayForm:
    """What a round asks of a file of arrays."""

    slug: str
    path: ArrayPath  # of each target's array
    strict: bool  # whether arrays that nobody asked for are refused
    order: tuple[str, ...]  # the targets that are stacked in the only array of a .npy file
    synonyms: Mapping[str, Sequence[str]]
    targets: Sequence[TargetSpec]

    @property
    def is_single(self) -> bool:
        return self.slug == "npy"

    def load(self, handle: BinaryIO) -> ArrayFile:
        """Return the arrays of a file; raises `UnreadableError` if it is none of this format."""
        if self.slug in OPENERS:
            return load_tree(handle, self.slug, targets=self.targets)
        return load(handle)

    def save(self, file: ArrayFile) -> Save:
        """Return what writes a file of this format, packed as the original is."""
        if self.slug == "netcdf" and file.is_classic:
            return save_classic
        saves: dict[str, Save] = {
            "npy": save_npy,
            "npz": partial(save_npz, compress=file.is_compressed),
            "hdf5": save_hdf5,
            "netcdf": partial(save_netcdf4, dimensions=not self.strict),
            "zarr": save_zarr,
        }
        return saves[self.slug]


def form_for(
    slug: str, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> ArrayForm:
    """Return what a round asks for, from the complete options of its reader."""
    is_tree = slug in OPENERS
    path = path_for(options, targets) if is_tree else _FLAT
    refused = not is_tree or options[EXTRA_ARRAYS.name] == "refuse"
    return ArrayForm(
        slug=slug,
        path=path,
        strict=refused and path.names_target,
        order=tuple(options.get("stack") or ()),
        synonyms=options["synonyms"],
        targets=targets,
    )
