"""Files of named arrays for tests: HDF5, NetCDF and zipped Zarr stores, in memory."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import zarr
from scipy.io import netcdf_file


def hdf5_bytes(write: Callable[[h5py.File], Any], **settings: Any) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", **settings) as file:
        write(file)
    return buffer.getvalue()


def hdf5_of(arrays: Mapping[str, Any], **storage: Any) -> bytes:
    def write(file):
        for name, array in arrays.items():
            chosen = storage if np.ndim(array) else {}
            file.create_dataset(name, data=array, **chosen)

    return hdf5_bytes(write)


def netcdf_bytes(write: Callable[[netcdf_file], Any], *, version: int = 1) -> bytes:
    buffer = io.BytesIO()
    file = netcdf_file(buffer, "w", version=version)
    write(file)
    file.flush()
    return buffer.getvalue()


def folder_zip(folder: Path, *, method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder).as_posix())
    return buffer.getvalue()


def zarr_bytes(folder: Path, arrays: Mapping[str, Any], **storage: Any) -> bytes:
    """Write a store with zarr itself; `storage` goes to every array that has axes."""
    group = zarr.create_group(folder, zarr_format=3)
    for name, values in arrays.items():
        array = np.asarray(values)
        chosen = storage if array.ndim else {}
        made = group.create_array(name, shape=array.shape, dtype=array.dtype, **chosen)
        made[...] = array
    return folder_zip(folder)


def zarr_member(name: str, **changes: Any) -> tuple[str, bytes]:
    """Return the zarr.json of an array of four float64 in one raw chunk, with changes."""
    said = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [4],
        "data_type": "float64",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0.0,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
    }
    return f"{name}/zarr.json", json.dumps(said | changes).encode()


ZARR_GROUP = ("zarr.json", b'{"zarr_format": 3, "node_type": "group"}')
