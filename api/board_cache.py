"""Answer pollers of public boards from memory, before sessions, accounts and the database.

A board that everyone may see is the same for all who are not signed in, so a process remembers its
last answer for a moment (`BOARD_CACHE_MS`) and compares it with the poller's `If-None-Match`. What
an answer may hold was decided when it was made; nothing is decided here. So whatever changes on a
board, its disclosure included, is seen at most that moment late.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags

_BOARD = re.compile(r"/api/v1/rounds/[^/]+/[^/]+/leaderboard/")
_JSON = {"", "*/*", "application/json"}
# These are of one request: who asked, and how often.
_OF_ONE = {"x-request-id", "ratelimit", "ratelimit-policy"}
_OF_BODY = {"content-type", "content-length", "content-language"}
MOST = 256  # addresses; each may have a query of its own

Key = tuple[str, bool, str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer: its body, None if only its ETag is known, and until when it may be given."""

    etag: str
    body: bytes | None
    headers: Mapping[str, str]
    until: float

    def answer(self, asked: str) -> HttpResponse | None:
        """Return the answer to who has these ETags; None where the body is not known."""
        if asked and (asked == self.etag or self.etag in parse_etags(asked)):
            left = {k: v for k, v in self.headers.items() if k.lower() not in _OF_BODY}
            response = HttpResponse(status=304, headers=left)
            del response["Content-Type"]
            return response
        return None if self.body is None else HttpResponse(self.body, headers=dict(self.headers))


class BoardCacheMiddleware:
    """Keep the last answer of each public board for a moment."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._kept: dict[Key, Kept] = {}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = _key_of(request)
        if key is None or not settings.BOARD_CACHE_MS:
            return self.get_response(request)
        kept = self._kept.get(key)
        if kept is not None and kept.until > time.monotonic():
            answer = kept.answer(request.META.get("HTTP_IF_NONE_MATCH", ""))
            if answer is not None:
                return answer
        response = self.get_response(request)
        fresh = _kept(response, before=kept)
        if fresh is not None:
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[key] = fresh
        return response


def _key_of(request: HttpRequest) -> Key | None:
    """Return what an answer depends on; None where it may be another for another person."""
    meta = request.META
    if request.method != "GET" or not _BOARD.fullmatch(request.path_info):
        return None
    if meta.get("HTTP_COOKIE") or "HTTP_AUTHORIZATION" in meta:
        return None
    if meta.get("HTTP_ACCEPT", "") not in _JSON:
        return None
    query = meta.get("QUERY_STRING", "")
    return meta.get("HTTP_HOST", ""), request.is_secure(), request.path_info, query


def _kept(response: HttpResponseBase, *, before: Kept | None) -> Kept | None:
    """Return what to remember of an answer; nothing of one that is not for everybody."""
    etag = response.get("ETag", "")
    is_public = "public" in response.get("Cache-Control", "") and not response.cookies
    if not (etag and is_public and response.status_code in {200, 304}):
        return None
    until = time.monotonic() + settings.BOARD_CACHE_MS / 1000
    headers = {k: v for k, v in response.items() if k.lower() not in _OF_ONE}
    if response.status_code == 200 and isinstance(response, HttpResponse):
        return Kept(etag, response.content, headers, until)
    if before is not None and before.etag == etag:
        return Kept(etag, before.body, before.headers, until)
    return Kept(etag, None, headers, until)
