"""Reads of people and teams."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q, QuerySet

from accounts.models import Membership, Team, User

ACTIVE = Q(memberships__left_at__isnull=True)


def active_teams_of(user: User | AnonymousUser) -> QuerySet[Team]:
    """Return the teams the person is in now."""
    if not user.is_authenticated:
        return Team.objects.none()
    mine = Membership.objects.filter(user=user, left_at__isnull=True)
    return Team.objects.filter(pk__in=mine.values("team"))


def active_members_of(team: Team) -> QuerySet[User]:
    """Return who is in the team now, in the order they joined."""
    return User.objects.filter(memberships__team=team, memberships__left_at__isnull=True).order_by(
        "memberships__joined_at", "memberships__pk"
    )


def is_member(user: User | AnonymousUser, team: Team) -> bool:
    """Tell whether the person is in the team now."""
    if not user.is_authenticated:
        return False
    return Membership.objects.filter(user=user, team=team, left_at__isnull=True).exists()


def captain_of(team: Team) -> User | None:
    """Return the captain; of a team without one, whoever has been in it longest."""
    active = Membership.objects.filter(team=team, left_at__isnull=True).select_related("user")
    found = sorted(active, key=lambda row: (row.role != row.Role.CAPTAIN, row.joined_at, row.pk))
    return found[0].user if found else None


def is_captain(user: User | AnonymousUser, team: Team) -> bool:
    """Tell whether the person is the captain of the team now."""
    return user.is_authenticated and captain_of(team) == user


def readable_teams_of(user: User | AnonymousUser) -> QuerySet[Team]:
    """Return the person's teams, and those merged into them: whose submissions they may read."""
    mine = active_teams_of(user).values("pk")
    return Team.objects.filter(Q(pk__in=mine) | Q(merged_into__in=mine))


def team_of_one(user: User) -> Team | None:
    """Return the oldest team that the person is in alone."""
    alone = Team.objects.annotate(active=Count("memberships", filter=ACTIVE)).filter(active=1)
    return (
        alone.filter(pk__in=active_teams_of(user).values("pk")).order_by("created_at", "pk").first()
    )
