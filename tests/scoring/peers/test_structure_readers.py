"""The readers of structure files beside gemmi, on files that gemmi writes."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.contract import TargetSpec
from scoring.readers.structure_template import LETTERS
from tests.scoring.files import read
from tests.scoring.structures import chain

NAMES = [name for name in LETTERS if len(name) == 3][:20]


def gemmi_structure(gemmi, rng, length):
    """Return a structure of one chain with four atoms in each residue, two in some places."""
    structure, model = gemmi.Structure(), gemmi.Model(1)
    polymer = gemmi.Chain("B")
    for at, xyz in enumerate(chain(rng, length)):
        residue = gemmi.Residue()
        residue.name = NAMES[int(rng.integers(20))]
        residue.seqid = gemmi.SeqId(at + 11, " ")
        residue.label_seq, residue.subchain = at + 1, "Bxp"
        residue.entity_type = gemmi.EntityType.Polymer
        for name, element in (("N", "N"), ("CA", "C"), ("C", "C"), ("O", "O")):
            for label, share in (("A", 0.3), ("B", 0.7)) if at % 5 == 0 else (("\0", 1.0),):
                atom = gemmi.Atom()
                atom.name, atom.element = name, gemmi.Element(element)
                atom.altloc, atom.occ, atom.b_iso = label, share, 30.0
                atom.pos = gemmi.Position(*(xyz + rng.normal(size=3)))
                residue.add_atom(atom)
        polymer.add_residue(residue)
    model.add_chain(polymer)
    structure.add_model(model)
    return structure


def positions_of(structure):
    """Return the (residues, 4, 3) positions of highest occupancy, as gemmi has them."""
    return np.array(
        [
            [
                max((a for a in residue if a.name == name), key=lambda a: a.occ).pos.tolist()
                for name in ("N", "CA", "C", "O")
            ]
            for residue in structure[0][0]
        ]
    )


@pytest.mark.parametrize("reader", ["pdb", "mmcif"])
def test_files_that_gemmi_writes_are_read_as_gemmi_reads_them(reader, record_property):
    gemmi = pytest.importorskip("gemmi", reason="needs gemmi")
    rng = np.random.default_rng(3)
    largest = 0.0
    for length in (1, 7, 60):
        structure = gemmi_structure(gemmi, rng, length)
        sequence = "".join(LETTERS[residue.name] for residue in structure[0][0])
        if reader == "pdb":
            content = structure.make_pdb_string()
            again = gemmi.read_pdb_string(content)
        else:
            content = structure.make_mmcif_document().as_string()
            document = gemmi.cif.read_string(content)
            again = gemmi.make_structure_from_block(document.sole_block())
        found = read(
            reader,
            content.encode(),
            [TargetSpec("t1", (length, 4, 3))],
            atoms=["N", "CA", "C", "O"],
            residues={"t1": {"sequence": sequence, "first": 11, "chain": "B"}},
        )
        difference = np.abs(found.sources["t1"].read() - positions_of(again)).max()
        largest = max(largest, float(difference))
    record_property("largest_difference", largest)
    assert largest <= 1e-9
