"""A round held on the production topology: PostgreSQL, Redis, S3, gunicorn, worker, scheduler."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from demo.replay import wait_for_board
from heldout.client import ApiError, Client
from tests.factories import npz_bytes
from tests.production import ProductionSite

SET_UP = """
from accounts.services import create_person
from tests.factories import make_challenge, make_round
create_person(username="ann", password="correct horse")
round_ = make_round(make_challenge(slug="tides"), slug="spring")
"""
WHERE_FILES_ARE = """
from submissions.models import Submission
from challenges.models import Reference
upload, answer = Submission.objects.get().file, Reference.objects.first().file
print(type(upload.storage).__name__, upload.storage.exists(upload.name))
print(type(answer.storage).__name__, answer.storage.exists(answer.name))
"""


@pytest.fixture(scope="module")
def held(production_site: ProductionSite) -> ProductionSite:
    production_site.manage("shell", "--no-imports", "-c", SET_UP)
    return production_site


def test_a_prediction_goes_through_postgresql_redis_and_s3_to_the_board(
    held: ProductionSite, tmp_path: Path
) -> None:
    prediction = tmp_path / "mine.npz"
    prediction.write_bytes(npz_bytes({"t1": 1.5, "t2": 2.0, "t3": 3.0}))
    with Client(held.url) as client:
        client.sign_in("ann", "correct horse")
        receipt = client.submit("tides/spring", prediction, method="Moon")
        found = client.wait(receipt["code"], timeout_s=120)
        assert (found["state"], found["reason"]) == ("scored", "")
        assert [score["value"] for score in found["scores"]] == [0.5, 0.0, 0.0]
        board = wait_for_board(client, "tides/spring", entries=1)
    assert [line["rank"] for line in board["standings"]] == [1]
    said = held.manage("shell", "--no-imports", "-c", WHERE_FILES_ARE).split()
    assert said == ["S3Storage", "True", "S3Storage", "True"]


def test_a_wrong_file_leaves_no_object_behind(held: ProductionSite, tmp_path: Path) -> None:
    count = (
        "from django.core.files.storage import storages\n"
        "bucket = storages['uploads'].bucket\n"
        "print(sum(1 for each in bucket.objects.all() if '/uploads/' in each.key))"
    )
    before = held.manage("shell", "--no-imports", "-c", count)
    prediction = tmp_path / "wrong.npz"
    prediction.write_bytes(npz_bytes({"t1": float("nan")}))
    with Client(held.url) as client:
        client.sign_in("ann", "correct horse")
        with pytest.raises(ApiError) as refused:
            client.submit("tides/spring", prediction, method="Moon")
    assert refused.value.code == "PREDICTION_REFUSED"
    assert held.manage("shell", "--no-imports", "-c", count) == before


def test_no_stored_file_has_a_public_address(held: ProductionSite) -> None:
    for path in ("/media/", "/files/", "/uploads/", "/references/"):
        assert httpx.get(f"{held.url}{path}").status_code == 404
