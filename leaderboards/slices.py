"""Entries on a part of the targets, and lines as standings of no revision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from leaderboards.entries import Entry, Rule
from leaderboards.lines import Line
from leaderboards.models import Standing


def cut(entry: Entry, rule: Rule) -> Entry:
    """Return an entry with its rows on the targets of a rule only."""
    slugs = {target.slug for target in rule.targets}
    return replace(
        entry,
        rows={
            metric.key: [
                row for row in entry.rows[metric.key] if row.target is None or row.target in slugs
            ]
            for metric in rule.metrics
        },
    )


def standings_from(lines: Sequence[Line]) -> list[Standing]:
    """Return lines as standings that belong to no revision: without skill and credit."""
    return [
        Standing(
            submission=line.entry.submission,
            run_id=line.entry.run,
            position=position,
            status=line.status,
            value=line.value.value,
            rank=line.rank,
            rank_low=line.uncertainty.rank_low,
            rank_high=line.uncertainty.rank_high,
            first_probability=line.uncertainty.first_share if line.uncertainty.group else None,
            value_low=line.uncertainty.value_low,
            value_high=line.uncertainty.value_high,
            tie_group=line.uncertainty.group,
            answered=line.value.answered,
            offered=line.value.offered,
            submissions_used=line.entry.submissions_used,
            values=line.values,
            part_runs=line.entry.part_runs,
            insider_of=sorted(line.entry.insider_of),
        )
        for position, line in enumerate(lines, start=1)
    ]
