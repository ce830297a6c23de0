"""What a person chose: kinds by channel, followed challenges, and a secret feed address."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from challenges.models import Challenge
from community.errors import NoSuchFeed
from community.models import Channel, FeedAddress, Follow, Pace, Preference


@transaction.atomic
def choose(person: User, choices: Mapping[tuple[str, str], Pace]) -> None:
    """Write down choices, by kind and channel; what is not named stays as it is."""
    rows = [
        Preference(
            user=person,
            kind=kind,
            channel=Channel(channel),
            is_on=pace is not Pace.NEVER,
            is_daily=pace is Pace.DAILY,
        )
        for (kind, channel), pace in choices.items()
    ]
    Preference.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["user", "kind", "channel"],
        update_fields=["is_on", "is_daily"],
    )


def follow(person: User, challenge: Challenge) -> None:
    """Let a person have the news of a challenge."""
    Follow.objects.get_or_create(user=person, challenge=challenge)


def unfollow(person: User, challenge: Challenge) -> None:
    """End that."""
    Follow.objects.filter(user=person, challenge=challenge).delete()


def new_feed_secret(person: User) -> str:
    """Make the secret of a person's feed addresses; one made before works no more."""
    secret = secrets.token_urlsafe(24)
    FeedAddress.objects.update_or_create(
        user=person, defaults={"digest": _digest(secret), "made_at": timezone.now()}
    )
    return secret


def end_feed(person: User) -> None:
    """Let a person's feed addresses work no more."""
    FeedAddress.objects.filter(user=person).delete()


def person_of_feed(secret: str) -> User:
    """Return whose feed an address is.

    Raises
    ------
    NoSuchFeed
        If it is nobody's, or their account is closed.
    """
    row = FeedAddress.objects.select_related("user").filter(digest=_digest(secret)).first()
    if row is None or not row.user.is_active:
        raise NoSuchFeed("This address works no more.", "Make another on your account's page.")
    return row.user


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
