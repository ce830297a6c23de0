"""The lines of a Ladder round: what each team has been shown of its scores.

A pure function of the scores: each team's submissions are taken in the order in which they were
first scored, withdrawn ones too. Otherwise a team could withdraw all but one and so be told the
score of any of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from django.db.models import Min, Q
from numpy.typing import NDArray

from challenges.models import Round
from leaderboards.chosen import Chosen
from leaderboards.entries import Entry, FoundScores, Rule, entry_from
from leaderboards.insiders import Insider, insiders_of
from leaderboards.lines import UNKNOWN, Line
from scoring.aggregate import AggregateValue
from scoring.ranking import rank_entries
from scoring.ranking.ladder import Ladder
from submissions.models import Submission, SubmissionState

_ENTRANTS = frozenset({Submission.EntryKind.PARTICIPANT, Submission.EntryKind.LATE})
DIGITS = 12  # a multiple of the step, without what binary fractions add to it


def ladder_lines(round_: Round, rule: Rule, entries: Sequence[Entry]) -> list[Line]:
    """Return a line for each team with what it is shown, and the organizers' own entries."""
    found = [
        shown
        for team in _histories(round_, rule).values()
        if (shown := _climb(round_, rule, team)) is not None
    ]
    for entry in entries:
        value = entry.value(rule.primary, rule)
        if entry.submission.entry_kind not in _ENTRANTS:
            found.append((entry, replace(value, value=_to_unit(round_, rule, value.value))))
    return _placed(found, rule)


def _histories(round_: Round, rule: Rule) -> dict[int, list[Entry]]:
    """Return each team's scored participant submissions, in the order of their first scoring."""
    submissions = list(
        Submission.objects.filter(
            round=round_,
            entry_kind=Submission.EntryKind.PARTICIPANT,
            runs__is_current=True,
        )
        .annotate(first_scored_at=Min("runs__finished_at"))
        .select_related("team", "method")
        .order_by("first_scored_at", "pk")
    )
    scores = FoundScores([each.pk for each in submissions], counted=Q(is_current=True))
    circle = insiders_of(round_, submissions)
    histories: dict[int, list[Entry]] = defaultdict(list)
    for each in submissions:
        insider = circle.get(each.pk, Insider())
        whole = Chosen(each, 1, {target.slug: (each,) for target in rule.targets})
        ranks = not (insider.of_round or insider.slugs)
        entry = entry_from(whole, rule, scores=scores, insider=insider, ranks=ranks)
        histories[each.team_id].append(entry)
    return histories


def _climb(round_: Round, rule: Rule, history: list[Entry]) -> tuple[Entry, AggregateValue] | None:
    ladder, behind = _ladder(round_, rule), None
    for entry in history:
        values = _values(round_, rule, entry)
        if values is None:
            continue  # what misses a target cannot be compared, so it moves nothing
        climbed = ladder.after(values)
        if climbed is not ladder:
            ladder, behind = climbed, entry
    standing = [entry for entry in history if entry.submission.state != SubmissionState.WITHDRAWN]
    if ladder.shown is None or behind is None or not standing:
        return None
    carrier = behind if behind in standing else standing[-1]
    entry = replace(carrier, submissions_used=len(standing))
    shown = float(f"{ladder.shown:.{DIGITS}g}")
    return entry, replace(behind.value(rule.primary, rule), value=shown)


def _ladder(round_: Round, rule: Rule) -> Ladder:
    return Ladder(rule.direction, step=round_.ladder_step, unit=_unit(round_))


def _unit(round_: Round) -> float | None:
    decimals = round_.shown_decimals
    return None if decimals is None else 10.0**-decimals


def _to_unit(round_: Round, rule: Rule, value: float | None) -> float | None:
    if value is None:
        return None
    unit = _unit(round_) or round_.ladder_step or 1.0 / len(rule.targets)
    return float(f"{round(value / unit) * unit:.{DIGITS}g}")


def _values(round_: Round, rule: Rule, entry: Entry) -> NDArray[np.float64] | None:
    """Return what the Ladder compares: the ranking value against a step, else that of targets."""
    value = entry.value(rule.primary, rule).value
    if value is None:
        return None
    if round_.ladder_step is not None:
        return np.array([value])
    values = entry.primary_values(rule)
    return values if np.isfinite(values).all() else None


def _placed(found: Sequence[tuple[Entry, AggregateValue]], rule: Rule) -> list[Line]:
    values = [value.value for _entry, value in found]
    ranked = [place for place, (entry, _value) in enumerate(found) if entry.ranks]
    ranking = rank_entries(
        [values[place] for place in ranked], direction=rule.direction, tolerance=rule.tolerance
    )
    ranks = dict(zip(ranked, ranking.ranks, strict=True))
    order = rank_entries(values, direction=rule.direction).order
    return [
        Line(
            entry=found[place][0],
            value=found[place][1],
            values={rule.primary.key: values[place]},
            rank=ranks.get(place),
            uncertainty=UNKNOWN,
        )
        for place in order
    ]
