"""Two teams become one, while the rounds they entered are open."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership, Team, TeamInvitation, User
from accounts.selectors import is_member
from accounts.teams import end_memberships, invitation_of, require_captain, take
from challenges.models import Round, RoundState
from submissions.errors import NotAllowed
from submissions.models import QuotaEntry
from submissions.services.quota import quota_of_teams


def merge_by_invitation(secret: str, *, team: Team, by: User) -> Team:
    """Bring a whole team into the one that invited it; return that one.

    What the old team submitted stays its own, under its name, and counts in the quota of the
    new one. Its people are members of the new one from now on.

    Raises
    ------
    NotAllowed
        With every reason why the two cannot be one.
    InvitationRefused, TeamRefused
        If the invitation does not work, or the person is not the captain.
    """
    invitation = invitation_of(secret)
    with transaction.atomic():
        # In one order, so that two merges at once wait for each other and do not lock each other.
        pair = sorted({team.pk, invitation.team_id})
        locked = {row.pk: row for row in Team.objects.select_for_update().filter(pk__in=pair)}
        old, new = locked[team.pk], locked[invitation.team_id]
        require_captain(old, by)
        reasons = list(obstacles(old, invitation))
        if reasons:
            raise NotAllowed("CANNOT_MERGE", " ".join(reasons), _("Nothing was changed."))
        take(invitation, by=by)
        _move_people(old, new)
        Team.objects.filter(merged_into=old).update(merged_into=new)
        Team.objects.filter(pk=old.pk).update(merged_into=new, merged_at=timezone.now())
    return new


def obstacles(old: Team, invitation: TeamInvitation) -> Iterator[str]:
    """Say each thing that keeps the team from being merged into the one that invites it."""
    new = invitation.team
    if not invitation.merges:
        yield _("This invitation is for one person, not for a team.")
    if old.pk == new.pk:
        yield _("A team cannot be merged into itself.")
        return
    if old.merged_into_id or new.merged_into_id:
        yield _("One of the two has been merged before.")
    for round_ in _entered(old):
        state = round_.state
        if state in {RoundState.CLOSED, RoundState.REVEALED}:
            yield _("%(round)s has closed and is not final: %(team)s stays until it is.") % {
                "round": round_,
                "team": old.name,
            }
        elif state is RoundState.OPEN:
            yield from _over_quota(round_, old, new)


def _over_quota(round_: Round, old: Team, new: Team) -> Iterator[str]:
    entries = QuotaEntry.objects.filter(round=round_, team__in=_family(old) | _family(new))
    for day in entries.order_by("day").values_list("day", flat=True).distinct():
        both = quota_of_teams(_family(old) | _family(new), round_, day)
        if both.used > both.limit:
            yield _(
                "In %(round)s the two have sent %(used)s on %(day)s, and one team may "
                "send %(limit)s."
            ) % {"round": round_, "used": both.used, "day": day, "limit": both.limit}


def _family(team: Team) -> set[int]:
    return {team.pk, *Team.objects.filter(merged_into=team).values_list("pk", flat=True)}


def _entered(team: Team) -> Iterator[Round]:
    yield from (
        Round.objects.filter(submissions__team__in=_family(team))
        .select_related("challenge")
        .distinct()
    )


def _move_people(old: Team, new: Team) -> None:
    moving = Membership.objects.filter(team=old, left_at__isnull=True).select_related("user")
    people = [membership.user for membership in moving]
    end_memberships(Membership.objects.filter(team=old))
    for person in people:
        if not is_member(person, new):
            Membership.objects.create(team=new, user=person)
