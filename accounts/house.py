"""The account and team under which the platform itself enters what it makes of others' entries.

Nobody signs in to the account and nobody is in the team. What people made is never taken for it,
whatever its name: theirs has, or had, a member.
"""

from __future__ import annotations

from itertools import count

from django.db import IntegrityError, transaction

from accounts.models import Team, User

USERNAME = "consensus"
TEAM_SLUG = "consensus"
TEAM_NAME = "All entries together"


def house_account() -> User:
    """Return the platform's account, made now if there is none."""
    for number in count(1):
        username = _numbered(USERNAME, number)
        found = User.objects.filter(username__iexact=username).first()
        if found is None:
            try:
                with transaction.atomic():
                    user = User(username=username, display_name="Heldout", is_active=False)
                    user.set_unusable_password()
                    user.save()
                    return user
            except IntegrityError:  # another worker made it, or a person has a name like it
                found = User.objects.filter(username__iexact=username).first()
        if found is not None and _is_the_platforms(found):
            return found
    raise AssertionError("numbers do not end")


def house_team() -> Team:
    """Return the platform's team, made now if there is none."""
    for number in count(1):
        slug = _numbered(TEAM_SLUG, number)
        found = Team.objects.filter(slug=slug).first()
        if found is None:
            try:
                with transaction.atomic():
                    return Team.objects.create(slug=slug, name=_numbered(TEAM_NAME, number))
            except IntegrityError:
                found = Team.objects.filter(slug=slug).first()
        if found is not None and not found.memberships.exists():
            return found
    raise AssertionError("numbers do not end")


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _is_the_platforms(user: User) -> bool:
    return not (user.is_active or user.has_usable_password() or user.memberships.exists())
