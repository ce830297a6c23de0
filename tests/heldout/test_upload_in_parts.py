"""The client sends the parts of a file to an object store, and only those that are missing."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient

from challenges.models import Round
from heldout.errors import ApiError
from heldout.resumable import Parcel, ResumableUpload
from heldout.upload_notes import UploadNote
from submissions.models import ResumableUpload as Row
from submissions.models import Submission
from tests.api.test_submissions import client_of
from tests.api.test_upload_parts import bucket, s3  # noqa: F401 - fixtures
from tests.factories import make_round, make_team, member_of, npz_bytes

pytestmark = pytest.mark.django_db
VALUES = {f"t{n}": np.full(400_000, float(n)) for n in (1, 2, 3, 4, 5)}  # 16 MB, 4 parts


class Interrupted(Exception):
    pass


def asking(client: APIClient) -> Any:
    """Return what the client makes requests with, on the application itself."""

    def ask(method: str, path: str, **options: Any) -> Any:
        headers = {
            f"HTTP_{k.upper().replace('-', '_')}": v for k, v in options.get("headers", {}).items()
        }
        answer = (
            client.generic(method, f"/api/v1/{path}", **headers)
            if "json" not in options
            else (client.post(f"/api/v1/{path}", options["json"], format="json"))
        )
        if answer.status_code >= 400:
            raise ApiError(answer.status_code, "REFUSED", str(answer.content), [])
        return answer

    return ask


@pytest.fixture
def round_() -> Round:
    return make_round(targets=tuple(VALUES), shape=(400_000,), upload_limit_bytes=10**8)


def test_parts_that_have_arrived_are_not_sent_again(
    bucket: Any,  # noqa: F811
    round_: Round,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    client = client_of(member_of(make_team()))
    path = tmp_path / "mine.npz"
    path.write_bytes(npz_bytes(VALUES))
    size = path.stat().st_size
    name = f"{round_.challenge.slug}/{round_.slug}"
    parcel = Parcel(path, size, hashlib.sha256(path.read_bytes()).hexdigest(), name)
    note = UploadNote("here", name, parcel.sha256)

    def cut(sent: int, _: int) -> None:
        if sent > 0.7 * size:
            raise Interrupted

    with pytest.raises(Interrupted):
        ResumableUpload(asking(client), parcel, note=note, progress=cut).send()

    seen: list[int] = []
    upload = ResumableUpload(
        asking(client), parcel, note=note, progress=lambda sent, _: seen.append(sent)
    )
    code = upload.send()
    assert code == Row.objects.get().code
    assert seen[0] > 0.5 * size
    assert seen[-1] == size
    answer = client.post(
        f"/api/v1/rounds/{name}/submissions/", {"upload": code, "method": "M"}, format="json"
    )
    assert answer.status_code == 201, answer.content
    assert Submission.objects.get().sha256 == parcel.sha256
    assert note.read() == code
    upload.settled()
    assert note.read() == ""
