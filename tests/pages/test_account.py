"""Signing up, signing in and API tokens."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import ApiToken, User
from tests.factories import make_user

SIGNUP = {
    "username": "ada",
    "display_name": "Ada Lovelace",
    "email": "ada@example.org",
    "affiliation": "",
    "password1": "a long and odd sentence",
    "password2": "a long and odd sentence",
}


def test_signing_up_makes_a_team_of_one_and_signs_in(client: Client, db: None) -> None:
    response = client.post("/signup/", SIGNUP)
    assert (response.status_code, response.url) == (302, "/")
    ada = User.objects.get(username="ada")
    assert [team.name for team in ada.teams.all()] == ["Ada Lovelace"]
    assert ada.check_password(SIGNUP["password1"])
    assert not ada.is_staff
    assert b"Ada Lovelace" in client.get("/").content


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"username": "GRACE"}, "already exists"),
        ({"username": "no spaces"}, "Enter a valid username"),
        ({"password1": "12345678", "password2": "12345678"}, "too common"),
        ({"password2": "something else entirely"}, "same password"),
        ({"email": "nowhere"}, "valid email"),
    ],
)
def test_signing_up_says_what_is_wrong_at_the_field(
    client: Client, db: None, changed: dict[str, str], told: str
) -> None:
    make_user("grace")
    response = client.post("/signup/", SIGNUP | changed)
    assert response.status_code == 200
    assert told in response.content.decode()
    assert User.objects.count() == 1


def test_signing_in_leads_back_to_the_page_that_asked_but_to_no_other_site(
    client: Client, db: None
) -> None:
    make_user("ada")
    given = {"username": "ada", "password": "correct horse"}
    assert client.post("/login/", given | {"next": "/submissions/"}).url == "/submissions/"
    client.logout()
    assert client.post("/login/", given | {"next": "https://elsewhere.example/"}).url == "/"


def test_signing_out_takes_a_post(client: Client, db: None) -> None:
    client.force_login(make_user())
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").url == "/"
    assert b"Sign in" in client.get("/").content


def test_a_token_is_shown_once_and_only_its_digest_is_kept(client: Client, db: None) -> None:
    client.force_login(make_user())
    response = client.post("/account/tokens/", {"name": "laptop", "scopes": ["read"]})
    secret = re.search(r'class="secret">([^<]+)<', response.content.decode()).group(1)  # type: ignore[union-attr]
    token = ApiToken.objects.get()
    assert secret.startswith("hld_")
    assert secret.startswith(token.token_key)
    assert secret not in token.digest
    assert token.scopes == "read"
    assert "no-store" in response["Cache-Control"]
    assert secret not in client.get("/account/tokens/").content.decode()


def test_a_token_is_revoked_by_its_owner_only(client: Client, db: None) -> None:
    owner = make_user()
    token, _ = ApiToken.objects.create(user=owner, name="laptop")
    url = f"/account/tokens/{token.token_key}/revoke/"
    client.force_login(make_user())
    assert client.post(url).status_code == 404
    client.force_login(owner)
    assert client.get(url).status_code == 405
    assert client.post(url).status_code == 302
    assert not ApiToken.objects.exists()
