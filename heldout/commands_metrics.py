"""`heldout metrics`: list metrics, or explain one."""

from __future__ import annotations

import argparse
from typing import Any

from heldout.offline import EXIT_OK, UsageError, add_command, show
from heldout.tables import table
from scoring.meaning import made_one_by
from scoring.metrics import Metric, all_metrics, get_metric


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = add_command(
        subparsers, "metrics", run=_metrics, help_text="list metrics, or explain one"
    )
    parser.add_argument("slug", nargs="?", metavar="SLUG")
    parser.add_argument("--family", metavar="F", help="list the metrics of one family only")


def _metrics(arguments: argparse.Namespace) -> int:
    if arguments.slug:
        metric = get_metric(arguments.slug)
        show(arguments, metric.to_json(), text=_explanation(metric))
        return EXIT_OK
    metrics = _of_family(arguments.family)
    rows = [[m.slug, m.family, m.inputs.value, m.direction.value, m.title] for m in metrics]
    text = table(["metric", "family", "of", "better", "title"], rows)
    show(arguments, [metric.to_json() for metric in metrics], text=text)
    return EXIT_OK


def _of_family(family: str | None) -> list[Metric]:
    metrics = list(all_metrics())
    if family is None:
        return metrics
    families = sorted({metric.family for metric in metrics})
    if family not in families:
        raise UsageError(f"no family {family!r}; there are {', '.join(families)}")
    return [metric for metric in metrics if metric.family == family]


def _explanation(metric: Metric) -> str:
    low, high = ("" if bound is None else f"{bound:g}" for bound in metric.bounds)
    perfect = "none" if metric.perfect is None else f"{metric.perfect:g}"
    lines = [
        f"{metric.slug} (version {metric.version}): {metric.title}",
        "",
        metric.help,
        "",
        f"  formula   {metric.formula}",
        f"  better    {metric.direction.value}, perfect {perfect}"
        + ("" if metric.rankable else "; shown only, it cannot rank entries"),
        f"  range     {low or '-inf'} to {high or 'inf'}",
        f"  unit      {metric.unit}",
        f"  of        {metric.inputs.value}",
        f"  undefined {metric.undefined_when or 'never, for finite input'}",
        f"  missing   {metric.missing}",
        f"  several predictions are made one by: {made_one_by(metric)}",
        f"  source    {metric.citation}",
    ]
    if metric.parameters:
        lines += ["", "Parameters:"]
        lines += [f"  {p.name} = {p.default!r}: {p.help}" for p in metric.parameters]
    if metric.traps:
        lines += ["", "Mind:", *(f"  - {trap}" for trap in metric.traps)]
    return "\n".join(lines)
