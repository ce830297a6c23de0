"""The page of what `bench.boards` found: `docs/boards-at-scale.md`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bench.report import Bar, _table, machine


class Asked(Protocol):
    """One thing that was asked for."""

    name: str
    size: int

    @property
    def median_s(self) -> float: ...


class Sized(Protocol):
    """How much there was."""

    submissions: int
    rounds: int
    targets: int
    teams: int


TITLES = {
    "sorted": "pattern of EvalAI: all results to Python, sort, distinct, 100 lines",
    "summed": "pattern of Codabench: a filtered sum per metric, prefetch, all lines",
    "empty": "an empty Django view behind seven middlewares",
    "poll": "board, nothing new (304)",
    "whole": "board, all lines (200), from memory",
    "first": "board, first page of 100, nothing cached",
    "deep": "board, last page of 100, nothing cached",
    "whole uncached": "board, all lines, nothing cached",
    "page": "board as a web page, nothing cached",
}
_HEAD = """\
# Boards at scale

Written by `python -m bench.boards --write`: a PostgreSQL and a Redis server of its own, filled with
{submissions:,} submissions of {teams} teams in {rounds} rounds of {targets} targets, {scores:,}
scores, and asked over HTTP by one client on one connection, request after request, the ways in
turns. Both sites run in gunicorn as the project ships it, one process with four threads. Times are
medians by the clock, on {machine}.

**Only the ratios mean something.** The patterns of EvalAI and Codabench are their ways to ask a
database, written anew over the same rows behind a bare Django: not their code, and not their
service. "Nothing cached" means another address each time, which no process has in its memory: the
round, its rules and the stored lines of the board are read from the database.
"""
_UNCACHED = (
    "Uncached boards: the lines are stored as text, found in one query with all that decides what "
    "may be shown; what is left is that query, counting the caller's requests in Redis, and the "
    "middlewares and views of Django and its REST framework."
)
_POLL = "Polling: what is left is the web server's own work for each request."
_DEEP = "Deep pages: lines are found by position; what differs is what stands in them."


def render(size: Sized, facts: Mapping[str, float], ways: Sequence[Asked]) -> str:
    """Return the page."""
    by_name = {way.name: way for way in ways}
    head = _HEAD.format(
        submissions=size.submissions,
        teams=size.teams,
        rounds=size.rounds,
        targets=size.targets,
        scores=int(facts["scores"]),
        machine=machine(),
    )
    bars = bars_of(by_name)
    missed = list(dict.fromkeys(bar.why for bar in bars if not bar.met))
    told = f"This run meets {sum(bar.met for bar in bars)} of {len(bars)}.\n"
    return "\n".join(
        [
            head,
            "## Asking\n",
            _asked(by_name),
            "## Bars\n",
            told + "".join(f"\n- {why}" for why in missed) + ("\n" if missed else ""),
            _table(["bar", "asked", "found", ""], [bar.row() for bar in bars]),
            "## Refreshing\n",
            _refreshing(facts),
        ]
    )


def bars_of(ways: Mapping[str, Asked]) -> list[Bar]:
    """Return what is asked of the ratios."""
    slow = min(ways["sorted"].median_s, ways["summed"].median_s)
    times = {name: slow / way.median_s for name, way in ways.items()}
    polls = ways["empty"].median_s / ways["poll"].median_s
    deep = ways["deep"].median_s / ways["first"].median_s
    return [
        Bar("polling: times as fast as the faster pattern", 300, times["poll"], _POLL),
        Bar("polling: of an empty view", 0.6, polls, _POLL),
        Bar("uncached page of 100: times the faster pattern", 50, times["first"], _UNCACHED),
        Bar("deep page / first page", 1.2, deep, _DEEP, at_most=True),
    ]


def _asked(ways: Mapping[str, Asked]) -> str:
    slow = ways["sorted"].median_s
    rows = [
        [TITLES[name], f"{way.median_s * 1e3:.2f} ms", f"{slow / way.median_s:.1f}",
         f"{way.size / 1e3:.1f} kB"]
        for name, way in ways.items()
    ]  # fmt: skip
    return _table(["asked for", "time", "times the first", "answer"], rows)


def _refreshing(facts: Mapping[str, float]) -> str:
    again = sorted(v for k, v in facts.items() if k.startswith("refresh after one score"))
    rows = [
        ["filling the database", f"{facts['fill']:.0f} s"],
        ["first refresh of all rounds", f"{facts['first refresh of all']:.0f} s"],
        ["refresh after one new score, its board of the round", f"{again[len(again) // 2]:.2f} s"],
        ["looking for boards to refresh when there are none", f"{facts['nothing new']:.3f} s"],
    ]
    return (
        "A refresh reads the scores of every entry that counts, ranks them, draws 10,000 bootstrap "
        "samples and settles provisional credit, in a worker; readers have the revision before "
        "meanwhile. The bootstrap alone is in [benchmarks.md](benchmarks.md).\n\n"
        + _table(["what", "time"], rows)
    )
