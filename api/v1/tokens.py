"""Signing in for programs: a password buys a token once, the token does the rest."""

from __future__ import annotations

from django.contrib.auth import authenticate
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from accounts.models import ApiToken, User
from accounts.second_factor import opens_by_password
from accounts.services import create_token
from accounts.signing_in import TooManyTries
from api.v1.serializers import CredentialsSerializer, ErrorSerializer, TokenSerializer


class SignInThrottle(AnonRateThrottle):
    """Password guessing is slowed per address; people are not locked out by others' guesses."""

    rate = "20/min"
    scope = "sign-in"


class TokenCreate(APIView):
    """Exchange a username and password for a named token."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = [SignInThrottle]

    def get_authenticate_header(self, request: Request) -> str:
        return "Token"  # without it a wrong password would be 403 instead of 401

    @extend_schema(
        operation_id="token_create",
        request=CredentialsSerializer,
        responses={
            201: TokenSerializer,
            401: ErrorSerializer,
            403: ErrorSerializer,
            429: ErrorSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        form = CredentialsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = form.validated_data
        try:
            user = authenticate(
                request._request, username=fields["username"], password=fields["password"]
            )
        except TooManyTries as error:
            raise Throttled(error.wait_s) from None
        if not isinstance(user, User):
            raise AuthenticationFailed("Username and password do not fit together.")
        if not opens_by_password(user):
            raise PermissionDenied(
                "A password alone does not sign this account in. Make a token on the site, under "
                "Your account."
            )
        row, token = create_token(user, name=fields["name"], scopes=fields["scopes"])
        content = TokenSerializer(
            {"token": token, "expires_at": row.expiry, "scopes": row.scopes.split()}
        ).data
        return Response(content, status=status.HTTP_201_CREATED)


class TokenRevoke(APIView):
    """Revoke the token that this request is made with, whatever its scopes."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="token_revoke", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        if isinstance(request.auth, ApiToken):
            request.auth.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
