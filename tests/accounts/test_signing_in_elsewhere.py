"""Signing in by ORCID and OpenID Connect, against a real provider on loopback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from accounts.models import Team, User
from config import sign_in
from tests.accounts.oidc import CLIENT, SECRET, Provider, provider_running
from tests.factories import make_user

pytestmark = pytest.mark.django_db
IID = "0000-0002-1825-0097"


@pytest.fixture
def orcid(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Provider]:
    with provider_running(sub=IID, name="Josiah Carberry") as provider:
        monkeypatch.setenv("ORCID_SERVER", provider.url)
        monkeypatch.setenv("ORCID_CLIENT_ID", CLIENT)
        monkeypatch.setenv("ORCID_CLIENT_SECRET", SECRET)
        settings.SOCIALACCOUNT_PROVIDERS = sign_in.providers()
        yield provider


@pytest.fixture
def institute(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Provider]:
    claims = {"email": "ann@example.org", "email_verified": True, "preferred_username": "ann"}
    with provider_running(sub="person-1", **claims) as provider:
        row = {"id": "institute", "name": "The Institute", "server_url": provider.url}
        row |= {"client_id": CLIENT, "secret": SECRET}
        monkeypatch.setenv("OIDC_PROVIDERS", json.dumps([row]))
        settings.SOCIALACCOUNT_PROVIDERS = sign_in.providers()
        yield provider


def go_round(client: Client, name: str, query: str = "") -> Any:
    """Press the button of a provider and come back from it, as a browser would."""
    away = client.post(f"/account/oidc/{name}/login/{query}")
    assert away.status_code == 302, away.content
    back = httpx.get(away["Location"])
    assert back.status_code == 302
    return client.get(back.headers["Location"].removeprefix("http://testserver"))


def test_orcid_signs_up_and_the_authenticated_id_is_kept_with_its_time(
    orcid: Provider, client: Client
) -> None:
    answer = go_round(client, "orcid")
    assert answer["Location"] == "/account/connections/signup/"
    page = client.get(answer["Location"]).content.decode()
    assert "Josiah Carberry" in page
    given = {"username": "josiah", "display_name": "Josiah Carberry", "email": ""}
    assert client.post("/account/connections/signup/", given)["Location"] == "/"
    josiah = User.objects.get()
    assert josiah.orcid == IID
    assert josiah.orcid_verified_at is not None
    assert [team.name for team in Team.objects.filter(members=josiah)] == ["Josiah Carberry"]
    assert "verified by ORCID" in client.get("/people/josiah/").content.decode()
    again = Client()
    assert go_round(again, "orcid")["Location"] == "/"
    assert again.get("/account/").status_code == 200
    assert not orcid.refused


def test_a_typed_id_is_not_verified_and_yields_to_the_authenticated_one(
    orcid: Provider, client: Client
) -> None:
    liar = make_user("liar", orcid=IID)
    assert "not verified" in client.get("/people/liar/").content.decode()
    owner = make_user("owner")
    client.force_login(owner)
    client.post("/account/reauthenticate/", {"password": "correct horse"})
    go_round(client, "orcid", "?process=connect")
    for person in (liar, owner):
        person.refresh_from_db()
    assert (liar.orcid, owner.orcid) == ("", IID)
    assert owner.orcid_verified_at is not None
    client.post("/account/", {"display_name": "Owner", "orcid": "0000-0001-5109-3700"})
    owner.refresh_from_db()
    assert (owner.display_name, owner.orcid) == ("Owner", IID)


def test_an_address_that_another_site_vouches_for_opens_no_account_that_is_there(
    institute: Provider, client: Client
) -> None:
    make_user("ann", email="ann@example.org")
    assert go_round(client, "institute")["Location"] == "/account/connections/signup/"
    assert client.get("/account/").status_code == 302
    assert not SocialAccount.objects.exists()


def test_a_name_that_looks_like_anothers_is_refused_this_way_in_too(
    institute: Provider, client: Client
) -> None:
    make_user("annl")
    go_round(client, "institute")
    answer = client.post("/account/connections/signup/", {"username": "annI", "email": ""})
    assert "looks like" in answer.content.decode() or "taken" in answer.content.decode()
    assert User.objects.count() == 1


def test_an_answer_nobody_asked_for_signs_nobody_in(institute: Provider, client: Client) -> None:
    stranger = Client()
    away = stranger.post("/account/oidc/institute/login/")
    back = httpx.get(away["Location"]).headers["Location"].removeprefix("http://testserver")
    assert client.get(back).status_code == 401  # the page that says it went wrong
    assert not SocialAccount.objects.exists()
    assert client.get("/account/").status_code == 302


def test_only_what_is_configured_is_offered(client: Client, institute: Provider) -> None:
    page = client.get("/login/").content.decode()
    assert "The Institute" in page
    assert "ORCID" not in page
    assert client.get("/account/oidc/orcid/login/").status_code == 404
    assert client.get("/account/oidc/institute/login/").status_code == 200  # asks first


def test_a_browser_may_follow_the_form_to_the_providers_and_nowhere_else(
    institute: Provider,
) -> None:
    assert sign_in.origins(sign_in.providers()) == [institute.url]


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"ORCID_CLIENT_ID": "x"}, "go together"),
        ({"OIDC_PROVIDERS": "{"}, "no JSON"),
        ({"OIDC_PROVIDERS": "{}"}, "list of objects"),
        ({"OIDC_PROVIDERS": '[{"id": "a"}]'}, "client_id"),
        (
            {
                "OIDC_PROVIDERS": '[{"id": "orcid", "name": "n", "server_url": "https://a.b", '
                '"client_id": "c", "secret": "s"}]'
            },
            "ORCID_CLIENT_ID is for",
        ),
        (
            {
                "OIDC_PROVIDERS": '[{"id": "a", "name": "n", "server_url": "http://a.b", '
                '"client_id": "c", "secret": "s"}]'
            },
            "not https",
        ),
    ],
)
def test_bad_variables_stop_the_start_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=re.escape(told)):
        sign_in.providers()
