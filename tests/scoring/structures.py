"""Chains of residues for tests: compact random walks, models of them, and their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


def chain(rng: np.random.Generator, length: int) -> Points:
    """Return a compact walk in steps of 3.8 angstrom, as CA atoms go."""
    points = np.zeros((length, 3))
    direction = np.array([1.0, 0.0, 0.0])
    radius = 2.2 * length**0.38
    for at in range(1, length):
        direction = direction + 0.7 * rng.normal(size=3) - 0.35 * points[at - 1] / radius
        direction /= np.linalg.norm(direction)
        points[at] = points[at - 1] + 3.8 * direction
    return points.round(3)


def model_of(rng: np.random.Generator, target: Points, *, noise: float, hinge: float) -> Points:
    """Return a model with errors that grow along the chain, a bent hinge, and another pose."""
    length = len(target)
    drift = np.cumsum(rng.normal(size=(length, 3)) * 0.05 * noise, axis=0)
    model = target + drift + rng.normal(size=(length, 3)) * 0.5 * noise
    half = length // 2 + int(rng.integers(-length // 8, length // 8 + 1))
    angle = hinge * rng.uniform(0.3, 1.0)
    bend = np.array(
        [
            [np.cos(angle), -np.sin(angle), 0.0],
            [np.sin(angle), np.cos(angle), 0.0],
            [0.0, 0.0, 1.0],
        ]
    )
    model[half:] = (model[half:] - model[half]) @ bend.T + model[half]
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn[:, 0] *= np.linalg.det(turn)
    return np.asarray((model @ turn + rng.normal(size=3) * 20.0).round(3))


def atom_line(
    serial: int,
    xyz: tuple[float, float, float] | Points,
    *,
    number: int | None = None,
    name: str = " CA ",
    residue: str = "ALA",
    chain_id: str = "A",
    alternate: str = " ",
    insertion: str = " ",
    occupancy: float = 1.0,
    record: str = "ATOM",
) -> str:
    """Return one line of a PDB file."""
    x, y, z = xyz
    return (
        f"{record:<6}{serial:>5} {name:<4}{alternate}{residue:>3} {chain_id}"
        f"{serial if number is None else number:>4}{insertion}   "
        f"{x:8.3f}{y:8.3f}{z:8.3f}{occupancy:6.2f}{50.0:6.2f}           C"
    )


def pdb_text(points: Points, **atom: str) -> str:
    """Return the lines of a chain's file."""
    lines = [atom_line(at + 1, xyz, **atom) for at, xyz in enumerate(points)]
    return "\n".join([*lines, "TER", "END"]) + "\n"


CIF_COLUMNS = (
    "group_PDB id type_symbol label_atom_id label_alt_id label_comp_id label_asym_id "
    "label_entity_id label_seq_id pdbx_PDB_ins_code Cartn_x Cartn_y Cartn_z occupancy "
    "B_iso_or_equiv auth_seq_id auth_asym_id pdbx_PDB_model_num"
)


def cif_rows(points: Points, **changed: str) -> list[dict[str, str]]:
    """Return the rows of a chain's `_atom_site` table, with some columns changed in all."""
    rows = []
    for at, (x, y, z) in enumerate(points, start=1):
        values = (
            f"ATOM {at} C CA . ALA A 1 {at} ? {x:.3f} {y:.3f} {z:.3f} 1.00 50.0 {at} A 1".split()
        )
        rows.append({**dict(zip(CIF_COLUMNS.split(), values, strict=True)), **changed})
    return rows


def cif_text(rows: list[dict[str, str]], *, block: str = "model") -> str:
    """Return a data block with one loop of atoms."""
    names = [f"_atom_site.{name}" for name in rows[0]]
    lines = [" ".join(row.values()) for row in rows]
    return "\n".join([f"data_{block}", "#", "loop_", *names, *lines, "#"]) + "\n"


def write_pdb(path: Path, points: Points) -> Path:
    path.write_text(pdb_text(points))
    return path
