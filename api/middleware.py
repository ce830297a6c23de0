"""What every answer under /api/ has, whoever gave it: the error shape, an ETag, the limits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control

from api import limits
from api.errors import RETRY_AFTER_S, body

PREFIX = "/api/"
WORDS = {
    400: ("BAD_REQUEST", "The request cannot be understood."),
    403: ("NOT_ALLOWED", "You may not do this."),
    404: ("NOT_FOUND", "There is nothing here, or it is not visible to you."),
    405: ("METHOD_NOT_ALLOWED", "There is no such act on this address."),
    413: ("BODY_TOO_LARGE", "The request is too large."),
    500: ("SERVER_ERROR", "The server made a mistake; it is in its log."),
    503: ("UNAVAILABLE", "The server cannot answer at the moment."),
}
WAITING = {429, 503, 507}


class ApiMiddleware:
    """Finish the answers of the API; pages are left alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not request.path_info.startswith(PREFIX) or not isinstance(response, HttpResponse):
            return response
        if response.status_code >= 400:
            return _told(request, response)
        response = _conditional(request, response)
        limits.tell(request, response)
        return response


def _told(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give an error of the framework, like an unknown address or a crash, the one shape."""
    number = response.status_code
    if "json" not in response.get("Content-Type", "") and request.method != "HEAD":
        code, message = WORDS.get(number, ("ERROR", "The request could not be answered."))
        where = f"{request.method} {request.path}"
        response.content = json.dumps(body(code, message, status=number, where=where)).encode()
        response["Content-Type"] = "application/json"
        del response["Content-Encoding"]  # that page of HTML may have been compressed
        if "Content-Length" in response:
            response["Content-Length"] = str(len(response.content))
    if number in WAITING:
        response.setdefault("Retry-After", str(RETRY_AFTER_S))
    limits.tell(request, response)
    return response


def _conditional(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give a read without an ETag one of its content, and answer 304 if the client has it."""
    is_read = request.method in {"GET", "HEAD"} and response.status_code == 200
    kept = "no-store" not in response.get("Cache-Control", "")
    if not is_read or not kept or response.has_header("ETag"):
        return response
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response["ETag"] = etag
    if not response.has_header("Cache-Control"):
        patch_cache_control(response, private=True, no_cache=True)
    return get_conditional_response(request, etag=etag, response=response) or response
