"""Timing in turns: every method in a fresh process, round after round, medians at the end."""

from __future__ import annotations

import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent
# One thread each: a worker gives a submission one processor.
_ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)


@dataclass(frozen=True, slots=True)
class Method:
    """Something to time: ``module:function``, called with the arguments of its case.

    The function returns a list of numbers, by which the methods of a case are compared; a floor
    that computes nothing comparable returns none.
    """

    title: str
    function: str
    calls: int = 2  # timed calls in each process, after one that is not timed
    # "perf_counter" where lasting processes do the work, "with_children" where it starts its own
    clock: str = "process_time"


@dataclass(slots=True)
class Timing:
    """What was found of one method: seconds of every timed call, and the largest memory."""

    method: Method
    seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0
    values: list[float] = field(default_factory=list)

    @property
    def median_s(self) -> float:
        return statistics.median(self.seconds)


def time_in_turns(
    methods: Sequence[Method], arguments: Mapping[str, Any], *, rounds: int
) -> list[Timing]:
    """Time every method once in each round, each time in a process of its own."""
    timings = [Timing(method) for method in methods]
    for _ in range(rounds):
        for timing in timings:
            found = _run_fresh(timing.method, arguments)
            timing.seconds += found["seconds"]
            timing.peak_bytes = max(timing.peak_bytes, found["peak_bytes"])
            timing.values = found["values"]
    return timings


def largest_difference(timing: Timing, reference: Timing) -> float:
    """Return the largest relative difference between the values of two methods."""
    if len(timing.values) != len(reference.values):
        raise ValueError(f"{timing.method.title}: the methods return different values")
    pairs = zip(timing.values, reference.values, strict=True)
    return max(abs(ours - theirs) / max(abs(theirs), 1e-300) for ours, theirs in pairs)


def _run_fresh(method: Method, arguments: Mapping[str, Any]) -> dict[str, Any]:
    job = {
        "function": method.function,
        "calls": method.calls,
        "clock": method.clock,
        "arguments": dict(arguments),
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.measure", json.dumps(job)],
        cwd=_ROOT,
        env=os.environ | _ONE_THREAD,
        stdout=subprocess.PIPE,
        check=True,
    )
    return dict(json.loads(done.stdout))


def _measure(job: Mapping[str, Any]) -> dict[str, Any]:
    module, _, name = job["function"].partition(":")
    function = getattr(importlib.import_module(module), name)
    values = function(**job["arguments"])  # loads what is loaded late; not timed
    clock = with_children if job["clock"] == "with_children" else getattr(time, job["clock"])
    seconds = []
    for _ in range(job["calls"]):
        start = clock()
        values = function(**job["arguments"])
        seconds.append(clock() - start)
    return {"seconds": seconds, "peak_bytes": _peak_bytes(), "values": values}


def with_children() -> float:
    """Return the processor time of this process and of those it started that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _peak_bytes() -> int:
    """Return the largest resident memory of this process."""
    status = Path("/proc/self/status")
    if status.exists():
        # The kernel's figure for `getrusage` begins with that of the process that started us.
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    json.dump(_measure(json.loads(sys.argv[1])), sys.stdout)
