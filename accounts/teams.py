"""Who is in a team: inviting, joining, leaving, handing over. Nothing is deleted by any of it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import InvitationRefused, TeamRefused
from accounts.languages import speaking_to
from accounts.models import Membership, Team, TeamInvitation, User
from accounts.selectors import active_members_of, is_captain, is_member

LIFETIME = timedelta(days=7)
OPEN_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation and its secret address, which is kept nowhere."""

    invitation: TeamInvitation
    url: str


def invite(team: Team, *, by: User, email: str = "", merges: bool = False) -> Invited:
    """Make an invitation for one person, or for one whole team; send it if there is an address.

    Raises
    ------
    TeamRefused
        If the person is not the captain, or too many invitations are open.
    """
    require_captain(team, by)
    if open_invitations(team).count() >= OPEN_AT_ONCE:
        raise TeamRefused(
            _("%(open_at_once)s invitations are open.") % {"open_at_once": OPEN_AT_ONCE},
            _("Take one back first."),
        )
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        invitation = TeamInvitation.objects.create(
            team=team,
            digest=_digest(secret),
            email=email,
            merges=merges,
            made_by=by,
            expires_at=timezone.now() + LIFETIME,
        )
        url = settings.SITE_URL + reverse("pages:invitation", args=[secret])
        if email:
            transaction.on_commit(lambda: _send(invitation, url))
    return Invited(invitation, url)


def open_invitations(team: Team) -> QuerySet[TeamInvitation]:
    """Return the invitations of a team that can still be taken."""
    return team.invitations.filter(
        taken_at__isnull=True, revoked_at__isnull=True, expires_at__gt=Now()
    )


def revoke(team: Team, *, pk: int, by: User) -> bool:
    """Take an invitation back; False if it was taken or taken back already."""
    require_captain(team, by)
    return open_invitations(team).filter(pk=pk).update(revoked_at=Now()) == 1


def invitation_of(secret: str) -> TeamInvitation:
    """Return the invitation that a secret address belongs to.

    Raises
    ------
    InvitationRefused
        If there is none, or it is used, taken back or out of time: one answer for all.
    """
    found = TeamInvitation.objects.select_related("team", "made_by").filter(
        digest=_digest(secret),
        taken_at__isnull=True,
        revoked_at__isnull=True,
        expires_at__gt=Now(),
        team__merged_into__isnull=True,
    )
    invitation = found.first()
    if invitation is None:
        raise InvitationRefused(
            _("This invitation does not work (any more)."), _("Ask the team's captain for another.")
        )
    return invitation


@transaction.atomic
def join(secret: str, *, by: User) -> Team:
    """Join the team of an invitation, which is used up by it.

    Raises
    ------
    InvitationRefused
        If it does not work, or is for a whole team.
    TeamRefused
        If the person is in the team already.
    """
    invitation = invitation_of(secret)
    if invitation.merges:
        raise InvitationRefused(
            _("This invitation is for a whole team."), _("Its captain takes it.")
        )
    if is_member(by, invitation.team):
        raise TeamRefused(_("You are in this team already."))
    take(invitation, by=by)
    Membership.objects.create(team=invitation.team, user=by)
    return invitation.team


def take(invitation: TeamInvitation, *, by: User) -> None:
    """Use an invitation up: of two who do at once, one does.

    Raises
    ------
    InvitationRefused
        If somebody else was first.
    """
    if (
        not open_invitations(invitation.team)
        .filter(pk=invitation.pk)
        .update(taken_at=Now(), taken_by=by)
    ):
        raise InvitationRefused(_("This invitation has just been used."), _("Ask for another."))


@transaction.atomic
def leave(team: Team, *, by: User) -> None:
    """End the person's membership; what the team submitted with them stays as it was.

    Raises
    ------
    TeamRefused
        If they are not in it, are its last member, or its captain.
    """
    Team.objects.select_for_update().get(pk=team.pk)
    if not is_member(by, team):
        raise TeamRefused(_("You are not in this team."))
    if active_members_of(team).count() == 1:
        raise TeamRefused(
            _("You are its last member."), _("A team nobody is in could not be entered.")
        )
    if is_captain(by, team):
        raise TeamRefused(_("You are the captain."), _("Hand the team over first."))
    end_memberships(Membership.objects.filter(team=team, user=by))


@transaction.atomic
def hand_over(team: Team, *, by: User, to: User) -> None:
    """Make another member the captain.

    Raises
    ------
    TeamRefused
        If the first is not the captain, or the other is not another member.
    """
    Team.objects.select_for_update().get(pk=team.pk)
    require_captain(team, by)
    if to == by or not is_member(to, team):
        raise TeamRefused(_("%(to)s is no other member of the team.") % {"to": to.public_name})
    active = Membership.objects.filter(team=team, left_at__isnull=True)
    active.filter(user=by).update(role=Membership.Role.MEMBER)
    active.filter(user=to).update(role=Membership.Role.CAPTAIN)


def end_memberships(memberships: QuerySet[Membership]) -> int:
    """End memberships now; one that began in this very moment lasts a moment."""
    moment = timezone.now()
    ended = memberships.filter(left_at__isnull=True)
    late = ended.filter(joined_at__gte=moment)
    return late.update(left_at=F("joined_at") + timedelta(milliseconds=1)) + ended.update(
        left_at=moment
    )


def members_at(team: Team, moment: datetime) -> QuerySet[User]:
    """Return who was in the team at a moment, like that of a submission. It never changes."""
    return (
        User.objects.filter(
            Q(memberships__left_at__isnull=True) | Q(memberships__left_at__gt=moment),
            memberships__team=team,
            memberships__joined_at__lte=moment,
        )
        .order_by("memberships__joined_at", "memberships__pk")
        .distinct()
    )


def require_captain(team: Team, person: User) -> None:
    """Refuse unless the person is the captain of a team that still is one.

    Raises
    ------
    TeamRefused
        Otherwise.
    """
    if not is_captain(person, team):
        raise TeamRefused(_("Only the captain of the team may do this."))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _send(invitation: TeamInvitation, url: str) -> None:
    invited = User.objects.filter(
        emailaddress__email__iexact=invitation.email, emailaddress__verified=True
    ).first()
    # Somebody without an account is probably of the sender's tongue.
    with speaking_to(invited or invitation.made_by):
        _send_invitation(invitation, url)


def _send_invitation(invitation: TeamInvitation, url: str) -> None:
    person, team = invitation.made_by.public_name, invitation.team.name
    send_mail(
        settings.ACCOUNT_EMAIL_SUBJECT_PREFIX
        + _("%(person)s invites you to the team %(team)s") % {"person": person, "team": team},
        _(
            "Open this address to see the team and join it, or not:\n\n%(url)s\n\n"
            "It works once, until %(until)s UTC. If you do not know %(person)s, do nothing.\n"
        )
        % {"url": url, "until": f"{invitation.expires_at:%Y-%m-%d %H:%M}", "person": person},
        None,
        [invitation.email],
        fail_silently=True,  # the address is on the captain's page too
    )
