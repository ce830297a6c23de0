"""Requests that may be repeated: the same key and the same request give the same answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.errors import UnusableKey
from api.models import IdempotentAnswer

LONGEST_KEY = 80
KEPT = timedelta(hours=24)
KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    location="header",
    description="A name you make up, of up to 80 characters. For 24 hours the same key with the "
    "same request gives the same answer; with another request it is refused (422).",
)


def key_of(request: Request) -> str:
    """Return the request's key, empty if it has none."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY or not key.isascii() or not (key == "" or key.isprintable()):
        raise ValidationError(
            {"Idempotency-Key": [f"Send up to {LONGEST_KEY} printable ASCII characters."]}
        )
    return key


def digest_of(request: Request, fields: Any, sha256: str = "") -> str:
    """Return the digest of what a request asks for: act, address, fields and file."""
    facts = [request.method, request.path, fields, sha256]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def earlier_answer(person: User, key: str, digest: Callable[[], str]) -> HttpResponse | None:
    """Return what was answered to this key before; `digest` is asked for only if there is that.

    Raises
    ------
    UnusableKey
        If it was another request.
    """
    if not key:
        return None
    found = IdempotentAnswer.objects.filter(
        person=person, key=key, expires_at__gt=timezone.now()
    ).first()
    if found is None:
        return None
    if found.digest != digest():
        raise UnusableKey
    response = HttpResponse(found.body, status=found.status, content_type="application/json")
    response["Idempotency-Replayed"] = "true"
    if found.location:
        response["Location"] = found.location
    return response


def remember(person: User, key: str, digest: str, response: Response) -> None:
    """Keep an answer for whoever asks with its key again; of two at once, the first stays."""
    if not key:
        return
    now = timezone.now()
    IdempotentAnswer.objects.filter(expires_at__lte=now).delete()
    try:
        with transaction.atomic():
            _keep(person, key, digest, response)
    except IntegrityError:
        return


def once(request: Request, person: User, fields: Any, run: Callable[[], Response]) -> HttpResponse:
    """Do a short act once for its key: the act and its kept answer are one transaction."""
    key = key_of(request)
    if not key:
        return run()
    digest = digest_of(request, fields)
    earlier = earlier_answer(person, key, lambda: digest)
    if earlier is not None:
        return earlier
    IdempotentAnswer.objects.filter(expires_at__lte=timezone.now()).delete()
    try:
        with transaction.atomic():
            response = run()
            _keep(person, key, digest, response)
    except IntegrityError:
        # Another request with this key was first, so what this one did is taken back.
        earlier = earlier_answer(person, key, lambda: digest)
        if earlier is None:
            raise
        return earlier
    return response


def _keep(person: User, key: str, digest: str, response: Response) -> None:
    now = timezone.now()
    IdempotentAnswer.objects.create(
        person=person,
        key=key,
        digest=digest,
        status=response.status_code,
        body=JSONRenderer().render(response.data).decode(),
        location=response.get("Location", ""),
        created_at=now,
        expires_at=now + KEPT,
    )
