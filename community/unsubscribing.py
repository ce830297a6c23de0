"""Links in mail that end a kind of mail without signing in."""

from __future__ import annotations

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from accounts.models import User
from community.models import CHOOSABLE, Channel, Kind, Pace
from community.recipients import wishes_of
from community.services.wishes import choose

_SALT = "community.unsubscribe"


def unsubscribe_url(person: User, kind: str) -> str:
    """Return the address that ends mail of a kind to a person. It works for good."""
    token = Signer(salt=_SALT).sign(f"{person.pk}:{kind}")
    return settings.SITE_URL + reverse("pages:unsubscribe", args=[token])


def read_token(token: str) -> tuple[User, Kind] | None:
    """Return whom and what a link is for; None if it was not made here or they are gone."""
    try:
        number, _, kind = Signer(salt=_SALT).unsign(token).partition(":")
        person = User.objects.filter(pk=int(number), is_active=True).first()
        return None if person is None else (person, Kind(kind))
    except (BadSignature, ValueError):
        return None


def unsubscribe(person: User, kind: Kind | None) -> None:
    """End mail of a kind, or all of it; of the daily mail, all that comes by it."""
    kinds: tuple[str, ...] = CHOOSABLE if kind is None else (kind,)
    if kind is Kind.DAILY:
        wishes = wishes_of([person.pk]).values()
        kinds = tuple(each.kind for each in wishes if each.email is Pace.DAILY)
    choose(person, {(each, Channel.EMAIL): Pace.NEVER for each in kinds})
