"""Prediction files that the platform writes itself, in the format that the round asks for.

For a rehearsal's made-up teams, and for the consensus of a round's entries.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from scoring.contract import JsonValue, PredictionFormat, TargetSpec
from scoring.readers import get_reader
from scoring.readers.base import AnyArray
from scoring.readers.structure_template import LETTERS, templates_from

Arrays = dict[str, AnyArray]
Options = Mapping[str, JsonValue]
Specs = tuple[TargetSpec, ...]
# The first name of a letter is that of the plain residue.
_NAMES = {letter: name for name, letter in reversed(list(LETTERS.items()))}


class CannotWrite(Exception):
    """There is no writer for this format; the message says which."""


def write_predictions(arrays: Arrays, form: PredictionFormat, specs: Specs) -> bytes:
    """Return a prediction file.

    Raises
    ------
    CannotWrite
        If the format is one that nothing here writes, or takes all targets or none.
    """
    write = _WRITERS.get(form.reader)
    if write is None:
        raise CannotWrite(f"nothing here writes files for the reader {form.reader}")
    return write(arrays, get_reader(form.reader).complete(form.options), specs)


def _npz(arrays: Arrays, options: Options, specs: Specs) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _npy(arrays: Arrays, options: Options, specs: Specs) -> bytes:
    names = options["stack"] or [spec.slug for spec in specs]
    absent = [name for name in names if name not in arrays]
    if absent:
        raise CannotWrite(f"an npy file holds all targets or none, and {absent[0]} has no answer")
    whole = np.stack([arrays[name] for name in names]) if options["stack"] else arrays[names[0]]
    buffer = io.BytesIO()
    np.save(buffer, whole, allow_pickle=False)
    return buffer.getvalue()


def _table(arrays: Arrays, options: Options, specs: Specs, *, delimiter: str = "") -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, delimiter=delimiter or options["delimiter"], lineterminator="\n")
    rows.writerow([options["id_column"], *options["value_columns"]])
    for slug, array in arrays.items():
        rows.writerow([slug, *(_number(value) for value in np.ravel(array))])
    return text.getvalue().encode()


def _tsv(arrays: Arrays, options: Options, specs: Specs) -> bytes:
    return _table(arrays, options, specs, delimiter="\t")


def _jsonl(arrays: Arrays, options: Options, specs: Specs) -> bytes:
    lines = [
        json.dumps({"target": slug, "values" if array.ndim else "value": array.tolist()})
        for slug, array in arrays.items()
    ]
    return ("\n".join(lines) + "\n").encode()


def _sections(arrays: Arrays, options: Options, specs: Specs) -> bytes:
    parts: list[str] = []
    suffix = options["key_suffix"]
    for declared in options["sections"].values():
        head = f"{declared['keys'][0]}{suffix}"
        is_table = declared.get("kind") == "table"
        body = _section_rows(arrays, options) if is_table else ["Written by the platform."]
        parts += [head, *body, ""]
    return ("\n".join(parts) + "\n").encode()


def _section_rows(arrays: Arrays, options: Options) -> list[str]:
    columns = {options["id_column"], options["value_column"], *options["other_columns"].values()}
    rows = []
    for slug, array in arrays.items():
        cells = ["0"] * max(columns)
        cells[options["id_column"] - 1] = slug
        cells[options["value_column"] - 1] = _number(float(array))
        rows.append(options["delimiters"][0].join(cells))
    return rows


def _atoms(arrays: Arrays, options: Options, specs: Specs) -> Any:
    """Yield (target, serial, atom name, residue, chain, number, insertion, x, y, z)."""
    templates = templates_from(options, specs)
    for slug, array in arrays.items():
        template = templates[slug]
        places = np.reshape(array, (len(template.rows), len(template.atoms), 3))
        serial = 0
        for (chain, number), row in template.rows.items():
            residue = _NAMES.get(template.letters[chain, number], "ALA")
            digits = number.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            for name, column in template.atoms.items():
                serial += 1
                head = (slug, serial, name, residue, chain or "A", digits, number[len(digits) :])
                yield (*head, *places[row, column])


def _pdb(arrays: Arrays, options: Options, specs: Specs) -> bytes:
    lines, current = [], ""
    for slug, serial, name, residue, chain, number, insertion, x, y, z in _atoms(
        arrays, options, specs
    ):
        if slug != current:
            lines += ["END"] * bool(current) + [f"TARGET {slug}"]
            current = slug
        lines.append(
            f"ATOM  {serial % 100000:5d} {f' {name}' if len(name) < 4 else name:<4} {residue:>3} "
            f"{chain[:1]}{number:>4}{insertion or ' ':1}   {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00"
        )
    return ("\n".join([*lines, "END"]) + "\n").encode()


def _mmcif(arrays: Arrays, options: Options, specs: Specs) -> bytes:
    names = "label_atom_id label_comp_id label_asym_id label_seq_id auth_asym_id auth_seq_id"
    head = [f"_atom_site.{name}" for name in (*names.split(), "Cartn_x", "Cartn_y", "Cartn_z")]
    lines, current = [], ""
    for slug, _, name, residue, chain, number, _, x, y, z in _atoms(arrays, options, specs):
        if slug != current:
            lines += [f"data_{slug}", "loop_", *head]
            current = slug
        lines.append(f"{name} {residue} {chain} {number} {chain} {number} {x:.6f} {y:.6f} {z:.6f}")
    return ("\n".join(lines) + "\n").encode()


def _number(value: float) -> str:
    return repr(float(value))


_WRITERS = {
    "npz": _npz,
    "npy": _npy,
    "csv": _table,
    "tsv": _tsv,
    "jsonl": _jsonl,
    "sections": _sections,
    "pdb": _pdb,
    "mmcif": _mmcif,
}
