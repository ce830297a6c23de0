"""From entries to the lines of a board: ranks, and how firm each of them is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leaderboards.entries import Entry, Rule
from leaderboards.models import Standing
from scoring.aggregate import AggregateValue
from scoring.contract import Aggregate, Direction
from scoring.credit.rule import GATE_MIN_TARGETS
from scoring.ranking import rank_entries
from scoring.uncertainty import (
    EntryUncertainty,
    advantage_interval,
    assess,
    replicate_values,
)
from submissions.models import Submission

UNKNOWN = EntryUncertainty(None, None, None, None, 0.0, None)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with its place."""

    entry: Entry
    value: AggregateValue
    values: dict[str, float | None]
    rank: int | None
    uncertainty: EntryUncertainty
    against_first: dict[str, Any] | None = None  # of a consensus

    @property
    def status(self) -> Standing.Status:
        if self.value.value is None:
            return Standing.Status.INCOMPLETE
        return Standing.Status.RANKED if self.rank else Standing.Status.UNRANKED


def ranked_lines(entries: Sequence[Entry], rule: Rule) -> list[Line]:
    """Rank the participants, and set baselines and others between them by value, unranked.

    Tracks have other deadlines, so each is ranked by itself, one after the other.
    """
    tracks: dict[tuple[int, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        track = entry.submission.track
        tracks[(track.position, track.slug) if track else (0, "")].append(entry)
    return [line for key in sorted(tracks) for line in _ranked_in_track(tracks[key], rule)]


def _ranked_in_track(entries: Sequence[Entry], rule: Rule) -> list[Line]:
    values = [entry.value(rule.primary, rule) for entry in entries]
    ranked = [
        index
        for index, entry in enumerate(entries)
        if entry.ranks and values[index].value is not None
    ]
    ranking = rank_entries(
        [values[index].value for index in ranked],
        direction=rule.direction,
        tolerance=rule.tolerance,
    )
    ranks = dict(zip(ranked, ranking.ranks, strict=True))
    uncertainty = dict(zip(ranked, _uncertainty([entries[i] for i in ranked], rule), strict=True))
    everyone = rank_entries([value.value for value in values], direction=rule.direction)
    first = next((entries[index] for index in everyone.order if ranks.get(index) == 1), None)
    return [
        Line(
            entry=entries[index],
            value=values[index],
            values={
                metric.key: entries[index].value(metric, rule).value for metric in rule.metrics
            },
            rank=ranks.get(index),
            uncertainty=uncertainty.get(index, UNKNOWN),
            against_first=against_first(entries[index], first, rule) if first else None,
        )
        for index in everyone.order
    ]


def against_first(entry: Entry, first: Entry, rule: Rule) -> dict[str, Any] | None:
    """Compare a consensus with the first entry: by value, and over the same draws of targets.

    Nothing for entries of other kinds. Without an interval where the targets are too few for
    one, are seen all at once, or one of both has no value in some draw.
    """
    if entry.submission.entry_kind != Submission.EntryKind.CONSENSUS:
        return None
    own, other = entry.value(rule.primary, rule).value, first.value(rule.primary, rule).value
    if own is None or other is None:
        return None
    sign = 1.0 if rule.direction is Direction.HIGHER else -1.0
    interval = None
    if rule.how is not Aggregate.POOLED and len(rule.targets) >= GATE_MIN_TARGETS:
        replicates = replicate_values(
            np.stack([entry.primary_values(rule), first.primary_values(rule)]),
            how=rule.how,
            weights=rule.weights,
            samples=rule.resamples,
            seed=rule.seed,
        )
        interval = advantage_interval(replicates, entry=0, over=1, direction=rule.direction)
    return {
        "submission": first.submission.code,
        "value": other,
        "advantage": sign * (own - other),
        "advantage_low": interval and interval[0],
        "advantage_high": interval and interval[1],
    }


def _uncertainty(entries: Sequence[Entry], rule: Rule) -> Sequence[EntryUncertainty]:
    if not entries:
        return []
    if rule.how is Aggregate.POOLED:
        return [UNKNOWN] * len(entries)  # one value of all targets: nothing to draw from
    return assess(
        np.stack([entry.primary_values(rule) for entry in entries]),
        how=rule.how,
        direction=rule.direction,
        weights=rule.weights,
        samples=rule.resamples,
        seed=rule.seed,
        tolerance=rule.tolerance,
    )
