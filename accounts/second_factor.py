"""The second factor: kept encrypted, and asked of organizers where the operator wants it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Secrets of authenticator apps cannot be read from a copy of the database alone."""

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()


class SecondFactorMiddleware:
    """Without a second factor that is asked for, an organizer is a participant."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.MFA_REQUIRED_FOR_ORGANIZERS and isinstance(request.user, User):
            user = request.user
            if lacks_second_factor(user):
                user.acts_as_organizer = False
                # Signing out is the one thing that stays possible there.
                inside = request.path.startswith(reverse("admin:index"))
                if inside and request.path != reverse("admin:logout"):
                    messages.warning(
                        request, _("Organizing takes a second factor here. Set one up first.")
                    )
                    return redirect("mfa_index")
        return self.get_response(request)


def has_second_factor(user: User) -> bool:
    """Tell whether the person's password alone signs nobody in."""
    return bool(Authenticator.objects.filter(user=user).exists())


def opens_by_password(user: User) -> bool:
    """Tell whether a program may sign in with the password: no other step would follow."""
    if has_second_factor(user):
        return False
    if settings.ACCOUNT_EMAIL_VERIFICATION != "mandatory" or not user.email:
        return True
    return bool(EmailAddress.objects.filter(user=user, verified=True).exists())


def lacks_second_factor(user: User) -> bool:
    """Tell whether the person would have to have one to organize here, and has none."""
    return bool(settings.MFA_REQUIRED_FOR_ORGANIZERS) and not has_second_factor(user)


def _box() -> Fernet:
    key = hashlib.sha256(b"second-factor/v1\0" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
