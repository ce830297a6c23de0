"""Conditional answers: a poller that has the newest state gets 304 and no body."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control
from rest_framework.request import Request
from rest_framework.response import Response


def etag_of(*parts: object) -> str:
    """Return a quoted ETag that changes when any of the parts does."""
    text = "\x1f".join(str(part) for part in parts)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def answer_if_changed(
    request: Request, *, etag: str, build: Callable[[], Any], public: bool = False
) -> HttpResponse:
    """Answer 304 when the client's If-None-Match names `etag`, else 200 with `build()`."""
    unchanged = get_conditional_response(request._request, etag=etag)
    response: HttpResponse = Response(build()) if unchanged is None else unchanged
    response["ETag"] = etag
    if public:
        patch_cache_control(response, public=True, max_age=0, must_revalidate=True)
    else:
        patch_cache_control(response, private=True, no_cache=True)
    return response
