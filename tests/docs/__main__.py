"""Check the documentation, or renew what is written from the code: ``--write``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.docs import examples, links, metrics_page
from tests.docs.places import METRICS_PAGE, ROOT


def problems() -> list[str]:
    """Return everything that is wrong with the documentation, one line each."""
    return [*metrics_page.problems(METRICS_PAGE), *links.problems(ROOT), *examples.problems()]


def main(arguments: Sequence[str]) -> int:
    """Run the checks; return 0 only if nothing is wrong."""
    if list(arguments) not in ([], ["--write"]):
        sys.stderr.write("usage: python -m tests.docs [--write]\n")
        return 2
    if arguments:
        METRICS_PAGE.write_text(metrics_page.render(), encoding="utf-8")
    found = problems()
    for line in found:
        sys.stderr.write(line + "\n")
    sys.stdout.write(f"documentation: {len(found)} problem(s)\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
