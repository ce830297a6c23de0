"""Metrics beside the packages that define or publish them, on the same files.

Every method reads the same two `.npy` files. Those of the packages load them whole, as their users
do; the engine streams what can be streamed.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bench.measure import Method, largest_difference, time_in_turns
from bench.package_cases import CASES, Arrays, Case
from bench.report import Bar, Section, say

LIMIT = Method("limit: load both files and add them up", "bench.packages:limit", calls=2)
ENGINE = Method("engine: scoring.engine.score", "bench.packages:engine", calls=2)

_WHY = (
    "Packages: scoringrules compiles its loop over quantiles, which is then one pass; the engine "
    "also reads in pieces and looks at every value first (finite, between its limits, in order)."
)


def sections(*, quick: bool, rounds: int) -> list[Section]:
    """Return every case whose packages are installed."""
    found = []
    for name, case in CASES.items():
        missing = [each for each in case.packages if find_spec(each) is None]
        if missing:
            sys.stderr.write(f"left out: {', '.join(missing)} not installed\n")
            continue
        found.append(_section(name, case, case.count // 20 if quick else case.count, rounds))
    return found


def _section(name: str, case: Case, count: int, rounds: int) -> Section:
    title = f"{case.title}, {count:,} samples"
    say(title)
    there = Method(case.name, "bench.packages:peer", calls=1)
    with tempfile.TemporaryDirectory(prefix="heldout-bench-") as folder:
        reference, prediction = case.make(np.random.default_rng(3), count)
        np.save(Path(folder) / "reference.npy", reference)
        np.save(Path(folder) / "prediction.npy", prediction)
        given = {"folder": folder, "case": name}
        timings = time_in_turns([LIMIT, there, ENGINE], given, rounds=rounds)
    limit, theirs, engine = timings
    ratio = theirs.median_s / engine.median_s
    bars = [Bar(f"{title}: times as fast as {case.name}", 1, ratio, _WHY)]
    same = {theirs.method.title: largest_difference(theirs, engine)}
    return Section(title, case.text, timings, limit, same, bars)


def limit(*, folder: str, case: str) -> list[float]:
    """Load both files and add up their values."""
    del case
    for array in _load(folder):
        array.sum()
    return []


def peer(*, folder: str, case: str) -> list[float]:
    """Compute the metrics of a case by its package."""
    return CASES[case].peer(*_load(folder))


def engine(*, folder: str, case: str) -> list[float]:
    """Score the one target of a round, as a worker does."""
    from scoring.contract import MetricChoice, PredictionFormat, TargetSpec
    from scoring.engine import score

    reference, prediction = (Path(folder) / f"{name}.npy" for name in ("reference", "prediction"))
    shapes = [np.load(path, mmap_mode="r").shape for path in (prediction, reference)]
    target = TargetSpec("all", shapes[0], reference_shape=shapes[1])
    metrics = [
        MetricChoice(slug, slug, parameters=parameters)
        for slug, parameters in CASES[case].metrics.items()
    ]
    with prediction.open("rb") as guess, reference.open("rb") as truth:
        report = score(guess, PredictionFormat("npy"), [target], {"all": truth}, metrics)
    return [row.value for row in report.rows if row.value is not None]


def _load(folder: str) -> Arrays:
    reference, prediction = (
        np.load(f"{folder}/{name}.npy") for name in ("reference", "prediction")
    )
    return reference, prediction
