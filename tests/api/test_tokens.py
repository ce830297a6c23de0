"""A token does what its scopes say, tells when it was used, and is worth nothing when stolen
from the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import ApiToken, AuditEvent
from tests.api.test_submissions import GOOD, address, client_of, upload
from tests.factories import (
    make_challenge,
    make_round,
    make_submission,
    make_team,
    make_user,
    organizer_of,
)

pytestmark = pytest.mark.django_db


def test_a_token_for_reading_submits_nothing_and_one_for_submitting_reads_nothing() -> None:
    round_, ann = make_round(), make_user("ann")
    make_team(ann)
    reads, submits = client_of(ann, scopes="read"), client_of(ann, scopes="submit")
    refused = reads.post(address(round_), upload(GOOD))
    assert (refused.status_code, refused.json()["code"]) == (403, "SCOPE_MISSING")
    assert reads.post(address(round_, "validate/"), upload(GOOD)).status_code == 403
    assert submits.post(address(round_), upload(GOOD)).status_code == 201
    assert submits.get(address(round_)).status_code == 403
    assert len(reads.get(address(round_)).json()["results"]) == 1


def test_without_organize_an_organizers_token_sees_what_a_participant_sees() -> None:
    challenge = make_challenge()
    draft = make_round(challenge, published=False, targets=())
    other = make_submission(make_round(challenge))
    organizer = organizer_of(challenge)
    plain = client_of(organizer)
    able = client_of(organizer, scopes="read organize")
    for path in (address(draft, ""), f"/api/v1/submissions/{other.code}/"):
        assert plain.get(path).status_code == 404
        assert able.get(path).status_code == 200


def test_the_same_holds_for_an_operator() -> None:
    other = make_submission()
    root = make_user("root", is_superuser=True, is_staff=True)
    path = f"/api/v1/submissions/{other.code}/"
    assert client_of(root).get(path).status_code == 404
    assert client_of(root, scopes="read organize").get(path).status_code == 200


def test_a_token_is_made_with_the_scopes_asked_for_and_shown_once() -> None:
    cache.clear()
    make_user("ann")
    given = {"username": "ann", "password": "correct horse", "name": "cluster"}
    client = APIClient()
    plain = client.post("/api/v1/auth/token/", given, format="json").json()
    assert plain["scopes"] == ["read", "submit"]
    narrow = client.post("/api/v1/auth/token/", {**given, "scopes": ["read"]}, format="json").json()
    assert narrow["scopes"] == ["read"]
    for scopes in (["everything"], []):
        wrong = client.post("/api/v1/auth/token/", {**given, "scopes": scopes}, format="json")
        assert wrong.status_code == 400
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_apitoken")
        dump = str(cursor.fetchall())
    for made in (plain, narrow):
        assert made["token"].startswith("hld_")
        assert made["token"] not in dump
    assert not AuditEvent.objects.filter(act="token").exists()


def test_making_a_token_to_organize_with_is_written_down() -> None:
    cache.clear()
    make_user("ann")
    given = {"username": "ann", "password": "correct horse", "scopes": ["organize"]}
    APIClient().post("/api/v1/auth/token/", given, format="json")
    assert AuditEvent.objects.get(act="token").actor.username == "ann"  # type: ignore[union-attr]


def test_the_last_use_is_noted_at_most_once_a_minute() -> None:
    client = client_of(make_user())
    client.get("/api/v1/rounds/")
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    client.get("/api/v1/rounds/")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    client.get("/api/v1/rounds/")
    assert ApiToken.objects.get().last_used_at >= first  # type: ignore[operator]


def test_an_expired_or_broken_token_is_refused_without_a_fault() -> None:
    client = client_of(make_user())
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert client.get("/api/v1/rounds/").status_code == 401
    for text in ("hld_nonsense", "hld_\xff\xfe", "x" * 5000):
        client.credentials(HTTP_AUTHORIZATION=f"Token {text}")
        assert client.get("/api/v1/rounds/").status_code == 401
