"""Models of protein chains against their targets: the search for superpositions, and lDDT."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measure import Method, largest_difference, time_in_turns
from bench.report import Bar, Section, say
from tests.scoring.structures import chain, model_of, write_pdb

TMSCORE = Method(
    "TMscore, a process for each model", "bench.structures:tmscore", 2, "with_children"
)
TMTOOLS = Method(
    "tmtools.tm_align, which aligns too", "bench.structures:tmtools", 1, "with_children"
)
FROM_FILES = Method("engine, from PDB files", "bench.structures:from_files", 2, "with_children")
SEARCH = Method("engine: tm_score, gdt_ts, gdt_ha", "bench.structures:search", 2, "with_children")

BIOTITE = Method("biotite.structure.lddt", "bench.structures:biotite_lddt", 10)
ENGINE_COLD = Method("engine: lddt, every target new", "bench.structures:cold_lddt", 10)
ENGINE_LDDT = Method("engine: lddt, models of one target", "bench.structures:engine_lddt", 10)

_SEARCHED = ("tm_score", "gdt_ts", "gdt_ha")
_SCALES = (1.0, 100.0, 100.0)  # TMscore prints GDT as a fraction
_HEADS = ("TM-score    =", "GDT-TS-score=", "GDT-HA-score=")
_HALF_A_DIGIT = 0.5e-4 + 1e-9  # of the four that TMscore prints
_MODELS = 8
_LONG = 200  # residues: for shorter chains, what every call costs hides the rest
_WHY_SEARCH = (
    "Superpositions: time goes into two matrix products and one reciprocal for each fragment and "
    "residue; models of one target at once would share the target's part of the products."
)
_WHY_LDDT = "lDDT: distances of pairs are gathered coordinate by coordinate in NumPy."

Points = NDArray[np.float64]


def sections(*, quick: bool, rounds: int) -> list[Section]:
    """Return the search and lDDT at several lengths, beside the peers that are installed."""
    lengths = (100, 200) if quick else (100, 200, 300, 500)
    return [
        *(_search_section(length, rounds=rounds) for length in lengths),
        *(_lddt_section(length, rounds=rounds) for length in lengths),
    ]


def _search_section(length: int, *, rounds: int) -> Section:
    title = f"TM-score, GDT_TS and GDT_HA, {_MODELS} models of {length} residues"
    say(title)
    there = {TMSCORE: bool(shutil.which("TMscore")), TMTOOLS: _is_installed("tmtools")}
    methods = [*(peer for peer, is_there in there.items() if is_there), FROM_FILES, SEARCH]
    with tempfile.TemporaryDirectory(prefix="heldout-bench-") as folder:
        for number, (target, model) in enumerate(_pairs(length)):
            write_pdb(Path(folder) / f"target{number}.pdb", target)
            write_pdb(Path(folder) / f"model{number}.pdb", model)
        timings = time_in_turns(methods, {"folder": folder, "length": length}, rounds=rounds)
    engine = timings[-1]
    bars = []
    if there[TMSCORE]:
        apart = np.abs(np.array(timings[0].values) - np.array(engine.values))
        agree = 100.0 * float(np.mean(apart <= _HALF_A_DIGIT))
        bars.append(Bar(f"{title}: equal to TMscore's digits", 100, agree, _WHY_SEARCH, unit=" %"))
        if length >= _LONG:
            ratio = timings[0].median_s / engine.median_s
            bars.append(Bar(f"{title}: times as fast as TMscore", 2, ratio, _WHY_SEARCH))
    text = (
        "All three from one search. The peer is Debian's TMscore, timed with the start of its "
        "process and its reading of PDB files; tm_align answers another question and is timed "
        "only. All methods but the last read files."
    )
    same = {FROM_FILES.title: largest_difference(timings[-2], engine)}
    return Section(title, text, timings, timings[0], same, bars)


def _lddt_section(length: int, *, rounds: int) -> Section:
    title = f"lDDT, two targets of {length} residues, {_MODELS} models of each"
    say(title)
    peers = [BIOTITE] if _is_installed("biotite") else []
    timings = time_in_turns([*peers, ENGINE_COLD, ENGINE_LDDT], {"length": length}, rounds=rounds)
    engine = timings[-1]
    bars = []
    if peers and length >= _LONG:
        ratio = timings[0].median_s / engine.median_s
        bars.append(Bar(f"{title}: times as fast as biotite", 15, ratio, _WHY_LDDT))
    text = (
        "CA atoms, pooled over pairs. The engine finds a target's neighbours once for all models "
        "of it that follow each other; in the row before the last the targets take turns, so that "
        "they are found anew for each model."
    )
    same = {t.method.title: largest_difference(t, engine) for t in timings[:-1]}
    return Section(title, text, timings, timings[0], same, bars)


def _is_installed(package: str) -> bool:
    if find_spec(package) is None:
        sys.stderr.write(f"left out: {package} is not installed\n")
        return False
    return True


@cache
def _pairs(length: int) -> list[tuple[Points, Points]]:
    """Return targets and models, from nearly right to wrong; made by the call not timed."""
    rng = np.random.default_rng(length)
    noises = np.linspace(0.3, 4.0, _MODELS)
    targets = [chain(rng, length) for _ in noises]
    return [(t, model_of(rng, t, noise=n, hinge=1.0)) for t, n in zip(targets, noises, strict=True)]


def tmscore(*, folder: str, length: int) -> list[float]:
    """Run the program for every model and take the values that it prints."""
    del length
    values = []
    for number in range(_MODELS):
        files = [f"{folder}/model{number}.pdb", f"{folder}/target{number}.pdb"]
        lines = subprocess.run(["TMscore", *files], capture_output=True, text=True, check=True)
        printed = lines.stdout.splitlines()
        for head in _HEADS:
            line = next(line for line in printed if line.startswith(head))
            values.append(float(line.split("=")[1].split()[0]))
    return values


def tmtools(*, folder: str, length: int) -> list[float]:
    """Align and score every model."""
    from tmtools import tm_align

    del folder
    for target, model in _pairs(length):
        tm_align(model, target, "A" * length, "A" * length)
    return []


def _searched(target: Points, model: Points) -> list[float]:
    from scoring.metrics import get_metric

    found = [get_metric(slug).compute(target, model) for slug in _SEARCHED]
    return [value / scale for value, scale in zip(found, _SCALES, strict=True)]


def from_files(*, folder: str, length: int) -> list[float]:
    """Read both files of every model by the reader, and score."""
    from scoring.contract import TargetSpec
    from scoring.readers import get_reader

    spec = TargetSpec("chain", (length, 3))
    values = []
    for number in range(_MODELS):
        read: list[Any] = []
        for name in ("target", "model"):
            with open(f"{folder}/{name}{number}.pdb", "rb") as handle:
                sources = get_reader("pdb").read(handle, targets=[spec]).sources
                read.append(sources["chain"].read())
        values += _searched(*read)
    return values


def search(*, folder: str, length: int) -> list[float]:
    """Score every model from arrays."""
    del folder
    return [value for pair in _pairs(length) for value in _searched(*pair)]


@cache
def _two_targets(length: int) -> list[tuple[Points, list[Points]]]:
    """Return two targets with all models of each, in the single precision that biotite keeps."""
    rng = np.random.default_rng(length)
    made = []
    for _ in range(2):
        target = chain(rng, length)
        noises = np.linspace(0.3, 4.0, _MODELS)
        models = [model_of(rng, target, noise=noise, hinge=1.0) for noise in noises]
        made.append((_single(target), [_single(model) for model in models]))
    return made


def _single(points: Points) -> Points:
    return points.astype(np.float32).astype(np.float64)


@cache
def _atom_arrays(length: int) -> list[tuple[Any, list[Any]]]:
    """Return the two targets and their models as biotite has them."""
    from biotite.structure import AtomArray

    def atoms(points: Points) -> Any:
        array = AtomArray(len(points))
        array.coord = points
        array.res_id = np.arange(len(points))
        return array

    return [(atoms(t), [atoms(model) for model in models]) for t, models in _two_targets(length)]


def biotite_lddt(*, length: int) -> list[float]:
    """Score the models one by one."""
    from biotite.structure import lddt

    return [
        float(lddt(target, model)) for target, models in _atom_arrays(length) for model in models
    ]


def cold_lddt(*, length: int) -> list[float]:
    """Score models of the two targets in turns, so that no two of one follow each other."""
    from scoring.metrics import get_metric

    lddt = get_metric("lddt")
    (one, its_models), (other, other_models) = _two_targets(length)
    first, second = [], []
    for model, other_model in zip(its_models, other_models, strict=True):
        first.append(lddt.compute(one, model))
        second.append(lddt.compute(other, other_model))
    return first + second


def engine_lddt(*, length: int) -> list[float]:
    """Score the models target by target."""
    from scoring.metrics import get_metric

    lddt = get_metric("lddt")
    return [
        lddt.compute(target, model) for target, models in _two_targets(length) for model in models
    ]
