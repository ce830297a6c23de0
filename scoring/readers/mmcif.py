"""Reader `mmcif`: structures in the archive format of the Protein Data Bank."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from scoring.contract import JsonValue, TargetSpec
from scoring.readers.base import Prediction, Reader, ReaderOption
from scoring.readers.checks import shown
from scoring.readers.cif_text import Row, read_rows
from scoring.readers.number_text import NumberError, parse_number
from scoring.readers.structure_atoms import Atom
from scoring.readers.structure_files import Intake, read_structures
from scoring.readers.structure_template import OPTIONS

_CATEGORY = "_atom_site."
_WHOLE = re.compile("-?[0-9]{1,9}")
_NO_VALUE = ("?", ".", "")
_AXES = ("cartn_x", "cartn_y", "cartn_z")
_FARTHEST = 1e5  # angstrom, ten times what the columns of a PDB file hold
# What an atom is called, by the scheme the round takes first; the other one stands in for it.
_SCHEMES = {"auth": ("auth_", "label_"), "label": ("label_", "auth_")}
_NAMES = {"chain": "asym_id", "number": "seq_id", "residue": "comp_id", "name": "atom_id"}
_HOW_TO_NAME = "begin the data block of each target with data_ and its name"


def read_mmcif(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Read a .cif file or a zip of them; see `READER` for what may be in it."""
    return read_structures(
        handle, options=options, targets=targets, extension=".cif", parse=parse_mmcif
    )


def parse_mmcif(handle: BinaryIO, intake: Intake, *, options: Mapping[str, JsonValue]) -> None:
    """Give the atoms of one file to the intake."""
    schemes = _SCHEMES[options["identifiers"]]
    block: str | None = None
    names: Mapping[str, str] | None = None
    layout: frozenset[str] | None = None
    for row in read_rows(handle, intake.log, category=_CATEGORY, place=intake.place):
        if not intake.counted(row.line):
            return
        if row.block != block:
            block, layout = row.block, None
            if intake.named:
                intake.choose(block, line=row.line)
        columns = frozenset(row.values)
        if columns != layout:
            layout, names = columns, _columns(row, intake, schemes=schemes)
        if names is not None:
            _read_atom(row, intake, names=names)


def _columns(row: Row, intake: Intake, *, schemes: tuple[str, str]) -> Mapping[str, str] | None:
    """Return the columns that identify an atom, or None after noting those that are not there."""
    found: dict[str, str] = {}
    missing = [axis.capitalize() for axis in _AXES if axis not in row.values]
    for what, end in _NAMES.items():
        # Residue and atom names are those of the dictionary, whoever numbered the residues.
        prefixes = schemes if what in ("chain", "number") else _SCHEMES["label"]
        there = [prefix + end for prefix in prefixes if prefix + end in row.values]
        if there:
            found[what] = there[0]
        else:
            missing.append(prefixes[0] + end)
    for name in missing:
        where = intake.where(row.line)
        intake.log.add(
            "MISSING_COLUMN",
            f"{where}: the atoms have no {_CATEGORY}{name}",
            where=where,
            remedy="write all names that identify an atom, and its three coordinates",
        )
    return None if missing else found


def _read_atom(row: Row, intake: Intake, *, names: Mapping[str, str]) -> None:
    """Check one row, and take it if it is an atom of the model that is read."""
    values = row.values
    name, residue = values[names["name"]], values[names["residue"]]
    if not intake.is_wanted(name, residue, hetero=values.get("group_pdb") == "HETATM"):
        return
    model = values.get("pdbx_pdb_model_num", "")
    if model not in _NO_VALUE and model != str(intake.model):
        return
    place, number = intake.where(row.line), values[names["number"]]
    if not _WHOLE.fullmatch(number):
        intake.log.add(
            "BAD_NUMBER",
            f"{place}: {shown(number)} is no residue number",
            where=place,
            remedy=f"write a whole number as {_CATEGORY}{names['number']}",
        )
        return
    occupancy = 1.0
    if values.get("occupancy", "?") not in _NO_VALUE:
        occupancy = _number(row, "occupancy", intake=intake) or 0.0
    x, y, z = (_number(row, axis, intake=intake) for axis in _AXES)
    if x is not None and y is not None and z is not None:
        atom = Atom(
            place=place,
            chain=_or_blank(values[names["chain"]]),
            number=str(int(number)) + _or_blank(values.get("pdbx_pdb_ins_code", "?")),
            residue=residue,
            name=name,
            alternate=_or_blank(values.get("label_alt_id", "?")),
            occupancy=occupancy,
            position=(x, y, z),
        )
        intake.add(atom, how_to_name=_HOW_TO_NAME)


def _or_blank(value: str) -> str:
    return "" if value in _NO_VALUE else value


def _number(row: Row, name: str, *, intake: Intake) -> float | None:
    text, where = row.values[name], f"{intake.where(row.line)}, {name.capitalize()}"
    try:
        value = parse_number("?" if text in _NO_VALUE else text)
    except NumberError as error:
        intake.log.add(
            error.code,
            f"{where}: {shown(text)} {error.reason}",
            where=where,
            remedy="write a finite decimal number, or leave the residue out",
        )
        return None
    if abs(value) > _FARTHEST:
        intake.log.add(
            "OUT_OF_RANGE",
            f"{where}: the value is beyond {_FARTHEST:g} angstrom",
            where=where,
            remedy="move the structure nearer 0, and check the unit",
        )
        return None
    return value


READER = Reader(
    slug="mmcif",
    title="Structure in mmCIF (.cif)",
    help=(
        "The _atom_site table of an mmCIF file, with the residues named and numbered as in the "
        "round's sequence. A residue that is left out counts as not modelled. Several targets "
        "come in one file, each in a data block named like the target, or in a zip archive with "
        "one file for each target, named like it. Of several models one is read; of alternate "
        "positions of an atom the one with the highest occupancy, and of equal ones the first. "
        "Other tables are not looked at."
    ),
    extensions=(".cif", ".mmcif", ".zip"),
    read_function=read_mmcif,
    options=(
        *OPTIONS,
        ReaderOption(
            "identifiers",
            "Which chain names and residue numbers are taken: the authors' (auth) or the "
            "dictionary's (label). Where a file has only the others, those.",
            default="auth",
            choices=tuple(_SCHEMES),
        ),
    ),
)
