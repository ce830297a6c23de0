"""The second factor: asked at every door, kept encrypted, and wanted of organizers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.test import Client

from accounts.models import ApiToken
from accounts.services import create_token
from tests.factories import make_challenge, make_round, make_user

pytestmark = pytest.mark.django_db
GIVEN = {"username": "ann", "password": "correct horse"}


@pytest.fixture(autouse=True)
def _no_tries_of_others() -> None:
    cache.clear()


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def set_up(client: Client) -> tuple[str, list[str]]:
    """Sign Ann in and set her second factor up; return its secret and the recovery codes."""
    client.post("/login/", GIVEN)
    asked = client.get("/account/second-factor/totp/activate/")
    assert asked["Location"].startswith("/account/reauthenticate/")
    client.post("/account/reauthenticate/", {"password": GIVEN["password"]})
    page = client.get("/account/second-factor/totp/activate/").content.decode()
    found = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page)
    assert found is not None
    client.post("/account/second-factor/totp/activate/", {"code": code_of(found[1])})
    cache.clear()  # a code is used once only
    codes = client.get("/account/second-factor/recovery-codes/").content.decode()
    block = re.search(r'class="codes">([^<]+)<', codes)
    assert block is not None
    return found[1], block[1].split()


def test_a_password_alone_opens_no_door_any_more(client: Client) -> None:
    make_user("ann", is_staff=True)
    secret, codes = set_up(client)
    assert len(codes) == 10
    for kept in Authenticator.objects.all():
        assert secret not in str(kept.data)
    visitor = Client()
    answer = visitor.post("/login/?next=/admin/", GIVEN)
    assert answer["Location"].startswith("/account/second-factor/authenticate/")
    assert visitor.get("/admin/").status_code == 302
    wrong = visitor.post("/account/second-factor/authenticate/", {"code": "000000"})
    assert b"Incorrect" in wrong.content
    visitor.post("/account/second-factor/authenticate/", {"code": code_of(secret)})
    assert visitor.get("/admin/").status_code == 200
    assert Client().post("/api/v1/auth/token/", GIVEN | {"name": "x"}).status_code == 403
    assert not ApiToken.objects.exists()


def test_a_recovery_code_opens_once(client: Client) -> None:
    make_user("ann")
    _, codes = set_up(client)
    for opened in (True, False):
        visitor = Client()
        visitor.post("/login/", GIVEN)
        visitor.post("/account/second-factor/authenticate/", {"code": codes[0]})
        assert (visitor.get("/account/").status_code == 200) is opened


def test_where_it_is_wanted_an_organizer_without_it_is_a_participant(
    client: Client, settings: Any
) -> None:
    settings.MFA_REQUIRED_FOR_ORGANIZERS = True
    ann = make_user("ann", is_staff=True, is_superuser=True)
    draft = make_round(make_challenge(ann), published=False).get_absolute_url()
    _, text = create_token(ann, name="x", scopes=["read", "organize"])
    client.post("/login/", GIVEN)

    def seen() -> tuple[int, int, int]:
        by_token = Client().get(
            f"/api/v1/rounds{draft.removeprefix('/challenges')}",
            headers={"Authorization": f"Token {text}"},
        )
        answers = (client.get("/admin/"), client.get(draft), by_token)
        return tuple(answer.status_code for answer in answers)  # type: ignore[return-value]

    assert seen() == (302, 404, 404)
    assert "/account/second-factor/" in client.get("/admin/")["Location"]
    set_up(client)
    assert seen() == (200, 200, 200)
