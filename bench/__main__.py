"""Run the benchmarks: ``python -m bench [--quick] [--only PART]``."""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import cage, fields, fields_peers, packages, ranks, report, structures
from bench.measure import Method, Timing, largest_difference, time_in_turns
from bench.report import Bar, Section

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
_PARTS = ("fields", "packages", "ranks", "cage", "structures")
_LAYOUTS = {
    "tx": "One target of shape (time, 1024)",
    "bxytc": "One target of shape (sample, 128, 128, 16, 4), space not last, as PDEBench stores it",
}
_FIELD_TEXT = (
    "{layout}, two files of {mb} MB in float32. Metrics: nRMSE, VRMSE, maximum, conserved and "
    "boundary RMSE{fourier}."
)

_WHY_FIELDS = (
    "Fields in NumPy: nine digits need float64, and every sum is a pass of its own over what is in "
    "the cache; the extra 'fast' does them in one."
)
_WHY_COMPILED = (
    "Fields, compiled: what is left is copying out of the page cache and the calls for each block; "
    "with Fourier, transforms of lanes that are not contiguous."
)
_WHY_TORCH = "PyTorch has a faster Fourier transform than SciPy, and works in float32."
_WHY_SCALE = "Two processes: they share the memory's bandwidth and the last level of cache."
_WHY_MEMORY = "Memory: Fourier metrics hold all of space of the lanes that lie between its points."
_WHY_RANKS = (
    "Rank intervals: beside the draws, the product and the sort, every value is marked with its "
    "entry, compared with its neighbour so that near ties are ranked in full, and counted."
)
_WHY_PAIRS = "Paired tests: signs are carried through the sort, and ties looked for after it."
_WHY_CAGE = (
    "Cage: the child is forked before its job, but copies every page of memory that it is the "
    "first to write to, some thousand for a small job. It does so beforehand when no job comes for "
    "20 milliseconds, as between two jobs of a worker; here one job comes hard on another."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is asked for, print the page, and write it if all of it was run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small inputs; writes no page")
    parser.add_argument("--only", choices=_PARTS, help="one part; no page")
    parser.add_argument("--rounds", type=int, default=0, help="rounds of turns (3; quick: 2)")
    arguments = parser.parse_args(argv)
    rounds = arguments.rounds or (2 if arguments.quick else 3)
    parts: dict[str, Callable[..., list[Section]]] = {
        "fields": field_sections,
        "packages": packages.sections,
        "ranks": rank_sections,
        "cage": cage_sections,
        "structures": structures.sections,
    }
    sections: list[Section] = []
    for name, part in parts.items():
        if arguments.only in (None, name):
            sections += part(quick=arguments.quick, rounds=rounds)
    page = report.render(sections, rounds=rounds, quick=arguments.quick)
    sys.stdout.write(page)
    wrong = report.unequal(sections)
    for line in wrong:
        report.say(f"WRONG: {line}")
    if not (wrong or arguments.quick or arguments.only):
        report.save(page, PAGE)
    return 1 if wrong else 0


def field_sections(*, quick: bool, rounds: int) -> list[Section]:
    """Return field scoring with the round's layout at two sizes, and with PDEBench's at one."""
    cases = [("tx", 8), ("bxytc", 8)] if quick else [("tx", 100), ("tx", 400), ("bxytc", 100)]
    sections = [
        _field_section(layout, size_mb, fourier=fourier, rounds=rounds)
        for layout, size_mb in cases
        for fourier in (False, True)
    ]
    return [*sections, _scale_section(8 if quick else 100, rounds=rounds)]


def _field_section(layout: str, size_mb: int, *, fourier: bool, rounds: int) -> Section:
    row = (1024,) if layout == "tx" else (128, 128, 16, 4)
    shape = (max(1, round(size_mb * 1e6 / 4 / math.prod(row))), *row)
    bands = ", and Fourier RMSE in three bands" if fourier else ""
    title = f"Fields, layout {layout}, 2 x {size_mb} MB, {'with' if fourier else 'without'} Fourier"
    report.say(title)
    floors = [fields.LIMIT, fields.LIMIT_FOURIER] if fourier else [fields.LIMIT]
    # Where an optional package is not there, its rows are left out.
    compiled = [fields.COMPILED] if fields_peers.installed("numba") else []
    torch = [fields.TORCH] if fourier and fields_peers.installed("torch") else []
    both = [fields.NAIVE_BOTH] if fourier else []
    methods = [*floors, *both, fields.NAIVE_64, fields.NAIVE_32, *torch, *compiled, fields.ENGINE]
    with tempfile.TemporaryDirectory(prefix="heldout-bench-") as folder:
        paths = fields.write_files(Path(folder), layout=layout, shape=shape, seed=1)
        given = {**paths, "layout": layout, "shape": list(shape), "fourier": fourier}
        timings = time_in_turns(methods, given, rounds=rounds)
    floor, engine = timings[len(floors) - 1], timings[-1]
    limit = "reading and one bare transform" if fourier else "reading and adding up"
    bars = [
        Bar(f"{title}: of {limit}", 0.6, floor.median_s / engine.median_s, _WHY_FIELDS),
        Bar(
            f"{title}: memory", 128, engine.peak_bytes / 1e6, _WHY_MEMORY, at_most=True, unit=" MB"
        ),
    ]
    by_method = {timing.method: timing.median_s for timing in timings}
    if compiled:
        wanted = 0.75 if fourier else 0.8
        found = floor.median_s / by_method[fields.COMPILED]
        bars.append(Bar(f"{title}: compiled, of {limit}", wanted, found, _WHY_COMPILED))
    if torch and layout == "bxytc":
        found = by_method[fields.TORCH] / engine.median_s
        bars.append(Bar(f"{title}: times as fast as PyTorch", 15, found, _WHY_TORCH))
    if fourier:
        found = by_method[fields.NAIVE_BOTH] / engine.median_s
        bars.append(Bar(f"{title}: times as fast as naive NumPy", 30, found, _WHY_FIELDS))
    text = _FIELD_TEXT.format(layout=_LAYOUTS[layout], mb=size_mb, fourier=bands)
    return Section(title, text, timings, floor, _differences(timings), bars)


def _scale_section(size_mb: int, *, rounds: int) -> Section:
    title = f"Fields, two processes, 2 x {size_mb} MB"
    report.say(title)
    shape = (max(1, round(size_mb * 1e6 / 4 / 1024)), 1024)
    with tempfile.TemporaryDirectory(prefix="heldout-bench-") as folder:
        paths = fields.write_files(Path(folder), layout="tx", shape=shape, seed=1)
        given = {**paths, "layout": "tx", "shape": list(shape), "fourier": True}
        timings = time_in_turns([fields.ALONE, fields.TWICE], given, rounds=rounds)
    alone, twice = timings
    found = 2 * alone.median_s / twice.median_s
    bars = [Bar(f"{title}: times as much in the same time", 1.8, found, _WHY_SCALE)]
    text = "The same submission scored by one process, and by two at once. Time is by the clock."
    return Section(title, text, timings, alone, _differences(timings), bars)


def rank_sections(*, quick: bool, rounds: int) -> list[Section]:
    """Return rank intervals and paired tests of one large board."""
    entries, targets, samples = (50, 20, 1000) if quick else (500, 200, 10_000)
    title = f"Rank intervals, {entries} entries, {targets} targets, {samples} draws"
    report.say(title)
    given = {"entries": entries, "targets": targets, "samples": samples}
    timings = time_in_turns([ranks.FLOOR, ranks.LOOP, ranks.ENGINE], given, rounds=rounds)
    floor, loop, engine = timings
    bars = [
        Bar(f"{title}: of the floor", 0.6, floor.median_s / engine.median_s, _WHY_RANKS),
        Bar(f"{title}: times as fast as the loop", 15, loop.median_s / engine.median_s, _WHY_RANKS),
    ]
    text = (
        "The 95 % rank interval of every entry under a paired bootstrap over targets. All methods "
        "use the same draws, so the intervals must be the same whole numbers."
    )
    intervals = Section(title, text, timings, floor, _differences(timings), bars)
    return [intervals, _pair_section(100 if quick else entries, targets, rounds)]


def _pair_section(entries: int, targets: int, rounds: int) -> Section:
    title = f"Paired tests, every two of {entries} entries, {targets} targets"
    report.say(title)
    given = {"entries": entries, "targets": targets}
    methods = [ranks.PAIR_FLOOR, ranks.PAIR_SCIPY, ranks.PAIR_ENGINE]
    timings = time_in_turns(methods, given, rounds=rounds)
    floor, scipy, engine = timings
    faster = scipy.median_s / engine.median_s
    bars = [Bar(f"{title}: times as fast as SciPy's vectorised call", 8, faster, _WHY_PAIRS)]
    text = (
        "The one-sided Wilcoxon signed-rank test of every pair of entries, normal approximation "
        "with continuity correction; ties and zeros as in SciPy."
    )
    return Section(title, text, timings, floor, _differences(timings), bars)


def cage_sections(*, quick: bool, rounds: int) -> list[Section]:
    """Return what the cage adds to two small jobs."""
    del quick  # the jobs are small anyway
    return [
        _cage_section("table", "11 numbers in a CSV file, three metrics, 11 references", rounds),
        _cage_section("fields", "12 fields of 32 x 256 in an NPZ file, four metrics", rounds),
    ]


def _cage_section(job: str, what: str, rounds: int) -> Section:
    title = f"Cage, {what}"
    report.say(title)
    methods: list[Method] = [cage.UNCAGED, cage.CAGED]
    with tempfile.TemporaryDirectory(prefix="heldout-bench-") as folder:
        cage.write_files(Path(folder), job=job)
        timings = time_in_turns(methods, {"folder": folder, "job": job}, rounds=rounds)
    uncaged, caged = timings
    added_ms = (caged.median_s - uncaged.median_s) * 1e3
    bars = [Bar(f"{title}: added to each job", 10, added_ms, _WHY_CAGE, at_most=True, unit=" ms")]
    text = (
        "One job scored by a call, and in a child process without rights that is forked for it and "
        "ends with it, one job hard on another. The cage is already running, as it is in a worker. "
        "Memory is the caller's."
    )
    return Section(title, text, timings, uncaged, _differences(timings), bars)


def _differences(timings: Sequence[Timing]) -> dict[str, float]:
    engine = timings[-1]
    return {
        timing.method.title: largest_difference(timing, engine)
        for timing in timings[:-1]
        if timing.values
    }


if __name__ == "__main__":
    sys.exit(main())
