"""How often one may ask: per scope and minute, counted in the cache that all processes share.

A request is counted when it begins and given back when its answer is 304, so that a poller who
asks for changes costs nothing.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

logger = logging.getLogger(__name__)

WINDOW_S = 60


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a scope in this minute; below zero: this request is one too many."""

    scope: str
    limit: int
    left: int
    resets_s: int
    key: str


class ScopeThrottle(BaseThrottle):
    """Count a request in its scope: anonymous by address, the others by person.

    A view names the scope of its writes in `write_scope`; without it that is `submit`.
    """

    def __init__(self) -> None:
        self._allowance: Allowance | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        scope, who = self._scope(request, view)
        self._allowance = take(scope, who)
        request._request.api_allowance = self._allowance  # type: ignore[attr-defined]
        return self._allowance is None or self._allowance.left >= 0

    def wait(self) -> float | None:
        return None if self._allowance is None else float(self._allowance.resets_s)

    def _scope(self, request: Request, view: Any) -> tuple[str, str]:
        if not request.user.is_authenticated:
            return "anonymous", str(self.get_ident(request))
        scope = getattr(view, "write_scope", "submit")
        if request.method in SAFE_METHODS:
            scope = "read"
        return scope, str(request.user.pk)


def take(scope: str, who: str) -> Allowance | None:
    """Count one request; None where the cache does not answer, as the site works without it."""
    now = time.time()
    window = int(now // WINDOW_S)
    key = f"api-rate:{scope}:{who}:{window}"
    try:
        used = _counted(key)
    except (RedisError, OSError):
        logger.warning("requests are not counted: the cache does not answer")
        return None
    limit = settings.API_REQUESTS_PER_MINUTE[scope]
    resets_s = max(1, round((window + 1) * WINDOW_S - now))
    return Allowance(scope, limit, limit - used, resets_s, key)


def _counted(key: str) -> int:
    try:
        return cache.incr(key)
    except ValueError:  # the first of this minute, of maybe two at the same time
        return 1 if cache.add(key, 1, timeout=2 * WINDOW_S) else cache.incr(key)


def tell(request: HttpRequest, response: HttpResponse) -> None:
    """Say in the answer what is left, and give a request back that was answered with 304."""
    allowance: Allowance | None = getattr(request, "api_allowance", None)
    if allowance is None:
        return
    left = allowance.left
    if response.status_code == 304:
        left += 1
        try:
            cache.decr(allowance.key)
        except (ValueError, RedisError, OSError):
            logger.debug("a request was not given back: its count is gone")
    name = allowance.scope
    response["RateLimit-Policy"] = f'"{name}";q={allowance.limit};w={WINDOW_S}'
    response["RateLimit"] = f'"{name}";r={max(0, left)};t={allowance.resets_s}'
