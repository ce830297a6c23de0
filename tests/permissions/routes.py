"""Every address pattern of the site, and an address of each that leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.urls import get_resolver

from challenges.models import Round
from community.models import Kind
from community.unsubscribing import unsubscribe_url
from config.health import ANSWERS
from tests.pages.seed import Seed
from tests.permissions.viewers import World

DRAFT = " (draft)"  # the same address of a round that is not published
# What makers do with an artifact is tried with the model of a team.
OF_MAKERS = ("/edit/", "/versions/", "/contributors/", "/lineage/", "/statement/publish/")
PLAIN = ("GET", "POST")
ALL = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# Patterns that are regular expressions, and an address that each takes.
_WRITTEN_OUT = {
    "admin/(?P<url>.*)$": "admin/nothing/here/",
    "admin/^(?P<app_label>": "admin/challenges/",
    "^account/password/reset/key/": "account/password/reset/key/1-nothing/",
    "account/oidc/": "account/oidc/nobody/login/",
}


def routes() -> list[str]:
    """Return every pattern, and those of rounds a second time for a draft."""
    found = [*_patterns(get_resolver().url_patterns), *(path.lstrip("/") for path in ANSWERS)]
    return [
        situation
        for route in dict.fromkeys(found)
        for situation in ([route, route + DRAFT] if _is_of_round(route) else [route])
    ]


def methods(route: str) -> tuple[str, ...]:
    """Return the methods to try; pages and the admin know GET and POST only."""
    return ALL if route.startswith("api/") else PLAIN


def address_of(route: str, world: World) -> str:
    """Return an address that fits the pattern and names something that is there."""
    is_draft = route.endswith(DRAFT)
    route = route.removesuffix(DRAFT)
    for beginning, written in _WRITTEN_OUT.items():
        if route.startswith(beginning):
            return "/" + written
    values = _values(route, world, is_draft=is_draft)
    return "/" + _PARAMETER.sub(lambda found: str(values[found[1]]), route)


def _is_of_round(route: str) -> bool:
    return "<slug:challenge>/<slug:round" in route


def _patterns(patterns: list[Any], before: str = "") -> Iterator[str]:
    for each in patterns:
        route = before + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from _patterns(each.url_patterns, route)
        else:
            yield route


def _of_catalog(route: str, seed: Seed) -> dict[str, object]:
    values: dict[str, object] = {"section": "uses", "kind": "dataset", "number": 1}
    if "/export/" in route:
        values["name"] = "croissant.json"
    if "/claim" in route:
        values["slug"] = seed.data["unused"].slug
    if any(part in route for part in OF_MAKERS):
        values["slug"] = seed.methods["A"].slug
    return values


def _of_notifications(route: str, world: World) -> dict[str, object]:
    if "webhooks/" in route:
        delivery = world.hook.deliveries.get()
        return {"code": world.hook.code, "delivery": delivery.code}
    if route.startswith("feeds/"):
        return {"secret": world.feed}
    if route.startswith("unsubscribe/"):
        link = unsubscribe_url(world.seed.ann, Kind.CLOSED)
        return {"token": link.rstrip("/").rpartition("/")[2]}
    return {}


def _values(route: str, world: World, *, is_draft: bool) -> dict[str, object]:
    seed = world.seed
    round_ = seed.draft if is_draft else seed.open
    of_board = ("/board" in route or "/certificates/" in route) and not route.startswith("admin/")
    if of_board or "answers/" in route:
        round_ = seed.draft if is_draft else seed.final
    values: dict[str, object] = {
        "challenge": seed.challenge.slug,
        "round": round_.slug,
        "round_slug": round_.slug,
        "target": "u01",
        "topic": "fluid-dynamics",
        "name": "u01.csv",
        "code": world.code,
        "key": world.token_key,
        "username": seed.ann.username,
        "secret": world.invitation,
        "version": 1,
        "slug": "nrmse",
        "act": "close",
        "pk": seed.open.pk,
        "id": seed.ann.pk,
        "content_type_id": ContentType.objects.get_for_model(Round).pk,
        "object_id": seed.open.pk,
    }
    if "artifact" in route or "dataset" in route:
        values |= {"slug": seed.data["D1"].slug, "name": "fields.csv"}
    values |= _of_catalog(route, seed)
    values |= _of_notifications(route, world)
    if of_board:
        values |= {"name": "ranks", "code": seed.entries["A"].code}
    if route.startswith("models/") or "training-summary" in route:
        values["slug"] = seed.methods["A"].slug
    if route.startswith("api/v1/challenges/<slug:slug>"):
        values["slug"] = seed.challenge.slug
    if route.startswith(("teams/", "api/v1/teams/")):
        values |= {"slug": seed.teams["A"].slug, "number": seed.teams["A"].invitations.get().pk}
    if route.startswith("admin/challenges/challenge/new/"):
        values["slug"] = "pde-field"
    admin = re.match(r"admin/(\w+/\w+)/", route)
    if admin and "<path:object_id>" in route:
        values["object_id"] = world.rows[admin[1]].pk
    return values
