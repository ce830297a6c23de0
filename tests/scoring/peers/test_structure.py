"""Structure metrics beside TMscore, biotite and tmtools."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

from scoring.metrics import get_metric
from tests.scoring.structures import chain, model_of, write_pdb

PAIRS = 150


def pairs(count, *, longest=250):
    rng = np.random.default_rng(1)
    for _ in range(count):
        target = chain(rng, int(rng.integers(30, longest)))
        noise, hinge = rng.uniform(0.3, 6.0), rng.uniform(0.0, 2.5)
        yield target, model_of(rng, target, noise=noise, hinge=hinge)


def tmscore(folder, target, model):
    """Return TM-score, GDT_TS and GDT_HA as the program prints them."""
    files = [write_pdb(folder / "model.pdb", model), write_pdb(folder / "target.pdb", target)]
    done = subprocess.run(["TMscore", *files], capture_output=True, text=True, check=True)
    heads = ("TM-score    =", "GDT-TS-score=", "GDT-HA-score=")
    lines = done.stdout.splitlines()
    return [
        float(next(x for x in lines if x.startswith(h)).split("=")[1].split()[0]) for h in heads
    ]


@pytest.mark.skipif(shutil.which("TMscore") is None, reason="needs TMscore (Debian: tm-align)")
def test_tm_score_and_gdt_agree_with_tmscore_to_four_decimals(tmp_path, record_property):
    differences, scores = [], []
    for target, model in pairs(PAIRS):
        ours = [get_metric(s).compute(target, model) for s in ("tm_score", "gdt_ts", "gdt_ha")]
        ours = np.array(ours) / [1.0, 100.0, 100.0]
        differences.append(np.abs(ours - tmscore(tmp_path, target, model)))
        scores.append(ours[0])
    record_property("largest_difference", float(np.max(differences)))
    assert min(scores) < 0.3
    assert max(scores) > 0.9
    assert np.max(differences) <= 0.5e-4 + 1e-9  # it prints four decimals


@pytest.mark.skipif(shutil.which("TMscore") is None, reason="needs TMscore (Debian: tm-align)")
def test_left_out_residues_are_lost_as_tmscore_loses_them(tmp_path):
    rng = np.random.default_rng(2)
    target = chain(rng, 90)
    model = model_of(rng, target, noise=1.0, hinge=0.5)
    there = rng.permutation(90) < 60
    partial = np.where(there[:, np.newaxis], model, np.nan)
    text = write_pdb(tmp_path / "whole.pdb", model).read_text().splitlines()
    kept = [line for line, keep in zip(text, [*there, True, True], strict=True) if keep]
    (tmp_path / "partial.pdb").write_text("\n".join(kept) + "\n")
    write_pdb(tmp_path / "target.pdb", target)
    done = subprocess.run(
        ["TMscore", tmp_path / "partial.pdb", tmp_path / "target.pdb"],
        capture_output=True,
        text=True,
        check=True,
    )
    for slug, head, scale in (
        ("tm_score", "TM-score    =", 1.0),
        ("gdt_ts", "GDT-TS-score=", 100.0),
        ("gdt_ha", "GDT-HA-score=", 100.0),
    ):
        line = next(x for x in done.stdout.splitlines() if x.startswith(head))
        theirs = float(line.split("=")[1].split()[0])
        assert get_metric(slug).compute(target, partial) / scale == pytest.approx(theirs, abs=6e-5)


def biotite_chain(structure, points):
    array = structure.AtomArray(len(points))
    array.coord = points.astype(np.float32)
    array.atom_name[:], array.res_name[:], array.chain_id[:] = "CA", "ALA", "A"
    array.element[:] = "C"
    array.res_id = np.arange(1, len(points) + 1)
    return array


def test_lddt_and_rmsd_are_those_of_biotite(record_property):
    structure = pytest.importorskip("biotite.structure", reason="needs biotite")
    largest = {"lddt": 0.0, "lddt_residue_mean": 0.0, "rmsd": 0.0}
    for target, model in pairs(30):
        # biotite works in single precision: give both the same numbers.
        target, model = (np.float64(points.astype(np.float32)) for points in (target, model))
        theirs, guess = (biotite_chain(structure, points) for points in (target, model))
        fitted, _ = structure.superimpose(theirs, guess)
        residues = structure.lddt(theirs, guess, aggregation="residue")
        expected = {
            "lddt": structure.lddt(theirs, guess),
            "lddt_residue_mean": np.nanmean(residues),
            "rmsd": structure.rmsd(theirs, fitted),
        }
        for slug, value in expected.items():
            ours = get_metric(slug).compute(target, model)
            largest[slug] = max(largest[slug], abs(ours - float(value)))
    for slug, difference in largest.items():
        record_property(f"largest_difference_{slug}", difference)
    assert max(largest["lddt"], largest["lddt_residue_mean"]) <= 1e-12
    assert largest["rmsd"] <= 2e-5  # the coordinates that biotite returns are single precision


def test_tm_score_is_no_larger_than_with_a_free_alignment():
    tmtools = pytest.importorskip("tmtools", reason="needs tmtools")
    for target, model in pairs(10, longest=120):
        letters = "A" * len(target)
        aligned = tmtools.tm_align(model, target, letters, letters).tm_norm_chain2
        assert get_metric("tm_score").compute(target, model) <= aligned + 0.02
