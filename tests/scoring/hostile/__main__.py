"""Write the table of hostile files: what each is, its answer, its time and its memory.

``python -m tests.scoring.hostile`` prints it; ``--write`` renews docs/hostile-files.md.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scoring.cage.client import stop_zygote
from scoring.cage.records import CageOutcome
from tests.scoring.hostile.case import LIMITS, Case, Outcome, examined
from tests.scoring.hostile.catalogue import CASES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "hostile-files.md"
_HEAD = """# Hostile files and the answers they get
Every file below is made by the test suite and checked the way a submission is: in a caged child \
process with {limit} MB of memory above its libraries. `python -m tests.scoring.hostile --write` \
renews this page; the same files are tests that fail on another answer, on more than 96 MB above a \
good file's memory, and on any answer that holds a path, a traceback or a line of a file beside \
the submitted one.

Time is that of the whole child on the machine at hand, a shared one, and only tells the order of \
magnitude. Memory is the child's peak above that of a child that reads a table of two lines. \
"read" means that the file is accepted: what looks odd in it is harmless, or is ignored.

{count} files, {wrong} with another answer than expected.
"""


def main(arguments: Sequence[str]) -> int:
    """Print the page, or write it; return 0 only if every file got its answer."""
    if list(arguments) not in ([], ["--write"]):
        sys.stderr.write("usage: python -m tests.scoring.hostile [--write]\n")
        return 2
    page, wrong = rendered()
    if arguments:
        PAGE.write_text(page, encoding="utf-8")
    else:
        sys.stdout.write(page)
    return 1 if wrong else 0


def rendered() -> tuple[str, int]:
    """Return the page, and how many files got another answer than expected."""
    good = Case("", "", "csv", lambda folder: b"target,value\np,1\n", frozenset(), CASES[0].targets)
    try:
        plain = _in_a_folder(good).peak_bytes
        results = [(case, _in_a_folder(case)) for case in CASES]
    finally:
        stop_zygote()
    wrong = sum(not _is_right(case, result) for case, result in results)
    lines = [_HEAD.format(limit=LIMITS.memory_bytes // 2**20, count=len(CASES), wrong=wrong)]
    group = ""
    for case, result in results:
        if case.group != group:
            group = case.group
            lines += [f"\n## {group}", "| File | Answer | ms | MB |", "|---|---|---:|---:|"]
        lines.append(_row(case, result, plain=plain))
    return "\n".join(lines) + "\n", wrong


def _in_a_folder(case: Case) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        return examined(case, Path(folder))


def _is_right(case: Case, result: Outcome) -> bool:
    if result.outcome is not CageOutcome.DONE:
        return False
    return result.codes <= case.codes and bool(result.codes) == bool(case.codes)


def _row(case: Case, result: Outcome, *, plain: int) -> str:
    answer = ", ".join(f"`{code}`" for code in sorted(result.codes)) or "read"
    if not _is_right(case, result):
        answer = f"**{result.outcome}: {answer}**"
    title = case.title.replace("|", "\\|")
    memory = max(0, result.peak_bytes - plain) / 2**20
    return f"| {title} ({case.reader}) | {answer} | {result.seconds * 1000:.0f} | {memory:.0f} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
