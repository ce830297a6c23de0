"""A part of a board ranked by itself: some targets, another metric, one entry for each team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from challenges.models import Target
from leaderboards.entries import Entry, Rule, final_entries
from leaderboards.lines import Line, ranked_lines
from leaderboards.models import Standing
from leaderboards.revisions import ReadRevision
from scoring.contract import Aggregate

MOST_DRAWS = 2000  # of the bootstrap, as this is computed while somebody waits


@dataclass(frozen=True, slots=True)
class Slice:
    """What part of a board is asked for; the empty one is the board as it is."""

    target_class: str = ""
    family: str = ""
    metric: str = ""
    by_team: bool = False

    @property
    def is_whole(self) -> bool:
        return self == Slice()

    def takes(self, target: Target) -> bool:
        """Tell whether a target belongs to the part."""
        return (not self.target_class or self.target_class in target.classes) and (
            not self.family or self.family == target.family
        )


class NoSuchSlice(LookupError):
    """Nothing of the board belongs to the part that is asked for."""


@dataclass(frozen=True, slots=True)
class SlicedBoard:
    """A part of a revision with ranks of its own. The standings are not saved."""

    rule: Rule
    entries: list[Entry]
    standings: list[Standing]


def sliced(read: ReadRevision, part: Slice) -> SlicedBoard:
    """Rank a part of a board as the whole board is ranked.

    Raises
    ------
    NoSuchSlice
        If the board has no such metric, class or family.
    """
    rule = _rule(read.rule, part)
    entries = [cut(entry, rule) for entry in read.entries]
    if part.by_team:
        entries = [*final_entries(entries), *(entry for entry in entries if not entry.ranks)]
    lines = ranked_lines(entries, rule)
    return SlicedBoard(rule, entries, standings_from(lines))


def _rule(rule: Rule, part: Slice) -> Rule:
    primary = next(
        (metric for metric in rule.metrics if metric.key == (part.metric or rule.primary.key)), None
    )
    targets = tuple(target for target in rule.targets if part.takes(target))
    if primary is None or not targets:
        raise NoSuchSlice("the board has no such metric, class or family")
    metrics = rule.metrics
    if len(targets) < len(rule.targets):
        # A pooled value is over all targets: of some there is none.
        metrics = tuple(each for each in metrics if each.aggregate != Aggregate.POOLED)
    if primary not in metrics:
        raise NoSuchSlice("this metric sees all targets at once")
    others = tuple(metric for metric in metrics if metric != primary)
    return replace(
        rule,
        primary=primary,
        metrics=(primary, *others),
        targets=targets,
        resamples=min(rule.resamples, MOST_DRAWS),
        # The tolerance is declared in the unit of the metric that the round ranks by.
        tolerance=rule.tolerance if primary == rule.primary else 0.0,
    )


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
