"""Who is told of a happening: those it is about, asked when it is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import Membership, User
from community.happened import Happening
from community.models import CHOOSABLE, Channel, Kind, Pace, Preference
from submissions.models import Submission, SubmissionState

# What is sent by mail unless a person chooses otherwise. All kinds are on the site.
MAILED = frozenset(
    {
        Kind.REJECTED,
        Kind.FAILED,
        Kind.DEADLINE,
        Kind.OPENED,
        Kind.CLOSED,
        Kind.REVEALED,
        Kind.ANNOUNCED,
        Kind.AMENDED,
        Kind.REVISED,
    }
)


@dataclass(frozen=True, slots=True)
class Wish:
    """Whether a person is told of a kind on the site, and when by mail."""

    kind: Kind
    site: bool
    email: Pace


def is_on_by_default(kind: str, channel: str) -> bool:
    """Tell what holds for a person who chose nothing."""
    return channel == Channel.SITE or kind in MAILED


def recipients_of(happening: Happening) -> QuerySet[User]:
    """Return who is told: the submission's team, or who entered the round or follows it.

    That a round opens is news for those who entered another round of its challenge.
    """
    people = User.objects.filter(is_active=True)
    if happening.submission is not None:
        return people.filter(pk__in=_members(Q(pk=happening.submission.pk)))
    entries = Q(round=happening.round)
    if happening.kind is Kind.OPENED:
        entries = Q(round__challenge=happening.round.challenge_id)
    followed = Q(follows__challenge=happening.round.challenge_id)
    return people.filter(Q(pk__in=_members(entries)) | followed).distinct()


def _members(entries: Q) -> QuerySet[Membership, int]:
    """Return the people who are now in teams with such entries, or in what they merged into."""
    standing = Submission.objects.filter(entries).exclude(state=SubmissionState.WITHDRAWN)
    teams = standing.order_by().values("team")
    return (
        Membership.objects.filter(left_at__isnull=True)
        .filter(Q(team__in=teams) | Q(team__merged_from__in=teams))
        .order_by()
        .values_list("user", flat=True)
    )


def wishes_of(
    people: Iterable[int], kinds: Sequence[str] = CHOOSABLE
) -> dict[tuple[int, str], Wish]:
    """Return what holds for each of these people and kinds: what they chose, or the default."""
    people = list(people)
    rows = Preference.objects.filter(user__in=people, kind__in=kinds)
    chosen = {(row.user_id, row.kind, row.channel): row.pace for row in rows}

    def pace(person: int, kind: str, channel: Channel) -> Pace:
        default = Pace.NOW if is_on_by_default(kind, channel) else Pace.NEVER
        return chosen.get((person, kind, channel), default)

    return {
        (person, kind): Wish(
            Kind(kind),
            site=pace(person, kind, Channel.SITE) is not Pace.NEVER,
            email=pace(person, kind, Channel.EMAIL),
        )
        for person in people
        for kind in kinds
    }
