"""`make chaos`: run the faults against real servers and write what came of it as a table."""

from __future__ import annotations

import argparse
import dataclasses
import os
import platform
import sys
import tempfile
from pathlib import Path

from config.environment import BASE_DIR
from tests.chaos.plan import LEASE_S, Plan
from tests.chaos.run import Outcome, run
from tests.chaos.site import FROZEN_S, SKEW_S, server_site

PAGE = BASE_DIR / "docs" / "reliability.md"
BEGIN, END = "<!-- chaos: written by make chaos -->\n", "<!-- end of chaos -->\n"
FAULTS = {
    "worker": "worker killed with -9, pool and all",
    "child": "pool process killed with -9",
    "freeze": f"pool process frozen for {FROZEN_S} s, its lease being {LEASE_S} s",
    "flush": "Redis flushed",
    "redis": "Redis killed with -9 and started again",
    "postgres": "PostgreSQL ended at once as in a crash, and started again",
    "disk": "disk filled to the watermark",
}
FINDINGS = {
    "lost": "submissions lost, or failed though nothing was wrong with them",
    "scored_twice": "scored twice",
    "stuck": "stuck",
    "wrong": "scored differently than by calling the engine",
    "poison_unnamed": "poison that did not fail with its reason",
    "ledger": "contradictions in the quota's ledger",
    "boards": "boards that differ from those of the oracle",
    "files_lost": "files lost",
    "files_without_row": "files without a submission (the database left during an upload)",
}


def table(plan: Plan, outcome: Outcome) -> str:
    """Return the outcome in markdown."""
    figures, answers = outcome.figures, outcome.answers
    refused = sum(n for status, n in answers.items() if status >= 500 and status != 507)
    lines = [
        f"{plan.submissions:,} submissions of {plan.teams} teams to {plan.challenges} challenges, "
        f"{plan.poison} of them poison, in {outcome.seconds:.0f} s on {os.cpu_count()} cores "
        f"(Python {platform.python_version()}); two workers of two processes, the clock of one "
        f"of them off by {SKEW_S // 3600} h, forward and back with each restart.\n",
        "| fault | times |\n|---|---:|",
        *(f"| {text} | {outcome.faults[key]} |" for key, text in FAULTS.items()),
        "",
        "| found afterwards | number |\n|---|---:|",
        *(f"| {text} | {len(outcome.found[key])} |" for key, text in FINDINGS.items()),
        "",
        "| on the way | |\n|---|---:|",
        f"| scored; failed with their reason | {figures['states'].get('scored', 0):,}; "
        f"{figures['states'].get('failed', 0)} |",
        f"| attempts in all; most for one submission | {figures['attempts']:,}; "
        f"{figures['most_attempts']} |",
        f"| uploads refused with 507 while the disk was full | {answers.get(507, 0)} |",
        f"| scored while it was full | {figures['scored_while_full']} |",
        f"| uploads answered 5xx, or not at all, and sent again | {refused + answers.get(0, 0)} |",
        f"| from queued to finished: median, 95 %, longest | {figures['wait_median_s']:.0f} s, "
        f"{figures['wait_p95_s']:.0f} s, {figures['wait_max_s']:.0f} s |",
    ]
    return "\n".join(lines) + "\n"


def write(text: str) -> None:
    """Put the table where the page has its place."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Run, print, and write the page if the run has the full size or `--write` says so."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    for size in dataclasses.fields(Plan):
        flag = "--" + size.name.replace("_", "-")
        parser.add_argument(flag, type=int, default=size.default, help=f"default {size.default}")
    parser.add_argument("--patience", type=int, default=300, help="seconds to wait for the last")
    parser.add_argument("--dry", action="store_true", help="do not write docs/reliability.md")
    options = vars(parser.parse_args(arguments))
    patience, dry = options.pop("patience"), options.pop("dry")
    plan = Plan(**options)
    with (
        tempfile.TemporaryDirectory(prefix="heldout-chaos-") as folder,
        server_site(Path(folder)) as site,
    ):
        site.start_workers(CHAOS_LOOK_S="0.2", CHAOS_HOLD_S="0.2", CHAOS_SKEW_S=str(SKEW_S))
        outcome = run(site, plan, pause_s=(0.1, 0.8), patience_s=patience)
    text = table(plan, outcome)
    sys.stdout.write(text)
    for kind, rows in outcome.wrong.items():
        sys.stdout.write(f"\n{kind}:\n" + "\n".join(rows[:20]) + "\n")
    if not dry and not outcome.wrong:
        write(text)
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
