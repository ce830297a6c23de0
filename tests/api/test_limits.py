"""Guessing passwords is slowed by address, and a made-up address does not help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from tests.api.test_submissions import client_of
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


def test_a_scope_has_its_limit_and_says_what_is_left(settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = {"anonymous": 2, "read": 3, "submit": 1, "upload": 9}
    nobody = APIClient()
    answers = [nobody.get("/api/v1/metrics/?family=fields") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[0]["RateLimit-Policy"] == '"anonymous";q=2;w=60'
    assert [each["RateLimit"].split(";t=")[0] for each in answers] == [
        '"anonymous";r=1',
        '"anonymous";r=0',
        '"anonymous";r=0',
    ]
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert answers[2].json()["code"] == "THROTTLED"
    person = client_of(make_user())  # a limit of their own, whatever others did at their address
    assert person.get("/api/v1/rounds/")["RateLimit-Policy"] == '"read";q=3;w=60'


def test_writes_and_uploads_are_counted_apart(settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = {"anonymous": 9, "read": 9, "submit": 1, "upload": 9}
    person = client_of(make_user())
    address = "/api/v1/rounds/no/round/validate/"
    assert [person.post(address).status_code for _ in range(2)] == [404, 429]
    upload = person.post("/api/v1/uploads/")
    assert upload["RateLimit-Policy"] == '"upload";q=9;w=60'
    assert person.get("/api/v1/rounds/").status_code == 200


def test_an_answer_that_nothing_changed_does_not_count(settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = {"anonymous": 2, "read": 9, "submit": 1, "upload": 9}
    nobody = APIClient()
    etag = nobody.get("/api/v1/rounds/")["ETag"]
    polls = [nobody.get("/api/v1/rounds/", HTTP_IF_NONE_MATCH=etag) for _ in range(5)]
    assert {each.status_code for each in polls} == {304}
    assert {each["RateLimit"].split(";t=")[0] for each in polls} == {'"anonymous";r=1'}
    assert nobody.get("/api/v1/rounds/").status_code == 200
    assert nobody.get("/api/v1/rounds/").status_code == 429


def test_the_api_works_while_the_cache_is_gone(settings: Any) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    assert APIClient().get("/api/v1/rounds/").status_code == 200
