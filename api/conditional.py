"""Conditional answers: a poller that has the newest state gets 304 and no body."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
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
    """Answer 304 when the client's If-None-Match names `etag`, else 200 with `build()`.

    That is content, or a whole answer.
    """
    unchanged = get_conditional_response(request._request, etag=etag)
    response = unchanged if unchanged is not None else build()
    if not isinstance(response, HttpResponse):
        response = Response(response)
    response["ETag"] = etag
    if public:
        patch_cache_control(response, public=True, max_age=0, must_revalidate=True)
    else:
        patch_cache_control(response, private=True, no_cache=True)
    return response


def send_file(request: Request, file: FieldFile, *, name: str, sha256: str) -> HttpResponseBase:
    """Send a stored file as a download; its digest is its ETag."""
    etag = f'"{sha256}"'
    unchanged = get_conditional_response(request._request, etag=etag)
    response: HttpResponseBase = unchanged or FileResponse(
        file.open("rb"), as_attachment=True, filename=name, content_type="application/octet-stream"
    )
    response["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    return response
