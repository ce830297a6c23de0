"""Whether a public file gives answers away."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST_BYTES = 64 * 2**20  # larger files are compared by their digest only
_NUMBER = re.compile(r"(?<![\w.])[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.])")
_CELLS = re.compile(r"[,;\t| ]+")
_SHARE = 0.9  # of an answer's values that stand in the file
_LEAST_VALUES = 12  # of an answer, for its values to be looked up without their names

Answers = Mapping[str, NDArray[Any]]


def leaked_targets(content: bytes, answers: Answers) -> list[str]:
    """Return the targets whose answers stand in a public file.

    An array is found by its values wherever they stand; a single number only on a line, or under
    a name, that also names its target.
    """
    arrays = dict(_arrays(content))
    text = "" if arrays else _text(content)
    values = [np.ravel(array) for array in arrays.values() if array.dtype.kind in "fiub"]
    values.append(np.array([float(token) for token in _NUMBER.findall(text)]))
    known = _rounded(np.concatenate(values))
    found = [slug for slug, answer in answers.items() if _stands_in(answer, known)]
    scalars = {slug: float(answer) for slug, answer in answers.items() if answer.ndim == 0}
    named = _named_arrays(arrays, scalars) | _named_rows(text, scalars)
    # One or two numbers may agree by chance, as a constant guess agrees with some answer.
    if len(named) >= max(2, len(scalars) // 2) and len({scalars[slug] for slug in named}) > 1:
        found += sorted(named)
    return found


def _arrays(content: bytes) -> Iterable[tuple[str, NDArray[Any]]]:
    """Yield the arrays of a .npy or .npz file; nothing if it is none."""
    try:
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            yield "", loaded
            return
        for name in loaded.files:
            yield name, loaded[name]
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError):
        return


def _text(content: bytes) -> str:
    return "" if b"\0" in content[:4096] else content.decode("utf-8-sig", errors="replace")


def _rounded(values: NDArray[Any]) -> set[str]:
    return {f"{value:.6e}" for value in np.unique(values.astype(float)) if value != 0}


def _stands_in(answer: NDArray[Any], known: set[str]) -> bool:
    if answer.ndim == 0 or answer.dtype.kind not in "f":
        return False
    own = _rounded(np.ravel(answer))
    return len(own) >= _LEAST_VALUES and len(own & known) >= _SHARE * len(own)


def _named_arrays(arrays: Mapping[str, NDArray[Any]], scalars: Mapping[str, float]) -> set[str]:
    return {
        slug
        for slug, value in scalars.items()
        if slug in arrays and arrays[slug].size == 1 and _same(float(arrays[slug].flat[0]), value)
    }


def _named_rows(text: str, scalars: Mapping[str, float]) -> set[str]:
    found = set()
    for line in text.splitlines():
        cells = [cell.strip("\"'{}[]: ") for cell in _CELLS.split(line)]
        for slug in set(cells) & scalars.keys():
            numbers = [float(token) for token in _NUMBER.findall(line)]
            if any(_same(number, scalars[slug]) for number in numbers):
                found.add(slug)
    return found


def _same(one: float, other: float) -> bool:
    return bool(np.isclose(one, other, rtol=1e-9, atol=0))
