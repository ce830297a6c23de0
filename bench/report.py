"""The tables of a run, for the terminal and for `docs/benchmarks.md`."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
import scipy

from bench.measure import Timing

TOLERANCE = 1e-9

_INTRODUCTION = """\
# Benchmarks

`make bench` measures all of this again and writes this page. Every method runs in a process of its
own, in one thread, the methods in turns, round after round, with files warm in the page cache. The
first call of a process is not timed; times are medians of the others. Time is processor time, user
and system, which on an idle machine is what the clock shows; for the cage, which works in other
processes, it is the clock. Memory is the largest resident memory of the process, with libraries.

**Only the ratios mean something.** A ratio compares two things timed in one run on one machine, so
it carries over to other machines roughly; seconds do not. "Of the floor" is the floor's time
divided by the method's: 1 would be as fast as what cannot be left out. The naive methods are what
one writes down first in NumPy, with whole arrays; they are ours, not anybody's published code. In
float32 they are quicker, and differ from the engine by what is in the last column.
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """A ratio we ask of the engine, and what a run found."""

    text: str
    wanted: float
    found: float
    why: str  # what would be needed to meet it, shown where it is missed
    at_most: bool = False  # the figure must not be larger, instead of not smaller
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.found <= self.wanted if self.at_most else self.found >= self.wanted

    def row(self) -> list[str]:
        sign = "at most" if self.at_most else "at least"
        verdict = "met" if self.met else "**missed**"
        return [
            self.text,
            f"{sign} {self.wanted:g}{self.unit}",
            _figure(self.found, self.unit),
            verdict,
        ]


@dataclass(frozen=True, slots=True)
class Section:
    """One case: what was done, the timings beside its floor, and how far values differ."""

    title: str
    text: str
    timings: Sequence[Timing]
    floor: Timing
    differences: dict[str, float]  # from the engine, by the method's title
    bars: Sequence[Bar]


def machine() -> str:
    """Describe this machine in general terms: no name, no address, no folder."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = _memory_gib()
    load = os.getloadavg()[1] if hasattr(os, "getloadavg") else 0.0
    return ", ".join(
        [
            f"{cores} {'core' if cores == 1 else 'cores'} ({platform.machine()}{_processor()})",
            *([f"{memory} GiB of memory"] if memory else []),
            platform.system(),
            f"Python {platform.python_version()}",
            f"NumPy {numpy.__version__}",
            f"SciPy {scipy.__version__}",
            f"mean load over five minutes {load:.1f}",
        ]
    )


def render(sections: Sequence[Section], *, rounds: int, quick: bool) -> str:
    """Return the whole page."""
    parts = [_INTRODUCTION, f"This run: {rounds} rounds on {machine()}.\n"]
    if quick:
        parts.append("It was a **quick run** on small inputs: good for a look, not for a claim.\n")
    for section in sections:
        parts += [f"## {section.title}\n", f"{section.text}\n", _timing_table(section)]
    bars = [bar for section in sections for bar in section.bars]
    parts += [
        "## Bars\n",
        _verdict(bars),
        _table(["bar", "asked", "found", ""], [b.row() for b in bars]),
    ]
    return "\n".join(parts).rstrip() + "\n"


def unequal(sections: Sequence[Section]) -> list[str]:
    """Return which methods of float64 differ from the engine by more than the tolerance."""
    return [
        f"{section.title}: {title} differs from the engine by {difference:.1e}"
        for section in sections
        for title, difference in section.differences.items()
        if difference > TOLERANCE and "float32" not in title
    ]


def save(page: str, path: Path) -> None:
    """Write the page, whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.write_text(page, encoding="utf-8")
    fresh.replace(path)


def _timing_table(section: Section) -> str:
    engine = section.timings[-1]
    rows = []
    for timing in section.timings:
        title = timing.method.title
        difference = section.differences.get(title)
        rows.append(
            [
                title,
                _seconds(timing.median_s),
                f"{section.floor.median_s / timing.median_s:.2f}",
                _times(timing.median_s / engine.median_s),
                f"{timing.peak_bytes / 1e6:.0f} MB",
                "" if difference is None else f"{difference:.0e}",
            ]
        )
    heads = ["method", "time", "of the floor", "time / last row's", "memory", "differs by"]
    return _table(heads, rows)


def _verdict(bars: Sequence[Bar]) -> str:
    missed = [bar for bar in bars if not bar.met]
    if not missed:
        return "This run meets all of them.\n"
    reasons = dict.fromkeys(bar.why for bar in missed)
    return "\n".join(
        [
            f"This run meets {len(bars) - len(missed)} of {len(bars)}. What is missing:\n",
            *(f"- {reason}" for reason in reasons),
            "",
        ]
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    numeric = [i > 0 for i in range(len(heads))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        ]
        return f"| {' | '.join(padded)} |"

    rule = [
        ("-" * (w - 1) + ":") if right else "-" * w
        for w, right in zip(widths, numeric, strict=True)
    ]
    return "\n".join([line(heads), line(rule), *(line(row) for row in rows)]) + "\n"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _times(ratio: float) -> str:
    return f"{ratio:.1f}" if ratio >= 1 else f"{ratio:.2f}"


def _figure(value: float, unit: str) -> str:
    return f"{value:.0f}{unit}" if unit == " MB" else f"{value:.2f}{unit}"


def _processor() -> str:
    """Return what decides how fast arithmetic in a cache is: the vector unit, and the cache."""
    found = numpy.show_config(mode="dicts") or {}
    vectors = found.get("SIMD Extensions", {}).get("found", [])
    cache = Path("/sys/devices/system/cpu/cpu0/cache/index2/size")
    size = cache.read_text(encoding="ascii").strip() if cache.exists() else ""
    return "".join(
        [
            *([f", vectors {vectors[-1]}"] if vectors else []),
            *([f", second cache {size.removesuffix('K')} KiB"] if size else []),
        ]
    )


def _memory_gib() -> int:
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)
    except (ValueError, OSError):
        return 0


def say(text: str) -> None:
    """Tell how far the run is, apart from the tables."""
    sys.stderr.write(text + "\n")
