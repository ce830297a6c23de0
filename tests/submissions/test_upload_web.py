"""Uploads through the real web server: flat memory, cut at the limit, nothing left behind."""

import contextlib
import http.client
import os
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import storages

from accounts.models import ApiToken
from submissions.models import Submission, UploadSlot
from tests import factories
from tests.servers import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

MEBIBYTE = 2**20
LARGE = 200 * MEBIBYTE


class Sender:
    """Somebody who sends bodies of any size to one round, without holding them in memory."""

    def __init__(self, url, round_, team):
        self.place = urlsplit(url)
        _, token = ApiToken.objects.create(user=factories.member_of(team), name="test")
        self.headers = {"Authorization": f"Token {token}"}
        self.path = f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/submissions/"

    def begin(self, size_bytes, *, kind="application/octet-stream"):
        connection = http.client.HTTPConnection(self.place.netloc, timeout=120)
        connection.putrequest("POST", f"{self.path}?method=Guess&file_name=mine.npz")
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Type", kind)
        connection.putheader("Content-Length", str(size_bytes))
        connection.endheaders()
        return connection

    def send(self, size_bytes):
        connection = self.begin(size_bytes)
        piece = os.urandom(MEBIBYTE)
        for _ in range(size_bytes // MEBIBYTE):
            connection.send(piece)
        return answer_of(connection)


def answer_of(connection):
    with contextlib.closing(connection), connection.getresponse() as response:
        return response.status, response.headers.get("Retry-After"), response.read()


def break_off(connection):
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()


@pytest.fixture
def round_():
    return factories.make_round(upload_limit_bytes=LARGE)


@pytest.fixture
def sender(live_site, round_):
    return Sender(live_site, round_, factories.make_team())


def stored_files():
    return [path for path in Path(storages["uploads"].location).rglob("*") if path.is_file()]


def web_processes(port):
    """Return the process ids of the web server that listens on a port, master and workers."""
    mine = f"127.0.0.1:{port}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        # Any process of the machine may end between the list and the look.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if mine in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def peak_bytes(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc on this system")
def test_memory_of_the_web_server_stays_flat_through_a_large_upload(sender):
    before = set(stored_files())
    assert sender.send(MEBIBYTE)[0] == 422  # noise is no archive; all is loaded now
    processes = web_processes(sender.place.port)
    assert len(processes) >= 2
    small = {pid: peak_bytes(pid) for pid in processes}
    assert sender.send(LARGE)[0] == 422
    grown = {pid: peak_bytes(pid) - small[pid] for pid in processes}
    assert max(grown.values()) < 50 * MEBIBYTE, grown
    assert set(stored_files()) == before


@pytest.mark.parametrize("kind", ["application/octet-stream", "multipart/form-data; boundary=x"])
def test_file_announced_too_large_is_refused_before_a_byte_of_it_is_sent(kind, sender):
    before = set(stored_files())
    status, _, body = answer_of(sender.begin(LARGE + MEBIBYTE, kind=kind))
    assert status == 413
    assert b"UPLOAD_TOO_LARGE" in body
    assert set(stored_files()) == before


def test_sender_that_goes_away_in_the_middle_leaves_nothing(sender):
    before = set(stored_files())
    connection = sender.begin(LARGE)
    connection.send(b"x" * 5 * MEBIBYTE)
    wait_until(lambda: set(stored_files()) - before, what="the file on its way")
    assert UploadSlot.objects.count() == 1
    break_off(connection)
    wait_until(lambda: set(stored_files()) == before, what="the end of it")
    wait_until(lambda: not UploadSlot.objects.exists(), what="the free place")
    assert not Submission.objects.exists()


def test_team_has_few_uploads_on_their_way_at_once(sender, live_site, round_):
    others = [sender.begin(LARGE) for _ in range(3)]
    for connection in others:
        connection.send(b"x" * MEBIBYTE)
    wait_until(lambda: UploadSlot.objects.count() == 3, what="three uploads")
    status, retry_after, body = answer_of(sender.begin(MEBIBYTE))
    assert (status, retry_after) == (429, "30")
    assert b"TOO_MANY_UPLOADS" in body
    for connection in others:
        break_off(connection)
    wait_until(lambda: not UploadSlot.objects.exists(), what="free places")
    assert sender.send(MEBIBYTE)[0] == 422


@pytest.fixture
def extra_environ(request):
    least = 2**60 if "full_disk" in request.node.name else 0
    return {"STORAGE_FREE_BYTES_MIN": str(least), "UPLOADS_AT_ONCE": "3"}


def test_full_disk_says_when_to_try_again(sender):
    before = set(stored_files())
    status, retry_after, body = sender.send(MEBIBYTE)
    assert (status, retry_after) == (507, "600")
    assert b"STORAGE_FULL" in body
    assert set(stored_files()) == before
