"""What the readers of structure files share: one file or a zip of them, one target or several."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Protocol, cast

from scoring.contract import JsonValue, TargetSpec
from scoring.readers.archive import UNREADABLE, check_member, open_archive
from scoring.readers.base import ArraySource, Prediction, ProblemLog
from scoring.readers.checks import check_complete, check_unknown_target, note_duplicate, shown
from scoring.readers.structure_atoms import Atom, AtomCollector
from scoring.readers.structure_template import LETTERS, templates_from

_ZIP = b"PK\x03\x04"
_GZIP = b"\x1f\x8b"
_ATOM_BYTES = 400  # of a file for each atom that it may hold, other records included
_SPARE_MEMBERS = 64
_ZIP_REMEDY = "zip one file for each target, named like the target, and nothing else"


@dataclass(slots=True)
class Intake:
    """Takes the atoms of one file and gives each to the target it belongs to."""

    collectors: Mapping[str, AtomCollector]
    log: ProblemLog
    model: int
    max_atoms: int
    place: str = ""  # before "line 12" where there are several files
    atom_names: frozenset[str] = frozenset()
    current: AtomCollector | None = None
    told: bool = False  # that there are atoms of no target
    count: int = 0

    def __post_init__(self) -> None:
        if len(self.collectors) == 1:
            (self.current,) = self.collectors.values()
            self.told = True

    def where(self, line: int) -> str:
        return f"{self.place}line {line}"

    @property
    def named(self) -> bool:
        """Whether a file must say which target its atoms belong to."""
        return len(self.collectors) > 1

    def choose(self, name: str, *, line: int) -> None:
        """Take what follows for the target of this name; case does not matter."""
        folded = [slug for slug in self.collectors if slug.casefold() == name.casefold()]
        slug = name if name in self.collectors or len(folded) != 1 else folded[0]
        self.current, self.told = self.collectors.get(slug), True
        if self.current is None and self.place:
            where, (own,) = self.where(line), self.collectors
            self.log.add(
                "WRONG_TARGET",
                f"{where}: the record names {shown(name)}, the file is named like target {own}",
                where=where,
                remedy="give the file and its record the same target",
            )
        elif self.current is None:
            targets = [one.template.target for one in self.collectors.values()]
            check_unknown_target(self.log, name, targets=targets, where=self.where(line))

    def is_wanted(self, name: str, residue: str, *, hetero: bool) -> bool:
        """Tell whether an atom of this name is read: a calcium ion, also CA, is not."""
        return name in self.atom_names and not (hetero and residue not in LETTERS)

    def counted(self, line: int) -> bool:
        """Count one atom of any kind; return False after noting that there are too many."""
        self.count += 1
        if self.count <= self.max_atoms:
            return True
        self.log.add(
            "TOO_MANY_ATOMS",
            f"the file holds more than {self.max_atoms} atoms",
            where=self.where(line),
            remedy="write the atoms of the round's targets only",
        )
        return False

    def add(self, atom: Atom, *, how_to_name: str) -> None:
        """Give an atom to the current target."""
        if self.current is not None:
            self.current.add(atom)
        elif not self.told:
            self.told = True
            self.log.add(
                "NO_TARGET",
                f"{atom.place}: nothing says which target this atom belongs to",
                where=atom.place,
                remedy=f"{how_to_name}, or {_ZIP_REMEDY}",
            )


class Parse(Protocol):
    """What reads one open file of a format into an intake."""

    def __call__(
        self, handle: BinaryIO, intake: Intake, *, options: Mapping[str, JsonValue]
    ) -> None: ...


def read_structures(
    handle: BinaryIO,
    *,
    options: Mapping[str, JsonValue],
    targets: Sequence[TargetSpec],
    extension: str,
    parse: Parse,
) -> Prediction:
    """Read a structure file, or a zip archive with one for each target.

    The metadata says how many residues of each target have coordinates.
    """
    templates = templates_from(options, targets)
    log = ProblemLog()
    collectors = {slug: AtomCollector(template, log) for slug, template in templates.items()}
    intake = Intake(
        collectors,
        log,
        model=options["model"],
        max_atoms=options["max_atoms"],
        atom_names=frozenset(options["atoms"]),
    )
    handle.seek(0)
    head = handle.read(4)
    if head == _ZIP:
        _read_archive(handle, intake, options=options, extension=extension, parse=parse)
    elif head[:2] == _GZIP:
        log.add("COMPRESSED", "the file is compressed with gzip", remedy="unpack it, or zip it")
    else:
        parse(handle, intake, options=options)
    return _prediction(collectors, log, options=options)


def _prediction(
    collectors: Mapping[str, AtomCollector], log: ProblemLog, *, options: Mapping[str, JsonValue]
) -> Prediction:
    sources: dict[str, ArraySource] = {}
    residues: dict[str, int] = {}
    for slug, collector in collectors.items():
        source = collector.source()
        if source is not None:
            sources[slug] = source
            residues[slug] = len({k for k, _ in collector.atoms if k in collector.template.rows})
    if not sources and not len(log):
        names = ", ".join(options["atoms"])
        log.add(
            "NO_ATOMS",
            f"the file holds no atom {names} of any residue that is scored, in model "
            f"{options['model']}",
            remedy="write ATOM records of the round's residues",
        )
    targets = [collector.template.target for collector in collectors.values()]
    if not len(log):
        check_complete(log, sources, targets=targets, options=options)
    log.raise_if_any()
    return Prediction(sources, {"residues": residues})


def _read_archive(
    handle: BinaryIO,
    intake: Intake,
    *,
    options: Mapping[str, JsonValue],
    extension: str,
    parse: Parse,
) -> None:
    log, first = intake.log, {}
    opening = ProblemLog()
    archive = open_archive(handle, opening, max_members=len(intake.collectors) + _SPARE_MEMBERS)
    for problem in opening.problems:
        log.append(replace(problem, remedy=_ZIP_REMEDY))
    if archive is None:
        return
    for member in archive.infolist():
        name = member.orig_filename
        slug, where = name.removesuffix(extension), f"file {shown(name)}"
        if slug == name or slug not in intake.collectors:
            log.add(
                "BAD_NAME",
                f"the archive has a {where}, which is not named like a target of the round",
                where=where,
                remedy=f"name each file exactly like its target, with {extension} behind it",
            )
        elif slug in first:
            note_duplicate(log, slug, where=where)
        elif check_member(log, member, where=where) and _is_small(member, intake, where=where):
            first[slug] = where
            own = {slug: intake.collectors[slug]}
            part = replace(intake, collectors=own, place=f"{where}, ")
            _read_member(archive, member, intake=part, options=options, parse=parse)
            intake.count = part.count


def _is_small(member: zipfile.ZipInfo, intake: Intake, *, where: str) -> bool:
    if member.file_size <= intake.max_atoms * _ATOM_BYTES:
        return True
    intake.log.add(
        "UNPACKED_TOO_LARGE",
        f"{where} is larger than a file of {intake.max_atoms} atoms",
        where=where,
        remedy="write the atoms of the round's targets only",
    )
    return False


def _read_member(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    *,
    intake: Intake,
    options: Mapping[str, JsonValue],
    parse: Parse,
) -> None:
    try:
        with archive.open(member) as stream:
            parse(cast(BinaryIO, stream), intake, options=options)
    except UNREADABLE:
        intake.log.add(
            "CORRUPT_FILE",
            f"{intake.place.removesuffix(', ')} is damaged or cut off",
            where=intake.place.removesuffix(", "),
            remedy="zip the files again and upload the new archive",
        )
