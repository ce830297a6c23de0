"""Whether a round has the first of the round before among its baselines.

Whoever hands in last round's best open method again must gain nothing by it: it belongs among the
baselines that skill is measured against. Somebody has to run it on the new targets, so its absence
is told, to organizers and after the reveal to everyone, and holds up nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from catalog.models import Artifact
from catalog.selectors import COPY_RELATIONS, is_open_method
from challenges.models import Round
from leaderboards.models import Standing
from leaderboards.sight import sight_for_everyone
from submissions.models import Submission


@dataclass(frozen=True, slots=True)
class LastWinner:
    """A method that was first in the round before, and is no scored baseline of this one yet."""

    method: Artifact
    round: Round  # that it was first in


def missing_winners(rounds: Sequence[Round]) -> dict[int, list[LastWinner]]:
    """Return for each of the rounds whom of the round before its baselines lack.

    That is the first entry of the latest round of the challenge that opened before this one and
    was revealed before this one closed, if its method declares all it was built on. Two queries
    for any number of rounds, and one where nobody won yet.
    """
    firsts = _firsts(rounds)
    if not firsts:
        return {}
    entered = _baselines(rounds)
    found = {
        each.pk: [
            LastWinner(row.submission.method, row.submission.round)
            for row in _of_round_before(each, firsts)
            if is_open_method(row.submission.method)
            and row.submission.method.slug not in entered[each.pk]
        ]
        for each in rounds
    }
    return {pk: winners for pk, winners in found.items() if winners}


def missing_winners_of(round_: Round) -> list[LastWinner]:
    """Return whom of the round before the baselines of this one lack."""
    return missing_winners([round_]).get(round_.pk, [])


def told_to_all(winners: Iterable[LastWinner], moment: datetime) -> list[LastWinner]:
    """Return those whose names everybody may know."""
    return [
        each for each in winners if sight_for_everyone(each.round, moment, is_split=False).names
    ]


def _firsts(rounds: Sequence[Round]) -> list[Standing]:
    """Return the first lines of the newest boards of all revealed rounds of these challenges."""
    rows = Standing.objects.filter(
        rank=1,
        revision=F("revision__board__current"),
        submission__round__challenge__in={each.challenge_id for each in rounds},
        submission__round__revealed_at__isnull=False,
    ).select_related("submission__method__team", "submission__round__challenge")
    return list(rows.order_by("position"))


def _of_round_before(round_: Round, firsts: Iterable[Standing]) -> list[Standing]:
    before: Mapping[Round, list[Standing]] = defaultdict(list)
    for row in firsts:
        earlier = row.submission.round
        revealed = earlier.revealed_at
        if (
            earlier.challenge_id == round_.challenge_id
            and earlier.opens_at < round_.opens_at
            and revealed is not None
            and revealed < round_.closes_at
        ):
            before[earlier].append(row)
    if not before:
        return []
    return before[max(before, key=lambda each: (each.opens_at, each.pk))]


def _baselines(rounds: Iterable[Round]) -> dict[int, set[str]]:
    """Return by round the slugs of its scored baselines, and of what those are copies of."""
    rows = Submission.objects.filter(
        round__in=rounds, entry_kind=Submission.EntryKind.BASELINE
    ).scored()
    found: dict[int, set[str]] = defaultdict(set)
    for pk, slug, relation, parent in rows.values_list(
        "round",
        "method__slug",
        "method__parent_edges__relation",
        "method__parent_edges__parent__slug",
    ):
        found[pk].add(slug)
        if relation in COPY_RELATIONS:
            found[pk].add(parent)
    return found
