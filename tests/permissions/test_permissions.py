"""Every address answers every kind of visitor as the table says."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import get_resolver

from accounts.admin_base import Audited
from api.permissions import TokenScope
from tests.permissions.routes import methods, routes
from tests.permissions.table import PAGE, TABLE, VIEWERS, line_of, markdown, read
from tests.permissions.viewers import build_world
from tests.permissions.walk import walk

AREAS = {
    "api": lambda route: route.startswith("api/"),
    "admin": lambda route: route.startswith("admin/"),
    "pages": lambda route: not route.startswith(("api/", "admin/")),
}


@pytest.mark.django_db
@pytest.mark.timeout(900)
@pytest.mark.parametrize("area", AREAS)
def test_every_address_answers_every_visitor_as_the_table_says(area: str) -> None:
    chosen = [route for route in routes() if AREAS[area](route)]
    expected = read()
    different = [
        f"{line_of(route, method, codes)}\n    expected {expected.get((route, method))}"
        for (route, method), codes in walk(build_world(), chosen).items()
        if expected.get((route, method)) != codes
    ]
    assert not different, "read each, and if it is right put it into the table:\n" + "\n".join(
        different
    )


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    there = {(route, method) for route in routes() for method in methods(route)}
    assert set(read()) == there


def test_no_address_has_two_rows_and_every_row_a_code_for_every_visitor() -> None:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert len(lines) == len(read())
    assert {len(codes) for codes in read().values()} == {len(VIEWERS)}


def test_the_page_of_the_documentation_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(read())


def test_no_view_of_the_api_forgets_the_scopes_of_tokens() -> None:
    views = [
        pattern.callback.view_class
        for pattern in get_resolver("api.urls").url_patterns[0].url_patterns
    ]
    assert len(views) > 15
    forgetful = [view.__name__ for view in views if TokenScope not in view.permission_classes]
    # Made without a token; revoked by the token itself; and a file that says nothing of anyone.
    assert forgetful == ["TokenCreate", "TokenRevoke", "SpectacularJSONAPIView"]


def test_everything_done_in_the_admin_goes_into_the_audit_trail() -> None:
    assert not [row for row in admin.site._registry.values() if not isinstance(row, Audited)]
