"""Who asks, by the token of the request."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import ApiToken, User
from accounts.second_factor import lacks_second_factor

NOTED_EVERY = timedelta(minutes=1)  # a poller does not cost a write each time


class ScopedTokenAuthentication(TokenAuthentication):  # type: ignore[misc]  # knox ships no types
    """A person with no more rights than their token, which remembers when it was used last."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        if not token.isascii():
            raise AuthenticationFailed("Invalid token.")
        return super().authenticate_credentials(token)  # type: ignore[no-any-return]

    def validate_user(self, auth_token: ApiToken) -> tuple[User, ApiToken]:
        user: User
        user, _ = super().validate_user(auth_token)
        organizes = auth_token.allows(ApiToken.Scope.ORGANIZE)
        user.acts_as_organizer = organizes and not lacks_second_factor(user)
        now = timezone.now()
        if auth_token.last_used_at is None or auth_token.last_used_at < now - NOTED_EVERY:
            ApiToken.objects.filter(pk=auth_token.pk).update(last_used_at=now)
        return user, auth_token
