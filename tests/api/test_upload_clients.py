"""Clients of the tus protocol that others wrote, unchanged, against the real web server."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import storages
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from accounts.models import ApiToken, Team
from challenges.models import Round
from submissions.models import ResumableUpload, UploadSlot
from submissions.services.resumable import NOTED_EVERY_BYTES
from tests.api.test_uploads import PIECE, metadata
from tests.conftest import absent
from tests.factories import make_round, make_team, member_of
from tests.servers import WebServer, restartable_web_running, wait_until
from tests.submissions.test_upload_web import peak_bytes, web_processes

pytestmark = pytest.mark.django_db(transaction=True)

MEBIBYTE = 2**20
FILE_BYTES = 96 * MEBIBYTE
LARGE_BYTES = 256 * MEBIBYTE
JS_CLIENT = Path(__file__).parent / "tus"


@pytest.fixture
def round_() -> Round:
    return make_round(upload_limit_bytes=LARGE_BYTES)


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def token(team: Team) -> str:
    return str(ApiToken.objects.create(user=member_of(team), name="test")[1])


@pytest.fixture
def server(site_environ: dict[str, str], tmp_path: Path) -> Iterator[WebServer]:
    with restartable_web_running({**site_environ, "UPLOADS_AT_ONCE": "1"}, tmp_path) as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.bin"
    piece = os.urandom(MEBIBYTE)
    with path.open("wb") as out:
        for number in range(FILE_BYTES // MEBIBYTE):
            out.write(number.to_bytes(8, "big") + piece[8:])
    return path


def sha256_of(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def place_of(round_: Round) -> str:
    return f"{round_.challenge.slug}/{round_.slug}"


def assert_arrived(path: Path) -> None:
    upload = ResumableUpload.objects.get()
    assert upload.is_finished
    stored = Path(storages["uploads"].path(upload.key))
    assert upload.sha256 == sha256_of(path) == sha256_of(stored)


@pytest.fixture
def tuspy(server: WebServer, token: str) -> TusClient:
    return TusClient(f"{server.url}/api/v1/uploads/", {"Authorization": f"Token {token}"})


def test_tuspy_goes_on_after_the_server_was_killed_at_nine_tenths(
    tuspy: TusClient, server: WebServer, file: Path, round_: Round
) -> None:
    named = {"round": place_of(round_), "filename": file.name}
    with file.open("rb") as handle:
        options = {"file_stream": handle, "chunk_size": 8 * MEBIBYTE, "upload_checksum": True}
        uploader = tuspy.uploader(**options, metadata=named)
        while uploader.offset < 0.9 * FILE_BYTES:
            uploader.upload_chunk()
        server.restart_after_kill()
        again = tuspy.uploader(**options, url=uploader.url)
        assert again.offset == uploader.offset  # each piece was noted before it was answered
        again.upload()
    assert_arrived(file)


def test_tuspy_is_told_what_is_wrong(tuspy: TusClient, file: Path) -> None:
    with file.open("rb") as handle:
        uploader = tuspy.uploader(file_stream=handle, metadata={"round": "no/such"})
        with pytest.raises((TusCommunicationError, TusUploadFailed)) as refused:
            uploader.upload()
    assert refused.value.status_code == 404
    assert b"NOT_FOUND" in refused.value.response_content


def js_client() -> str:
    """Return the program that runs tus-js-client."""
    node = shutil.which("node")
    if node is None:
        absent("no node, which runs tus-js-client")
    if not (JS_CLIENT / "node_modules" / "tus-js-client").exists():
        absent("no tus-js-client: run `npm ci` in tests/api/tus")
    return str(node)


@pytest.mark.parametrize("chunk_bytes", [0, 16 * MEBIBYTE])
def test_tus_js_client_goes_on_after_the_server_was_killed_at_nine_tenths(
    chunk_bytes: int, server: WebServer, file: Path, round_: Round, token: str
) -> None:
    command = [js_client(), "send.cjs", server.url, token, place_of(round_), str(file)]
    environ = {**os.environ, **({"CHUNK_BYTES": str(chunk_bytes)} if chunk_bytes else {})}
    with subprocess.Popen(
        command, cwd=JS_CLIENT, env=environ, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        killed = resumed_at = None
        for line in process.stdout:
            said: dict[str, Any] = json.loads(line)
            if killed is None and said.get("sent", 0) >= 0.9 * FILE_BYTES:
                server.restart_after_kill()
                killed = ResumableUpload.objects.get().received_bytes
            elif killed is not None and resumed_at is None and "sent" in said:
                resumed_at = killed
            assert "failed" not in said, said
            if "done" in said:
                break
    assert process.returncode == 0
    assert killed is not None, "it was never killed"
    # At most one note's worth, and what was on its way in the sockets, is sent again.
    assert killed >= 0.9 * FILE_BYTES - 2 * NOTED_EVERY_BYTES
    assert_arrived(file)


class Sender:
    """Somebody who sends one piece of any length, and may go away in the middle of it."""

    def __init__(self, server: WebServer, token: str) -> None:
        self.place = urlsplit(server.url).netloc
        self.headers = {"Authorization": f"Token {token}", "Tus-Resumable": "1.0.0"}

    def begin(self, round_: Round, size: int) -> str:
        said = {"Upload-Length": str(size), "Upload-Metadata": metadata(round=place_of(round_))}
        with self.ask("POST", "/api/v1/uploads/", said) as answer:
            assert answer.status == 201, answer.read()
            return str(answer.headers["Location"])

    def stand(self, url: str) -> int:
        with self.ask("HEAD", url, {}) as answer:
            return int(answer.headers["Upload-Offset"])

    @contextlib.contextmanager
    def ask(self, method: str, url: str, headers: dict[str, str]) -> Iterator[Any]:
        connection = http.client.HTTPConnection(self.place, timeout=120)
        with contextlib.closing(connection):
            connection.request(method, url, headers={**self.headers, **headers})
            yield connection.getresponse()

    def send(self, url: str, offset: int, size: int, *, of: int) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self.place, timeout=120)
        connection.putrequest("PATCH", url)
        said = {"Content-Type": PIECE, "Upload-Offset": str(offset), "Content-Length": str(of)}
        for name, value in {**self.headers, **said}.items():
            connection.putheader(name, value)
        connection.endheaders()
        piece = bytes(MEBIBYTE)
        for _ in range(size // MEBIBYTE):
            connection.send(piece)
        return connection


def test_what_came_before_a_cut_connection_is_kept_to_the_last_byte(
    server: WebServer, round_: Round, token: str
) -> None:
    sender = Sender(server, token)
    url = sender.begin(round_, 20 * MEBIBYTE)
    sender.send(url, 0, 18 * MEBIBYTE, of=20 * MEBIBYTE).close()
    wait_until(lambda: not UploadSlot.objects.exists(), what="the end of the request")
    wait_until(lambda: sender.stand(url) == 18 * MEBIBYTE, what="the bytes that arrived")
    connection = sender.send(url, 18 * MEBIBYTE, 2 * MEBIBYTE, of=2 * MEBIBYTE)
    with contextlib.closing(connection):
        assert connection.getresponse().status == 204
    upload = ResumableUpload.objects.get()
    assert upload.sha256 == hashlib.sha256(bytes(20 * MEBIBYTE)).hexdigest()


def test_two_do_not_write_to_one_upload_at_once(
    server: WebServer, round_: Round, token: str
) -> None:
    sender = Sender(server, token)
    url = sender.begin(round_, 4 * MEBIBYTE)
    first = sender.send(url, 0, MEBIBYTE, of=4 * MEBIBYTE)
    wait_until(UploadSlot.objects.exists, what="the first request")
    upload = ResumableUpload.objects.get()
    part = Path(storages["uploads"].path(upload.key))
    part = part.with_name(f".{part.name}.resumable")
    wait_until(lambda: part.exists() and part.stat().st_size == MEBIBYTE, what="its bytes")
    said = {"Content-Type": PIECE, "Upload-Offset": "0", "Content-Length": "0"}
    with sender.ask("PATCH", url, said) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (423, "1")
    first.close()
    wait_until(lambda: sender.stand(url) == MEBIBYTE, what="the bytes that arrived")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc on this system")
def test_memory_of_the_web_server_stays_flat_through_a_large_resumable_upload(
    server: WebServer, round_: Round, token: str
) -> None:
    sender = Sender(server, token)
    with contextlib.closing(
        sender.send(sender.begin(round_, MEBIBYTE), 0, MEBIBYTE, of=MEBIBYTE)
    ) as connection:
        assert connection.getresponse().status == 204  # all is loaded now
    processes = web_processes(server.port)
    assert len(processes) >= 2
    small = {pid: peak_bytes(pid) for pid in processes}
    url = sender.begin(round_, LARGE_BYTES)
    with contextlib.closing(sender.send(url, 0, LARGE_BYTES, of=LARGE_BYTES)) as connection:
        assert connection.getresponse().status == 204
    grown = {pid: peak_bytes(pid) - small[pid] for pid in processes}
    assert max(grown.values()) < 32 * MEBIBYTE, grown
