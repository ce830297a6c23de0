"""What a token may be used for: the one place that looks at its scopes."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request

from accounts.models import ApiToken


class TokenScope(BasePermission):
    """Reading needs the scope `read`, all else `submit`.

    What `organize` is for needs no look here: a token without it leaves its owner no more rights
    than a participant has (`User.acts_as_organizer`). Sessions have no scopes.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        token = request.auth
        scope = ApiToken.Scope.READ if request.method in SAFE_METHODS else ApiToken.Scope.SUBMIT
        if isinstance(token, ApiToken) and not token.allows(scope):
            raise PermissionDenied(
                f"This token has no scope {scope.value}. Make another under /account/tokens/.",
                code="scope_missing",
            )
        return True


class OrganizeScope(BasePermission):
    """Acts of organizers need the scope `organize`, and say so."""

    def has_permission(self, request: Request, view: Any) -> bool:
        token = request.auth
        if isinstance(token, ApiToken) and not token.allows(ApiToken.Scope.ORGANIZE):
            raise PermissionDenied(
                "This token has no scope organize. Make another under /account/tokens/.",
                code="scope_missing",
            )
        return True


SIGNED_IN = [IsAuthenticated, TokenScope]
ORGANIZING = [IsAuthenticated, TokenScope, OrganizeScope]
