"""The metadata of a Zarr v3 array, believed only where it is plain."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.contract import JsonValue
from scoring.readers.base import AnyArray
from scoring.readers.checks import ALLOWED_DTYPES
from scoring.readers.npy_format import MAX_AXES

_EXACT = 2**53  # up to here a number of JSON is the integer it looks like
_HEX = re.compile(r"0x([0-9a-fA-F]{4}|[0-9a-fA-F]{8}|[0-9a-fA-F]{16})")
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_TYPES = {
    np.dtype(code).name: np.dtype(code) for code in sorted(ALLOWED_DTYPES)
}  # "float64": float64


class MetadataError(Exception):
    """An array is not described in a way that is read; carries a code and what is wrong."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class ArrayMetadata:
    """What a `zarr.json` says of an array."""

    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    dtype: np.dtype[Any]
    fill: AnyArray  # of chunks that are not stored
    codecs: JsonValue
    key_prefix: str
    separator: str
    attributes: Mapping[str, JsonValue]

    def key(self, place: tuple[int, ...]) -> str:
        """Return under which name, below the array's own, a chunk is stored."""
        numbers = [str(i) for i in place]
        if self.key_prefix:
            return self.separator.join([self.key_prefix, *numbers])
        return self.separator.join(numbers) or "0"


def metadata_from(said: JsonValue) -> ArrayMetadata | None:
    """Understand a parsed `zarr.json`; None if it describes a group.

    Raises
    ------
    MetadataError
        If it is not that of a plain Zarr v3 array.
    """
    if not isinstance(said, dict) or said.get("zarr_format") != 3:
        raise MetadataError("BAD_METADATA", "is not described as Zarr version 3")
    if said.get("node_type") == "group":
        return None
    if said.get("node_type") != "array" or said.get("storage_transformers"):
        raise MetadataError("BAD_METADATA", "is not described as a plain array")
    shape = _lengths(said.get("shape"), least=0)
    grid = _configured(said.get("chunk_grid"), "regular")
    chunk = _lengths(grid.get("chunk_shape"), least=1)
    if len(chunk) != len(shape):
        raise MetadataError("BAD_METADATA", "has chunks with another number of axes")
    dtype = _dtype(said.get("data_type"))
    prefix, separator = _key_encoding(said.get("chunk_key_encoding"))
    fill = _fill(said.get("fill_value"), dtype)
    told = said.get("attributes")
    attributes = told if isinstance(told, dict) else {}
    return ArrayMetadata(
        shape, chunk, dtype, fill, said.get("codecs"), prefix, separator, attributes
    )


def _lengths(said: JsonValue, *, least: int) -> tuple[int, ...]:
    """Return a list of axis lengths, which come as floats, as exact integers."""
    if not isinstance(said, list) or len(said) > MAX_AXES:
        raise MetadataError("BAD_METADATA", "has no readable shape")
    for length in said:
        if type(length) is not float or not least <= length <= _EXACT or length % 1:
            raise MetadataError("BAD_METADATA", "has no readable shape")
    return tuple(int(length) for length in said)


def _configured(said: JsonValue, name: str) -> Mapping[str, Any]:
    settings = said.get("configuration") if isinstance(said, dict) else None
    if not isinstance(settings, dict) or said.get("name") != name:
        raise MetadataError("BAD_METADATA", f"has no {name} grid of chunks")
    return settings


def _dtype(said: JsonValue) -> np.dtype[Any]:
    if not isinstance(said, str) or said not in _TYPES:
        raise MetadataError("BAD_DTYPE", "does not hold plain numbers")
    return _TYPES[said]


def _key_encoding(said: JsonValue) -> tuple[str, str]:
    name = said.get("name") if isinstance(said, dict) else said
    settings = said.get("configuration", {}) if isinstance(said, dict) else {}
    prefixes = {"default": ("c", "/"), "v2": ("", ".")}
    if not isinstance(name, str) or name not in prefixes or not isinstance(settings, dict):
        raise MetadataError("BAD_METADATA", "names its chunks in an unknown way")
    prefix, usual = prefixes[name]
    separator = settings.get("separator", usual)
    if separator not in ("/", "."):
        raise MetadataError("BAD_METADATA", "names its chunks in an unknown way")
    return prefix, separator


def _fill(said: JsonValue, dtype: np.dtype[Any]) -> AnyArray:
    """Return the value of chunks that are not stored, as a 0-d array."""
    value: Any = None
    if dtype.kind == "b":
        value = said if isinstance(said, bool) else None
    elif isinstance(said, str) and dtype.kind == "f":
        value = _WORDS.get(said)
        found = _HEX.fullmatch(said)
        if found is not None and len(found[1]) == 2 * dtype.itemsize:
            big = dtype.newbyteorder(">")
            return np.frombuffer(bytes.fromhex(found[1]), big).astype(dtype).reshape(())
    elif type(said) is float and (dtype.kind == "f" or said % 1 == 0):
        value = said if dtype.kind == "f" else int(said)
    try:
        if value is not None:
            return np.array(value, dtype)
    except (OverflowError, ValueError):
        pass
    raise MetadataError("BAD_METADATA", "has no readable fill value")
