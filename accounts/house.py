"""The account and team under which the platform itself enters what it makes of others' entries.

Nobody signs in to the account and nobody is in the team. What people made is never taken for it,
whatever its name: theirs has, or had, a member.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TypeVar

from django.db import IntegrityError, transaction

from accounts.models import Team, User

USERNAME = "consensus"
TEAM_SLUG = "consensus"
TEAM_NAME = "All entries together"
Row = TypeVar("Row", User, Team)


def house_account() -> User:
    """Return the platform's account, made now if there is none."""
    return _ours(
        lambda number: User.objects.filter(username__iexact=_numbered(USERNAME, number)).first(),
        _make_account,
        is_ours=lambda user: (
            not (user.is_active or user.has_usable_password() or user.memberships.exists())
        ),
    )


def house_team() -> Team:
    """Return the platform's team, made now if there is none."""
    return _ours(
        lambda number: Team.objects.filter(slug=_numbered(TEAM_SLUG, number)).first(),
        lambda number: Team.objects.create(
            slug=_numbered(TEAM_SLUG, number), name=_numbered(TEAM_NAME, number)
        ),
        is_ours=lambda team: not team.memberships.exists(),
    )


def _ours(
    find: Callable[[int], Row | None],
    make: Callable[[int], Row],
    *,
    is_ours: Callable[[Row], bool],
) -> Row:
    """Return the first row by number that is the platform's, made where there is none."""
    for number in count(1):
        found = find(number)
        if found is None:
            try:
                with transaction.atomic():
                    return make(number)
            except IntegrityError:  # another worker made it, or a person has a name like it
                found = find(number)
        if found is not None and is_ours(found):
            return found
    raise AssertionError("numbers do not end")


def _make_account(number: int) -> User:
    user = User(username=_numbered(USERNAME, number), display_name="Heldout", is_active=False)
    user.set_unusable_password()
    user.save()
    return user


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"
