"""Guessing passwords gets slower with every try, where it comes from and nowhere else.

Tries are counted before the password is looked at, so that many at once count too. They are
counted by name and address together: somebody who guesses cannot lock the owner out, who
signs in from elsewhere. A second count, by address alone, slows one who tries many names.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import SignInTry, User

FORGET_AFTER = timedelta(days=1)
FIRST_WAIT_S = 30


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many wrong passwords without a wait; each one more doubles the wait."""

    free: int
    longest_s: int


# Behind one address there may be a whole institute, so the second is patient.
OF_NAME_AND_ADDRESS = Allowance(free=5, longest_s=3600)
OF_ADDRESS = Allowance(free=50, longest_s=60)


class TooManyTries(ValidationError):
    """The next try is not looked at before `wait_s` seconds have passed."""

    def __init__(self, wait_s: int) -> None:
        self.wait_s = wait_s
        super().__init__(
            _("Too many wrong passwords from here. Try again in %(seconds)s seconds.")
            % {"seconds": wait_s},
            code="throttled",
        )


class GuardedBackend(ModelBackend):
    """Django's passwords, for all doors: the sign-in page, the admin's and the API's."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Return the person whose password this is.

        Raises
        ------
        TooManyTries
            If there were too many wrong ones; a form shows it as its error.
        """
        # What looks like an address comes as both; whose it is, if anybody's, is the name.
        username = _username_of(kwargs.pop("email", None)) or username
        if request is None or username is None or password is None:
            return _person(super().authenticate(request, username, password, **kwargs))
        keys = _keys(username, client_address(request))
        _count(keys)
        person = _person(super().authenticate(request, username, password, **kwargs))
        if person is not None:
            _forgive(keys)
        return person


def client_address(request: HttpRequest) -> str:
    """Return where a request comes from: what our own proxies saw, and nobody else's word.

    Of an IPv6 address the network (/64) counts, as one customer has all of it.
    """
    seen = str(request.META.get("REMOTE_ADDR") or "")
    if settings.NUM_PROXIES:
        told = str(request.META.get("HTTP_X_FORWARDED_FOR") or "").split(",")
        seen = told[-min(settings.NUM_PROXIES, len(told))].strip() or seen
    try:
        address = ipaddress.ip_address(seen)
    except ValueError:
        return seen
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return seen


def _username_of(email: str | None) -> str | None:
    """Return whose verified address this is, so that tries by name and address count together."""
    if not email:
        return None
    owners = User.objects.filter(
        emailaddress__email__iexact=email, emailaddress__verified=True
    ).values_list("username", flat=True)
    return owners.first()


def _person(found: object) -> User | None:
    return found if isinstance(found, User) else None


def _keys(username: str, address: str) -> dict[str, Allowance]:
    return {
        _key("name", username.casefold(), address): OF_NAME_AND_ADDRESS,
        _key("address", address): OF_ADDRESS,
    }


def _key(*parts: str) -> str:
    text = "\0".join(parts).encode(errors="surrogatepass")
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()


@transaction.atomic
def _count(keys: dict[str, Allowance]) -> None:
    now = timezone.now()
    for key, allowance in keys.items():
        row, is_new = SignInTry.objects.select_for_update().get_or_create(
            key=key, defaults={"last_at": now}
        )
        if is_new:
            SignInTry.objects.filter(last_at__lt=now - FORGET_AFTER).delete()
        if row.last_at < now - FORGET_AFTER:
            row.failures, row.blocked_until = 0, None
        if row.blocked_until is not None and row.blocked_until > now:
            raise TooManyTries(1 + int((row.blocked_until - now).total_seconds()))
        row.failures += 1
        row.last_at = now
        over = row.failures - allowance.free
        if over >= 0:
            wait_s = min(FIRST_WAIT_S * 2 ** min(over, 20), allowance.longest_s)
            row.blocked_until = now + timedelta(seconds=wait_s)
        row.save()


@transaction.atomic
def _forgive(keys: dict[str, Allowance]) -> None:
    """Forget the tries at this name; of the address's take back the one that was right."""
    pair, address = keys
    SignInTry.objects.filter(key=pair).delete()
    row = SignInTry.objects.select_for_update().filter(key=address).first()
    if row is not None:
        row.failures = max(0, row.failures - 1)
        if row.failures < OF_ADDRESS.free:
            row.blocked_until = None
        row.save()
