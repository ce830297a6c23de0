"""People confirm their own shares on their page; until then the credit waits."""

from __future__ import annotations

import pytest
from django.test import Client

from catalog.models import Contribution
from catalog.services import Share, set_shares
from tests.factories import make_artifact, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting() -> Contribution:
    """Make a dataset of two people, one of whom has not confirmed yet."""
    mira, jonas = make_user("mira"), make_user("jonas")
    data = make_artifact(slug="flows", people=[mira])
    set_shares(data, [Share(person=mira, confirmed=True), Share(person=jonas)])
    return Contribution.objects.get(person=jonas)


def test_a_person_confirms_a_share_with_one_button(client: Client, waiting: Contribution) -> None:
    client.force_login(waiting.person)
    page = client.get("/people/jonas/").content.decode()
    assert "Confirm my share" in page
    answer = client.post("/artifacts/flows/1/confirm-share/", follow=True)
    assert "is confirmed" in answer.content.decode()
    assert "Confirm my share" not in answer.content.decode()
    waiting.refresh_from_db()
    assert waiting.confirmed_at is not None


def test_nobody_confirms_for_another(client: Client, waiting: Contribution) -> None:
    client.force_login(make_user("stranger"))
    assert "Confirm my share" not in client.get("/people/jonas/").content.decode()
    assert client.post("/artifacts/flows/1/confirm-share/").status_code == 404
    waiting.refresh_from_db()
    assert waiting.confirmed_at is None


def test_confirming_needs_a_sign_in_and_a_post(client: Client, waiting: Contribution) -> None:
    assert client.post("/artifacts/flows/1/confirm-share/").status_code == 302
    client.force_login(waiting.person)
    assert client.get("/artifacts/flows/1/confirm-share/").status_code == 405
