"""Verified addresses, lost passwords, and who is known well enough to hold credit."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import TeamInvitation, User
from accounts.teams import _send
from catalog.errors import SharesRefused
from catalog.services import confirm_share
from config import sign_in
from tests.factories import make_artifact, make_team, make_user
from tests.pages.test_account import SIGNUP

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_requests_of_others() -> None:
    cache.clear()


def link_of_last_mail() -> str:
    found = re.search(r"http://testserver(/\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


@pytest.fixture
def mail_is_set_up(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


def test_an_address_must_be_verified_where_mail_is_sent_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert sign_in.email_verification(mail_is_sent=True) == "mandatory"
    assert sign_in.email_verification(mail_is_sent=False) == "optional"
    monkeypatch.setenv("EMAIL_VERIFICATION", "none")
    assert sign_in.email_verification(mail_is_sent=True) == "none"


def test_where_mail_is_sent_nobody_is_in_before_the_address_is_verified(
    mail_is_set_up: None, client: Client
) -> None:
    assert client.post("/signup/", SIGNUP)["Location"] == "/account/confirm-email/"
    assert client.get("/account/").status_code == 302
    given = {"username": "ada", "password": SIGNUP["password1"]}
    assert client.post("/login/", given)["Location"] == "/account/confirm-email/"
    assert client.post("/api/v1/auth/token/", given | {"name": "x"}).status_code == 403
    link = link_of_last_mail()
    assert b"ada@example.org" in client.get(link).content
    client.post(link)
    assert EmailAddress.objects.get().verified
    assert Client().post("/login/", given)["Location"] == "/"


def test_an_account_without_an_address_stays_usable(mail_is_set_up: None, client: Client) -> None:
    make_user("root", is_staff=True)
    given = {"username": "root", "password": "correct horse"}
    assert client.post("/login/", given)["Location"] == "/"


def test_a_lost_password_is_set_anew_by_a_link_that_works_once(client: Client) -> None:
    make_user("ada", email="ada@example.org")
    client.post("/account/password/reset/", {"email": "ada@example.org"})
    page = client.get(link_of_last_mail(), follow=True)
    where = page.redirect_chain[-1][0]
    new = {"password1": "another odd sentence", "password2": "another odd sentence"}
    assert client.post(where, new).status_code == 302
    assert User.objects.get().check_password("another odd sentence")
    assert b"invalid" in Client().get(link_of_last_mail(), follow=True).content


def test_asking_for_a_lost_password_tells_nobody_who_has_an_account(client: Client) -> None:
    make_user("ada", email="ada@example.org")
    answers = [
        client.post("/account/password/reset/", {"email": address})["Location"]
        for address in ("ada@example.org", "nobody@example.org")
    ]
    assert len(set(answers)) == 1


def test_a_changed_address_counts_once_it_is_verified(client: Client) -> None:
    ada = make_user("ada", email="old@example.org")
    EmailAddress.objects.create(user=ada, email=ada.email, verified=True, primary=True)
    client.post("/login/", {"username": "ada", "password": "correct horse"})
    client.post("/account/reauthenticate/", {"password": "correct horse"})
    given = {"email": "new@example.org", "action_add": ""}
    assert client.post("/account/email/", given).status_code == 302
    ada.refresh_from_db()
    assert ada.email == "old@example.org"
    client.post(link_of_last_mail())
    ada.refresh_from_db()
    assert ada.email == "new@example.org"


def test_credit_asks_for_the_identity_that_the_site_wants(settings: Any) -> None:
    ada = make_user("ada")
    share = make_artifact(people=[ada]).contributions.get()
    type(share).objects.update(confirmed_at=None)
    for wanted, remedy in (("orcid", "ORCID"), ("email", "e-mail"), ("manual", "operators")):
        settings.CREDIT_IDENTITY = wanted
        with pytest.raises(SharesRefused, match=remedy):
            confirm_share(share, by=ada)
    ada.identity_checked_at = timezone.now()
    assert confirm_share(share, by=ada)


def test_mail_is_written_in_the_language_that_a_person_chose_last(client: Client) -> None:
    given = SIGNUP | {"email": "ada@example.org"}
    client.post("/signup/", given, headers={"Accept-Language": "de-AT,de;q=0.9"})
    ada = User.objects.get()
    assert ada.language == "de"

    def subject_of_a_reset() -> str:
        Client().post("/account/password/reset/", {"email": "ada@example.org"})
        return str(mail.outbox[-1].subject)

    german = subject_of_a_reset()
    assert client.post("/language/", {"language": "xx"}).status_code == 302
    client.post("/language/", {"language": "en"})
    ada.refresh_from_db()
    assert ada.language == "en"
    Client().post("/language/", {"language": "de"})  # somebody without an account
    assert (german, subject_of_a_reset()) == (
        "[Heldout] E-Mail zum Zurücksetzen des Passworts",
        "[Heldout] Password Reset Email",
    )
    team = make_team(ada, name="Pair")
    for language, words in (("de", "lädt Sie in das Team Pair ein"), ("", "invites you to")):
        User.objects.update(language=language)
        ada.refresh_from_db()
        _send(TeamInvitation(team=team, email="new@example.org", made_by=ada,
                             expires_at=timezone.now()), "https://site.example/x")  # fmt: skip
        assert words in mail.outbox[-1].subject
