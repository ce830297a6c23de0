"""Every page of the site, found from its addresses, as each kind of visitor sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.test import Client

from tests.permissions.routes import address_of, routes
from tests.permissions.table import VIEWERS, read
from tests.permissions.viewers import World

LOOKED_AT_BY = ("anonymous", "own team", "organizer")
NOT_OURS = ("api/", "admin/")
OPENED = 200
_TAG = re.compile(r"<(\w+)([^>]*)>")
_KIND = re.compile(r'\b(?:class|role|type|name|aria-[\w-]+)="[^"]*"')


@dataclass(frozen=True)
class Seen:
    """One page as one visitor has it from the server."""

    route: str
    viewer: str
    address: str
    html: str


def page_routes() -> list[str]:
    """Return every address outside the API and the admin that opens for one of the visitors."""
    rows, names = read(), list(VIEWERS)
    wanted = [names.index(viewer) for viewer in LOOKED_AT_BY]
    return [
        route
        for route in routes()
        if not route.startswith(NOT_OURS)
        and any(rows[route, "GET"][place] == OPENED for place in wanted)
    ]


def sessions(world: World) -> dict[str, Client]:
    """Sign each visitor in."""
    clients = {viewer: Client() for viewer in LOOKED_AT_BY}
    for viewer, client in clients.items():
        if person := world.people[viewer]:
            client.force_login(person)
    return clients


def session_cookie(client: Client) -> str:
    """Return the cookie of a visitor, or an empty text for nobody."""
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    return cookie.value if cookie else ""


def pages(world: World, clients: dict[str, Client]) -> Iterator[Seen]:
    """Open every page as everybody; of pages that are built alike only the first comes."""
    built: set[str] = set()
    for route in page_routes():
        for viewer, client in clients.items():
            address = address_of(route, world)
            answer = client.get(address)
            if answer.status_code != OPENED or "text/html" not in answer["Content-Type"]:
                answer.close()
                continue
            html = answer.content.decode()
            is_whole = "<html" in html  # a part of a page that its script asks for is none
            if is_whole and (shape := _shape(html)) not in built:
                built.add(shape)
                yield Seen(route, viewer, address, html)


def _shape(html: str) -> str:
    """Return what a page's own part is built of, without its words; the frame is on every page."""
    main = html.partition("<main")[2].partition("</main>")[0]
    return "".join(sorted({tag + "".join(_KIND.findall(rest)) for tag, rest in _TAG.findall(main)}))
