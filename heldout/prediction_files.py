"""Write predictions as a file that a round takes, for the formats that are arrays or tables.

Needs NumPy, nothing of the scoring engine but its readers' options, and no server.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Values = Mapping[str, Any]  # a number or array for each target
Declared = Mapping[str, Any]  # reader, options and targets, as `heldout format` prints them

EXTENSIONS = {
    "npz": ".npz",
    "npy": ".npy",
    "csv": ".csv",
    "tsv": ".tsv",
    "jsonl": ".jsonl",
    "sections": ".txt",
}


class UnwritableFormat(ValueError):
    """Files of this format cannot be made from arrays alone."""


def is_writable(declared: Declared) -> bool:
    """Tell whether `write_predictions` can write files of a format."""
    return declared["reader"] in EXTENSIONS


def file_name(declared: Declared, *, stem: str) -> str:
    """Return a file's name with the ending that the format asks for."""
    return stem + EXTENSIONS.get(declared["reader"], "")


def write_predictions(path: str | Path, values: Values, declared: Declared) -> Path:
    """Write one value or array for each target as a round wants it.

    Parameters
    ----------
    values : mapping
        For each target its prediction: a number, or an array of the target's shape. Targets
        that are left out stay unanswered.
    declared : mapping
        What `heldout format` prints: ``reader``, ``options`` and ``targets``.

    Raises
    ------
    UnwritableFormat
        If the format is none of arrays or tables.
    ValueError
        If a name is not one of the round's targets, or an array has another shape.

    Examples
    --------
    >>> import tempfile
    >>> declared = {"reader": "csv", "options": {}, "targets": [{"slug": "t1", "shape": []}]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(write_predictions(f"{folder}/mine.csv", {"t1": 1.5}, declared).read_text())
    target,value
    t1,1.5
    <BLANKLINE>
    """
    write = _WRITERS.get(declared["reader"])
    if write is None:
        raise UnwritableFormat(
            f"Files for the reader {declared['reader']} are not made of arrays or numbers alone; "
            "begin with the round's own template."
        )
    content = write(_checked(values, declared), _options(declared), declared["targets"])
    out = Path(path)
    out.write_bytes(content)
    return out


def start_value(target: Mapping[str, Any]) -> float:
    """Return the number nearest to zero that a target's bounds allow."""
    low, high = target.get("low"), target.get("high")
    value = 0.0 if low is None else max(0.0, float(low))
    return value if high is None else min(value, float(high))


def template_values(declared: Declared) -> dict[str, Any]:
    """Return a prediction for every target that is of the right form and says nothing."""
    import numpy as np

    return {
        target["slug"]: np.full(
            tuple(1 if length is None else length for length in target["shape"]),
            start_value(target),
        )
        for target in declared["targets"]
    }


def _options(declared: Declared) -> dict[str, Any]:
    from scoring.readers import get_reader

    return get_reader(declared["reader"]).complete(dict(declared.get("options") or {}))


def _checked(values: Values, declared: Declared) -> dict[str, Any]:
    import numpy as np

    targets = {target["slug"]: target for target in declared["targets"]}
    strange = sorted(set(values) - set(targets))
    if strange:
        raise ValueError(f"{strange[0]!r} is not a target of this round: {', '.join(targets)}")
    found = {}
    for slug in targets:
        if slug not in values:
            continue
        array = np.asarray(values[slug], dtype=np.float64)
        want = targets[slug]["shape"]
        fits = len(want) == array.ndim and all(
            length in (None, have) for length, have in zip(want, array.shape, strict=True)
        )
        if not fits:
            raise ValueError(f"{slug}: the array has shape {list(array.shape)}, wanted is {want}")
        found[slug] = array
    return found


def _npz(values: Values, _: Mapping[str, Any], __: Sequence[Any]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for slug, array in values.items():
            # The date is fixed, so that the same values are the same file.
            archive.writestr(zipfile.ZipInfo(f"{slug}.npy"), _array_bytes(array))
    return buffer.getvalue()


def _npy(values: Values, options: Mapping[str, Any], targets: Sequence[Any]) -> bytes:
    import numpy as np

    order = options["stack"] or [target["slug"] for target in targets]
    missing = [slug for slug in order if slug not in values]
    if missing:
        raise ValueError(f"{missing[0]}: this format has a place for every target; fill it too")
    whole = values[order[0]] if len(order) == 1 else np.stack([values[slug] for slug in order])
    return _array_bytes(whole)


def _array_bytes(array: Any) -> bytes:
    import numpy as np

    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array, order="C"), allow_pickle=False)
    return buffer.getvalue()


def _table(values: Values, options: Mapping[str, Any], _: Sequence[Any]) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, delimiter=options.get("delimiter", "\t"), lineterminator="\n")
    rows.writerow([options["id_column"], *options["value_columns"]])
    for slug, array in values.items():
        rows.writerow([slug, *map(_number, array.ravel())])
    return text.getvalue().encode()


def _lines(values: Values, _: Mapping[str, Any], __: Sequence[Any]) -> bytes:
    lines = []
    for slug, array in values.items():
        key = "values" if array.ndim else "value"
        lines.append(json.dumps({"target": slug, key: array.tolist()}, allow_nan=False))
    return "".join(f"{line}\n" for line in lines).encode()


def _sections(values: Values, options: Mapping[str, Any], _: Sequence[Any]) -> bytes:
    parts = []
    for section in options["sections"].values():
        key = f"{section['keys'][0]}{options['key_suffix']}"
        if section.get("kind") == "table":
            parts.append([key, *(_row(slug, array, options) for slug, array in values.items())])
        else:
            parts.append([key, "to be written"])
    text = "\n\n".join("\n".join(lines) for lines in parts)
    return f"{text}\n".encode(str(options["encodings"][0]))


def _row(slug: str, array: Any, options: Mapping[str, Any]) -> str:
    places = {options["id_column"]: slug, options["value_column"]: _number(array.ravel()[0])}
    places |= {place: "0" for place in options["other_columns"].values() if place not in places}
    return str(options["delimiters"][0]).join(
        places.get(place, "") for place in range(1, max(places) + 1)
    )


def _number(value: Any) -> str:
    return repr(float(value))


_WRITERS: dict[str, Callable[[Values, Mapping[str, Any], Sequence[Any]], bytes]] = {
    "npz": _npz,
    "npy": _npy,
    "csv": _table,
    "tsv": _table,
    "jsonl": _lines,
    "sections": _sections,
}
