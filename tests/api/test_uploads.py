"""Uploads that go on after a cut: the tus protocol word for word, and what they are good for."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Team
from challenges.models import Round
from submissions.models import ResumableUpload, Submission
from submissions.services import digests
from submissions.services.uploads import find_upload, sweep_expired
from tests.api.test_submissions import address, client_of
from tests.factories import make_round, make_team, make_user, member_of, npz_bytes

pytestmark = pytest.mark.django_db

UPLOADS = "/api/v1/uploads/"
PIECE = "application/offset+octet-stream"
GOOD = npz_bytes({"t1": 1.5, "t2": 2.0, "t3": 0.0})


@pytest.fixture(autouse=True)
def _no_running_hashes() -> None:
    digests._running.clear()


@pytest.fixture
def round_() -> Round:
    return make_round()


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def client(team: Team) -> APIClient:
    return client_of(member_of(team))


def metadata(**fields: str) -> str:
    return ",".join(
        f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in fields.items()
    )


def begin(client: APIClient, round_: Round, size: int = len(GOOD), **fields: Any) -> Any:
    named = {"round": f"{round_.challenge.slug}/{round_.slug}", "filename": "mine.npz", **fields}
    return client.post(
        UPLOADS,
        HTTP_TUS_RESUMABLE="1.0.0",
        HTTP_UPLOAD_LENGTH=str(size),
        HTTP_UPLOAD_METADATA=metadata(**named),
        content_type=PIECE,
    )


def send(client: APIClient, place: str, data: bytes, offset: int, **headers: str) -> Any:
    return client.patch(
        place,
        data,
        content_type=PIECE,
        HTTP_TUS_RESUMABLE="1.0.0",
        HTTP_UPLOAD_OFFSET=str(offset),
        **headers,
    )


def stand(client: APIClient, place: str) -> int:
    return int(client.head(place, HTTP_TUS_RESUMABLE="1.0.0")["Upload-Offset"])


def whole(client: APIClient, round_: Round, data: bytes = GOOD, **fields: str) -> str:
    place = begin(client, round_, len(data), **fields)["Location"]
    assert send(client, place, data, 0).status_code == 204
    return str(place)


def code_of(place: str) -> str:
    return place.rstrip("/").rsplit("/", 1)[-1]


def submit(client: APIClient, round_: Round, place: str, **fields: str) -> Any:
    body = {"method": "Guess", "upload": code_of(place), **fields}
    return client.post(address(round_), body, format="json")


def files_of(upload: ResumableUpload) -> list[Path]:
    final = Path(storages["uploads"].path(upload.key))
    return sorted(final.parent.glob(f"*{final.name}*"))


def test_a_server_says_what_it_can_do_to_anyone() -> None:
    answer = APIClient().options(UPLOADS)
    assert answer.status_code == 204
    assert answer["Tus-Version"] == answer["Tus-Resumable"] == "1.0.0"
    assert {"creation", "checksum", "termination", "expiration"} <= set(
        answer["Tus-Extension"].split(",")
    )
    assert "sha256" in answer["Tus-Checksum-Algorithm"].split(",")
    assert int(answer["Tus-Max-Size"]) > 0


def test_an_upload_is_begun_written_in_pieces_and_stands_where_it_was(
    client: APIClient, round_: Round
) -> None:
    begun = begin(client, round_)
    assert begun.status_code == 201
    place = begun["Location"]
    assert stand(client, place) == 0
    first = send(client, place, GOOD[:100], 0)
    assert (first.status_code, first["Upload-Offset"]) == (204, "100")
    assert "GMT" in first["Upload-Expires"]
    digests._running.clear()  # as if another process went on
    assert send(client, place, GOOD[100:], 100)["Upload-Offset"] == str(len(GOOD))
    said = client.get(place).json()
    assert said["sha256"] == hashlib.sha256(GOOD).hexdigest()
    assert said["finished_at"] is not None
    assert client.head(place)["Cache-Control"] == "no-store"


def test_a_submission_is_made_of_an_upload_once(client: APIClient, round_: Round) -> None:
    place = whole(client, round_)
    first, second = submit(client, round_, place), submit(client, round_, place)
    assert first.status_code == 201, first.json()
    assert first.json()["sha256"] == hashlib.sha256(GOOD).hexdigest()
    assert first.json()["file_name"] == "mine.npz"
    assert second.json()["code"] == first.json()["code"]
    submission = Submission.objects.get()
    with submission.file.open("rb") as handle:
        assert handle.read() == GOOD
    assert first.json()["quota"]["used"] == 1
    assert client.delete(place).status_code == 409
    ResumableUpload.objects.update(expires_at=timezone.now())
    sweep_expired()
    assert submission.file.storage.exists(submission.file.name)
    assert not ResumableUpload.objects.exists()


def test_an_upload_is_checked_without_submitting_it(client: APIClient, round_: Round) -> None:
    place = whole(client, round_)
    answer = client.post(address(round_, "validate/"), {"upload": code_of(place)}, format="json")
    assert answer.json()["answered"] == ["t1", "t2", "t3"]
    assert not Submission.objects.exists()


def test_a_refused_submission_leaves_the_upload_for_another_try(
    client: APIClient, round_: Round
) -> None:
    make_round(round_.challenge, slug="other")
    full = make_round(submissions_per_day=1)
    assert submit(client, full, whole(client, full)).status_code == 201
    place = whole(client, full)
    assert submit(client, full, place).status_code == 429
    assert files_of(ResumableUpload.objects.get(code=code_of(place))) != []
    Round.objects.filter(pk=full.pk).update(submissions_per_day=2)
    assert submit(client, full, place).status_code == 201


def test_bytes_at_another_offset_are_refused(client: APIClient, round_: Round) -> None:
    place = begin(client, round_)["Location"]
    send(client, place, GOOD[:50], 0)
    for offset in (0, 49, 51):
        answer = send(client, place, GOOD[50:], offset)
        assert (answer.status_code, answer.json()["code"]) == (409, "OFFSET_CONFLICT")
    assert stand(client, place) == 50


def test_bytes_beyond_the_announced_end_are_refused(client: APIClient, round_: Round) -> None:
    place = begin(client, round_, 10)["Location"]
    assert send(client, place, b"x" * 11, 0).status_code == 413
    assert stand(client, place) == 0


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_piece_that_differs_from_its_checksum_is_thrown_away(
    algorithm: str, client: APIClient, round_: Round
) -> None:
    place = begin(client, round_)["Location"]
    digest = base64.b64encode(hashlib.new(algorithm, GOOD[:50]).digest()).decode()
    said = {"HTTP_UPLOAD_CHECKSUM": f"{algorithm} {digest}"}
    wrong = send(client, place, GOOD[1:51], 0, **said)
    assert (wrong.status_code, wrong.json()["code"]) == (460, "CHUNK_CHECKSUM_MISMATCH")
    assert stand(client, place) == 0
    assert send(client, place, GOOD[:50], 0, **said).status_code == 204
    send(client, place, GOOD[50:], 50)
    assert client.get(place).json()["sha256"] == hashlib.sha256(GOOD).hexdigest()


def test_another_file_than_the_announced_one_is_thrown_away(
    client: APIClient, round_: Round
) -> None:
    place = begin(client, round_, sha256="0" * 64)["Location"]
    upload = ResumableUpload.objects.get()
    answer = send(client, place, GOOD, 0)
    assert (answer.status_code, answer.json()["code"]) == (422, "CHECKSUM_MISMATCH")
    assert client.head(place).status_code == 404
    assert files_of(upload) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"HTTP_TUS_RESUMABLE": "0.2.2"}, 412),
        ({"HTTP_UPLOAD_LENGTH": "-1"}, 400),
        ({"HTTP_UPLOAD_LENGTH": "many"}, 400),
        ({"HTTP_UPLOAD_LENGTH": "9" * 30}, 400),
        ({"HTTP_UPLOAD_LENGTH": str(10**15)}, 413),
        ({"HTTP_UPLOAD_METADATA": "round %%%"}, 400),
        ({"HTTP_UPLOAD_METADATA": metadata(filename="x")}, 400),
        ({"HTTP_UPLOAD_METADATA": metadata(round="no/such")}, 404),
    ],
)
def test_what_cannot_be_begun_is_said(
    headers: dict[str, str], status: int, client: APIClient, round_: Round
) -> None:
    right = {
        "HTTP_TUS_RESUMABLE": "1.0.0",
        "HTTP_UPLOAD_LENGTH": "10",
        "HTTP_UPLOAD_METADATA": metadata(round=f"{round_.challenge.slug}/{round_.slug}"),
    }
    answer = client.post(UPLOADS, **{**right, **headers})
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message", "problems"}
    assert not ResumableUpload.objects.exists()


def test_a_piece_needs_its_own_content_type(client: APIClient, round_: Round) -> None:
    place = begin(client, round_)["Location"]
    answer = client.patch(place, b"x", content_type="text/plain", HTTP_UPLOAD_OFFSET="0")
    assert answer.status_code == 415


def test_the_first_piece_may_come_with_the_beginning(client: APIClient, round_: Round) -> None:
    answer = client.post(
        UPLOADS,
        GOOD,
        content_type=PIECE,
        HTTP_UPLOAD_LENGTH=str(len(GOOD)),
        HTTP_UPLOAD_METADATA=metadata(round=f"{round_.challenge.slug}/{round_.slug}"),
    )
    assert answer["Upload-Offset"] == str(len(GOOD))
    assert submit(client, round_, answer["Location"]).status_code == 201


def test_an_upload_is_its_owners_alone(client: APIClient, round_: Round, team: Team) -> None:
    place = begin(client, round_)["Location"]
    stranger = client_of(make_user())
    for answer in (
        stranger.head(place),
        stranger.get(place),
        send(stranger, place, b"x", 0),
        stranger.delete(place),
        submit(stranger, round_, place),
    ):
        assert answer.status_code == 404
    assert APIClient().head(place).status_code == 401
    reader = client_of(member_of(team), scopes="read")
    assert reader.head(place).status_code == 200
    assert send(reader, place, b"x", 0).status_code == 403


def test_a_deleted_upload_leaves_nothing(client: APIClient, round_: Round) -> None:
    place = begin(client, round_)["Location"]
    send(client, place, GOOD[:10], 0)
    upload = ResumableUpload.objects.get()
    assert len(files_of(upload)) == 1
    assert client.delete(place).status_code == 204
    assert files_of(upload) == []
    assert client.head(place).status_code == 404


def test_an_expired_upload_is_cleared_away(client: APIClient, round_: Round) -> None:
    place = begin(client, round_)["Location"]
    send(client, place, GOOD[:10], 0)
    upload = ResumableUpload.objects.get()
    assert sweep_expired() == 0
    ResumableUpload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.head(place).status_code == 404
    assert sweep_expired() == 1
    assert files_of(upload) == []


def test_an_upload_that_is_not_whole_is_no_submission(client: APIClient, round_: Round) -> None:
    place = begin(client, round_)["Location"]
    send(client, place, GOOD[:-1], 0)
    answer = submit(client, round_, place)
    assert (answer.status_code, answer.json()["code"]) == (409, "UPLOAD_INCOMPLETE")


def test_an_upload_goes_to_the_round_it_was_begun_for(client: APIClient, round_: Round) -> None:
    other = make_round()
    answer = submit(client, other, whole(client, round_))
    assert (answer.status_code, answer.json()["code"]) == (409, "UPLOAD_OF_ANOTHER_ROUND")


def test_a_closed_round_begins_no_upload(client: APIClient) -> None:
    now = timezone.now()
    closed = make_round(opens_at=now - timedelta(days=2), closes_at=now - timedelta(hours=1))
    assert begin(client, closed).status_code == 403
    assert not ResumableUpload.objects.exists()


def close(round_: Round) -> None:
    Round.objects.filter(pk=round_.pk).update(closes_at=timezone.now())


def test_a_file_announced_before_the_deadline_may_arrive_after_it(
    client: APIClient, round_: Round
) -> None:
    place = begin(client, round_, sha256=hashlib.sha256(GOOD).hexdigest())["Location"]
    close(round_)
    assert send(client, place, GOOD, 0).status_code == 204
    answer = submit(client, round_, place)
    assert answer.status_code == 201, answer.json()


def test_a_file_that_nobody_announced_must_be_there_by_the_deadline(
    client: APIClient, round_: Round
) -> None:
    early, late = whole(client, round_), begin(client, round_)["Location"]
    close(round_)
    send(client, late, GOOD, 0)
    assert submit(client, round_, early).status_code == 201
    answer = submit(client, round_, late)
    assert (answer.status_code, answer.json()["code"]) == (403, "ROUND_CLOSED")


def test_a_team_has_few_uploads_waiting(client: APIClient, round_: Round, settings: Any) -> None:
    settings.UPLOADS_WAITING = 1
    place = begin(client, round_)["Location"]
    answer = begin(client, round_)
    assert (answer.status_code, answer["Retry-After"]) == (429, "30")
    client.delete(place)
    assert begin(client, round_).status_code == 201


def test_no_upload_begins_that_the_disk_cannot_take(
    client: APIClient, round_: Round, settings: Any
) -> None:
    settings.STORAGE_FREE_BYTES_MIN = 2**60
    assert begin(client, round_).status_code == 507
    settings.STORAGE_FREE_BYTES_MIN = 0
    place = begin(client, round_)["Location"]
    settings.STORAGE_FREE_BYTES_MIN = 2**60
    assert send(client, place, GOOD, 0).status_code == 507
    settings.STORAGE_FREE_BYTES_MIN = 0
    assert send(client, place, GOOD, 0).status_code == 204


def test_bytes_that_were_not_noted_before_a_crash_are_received_again(
    client: APIClient, round_: Round
) -> None:
    place = begin(client, round_)["Location"]
    send(client, place, GOOD[:50], 0)
    (part,) = files_of(ResumableUpload.objects.get())
    with part.open("ab") as handle:
        handle.write(b"torn")
    digests._running.clear()
    send(client, place, GOOD[50:], 50)
    assert client.get(place).json()["sha256"] == hashlib.sha256(GOOD).hexdigest()


def test_bytes_that_a_crash_took_are_asked_for_again(client: APIClient, round_: Round) -> None:
    place = begin(client, round_)["Location"]
    send(client, place, GOOD[:50], 0)
    (part,) = files_of(ResumableUpload.objects.get())
    os.truncate(part, 20)
    assert send(client, place, GOOD[50:], 50).status_code == 409
    assert stand(client, place) == 20
    send(client, place, GOOD[20:], 20)
    assert client.get(place).json()["sha256"] == hashlib.sha256(GOOD).hexdigest()


def test_a_process_killed_between_last_byte_and_row_is_made_up_for(
    client: APIClient, round_: Round
) -> None:
    place = whole(client, round_)
    ResumableUpload.objects.update(finished_at=None, sha256="")
    assert submit(client, round_, place).status_code == 201


def test_my_uploads_are_listed_until_they_are_submitted(client: APIClient, round_: Round) -> None:
    place = whole(client, round_)
    (listed,) = client.get(UPLOADS).json()
    assert (listed["url"], listed["method"], listed["parts"]) == (place, "tus", None)
    submit(client, round_, place)
    assert client.get(UPLOADS).json() == []


@pytest.mark.parametrize(
    "wrong",
    [{"received_bytes": len(GOOD) + 1}, {"received_bytes": 1, "finished_at": timezone.now()}],
)
def test_the_database_refuses_uploads_that_cannot_be(
    wrong: dict[str, Any], client: APIClient, round_: Round
) -> None:
    begin(client, round_)
    with pytest.raises(IntegrityError), transaction.atomic():
        ResumableUpload.objects.update(**wrong)


def test_the_database_refuses_a_submission_of_half_an_upload(
    client: APIClient, round_: Round
) -> None:
    submit(client, round_, whole(client, round_))
    begin(client, round_)
    half = ResumableUpload.objects.get(submission=None)
    ResumableUpload.objects.exclude(pk=half.pk).update(submission=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        ResumableUpload.objects.filter(pk=half.pk).update(submission=Submission.objects.get())


def test_an_object_that_is_no_form_is_refused(client: APIClient, round_: Round) -> None:
    answer = client.post(address(round_), json.dumps([1]), content_type="application/json")
    assert answer.status_code == 400


def test_find_upload_gives_what_is_there(client: APIClient, round_: Round, team: Team) -> None:
    place = begin(client, round_)["Location"]
    assert find_upload(member_of(team), code_of(place)).size_bytes == len(GOOD)
