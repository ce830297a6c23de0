"""Uploads in parts that go to an object store directly."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.files.storage import storages
from rest_framework.test import APIClient

from challenges.models import Round
from submissions.models import ResumableUpload, Submission
from submissions.services import multipart
from submissions.services.uploads import sweep_expired
from tests.api.test_submissions import address, client_of
from tests.api.test_uploads import GOOD, UPLOADS, begin, code_of, send, submit
from tests.factories import make_round, make_team, member_of
from tests.servers import s3_running

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_running(tmp_path_factory.mktemp("s3")) as url:
        yield url


@pytest.fixture
def bucket(s3: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    name = f"parts-{secrets.token_hex(4)}"
    settings.STORAGES = {
        **settings.STORAGES,
        "uploads": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": name,
                "location": "site/uploads",
                "endpoint_url": s3,
                "region_name": "us-east-1",
                "access_key": "test",
                "secret_key": "test",
                "default_acl": "private",
                "file_overwrite": False,
            },
        },
    }
    monkeypatch.setattr(multipart, "LEAST_PART_BYTES", 5 * multipart.MEBIBYTE)
    found: Any = storages["uploads"]
    found.connection.create_bucket(Bucket=name)
    return found


@pytest.fixture
def round_() -> Round:
    return make_round()


@pytest.fixture
def client(bucket: Any) -> APIClient:
    return client_of(member_of(make_team()))


def put(client: APIClient, place: str, data: bytes, numbers: list[int]) -> None:
    signed = client.post(f"{place}parts/", {"numbers": numbers}, format="json").json()
    size = multipart.part_bytes(len(data))
    for part in signed:
        start = (part["number"] - 1) * size
        piece = data[start : start + part["size_bytes"]]
        assert httpx.put(part["url"], content=piece, trust_env=False).status_code == 200


def test_parts_are_sent_to_the_store_put_together_and_submitted(
    client: APIClient, round_: Round, bucket: Any
) -> None:
    begun = begin(client, round_, sha256=hashlib.sha256(GOOD).hexdigest())
    assert (begun.json()["method"], begun.json()["parts"]) == ("parts", 1)
    place = begun["Location"]
    early = client.post(f"{place}complete/")
    assert (early.status_code, early.json()["code"]) == (409, "UPLOAD_INCOMPLETE")
    put(client, place, GOOD, [1])
    assert client.post(f"{place}complete/").json()["received_bytes"] == len(GOOD)
    answer = submit(client, round_, place)
    assert answer.status_code == 201, answer.json()
    assert answer.json()["sha256"] == hashlib.sha256(GOOD).hexdigest()
    with bucket.open(Submission.objects.get().file.name) as handle:
        assert handle.read() == GOOD
    assert len(list(bucket.bucket.objects.all())) == 1


def test_a_resumed_upload_sends_only_what_is_missing(client: APIClient, round_: Round) -> None:
    data = bytes(11 * multipart.MEBIBYTE)
    place = begin(client, make_round(upload_limit_bytes=len(data)), len(data))["Location"]
    put(client, place, data, [1, 3])
    there = client.get(f"{place}parts/").json()
    assert [(part["number"], part["size_bytes"]) for part in there] == [
        (1, 5 * multipart.MEBIBYTE),
        (3, multipart.MEBIBYTE),
    ]
    refused = client.post(f"{place}complete/").json()
    assert "1 parts are missing or of a wrong length: 2." in refused["message"]
    put(client, place, data, [2])
    assert client.post(f"{place}complete/").json()["finished_at"] is not None
    assert client.post(f"{place}complete/").status_code == 200


def test_a_part_of_a_wrong_length_is_not_taken(client: APIClient, round_: Round) -> None:
    place = begin(client, round_)["Location"]
    (part,) = client.post(f"{place}parts/", {"numbers": [1]}, format="json").json()
    httpx.put(part["url"], content=GOOD + b"more", trust_env=False)
    assert client.post(f"{place}complete/").status_code == 409


def test_the_file_must_be_the_announced_one(client: APIClient, round_: Round) -> None:
    place = begin(client, round_, sha256="0" * 64)["Location"]
    put(client, place, GOOD, [1])
    client.post(f"{place}complete/")
    answer = submit(client, round_, place)
    assert (answer.status_code, answer.json()["code"]) == (422, "CHECKSUM_MISMATCH")


def test_there_are_no_parts_beyond_the_end(client: APIClient, round_: Round) -> None:
    place = begin(client, round_)["Location"]
    answer = client.post(f"{place}parts/", {"numbers": [2]}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "NO_SUCH_PART")


def test_bytes_at_an_offset_are_for_file_systems(client: APIClient, round_: Round) -> None:
    answer = send(client, begin(client, round_)["Location"], GOOD, 0)
    assert (answer.status_code, answer.json()["code"]) == (409, "UPLOAD_IN_PARTS")


@pytest.mark.parametrize("is_complete", [True, False])
def test_an_expired_upload_leaves_nothing_in_the_store(
    is_complete: bool, client: APIClient, round_: Round, bucket: Any
) -> None:
    place = begin(client, round_)["Location"]
    put(client, place, GOOD, [1])
    if is_complete:
        client.post(f"{place}complete/")
    ResumableUpload.objects.update(expires_at=ResumableUpload.objects.get().begun_at)
    assert sweep_expired() == 1
    assert list(bucket.bucket.objects.all()) == []
    found = bucket.connection.meta.client.list_multipart_uploads(Bucket=bucket.bucket_name)
    assert not found.get("Uploads")


def test_an_upload_in_parts_is_checked(client: APIClient, round_: Round, tmp_path: Path) -> None:
    place = begin(client, round_)["Location"]
    put(client, place, GOOD, [1])
    client.post(f"{place}complete/")
    answer = client.post(address(round_, "validate/"), {"upload": code_of(place)}, format="json")
    assert answer.json()["ok"] is True
    assert client.get(UPLOADS).json()[0]["finished_at"] is not None
