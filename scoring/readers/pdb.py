"""Reader `pdb`: structures in the fixed columns of the Protein Data Bank's old format.

A round declares the residues of its targets once, and the numbers they carry::

    reader: pdb
    reader_options:
      residues:
        t1: {sequence: MKVLAAGIV--SEQ, first: 12}
        h2: [{chain: A, sequence: GSHM}, {chain: B, first: 5, sequence: AVLK}]

Target t1 then has shape (12, 3): the two residues at ``-`` were not resolved, so they may be
predicted and are not scored. Read with the same options, the file of the solved structure gives
the reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from scoring.contract import JsonValue, TargetSpec
from scoring.readers.base import Prediction, Reader
from scoring.readers.checks import note_duplicate, shown
from scoring.readers.number_text import NumberError, parse_number
from scoring.readers.structure_atoms import Atom
from scoring.readers.structure_files import Intake, read_structures
from scoring.readers.structure_template import OPTIONS
from scoring.readers.text_lines import read_lines

_COORDINATE = re.compile(r" *[+-]?[0-9]+\.[0-9]{1,4} *")
_OCCUPANCY = re.compile(r" *[0-9]*\.[0-9]+ *")
_NUMBER = re.compile(r" *(-?[0-9]+) *")
_LAST_COLUMN = 54
_COLUMNS = {"x": slice(30, 38), "y": slice(38, 46), "z": slice(46, 54)}
_HOW_TO_NAME = "write a TARGET record with the target's name before its atoms"
_OTHER_LINES = 4  # lines of other records for each atom that a file may hold


def read_pdb(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Read a .pdb file or a zip of them; see `READER` for what may be in it."""
    return read_structures(
        handle, options=options, targets=targets, extension=".pdb", parse=parse_pdb
    )


def parse_pdb(handle: BinaryIO, intake: Intake, *, options: Mapping[str, JsonValue]) -> None:
    """Give the atoms of one file to the intake."""
    del options
    models = _Models(intake)
    for count, (number, line) in enumerate(read_lines(handle, intake.log)):
        record = line[:6]
        if record in ("ATOM  ", "HETATM"):
            if not intake.counted(number):
                return
            if models.is_read:
                _read_atom(line, intake, number=number)
        elif line.casefold().startswith(("atom", "hetatm")):
            _note(
                intake,
                "BAD_RECORD",
                number=number,
                what=(
                    "does not begin with ATOM or HETATM in capitals, "
                    "filled up with blanks to six columns"
                ),
                remedy="write the fixed columns of the format",
            )
        elif record.startswith(("TARGET", "MODEL", "END")):
            models.take(line.split(), number=number)
        if count >= _OTHER_LINES * intake.max_atoms:
            _note(
                intake,
                "TOO_MANY_LINES",
                number=number,
                what="is one too many for a file of this round",
                remedy="leave out what is not needed",
            )
            return


class _Models:
    """Which target and which model the atoms of a file belong to as it is read."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._model: int | None = None
        self._seen: dict[tuple[int, int], str] = {}
        self._again = False

    @property
    def is_read(self) -> bool:
        return self._model in (None, self._intake.model) and not self._again

    def take(self, words: Sequence[str], *, number: int) -> None:
        """Follow a TARGET, MODEL, ENDMDL or END record."""
        if words[0] == "TARGET":
            self._end()
            self._intake.choose(" ".join(words[1:]), line=number)
        elif words[0] in ("END", "ENDMDL"):
            self._end()
        elif words[0] == "MODEL":
            self._begin(words[1:], number=number)

    def _end(self) -> None:
        self._model, self._again = None, False

    def _begin(self, words: Sequence[str], *, number: int) -> None:
        if len(words) != 1 or not re.fullmatch("[0-9]{1,8}", words[0]):
            _note(
                self._intake,
                "BAD_MODEL",
                number=number,
                what="has no number for its MODEL",
                remedy="write MODEL and a whole number",
            )
            return
        self._model = int(words[0])
        if self._intake.current is None or self._model != self._intake.model:
            return
        key, where = (id(self._intake.current), self._model), self._intake.where(number)
        self._again = key in self._seen
        if self._again:
            slug = self._intake.current.template.target.slug
            note_duplicate(self._intake.log, slug, where=where, first=self._seen[key])
        self._seen.setdefault(key, where)


def _read_atom(line: str, intake: Intake, *, number: int) -> None:
    """Check one ATOM or HETATM line column by column, and take it."""
    name, residue = line[12:16].strip(), line[17:20].strip()
    if len(line) < _LAST_COLUMN:
        what = f"ends before column {_LAST_COLUMN}, where the coordinates end"
        remedy = "write the fixed columns of the format"
        _note(intake, "BAD_ATOM", number=number, what=what, remedy=remedy)
        return
    if not intake.is_wanted(name, residue, hetero=line.startswith("HETATM")):
        return
    residue_number = _NUMBER.fullmatch(line[22:26])
    occupancy = line[54:60].strip() or "1.00"
    if residue_number is None:
        what = f"has no residue number in columns 23 to 26, but {shown(line[22:26])}"
        remedy = "write a whole number of at most four places there"
        _note(intake, "BAD_NUMBER", number=number, what=what, remedy=remedy)
        return
    if not _OCCUPANCY.fullmatch(occupancy):
        what = f"has no occupancy in columns 55 to 60, but {shown(occupancy)}"
        _note(intake, "BAD_OCCUPANCY", number=number, what=what, remedy="write 1.00 there")
        return
    x, y, z = (_coordinate(line, axis, intake=intake, number=number) for axis in _COLUMNS)
    if x is not None and y is not None and z is not None:
        atom = Atom(
            place=intake.where(number),
            chain=line[21].strip(),
            number=str(int(residue_number[1])) + line[26].strip(),
            residue=residue,
            name=name,
            alternate=line[16].strip(),
            occupancy=float(occupancy),
            position=(x, y, z),
        )
        intake.add(atom, how_to_name=_HOW_TO_NAME)


def _coordinate(line: str, axis: str, *, intake: Intake, number: int) -> float | None:
    columns = _COLUMNS[axis]
    text = line[columns]
    if _COORDINATE.fullmatch(text):
        return float(text)
    code, reason = "BAD_COLUMNS", "is not a decimal number with its point inside its columns"
    remedy = (
        f"write {axis} into columns {columns.start + 1} to {columns.stop} with three decimals; if "
        "all lines are like this one, they are shifted"
    )
    try:
        parse_number(text)
    except NumberError as error:
        code, reason = error.code, error.reason
        if error.code == "MISSING_VALUE":
            remedy = "write a finite number, or leave the residue out"
        if "*" in text:
            remedy = "the number does not fit into its eight columns: move the structure nearer 0"
    where = f"{intake.where(number)}, {axis}"
    intake.log.add(code, f"{where}: {shown(text)} {reason}", where=where, remedy=remedy)
    return None


def _note(intake: Intake, code: str, *, number: int, what: str, remedy: str) -> None:
    where = intake.where(number)
    intake.log.add(code, f"{where} {what}", where=where, remedy=remedy)


READER = Reader(
    slug="pdb",
    title="Protein structure (.pdb)",
    help=(
        "ATOM records in the fixed columns of the PDB format, with the residues named and "
        "numbered as in the round's sequence. A residue that is left out counts as not modelled. "
        "Several targets come in one file, each after a record TARGET and its name (as CASP files "
        "have it), or in a zip archive with one file for each target, named like the target. Of "
        "several MODELs one is read; of alternate positions of an atom the one with the highest "
        "occupancy, and of equal ones the first. Other records are not looked at."
    ),
    extensions=(".pdb", ".ent", ".txt", ".zip"),
    read_function=read_pdb,
    options=OPTIONS,
)
