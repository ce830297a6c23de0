"""Reading through the API: rounds, targets, answers, boards, catalog, tokens and the schema."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import ApiToken
from challenges.models import Round, RoundFile
from challenges.services.files import add_round_file
from challenges.services.references import commitment_of, set_reference
from leaderboards.services.ledger import post_book
from leaderboards.services.refresh import refresh_board
from tests.factories import (
    make_artifact,
    make_challenge,
    make_round,
    make_scored,
    make_target,
    make_team,
    make_user,
    npy_bytes,
    organizer_of,
)

pytestmark = pytest.mark.django_db


def address(round_: Round, tail: str = "") -> str:
    return f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/{tail}"


def get(path: str, **headers: str) -> Any:
    return APIClient().get(path, **headers)


def test_rounds_are_listed_newest_first_and_drafts_are_not() -> None:
    now = timezone.now()
    old = make_round(opens_at=now - timedelta(days=9))
    new = make_round()
    make_round(published=False)
    page = get("/api/v1/rounds/").json()
    assert [each["slug"] for each in page["results"]] == [new.slug, old.slug]
    assert page["next"] is None


def test_a_draft_is_seen_by_its_organizer_only() -> None:
    draft = make_round(published=False)
    assert get(address(draft)).status_code == 404
    client = APIClient()
    client.force_authenticate(organizer_of(draft.challenge))
    assert client.get(address(draft)).json()["state"] == "draft"


def test_a_round_tells_metrics_files_and_rules_and_answers_304_when_unchanged() -> None:
    round_ = make_round()
    first = get(address(round_))
    assert [metric["key"] for metric in first.json()["metrics"]] == ["error"]
    assert get(address(round_), HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304


def test_a_target_shows_its_commitment_and_nothing_else_before_the_reveal() -> None:
    round_ = make_round()
    (target, *_) = get(address(round_, "targets/")).json()
    assert set(target["answer"]) == {"version", "commitment"}
    assert get(address(round_, "answers/t1.npy")).status_code == 404


def test_after_the_reveal_anyone_can_check_the_answer_against_the_commitment() -> None:
    now = timezone.now()
    round_ = make_round(
        targets=(), published=False, opens_at=now - timedelta(days=2), closes_at=now
    )
    target = make_target(round_, "t1")
    set_reference(target=target, values=np.array(0.25), by=make_user())
    Round.objects.filter(pk=round_.pk).update(
        published_at=now - timedelta(days=2), design_sha256="0" * 64, revealed_at=now
    )
    answer = get(address(round_, "targets/")).json()[0]["answer"]
    response = get(answer["url"])
    content = b"".join(response.streaming_content)
    assert content[:6] == b"\x93NUMPY"
    assert hashlib.sha256(content).hexdigest() == answer["sha256"]
    assert answer["commitment"] == commitment_of(
        salt=bytes.fromhex(answer["salt"]),
        name="t1",
        data_sha256=hashlib.sha256(content).digest(),
        size_bytes=len(content),
    )


def test_inputs_are_released_when_the_round_opens() -> None:

    soon = timezone.now() + timedelta(hours=1)
    round_ = make_round(published=False, opens_at=soon, closes_at=soon + timedelta(days=1))
    add_round_file(
        round_, name="inputs.npz", content=io.BytesIO(b"abc"), by=organizer_of(round_.challenge)
    )
    Round.objects.filter(pk=round_.pk).update(published_at=timezone.now(), design_sha256="0" * 64)
    assert get(address(round_, "files/inputs.npz")).status_code == 404
    Round.objects.filter(pk=round_.pk).update(opens_at=timezone.now())
    response = get(address(round_, "files/inputs.npz"))
    assert b"".join(response.streaming_content) == b"abc"
    assert response["Content-Disposition"] == 'attachment; filename="inputs.npz"'
    assert RoundFile.objects.get().sha256 == hashlib.sha256(b"abc").hexdigest()


def test_the_board_is_one_document_with_an_etag_that_moves_with_its_revision() -> None:
    round_ = make_round()
    assert get(address(round_, "leaderboard/")).json()["standings"] == []
    make_scored(round_, {"t1": 1.0, "t2": 1.0, "t3": 1.0})
    refresh_board(round_)
    first = get(address(round_, "leaderboard/"))
    (line,) = first.json()["standings"]
    assert (line["rank"], line["value"], line["rank_low"], line["rank_high"]) == (1, 1.0, 1, 1)
    path = address(round_, "leaderboard/")
    assert get(path, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304
    make_scored(round_, {"t1": 2.0, "t2": 2.0, "t3": 2.0})
    refresh_board(round_)
    assert len(get(path, HTTP_IF_NONE_MATCH=first["ETag"]).json()["standings"]) == 2


def test_the_credit_board_says_what_is_unmet() -> None:
    now = timezone.now()
    round_ = make_round(make_challenge(data_statement="Measured."), revealed_at=now, closes_at=now)
    post_book(round_, reason="revealed")
    body = get(address(round_, "datasets/")).json()
    assert body["posted"] is True
    assert any("baseline" in condition for condition in body["unmet"])
    assert body["datasets"] == []


def test_an_artifact_shows_people_shares_lineage_and_files() -> None:
    data = make_artifact(slug="flows", people=[make_user("mira"), make_user("jonas")])
    body = get(f"/api/v1/artifacts/{data.slug}/{data.version}/").json()
    assert [(c["username"], c["share_bp"]) for c in body["contributions"]] == [
        ("mira", 5000),
        ("jonas", 5000),
    ]
    assert get("/api/v1/artifacts/?kind=dataset").json()["results"][0]["slug"] == "flows"


def test_a_password_buys_a_token_that_is_stored_hashed_and_can_be_revoked() -> None:
    make_team(make_user("ann"))
    client = APIClient()
    answer = client.post(
        "/api/v1/auth/token/", {"username": "ann", "password": "correct horse"}, format="json"
    )
    token = answer.json()["token"]
    assert token.startswith("hld_")
    assert not ApiToken.objects.filter(digest__contains=token).exists()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    assert client.delete("/api/v1/auth/token/current/").status_code == 204
    assert client.delete("/api/v1/auth/token/current/").status_code == 401


def test_a_wrong_password_is_refused_in_the_one_error_shape() -> None:
    make_user("ann")
    answer = APIClient().post(
        "/api/v1/auth/token/", {"username": "ann", "password": "wrong"}, format="json"
    )
    assert answer.status_code == 401
    assert set(answer.json()) == {"code", "message", "problems"}


def test_the_schema_names_every_operation_and_no_reference_file() -> None:
    schema = get("/api/v1/schema/").json()
    assert schema["openapi"].startswith("3.1")
    operations = {
        operation["operationId"] for path in schema["paths"].values() for operation in path.values()
    }
    assert {"submissions_create", "leaderboard_read", "rounds_list"} <= operations


def test_no_answer_byte_leaves_before_the_reveal() -> None:
    """Walk every read of the API with answers that could not be missed."""
    round_ = make_round(values={"t1": 123456.789, "t2": 234567.891, "t3": 345678.912})
    make_scored(round_, {"t1": 1.0, "t2": 1.0, "t3": 1.0})
    refresh_board(round_)
    secrets = [npy_bytes(v).hex() for v in (123456.789, 234567.891, 345678.912)]
    for tail in ("", "targets/", "leaderboard/", "datasets/", "design/"):
        body = get(address(round_, tail)).content
        assert not any(value in body for value in (b"123456.7", b"234567.8", b"345678.9"))
        assert not any(secret in body.hex() for secret in secrets)
