"""Every refusal of the API has the one shape, whoever refuses."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from rest_framework.test import APIClient

from api.v1.metrics import MetricList
from tests.api.test_submissions import address, client_of
from tests.factories import make_round, make_team, make_user, npz_bytes

pytestmark = pytest.mark.django_db


def refused(response: Any, number: int) -> dict[str, Any]:
    """Return the body of a refusal after looking at its shape."""
    assert response.status_code == number, response.content[:500]
    assert response["Content-Type"].startswith("application/json")
    told: dict[str, Any] = response.json()
    assert set(told) == {"code", "message", "problems"}
    assert all(told.values()), told
    for problem in told["problems"]:
        assert set(problem) == {"code", "message", "where", "remedy"}
        assert all(problem.values()), problem
    return told


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v1/nothing/here/", "/api/v2/rounds/", "/api/v1/rounds/x/y/"]
)
def test_an_unknown_address_answers_in_json_that_it_is_unknown(path: str) -> None:
    told = refused(APIClient().get(path), 404)
    assert told["code"] == "NOT_FOUND"
    assert told["problems"][0]["where"] == f"GET {path}"


def test_a_page_that_is_not_there_stays_a_page() -> None:
    assert "text/html" in APIClient().get("/nothing/here/")["Content-Type"]


def test_a_method_that_an_address_lacks_is_told_with_those_it_has() -> None:
    client = client_of(make_user())
    response = client.delete("/api/v1/rounds/")
    assert refused(response, 405)["code"] == "METHOD_NOT_ALLOWED"
    assert "GET" in response["Allow"]


def test_an_answer_in_another_format_is_refused() -> None:
    told = refused(APIClient().get("/api/v1/rounds/", HTTP_ACCEPT="application/xml"), 406)
    assert "application/json" in told["problems"][0]["remedy"]


def test_a_body_of_another_type_is_refused() -> None:
    client = client_of(make_team(make_user()).memberships.get().user)
    response = client.post(address(make_round()), b"<x/>", content_type="application/xml")
    assert refused(response, 415)["code"] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b'{"a": 1,}', b"[1", b"nonsense"])
def test_malformed_json_is_told_as_such(content: bytes) -> None:
    response = APIClient().post("/api/v1/auth/token/", content, content_type="application/json")
    told = refused(response, 400)
    assert told["code"] == "PARSE_ERROR"
    assert told["problems"][0]["where"] == "the body"


def test_a_body_that_does_not_end_is_not_kept() -> None:
    content = b'{"username": "' + b"a" * 2**20 + b'"}'
    response = APIClient().post("/api/v1/auth/token/", content, content_type="application/json")
    assert refused(response, 413)["code"] == "BODY_TOO_LARGE"


def test_each_wrong_field_is_named() -> None:
    told = refused(APIClient().post("/api/v1/auth/token/", {"name": "x"}, format="json"), 400)
    assert [each["where"] for each in told["problems"]] == ["username", "password"]


def test_a_wrong_file_is_told_with_places_and_remedies() -> None:
    client = client_of(make_team(make_user()).memberships.get().user)
    file = SimpleUploadedFile("a.npz", npz_bytes({"nonsense": 1.0}))
    refused(client.post(address(make_round()), {"file": file, "method": "x"}), 422)


def test_a_wrong_token_is_told() -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Token hld_nobodys")
    assert refused(client.get("/api/v1/rounds/"), 401)["code"] == "AUTHENTICATION_FAILED"


def test_a_crash_is_told_without_what_crashed(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(self: object, request: object) -> None:
        raise RuntimeError("an inner secret")

    monkeypatch.setattr(MetricList, "get", crash)
    response = Client(raise_request_exception=False).get("/api/v1/metrics/")
    assert refused(response, 500)["code"] == "SERVER_ERROR"
    assert b"secret" not in response.content
    assert response["X-Request-ID"]


def test_a_database_that_does_not_answer_is_told_to_be_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def cut(self: object, request: object) -> None:
        raise OperationalError("connection refused by 10.0.0.1")

    monkeypatch.setattr(MetricList, "get", cut)
    response = APIClient().get("/api/v1/metrics/")
    assert refused(response, 503)["code"] == "UNAVAILABLE"
    assert int(response["Retry-After"]) > 0
    assert b"10.0.0.1" not in response.content


def test_an_unknown_address_is_plain_json_for_a_client_that_takes_compressed_pages(
    client: Client,
) -> None:
    answer = client.get("/api/v1/nothing/here/", headers={"accept-encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert "Content-Encoding" not in answer
