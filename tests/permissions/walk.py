"""Go to every address as every visitor, and note what the site answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from tests.permissions.routes import address_of, methods
from tests.permissions.table import VIEWERS
from tests.permissions.viewers import World

Observed = dict[tuple[str, str], tuple[int, ...]]  # by route and method, one code per visitor


def walk(world: World, routes: Sequence[str]) -> Observed:
    """Return the status codes; every request is taken back, so that none sees another's traces."""
    sessions = dict(_sessions(world))
    return {
        (route, method): tuple(
            _code(sessions[viewer], method, address_of(route, world)) for viewer in VIEWERS
        )
        for route in routes
        for method in methods(route)
    }


def _sessions(world: World) -> Iterator[tuple[str, str]]:
    for viewer, person in world.people.items():
        client = Client()
        if person is not None:
            client.force_login(person)
        cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
        yield viewer, cookie.value if cookie else ""


def _code(session: str, method: str, address: str) -> int:
    client = Client(raise_request_exception=False)
    if session:
        client.cookies[settings.SESSION_COOKIE_NAME] = session
    cache.clear()
    with transaction.atomic():
        response = client.generic(method, address)
        if response.streaming:  # read to its end, so that the file is closed
            b"".join(response.streaming_content)  # type: ignore[attr-defined]
        transaction.set_rollback(True)
    return int(response.status_code)
