"""Guessing passwords is slowed by address, and a made-up address does not help."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_tries_of_others() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def test_the_twenty_first_try_of_a_minute_is_not_looked_at() -> None:
    make_user("ann")
    client = APIClient()
    codes = [
        client.post(
            "/api/v1/auth/token/",
            {"username": f"someone{number}", "password": "wrong"},
            format="json",
            HTTP_X_FORWARDED_FOR=f"10.0.0.{number}",
        ).status_code
        for number in range(21)
    ]
    assert codes == [401] * 20 + [429]
    right = {"username": "ann", "password": "correct horse"}
    answer = client.post("/api/v1/auth/token/", right, format="json")
    assert int(answer["Retry-After"]) > 0
    assert answer.json()["code"] == "THROTTLED"
