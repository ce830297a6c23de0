"""Submitting through the API: accepted, refused with problems, polled, and kept private."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import h5py
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import ApiToken, Team, User
from catalog.models import Artifact
from challenges.models import Round
from submissions.models import Submission
from submissions.services.drain import drain
from tests.factories import make_artifact, make_round, make_team, make_user, npz_bytes, organizer_of

pytestmark = pytest.mark.django_db


def client_of(user: User, *, scopes: str = "read submit") -> APIClient:
    """Return an API client that sends a token of this person."""
    _, token = ApiToken.objects.create(user=user, name="test", scopes=scopes)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def address(round_: Round, tail: str = "submissions/") -> str:
    return f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/{tail}"


def upload(content: bytes, **fields: object) -> dict[str, object]:
    return {"file": SimpleUploadedFile("mine.npz", content), "method": "Guess", **fields}


@pytest.fixture
def round_() -> Round:
    return make_round()


@pytest.fixture
def team() -> Team:
    return make_team(make_user("ann"), slug="anns")


@pytest.fixture
def client(team: Team) -> APIClient:
    return client_of(User.objects.get(username="ann"))


GOOD = npz_bytes({"t1": 1.5, "t2": 2.0, "t3": 0.0})


def test_an_accepted_upload_is_queued_with_a_receipt(client: APIClient, round_: Round) -> None:
    response = client.post(address(round_), upload(GOOD))
    assert response.status_code == 201, response.json()
    receipt = response.json()
    assert receipt["state"] == "queued"
    assert receipt["sha256"] == hashlib.sha256(GOOD).hexdigest()
    assert receipt["answered"] == ["t1", "t2", "t3"]
    assert receipt["queue_position"] == 1
    assert receipt["queue"] == {"position": 1, "eta_seconds": None}
    limit = round_.submissions_per_day
    assert (receipt["quota"]["limit"], receipt["quota"]["left"]) == (limit, limit - 1)
    assert receipt["quota"]["resets_at"].endswith("T00:00:00Z")
    assert response["Location"] == f"/api/v1/submissions/{receipt['code']}/"


def test_a_scored_submission_shows_its_scores_per_target(client: APIClient, round_: Round) -> None:
    code = client.post(address(round_), upload(GOOD)).json()["code"]
    drain()
    found = client.get(f"/api/v1/submissions/{code}/").json()
    assert found["state"] == "scored"
    assert [(s["target"], s["status"], s["value"]) for s in found["scores"]] == [
        ("t1", "ok", 0.5),
        ("t2", "ok", 0.0),
        ("t3", "ok", 3.0),
    ]


def test_the_body_itself_may_be_the_file(client: APIClient, round_: Round) -> None:
    data = make_artifact(slug="flows")
    response = client.post(
        f"{address(round_)}?method=Raw&inputs=flows&file_name=raw.npz",
        GOOD,
        content_type="application/octet-stream",
    )
    assert response.status_code == 201, response.json()
    submission = Submission.objects.get(code=response.json()["code"])
    assert submission.file_name == "raw.npz"
    assert [edge.parent for edge in submission.method.parent_edges.all()] == [data]


def test_a_wrong_file_is_refused_with_every_problem_and_leaves_nothing(
    client: APIClient, round_: Round
) -> None:
    bad = npz_bytes({"t1": np.nan, "t2": np.zeros(3), "nonsense": 1.0})
    response = client.post(address(round_), upload(bad))
    assert response.status_code == 422
    body = response.json()
    assert body["code"] == "PREDICTION_REFUSED"
    assert {"NOT_FINITE", "BAD_SHAPE", "UNKNOWN_TARGET"} <= {p["code"] for p in body["problems"]}
    assert all(p["where"] and p["remedy"] for p in body["problems"])
    assert not Submission.objects.exists()
    assert not Artifact.objects.filter(kind="model").exists()


def test_validate_tells_what_was_understood_and_costs_nothing(
    client: APIClient, round_: Round
) -> None:
    response = client.post(address(round_, "validate/"), {"file": SimpleUploadedFile("a", GOOD)})
    assert response.json()["ok"] is True
    assert response.json()["answered"] == ["t1", "t2", "t3"]
    assert not Submission.objects.exists()


def test_validate_shows_how_a_file_could_be_mended(client: APIClient, round_: Round) -> None:
    content = npz_bytes({"T1": 1.5, "t2": [[2.0]], "t3": 0.0})
    response = client.post(address(round_, "validate/"), {"file": SimpleUploadedFile("a", content)})
    body = response.json()
    assert body["ok"] is False
    assert [each["code"] for each in body["suggestions"]] == ["ID_SPELLING", "SINGLETON_AXES"]
    assert body["suggestions"][0]["changes"] == [["'T1'", "'t1'"]]
    assert all(each["decide"] == "" for each in body["suggestions"])


def test_validate_shows_the_mendings_of_other_formats_too(client: APIClient, team: Team) -> None:
    lines = b'{"id": "T1", "pred": "1.5"}\n'
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["T1"] = [[2.0]]
    for reader, content, codes in (
        ("jsonl", lines, ["COLUMN_NAME", "ID_SPELLING", "NUMBER_TEXT"]),
        ("hdf5", buffer.getvalue(), ["ID_SPELLING", "SINGLETON_AXES"]),
    ):
        round_ = make_round(reader=reader)
        sent = {"file": SimpleUploadedFile("a", content)}
        body = client.post(address(round_, "validate/"), sent).json()
        assert body["ok"] is False
        assert [each["code"] for each in body["suggestions"]] == codes


def test_the_same_idempotency_key_gives_the_first_submission_again(
    client: APIClient, round_: Round
) -> None:
    codes = {
        client.post(address(round_), upload(GOOD), HTTP_IDEMPOTENCY_KEY="once").json()["code"]
        for _ in range(3)
    }
    assert len(codes) == 1
    assert Submission.objects.count() == 1


def test_the_quota_answers_429_with_the_time_it_resets(client: APIClient) -> None:
    round_ = make_round(submissions_per_day=1)
    client.post(address(round_), upload(GOOD))
    response = client.post(address(round_), upload(GOOD))
    assert response.status_code == 429
    assert response.json()["code"] == "QUOTA_EXHAUSTED"
    assert 0 < int(response["Retry-After"]) <= 86_400


def test_a_closed_round_is_refused(client: APIClient) -> None:
    now = timezone.now()
    round_ = make_round(opens_at=now - timedelta(days=2), closes_at=now - timedelta(minutes=1))
    response = client.post(address(round_), upload(GOOD))
    assert response.status_code == 403
    assert "closed" in response.json()["message"]


def test_a_file_over_the_limit_is_refused(client: APIClient) -> None:
    round_ = make_round(upload_limit_bytes=100)
    response = client.post(address(round_), upload(GOOD))
    assert response.status_code == 413
    assert response.json()["code"] == "UPLOAD_TOO_LARGE"


def test_a_wrong_checksum_is_refused(client: APIClient, round_: Round) -> None:
    response = client.post(address(round_), upload(GOOD, sha256="0" * 64))
    assert response.status_code == 422
    assert not Submission.objects.exists()


def test_a_missing_file_or_method_is_named(client: APIClient, round_: Round) -> None:
    no_file = client.post(address(round_), {"method": "x"})
    assert [p["where"] for p in no_file.json()["problems"]] == ["file"]
    no_method = client.post(address(round_), {"file": SimpleUploadedFile("a", GOOD)})
    assert [p["where"] for p in no_method.json()["problems"]] == ["method"]


def test_an_unknown_dataset_is_named(client: APIClient, round_: Round) -> None:
    response = client.post(address(round_), upload(GOOD, inputs=["no-such-data"]))
    assert "no-such-data" in response.json()["message"]


def test_only_organizers_submit_baselines(client: APIClient, round_: Round) -> None:
    assert client.post(address(round_), upload(GOOD, entry_kind="baseline")).status_code == 403
    organizer = organizer_of(round_.challenge)
    make_team(organizer)
    plain = client_of(organizer).post(address(round_), upload(GOOD, entry_kind="baseline"))
    assert plain.status_code == 403  # the token does not carry the organizer's rights
    able = client_of(organizer, scopes="read submit organize")
    response = able.post(address(round_), upload(GOOD, entry_kind="baseline"))
    assert response.status_code == 201, response.json()


def test_submitting_needs_a_token(round_: Round) -> None:
    response = APIClient().post(address(round_), upload(GOOD))
    assert response.status_code == 401
    assert response.json()["code"] == "NOT_AUTHENTICATED"


def test_others_submissions_are_not_there(client: APIClient, round_: Round) -> None:
    code = client.post(address(round_), upload(GOOD)).json()["code"]
    stranger = client_of(make_user())
    assert stranger.get(f"/api/v1/submissions/{code}/").status_code == 404
    assert stranger.get(address(round_)).json()["results"] == []
    assert APIClient().get(f"/api/v1/submissions/{code}/").status_code == 401


def test_polling_an_unchanged_submission_answers_304(client: APIClient, round_: Round) -> None:
    code = client.post(address(round_), upload(GOOD)).json()["code"]
    first = client.get(f"/api/v1/submissions/{code}/")
    again = client.get(f"/api/v1/submissions/{code}/", HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content, again["Retry-After"]) == (304, b"", "1")
    drain()
    changed = client.get(f"/api/v1/submissions/{code}/", HTTP_IF_NONE_MATCH=first["ETag"])
    assert changed.status_code == 200
    assert "Retry-After" not in changed
