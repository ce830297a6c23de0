"""Who in the teams of some entries knows answers, and so is not ranked by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import Membership
from challenges.models import Round
from challenges.selectors import insiders, provided_slugs
from submissions.models import Submission


@dataclass(frozen=True, slots=True)
class Insider:
    """What the team behind an entry knows: all of the round, or some of its targets."""

    of_round: bool = False
    slugs: frozenset[str] = frozenset()


def insiders_of(round_: Round, submissions: Sequence[Submission]) -> dict[int, Insider]:
    """Return what the teams of participants' submissions know, by submission.

    The gate refuses such uploads. This finds those whom it could not know yet: somebody who was
    in the team when it predicted, and was named as a maker of targets later.
    """
    barred, provided = insiders(round_), provided_slugs(round_)
    known = barred | set(provided)
    entrants = [each for each in submissions if each.entry_kind == Submission.EntryKind.PARTICIPANT]
    if not known or not entrants:
        return {}
    members: dict[int, list[Membership]] = defaultdict(list)
    teams = {each.team_id for each in entrants}
    for row in Membership.objects.filter(user__in=known, team__in=teams):
        members[row.team_id].append(row)
    return {
        each.pk: Insider(
            of_round=bool(people & barred),
            slugs=frozenset(slug for one in people for slug in provided.get(one, ())),
        )
        for each in entrants
        if (people := _members_at(each, members[each.team_id]))
    }


def _members_at(submission: Submission, rows: Sequence[Membership]) -> set[int]:
    """Return who of them was in the team when the upload began."""
    at = submission.received_at
    return {
        row.user_id
        for row in rows
        if row.joined_at <= at and (row.left_at is None or row.left_at > at)
    }
