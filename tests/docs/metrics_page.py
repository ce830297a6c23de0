"""`docs/metrics.md`, written from the metrics that come with the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from scoring.contract import Direction
from scoring.meaning import made_one_by
from scoring.metrics import Metric, Parameter
from scoring.metrics.base import MISSING_POLICY
from scoring.metrics.registry import built_in_metrics

_BEGINNING = f"""\
# Metrics

Written from the metric records by `python -m tests.docs --write`; change the record, not this page.
The same text is in `heldout metrics SLUG`. *u* is the prediction, *v* the reference. A changed
definition gets a new version, and a round keeps the version it was published with.

Unless a metric says otherwise: {MISSING_POLICY[0].lower()}{MISSING_POLICY[1:]}
"""


def built_in() -> list[Metric]:
    """Return the metrics of the engine itself, without those of installed packages."""
    found = built_in_metrics()
    return sorted(found, key=lambda metric: (metric.family, metric.slug, metric.version))


def render() -> str:
    """Return the page."""
    metrics = built_in()
    parts = [_BEGINNING, _overview(metrics)]
    for family, members in groupby(metrics, key=lambda metric: metric.family):
        parts.append(f"## {family.capitalize()}\n")
        parts += ["\n".join(_section(metric)) for metric in members]
    return "\n".join(parts)


def problems(page: Path) -> list[str]:
    """Return where the page differs from the records."""
    there = page.read_text(encoding="utf-8").splitlines() if page.exists() else []
    wanted = render().splitlines()
    if there == wanted:
        return []
    pairs = zip(there, wanted, strict=False)
    line = next(
        (i for i, (a, b) in enumerate(pairs, 1) if a != b), min(len(there), len(wanted)) + 1
    )
    return [
        f"{page.name}:{line}: differs from the metric records; run python -m tests.docs --write"
    ]


def _overview(metrics: Sequence[Metric]) -> str:
    lines = ["| slug | what | inputs | better | unit |", "|---|---|---|---|---|"]
    for metric in metrics:
        cells = (
            f"[`{metric.slug}`](#{_heading(metric)})",
            metric.title,
            metric.inputs.value,
            _better(metric),
            metric.unit,
        )
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _section(metric: Metric) -> Iterator[str]:
    yield f"### {_heading(metric)}\n"
    yield f"**{metric.title}**, version {metric.version}. {metric.help}\n"
    yield f"```math\n{metric.formula}\n```\n"
    yield f"- Inputs: {metric.inputs.value}{'; streams' if metric.mergeable else ''}"
    yield f"- Better: {_better(metric)}; a perfect prediction has {_perfect(metric)}"
    yield f"- Unit: {metric.unit}; bounds: {_bounds(metric)}"
    if metric.undefined_when:
        yield f"- No value when {metric.undefined_when}"
    if metric.missing != MISSING_POLICY:
        yield f"- Missing: {metric.missing}"
    yield f"- Several predictions are made one by: {made_one_by(metric)}"
    yield from (_parameter(parameter) for parameter in metric.parameters)
    yield from (f"- Trap: {trap}" for trap in metric.traps)
    yield f"- Source: {metric.citation}\n"


def _heading(metric: Metric) -> str:
    return metric.slug if metric.version == 1 else f"{metric.slug}-version-{metric.version}"


def _better(metric: Metric) -> str:
    if not metric.rankable:
        return "shown only"
    return "lower" if metric.direction is Direction.LOWER else "higher"


def _perfect(metric: Metric) -> str:
    if metric.perfect_parameter:
        return f"`{metric.perfect_parameter}`"
    return "none" if metric.perfect is None else f"{metric.perfect:g}"


def _bounds(metric: Metric) -> str:
    low, high = metric.bounds
    if low is None and high is None:
        return "none"
    if high is None:
        return f"from {low:g}"
    return f"up to {high:g}" if low is None else f"{low:g} to {high:g}"


def _parameter(parameter: Parameter) -> str:
    limits = []
    if parameter.choices:
        limits.append(f"one of {', '.join(f'`{choice}`' for choice in parameter.choices)}")
    if parameter.low is not None:
        limits.append(f"from {parameter.low:g}")
    if parameter.high is not None:
        limits.append(f"up to {parameter.high:g}")
    default = ", ".join([f"`{parameter.default}` by default", *limits])
    return f"- Parameter `{parameter.name}`: {parameter.help} ({default})"
