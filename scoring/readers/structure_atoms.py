"""From the atoms of a structure file to the array of a target."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from scoring.readers.base import MemorySource, ProblemLog
from scoring.readers.checks import check_range, shown
from scoring.readers.structure_template import ResidueKey, Template, shown_residue

_PLAIN = re.compile("-?[0-9]{1,9}")  # a number without an insertion code
_SHIFTS_TRIED = 1000
_SPARE_RESIDUES = 1000  # beyond those of the target, that are still read and told of


@dataclass(frozen=True, slots=True)
class Atom:
    """One atom of a file, its numbers checked."""

    place: str  # "line 12"
    chain: str
    number: str  # with the insertion code behind it
    residue: str
    name: str
    alternate: str
    occupancy: float
    position: tuple[float, float, float]


@dataclass(slots=True)
class AtomCollector:
    """Collects the atoms of one target; notes what does not belong to it."""

    template: Template
    log: ProblemLog
    places: dict[ResidueKey, tuple[str, str]] = field(default_factory=dict)  # name, first line
    atoms: dict[tuple[ResidueKey, str], Atom] = field(default_factory=dict)
    strange_chains: set[str] = field(default_factory=set)
    only_chain: str | None = None
    overfull: bool = False

    def add(self, atom: Atom) -> None:
        """Take an atom whose name is one of the template's."""
        chain = self._chain(atom)
        if chain is None:
            return
        key = (chain, atom.number)
        if key not in self.places:
            if self._is_full(atom):
                return
            self.places[key] = (atom.residue, atom.place)
        earlier = self.atoms.get((key, atom.name))
        if earlier is None:
            self.atoms[key, atom.name] = atom
        elif earlier.alternate == atom.alternate:
            self.log.add(
                "DUPLICATE_ATOM",
                f"{atom.place}: atom {shown(atom.name)} of residue {shown(shown_residue(key))} is "
                f"there a second time, first in {earlier.place}",
                where=atom.place,
                remedy="write each atom once in each model, or say which MODEL it belongs to",
            )
        elif atom.occupancy > earlier.occupancy:  # of equal ones, the first
            self.atoms[key, atom.name] = atom

    def _is_full(self, atom: Atom) -> bool:
        full = len(self.places) >= len(self.template.letters) + _SPARE_RESIDUES
        if full and not self.overfull:
            self.overfull = True
            self.log.add(
                "TOO_MANY_RESIDUES",
                f"there are far more residues than the {len(self.template.letters)} of target "
                f"{self.template.target.slug}",
                where=atom.place,
                remedy="write the residues of the target only",
            )
        return full

    def _chain(self, atom: Atom) -> str | None:
        """Return the template's name of the atom's chain, or None after noting a strange one."""
        chains = self.template.chains
        if chains == ("",):
            if self.only_chain is None:
                self.only_chain = atom.chain
            if atom.chain == self.only_chain:
                return ""
        elif atom.chain in chains:
            return atom.chain
        elif not atom.chain and len(chains) == 1:
            return chains[0]
        if atom.chain not in self.strange_chains and len(self.strange_chains) < _SPARE_RESIDUES:
            self.strange_chains.add(atom.chain)
            expected = ", ".join(chains) if chains != ("",) else "a single chain"
            self.log.add(
                "WRONG_CHAIN",
                f"{atom.place}: chain {shown(atom.chain)} does not belong to target "
                f"{self.template.target.slug}, which has {expected}",
                where=atom.place,
                remedy="name the chains as the round does, and leave out all others",
            )
        return None

    def source(self) -> MemorySource | None:
        """Return the array of the target, after noting residues that are out of place."""
        template = self.template
        odd = [key for key, (name, _) in self.places.items() if not template.fits(key, name)]
        if odd:
            self._note_misplaced(odd)
            return None
        values = np.full((len(template.rows), len(template.atoms), 3), np.nan)
        for (key, name), atom in self.atoms.items():
            if key in template.rows:
                values[template.rows[key], template.atoms[name]] = atom.position
                self._check_range(atom)
        if np.isnan(values).all():
            return None
        return MemorySource(values[:, 0] if len(template.target.shape) == 2 else values)

    def _check_range(self, atom: Atom) -> None:
        target = self.template.target
        if target.low is not None or target.high is not None:
            for number in atom.position:
                check_range(self.log, target, value=number, where=atom.place)

    def _note_misplaced(self, odd: Iterable[ResidueKey]) -> None:
        """Note a numbering that is off as a whole, or else every residue out of place."""
        shift = _numbering_shift(self.places, self.template)
        if shift is not None:
            self.log.add(
                "WRONG_NUMBERING",
                f"the residues of target {self.template.target.slug} fit its sequence if "
                f"{abs(shift)} is {'added to' if shift > 0 else 'subtracted from'} their numbers",
                where=f"target {self.template.target.slug}",
                remedy="number the residues as the round's sequence does",
            )
            return
        for key in odd:
            name, place = self.places[key]
            letter = self.template.letters.get(key)
            if letter is None:
                self.log.add(
                    "UNKNOWN_RESIDUE",
                    f"{place}: residue {shown(shown_residue(key))} is not one of target "
                    f"{self.template.target.slug}",
                    where=place,
                    remedy="number residues as the round does and leave out those it has not",
                )
            else:
                self.log.add(
                    "WRONG_RESIDUE",
                    f"{place}: residue {shown(shown_residue(key))} is {shown(name)}, the sequence "
                    f"of target {self.template.target.slug} has {letter} there",
                    where=place,
                    remedy="predict the sequence of the round, numbered as there",
                )


def _numbering_shift(places: dict[ResidueKey, tuple[str, str]], template: Template) -> int | None:
    """Return the smallest number that, added to all residue numbers, makes every one fit."""
    found = [(c, int(n), name) for (c, n), (name, _) in places.items() if _PLAIN.fullmatch(n)]
    if not found or len(found) != len(places):
        return None
    # The ends first: most shifts leave the sequence there.
    found.sort(key=lambda residue: residue[1])
    found = [found[0], found[-1], *found[1:-1]]
    chain, number, _ = found[0]
    numbers = [int(n) for c, n in template.letters if c == chain and _PLAIN.fullmatch(n)]
    shifts = sorted((there - number for there in numbers), key=abs)
    for shift in shifts[:_SHIFTS_TRIED]:
        if all(template.fits((c, str(n + shift)), name) for c, n, name in found):
            return shift
    return None
