"""One line per event, each with the ids of what it belongs to: for people, or as JSON.

Addresses of people and access tokens are blotted out of every line, tracebacks included,
whoever wrote them. Contents of files and answers never reach a log in the first place: they are
read in the cage, which tells places in the code and no text.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts.trace import traced, traced_facts

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_SECRETS = (
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"), "[e-mail]"),
    (re.compile(r"\bhld_\w+"), "[token]"),
    (re.compile(r"(?i)\b(token|bearer|basic)\s+[\w.~+/=-]{16,}"), r"\1 [token]"),
    # Addresses that are a permission by themselves.
    (re.compile(r"(/(?:feeds|unsubscribe|invitations)/)[\w:.~%-]{16,}"), r"\1[token]"),
    (re.compile(r"(?i)(://[^\s:/@]*:)[^\s/@]+@"), r"\1[password]@"),
)
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def blotted(text: str) -> str:
    """Return the text without e-mail addresses, tokens and passwords of addresses."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def facts_of_now() -> dict[str, object]:
    """Return the ids that a line written now carries."""
    found = {name: fact for name, fact in traced_facts().items() if fact is not None}
    asked = found.pop("asked", None)
    user = _known_user(asked)
    return found if user is None else {**found, "user": user}


def _known_user(request: object) -> int | None:
    """Return the number of a request's person, if that is known without asking for it."""
    user = getattr(request, "_cached_user", None) or getattr(request, "user", None)
    return None if user is None or isinstance(user, SimpleLazyObject) else user.pk


class IdsFilter(logging.Filter):
    """Note the ids of the moment on every record; later, in another thread, they would differ."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.facts = facts_of_now()
        return True


class LineFormatter(logging.Formatter):
    """For people: time, level, place, text, then the ids."""

    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "facts", {})
        ids = " ".join(f"{name}={fact}" for name, fact in facts.items())
        head, newline, rest = super().format(record).partition("\n")
        return blotted(f"{head} [{ids}]{newline}{rest}" if ids else f"{head}{newline}{rest}")


class JsonFormatter(logging.Formatter):
    """For machines: one JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": blotted(record.getMessage()),
            **getattr(record, "facts", {}),
            "process": record.process,
        }
        if record.exc_info:
            line["exception"] = blotted(self.formatException(record.exc_info))
        return json.dumps(line, default=str, ensure_ascii=False)


class RequestMiddleware:
    """Give every request an id, and its lines and its answer with it.

    An id that comes with the request is taken over from a proxy of ours only: anyone else could
    make their lines look like somebody else's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        identity = self._id_of(request)
        request.id = identity  # type: ignore[attr-defined]
        started = time.monotonic()
        with traced(request=identity, asked=request):
            response = self.get_response(request)
            took_ms = round((time.monotonic() - started) * 1000)
            plain = request.method in _SAFE_METHODS and response.status_code < 500
            logger.log(
                logging.DEBUG if plain else logging.INFO,
                "%s %s answered %d in %d ms",
                *(request.method, request.path, response.status_code, took_ms),
            )
        response[HEADER] = identity
        return response

    @staticmethod
    def _id_of(request: HttpRequest) -> str:
        given = request.headers.get(HEADER, "") if settings.BEHIND_PROXY else ""
        return given if _GOOD_ID.fullmatch(given) else secrets.token_hex(8)
