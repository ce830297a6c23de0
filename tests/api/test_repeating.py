"""Repeated requests, unchanged answers, and waiting for a change."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from api import waiting
from api.models import IdempotentAnswer
from challenges.models import Round
from challenges.services.files import add_round_file
from submissions.models import Submission
from submissions.services.drain import drain
from tests.api.test_submissions import GOOD, address, client_of, upload
from tests.factories import (
    make_artifact,
    make_round,
    make_submission,
    make_team,
    make_user,
    npz_bytes,
    organizer_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def round_() -> Round:
    return make_round()


@pytest.fixture
def ann() -> User:
    person = make_user("ann")
    make_team(person, slug="anns")
    return person


@pytest.fixture
def client(ann: User) -> APIClient:
    return client_of(ann)


def test_the_same_request_gets_the_same_answer(client: APIClient, round_: Round) -> None:
    first = client.post(address(round_), upload(GOOD), HTTP_IDEMPOTENCY_KEY="once")
    drain()
    again = client.post(address(round_), upload(GOOD), HTTP_IDEMPOTENCY_KEY="once")
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert again["Location"] == first["Location"]
    assert "Idempotency-Replayed" not in first


@pytest.mark.parametrize(
    "other",
    [{"content": npz_bytes({"t1": 9.0, "t2": 2.0, "t3": 0.0})}, {"note": "x"}, {"method": "y"}],
)
def test_another_request_with_the_same_key_is_refused(
    client: APIClient, round_: Round, other: dict[str, object]
) -> None:
    client.post(address(round_), upload(GOOD), HTTP_IDEMPOTENCY_KEY="once")
    fields = upload(**({"content": GOOD} | other))  # type: ignore[arg-type]
    response = client.post(address(round_), fields, HTTP_IDEMPOTENCY_KEY="once")
    assert response.status_code == 422
    assert response.json()["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert Submission.objects.count() == 1


def test_a_file_as_the_body_is_compared_too(client: APIClient, round_: Round) -> None:
    path = f"{address(round_)}?method=Raw"
    kinds = {"content_type": "application/octet-stream", "HTTP_IDEMPOTENCY_KEY": "raw"}
    assert client.post(path, GOOD, **kinds).status_code == 201
    assert client.post(path, GOOD, **kinds)["Idempotency-Replayed"] == "true"
    assert client.post(path, GOOD + b" ", **kinds).status_code == 422


def test_a_refused_request_leaves_its_key_free(client: APIClient, round_: Round) -> None:
    bad = npz_bytes({"t1": float("nan")})
    refused = client.post(address(round_), upload(bad), HTTP_IDEMPOTENCY_KEY="once")
    assert refused.status_code == 422
    mended = client.post(address(round_), upload(GOOD), HTTP_IDEMPOTENCY_KEY="once")
    assert mended.status_code == 201


def test_kept_answers_expire(client: APIClient, round_: Round) -> None:
    client.post(address(round_), upload(GOOD), HTTP_IDEMPOTENCY_KEY="old")
    row = IdempotentAnswer.objects.get()
    assert row.expires_at - row.created_at == timedelta(hours=24)
    IdempotentAnswer.objects.update(expires_at=timezone.now())
    client.post(address(round_), upload(GOOD), HTTP_IDEMPOTENCY_KEY="new")
    assert [each.key for each in IdempotentAnswer.objects.all()] == ["new"]


def test_keys_of_two_people_have_nothing_to_do_with_each_other(round_: Round) -> None:
    people = [make_user() for _ in range(2)]
    for person in people:
        make_team(person)
        answer = client_of(person).post(address(round_), upload(GOOD), HTTP_IDEMPOTENCY_KEY="k")
        assert "Idempotency-Replayed" not in answer
    assert Submission.objects.count() == 2


def test_a_key_that_is_none_is_refused(client: APIClient, round_: Round) -> None:
    for key in ("x" * 81, "caf\xe9"):
        answer = client.post(address(round_), upload(GOOD), HTTP_IDEMPOTENCY_KEY=key)
        assert answer.status_code == 400
        assert answer.json()["problems"][0]["where"] == "Idempotency-Key"


def test_every_read_has_an_etag_and_answers_304_to_it(
    client: APIClient, round_: Round, ann: User
) -> None:
    data = make_artifact(slug="flows")
    add_round_file(
        round_,
        name="u.csv",
        content=SimpleUploadedFile("u.csv", b"1"),
        description="",
        by=organizer_of(round_.challenge),
    )
    code = make_submission(round_, ann.teams.get()).code
    place = address(round_, "")
    tails = ("", "targets/", "design/", "amendments/", "announcements/", "submissions/")
    paths = [place + tail for tail in (*tails, "leaderboard/", "datasets/", "files/u.csv")]
    paths += ["/api/v1/rounds/", "/api/v1/artifacts/", f"/api/v1/artifacts/{data.slug}/1/"]
    paths += ["/api/v1/metrics/", "/api/v1/metrics/nrmse/", f"/api/v1/submissions/{code}/"]
    paths += ["/api/v1/uploads/", "/api/v1/schema/"]
    for path in paths:
        first = client.get(path)
        assert first.status_code == 200, path
        b"".join(first)  # a file is closed when it is read
        again = client.get(path, HTTP_IF_NONE_MATCH=first["ETag"])
        assert again.status_code == 304, path
        assert again.content == b"", path
        assert again["ETag"] == first["ETag"], path


def test_waiting_ends_when_the_time_is_over(client: APIClient, round_: Round, ann: User) -> None:
    found = make_submission(round_, ann.teams.get())
    path = f"/api/v1/submissions/{found.code}/"
    etag = client.get(path)["ETag"]
    begun = time.monotonic()
    answer = client.get(f"{path}?wait=1", HTTP_IF_NONE_MATCH=etag)
    assert answer.status_code == 304
    assert time.monotonic() - begun >= 1


def test_what_is_finished_or_unknown_to_the_client_is_answered_at_once(
    client: APIClient, round_: Round, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "wait_for_change", lambda *_: pytest.fail("it waits"))
    waiting_one = make_submission(round_, ann.teams.get())
    path = f"/api/v1/submissions/{waiting_one.code}/?wait=20"
    assert client.get(path, HTTP_IF_NONE_MATCH='"older"').status_code == 200
    scored = make_submission(round_, ann.teams.get(), state="scored")
    assert client.get(f"/api/v1/submissions/{scored.code}/?wait=20").status_code == 200


@pytest.mark.parametrize("asked", ["-1", "x", "1.5", "99999999999"])
def test_a_wait_that_is_no_number_of_seconds_is_refused(
    client: APIClient, round_: Round, ann: User, asked: str
) -> None:
    code = make_submission(round_, ann.teams.get()).code
    answer = client.get(f"/api/v1/submissions/{code}/?wait={asked}")
    assert answer.status_code == 400
    assert answer.json()["problems"][0]["where"] == "wait"


def test_where_too_many_wait_the_answer_comes_at_once(
    client: APIClient, round_: Round, ann: User, settings: object
) -> None:
    settings.LONG_POLLS_AT_ONCE = 0  # type: ignore[attr-defined]
    waiting._places.cache_clear()
    try:
        code = make_submission(round_, ann.teams.get()).code
        answer = client.get(f"/api/v1/submissions/{code}/?wait=20")
    finally:
        waiting._places.cache_clear()
    assert (answer.status_code, answer["Retry-After"]) == (200, "2")


@pytest.mark.django_db(transaction=True)
def test_a_change_ends_the_waiting(client: APIClient, round_: Round, ann: User) -> None:
    found = make_submission(round_, ann.teams.get())

    def score() -> None:
        time.sleep(0.5)
        drain()
        connection.close()

    scorer = threading.Thread(target=score)
    scorer.start()
    answer = client.get(f"/api/v1/submissions/{found.code}/?wait=20").json()
    scorer.join()
    assert answer["state"] in {"running", "scored"}


def test_waiting_costs_one_row_a_look(
    round_: Round, ann: User, django_assert_max_num_queries: object
) -> None:
    found = make_submission(round_, ann.teams.get())
    with django_assert_max_num_queries(8) as queries:  # type: ignore[operator]
        assert waiting.wait_for_change(found, 1.5) is False
    assert all(sql["sql"].count("JOIN") == 0 for sql in queries.captured_queries)
