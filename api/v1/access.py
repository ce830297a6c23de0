"""Finding things for a caller: what is out of sight is 404, the same as what is not there."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from accounts.models import Team, User
from accounts.selectors import active_teams_of
from accounts.services import ensure_team_of_one
from catalog.models import Artifact
from challenges.errors import NotOrganizer
from challenges.models import Round
from challenges.selectors import can_organize, visible_artifacts, visible_rounds
from submissions.errors import NotAllowed

Viewer = User | AnonymousUser


def viewer(request: Request) -> Viewer:
    """Return who asks, signed in or not."""
    user: Viewer = request.user
    return user


def signed_in(request: Request) -> User:
    """Return the person who asks; the view's permission has made sure there is one."""
    user = viewer(request)
    if not isinstance(user, User):
        raise NotAuthenticated
    return user


def find_round(request: Request, challenge: str, slug: str) -> Round:
    """Return the round if the caller may see it."""
    rounds = visible_rounds(viewer(request)).select_related("challenge")
    found: Round = get_object_or_404(rounds, challenge__slug=challenge, slug=slug)
    return found


def find_own_round(request: Request, challenge: str, slug: str) -> Round:
    """Return the round if the caller organizes its challenge.

    Raises
    ------
    NotOrganizer
        If they may see it and do not.
    """
    found = find_round(request, challenge, slug)
    person = signed_in(request)
    if not can_organize(person, found.challenge):
        raise NotOrganizer(
            f"{person.username} does not organize the challenge {found.challenge.slug} here.",
            "Ask one of its owners for a role; a token needs the scope organize.",
        )
    return found


def find_team(user: User, slug: str) -> Team:
    """Return the team to enter with: the named one, or the only one there is."""
    teams = active_teams_of(user)
    if slug:
        team = teams.filter(slug=slug).first()
        if team is None:
            raise NotAllowed(
                "NOT_A_MEMBER",
                f"You are not a member of a team {slug!r}.",
                "Name one of your teams: " + ", ".join(teams.values_list("slug", flat=True)) + ".",
            )
        return team
    only = list(teams[:2])
    return only[0] if len(only) == 1 else ensure_team_of_one(user)


def find_artifact(user: User, name: str) -> Artifact:
    """Return the artifact called `slug` (its newest version) or `slug@version`."""
    slug, _, version = name.partition("@")
    artifacts = visible_artifacts(user).filter(slug=slug)
    if version:
        artifacts = artifacts.filter(version=version)
    found = artifacts.order_by("-registered_at", "-id").first()
    if found is None:
        raise NotAllowed(
            "UNKNOWN_ARTIFACT",
            f"There is no dataset or model {name!r} in the catalog.",
            "Look it up under /datasets/, or register it first.",
        )
    return found
