"""Uploads: whole and hashed, or not there at all."""

import hashlib
import os
import stat
import subprocess
import sys
import textwrap
import time
import tracemalloc
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage, InMemoryStorage

from submissions.errors import ChecksumMismatch, StorageFull, UploadTooLarge
from submissions.services import upload as upload_module
from submissions.services.upload import store_upload, sweep_left_overs
from tests.production import BUCKET, make_bucket
from tests.servers import s3_running

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def storage(tmp_path):
    return FileSystemStorage(
        location=tmp_path / "uploads",
        file_permissions_mode=0o600,
        directory_permissions_mode=0o700,
    )


def chunks(content=CONTENT, size=10_000):
    yield from (content[at : at + size] for at in range(0, len(content), size))


def files_in(storage):
    return [path for path in Path(storage.location).rglob("*") if path.is_file()]


def test_kept_upload_is_there_whole_under_a_key_of_our_own(storage):
    with store_upload(chunks(), limit_bytes=len(CONTENT), storage=storage) as upload:
        assert upload.sha256 == hashlib.sha256(CONTENT).hexdigest()
        assert upload.size_bytes == len(CONTENT)
        with upload.opened() as handle:
            assert handle.read() == CONTENT
        key = upload.keep()
    with storage.open(key) as stored:
        assert stored.read() == CONTENT
    assert files_in(storage) == [Path(storage.path(key))]
    assert stat.S_IMODE(os.stat(storage.path(key)).st_mode) == 0o600
    upload.let_go()
    assert files_in(storage) == []


def test_upload_that_is_not_kept_leaves_nothing(storage):
    with store_upload(chunks(), limit_bytes=len(CONTENT), storage=storage):
        assert len(files_in(storage)) == 1
    assert files_in(storage) == []


def test_any_other_storage_takes_uploads_too():
    storage = InMemoryStorage()
    with store_upload(chunks(), limit_bytes=len(CONTENT), storage=storage) as upload:
        key = upload.keep()
        path = upload.path
    with storage.open(key) as stored:
        assert stored.read() == CONTENT
    assert not path.exists()


def test_upload_is_cut_at_the_first_byte_beyond_the_limit(storage):
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield b"x" * 1000

    with (
        pytest.raises(UploadTooLarge, match="10,500 bytes"),
        store_upload(endless(), limit_bytes=10_500, storage=storage),
    ):
        pytest.fail("nothing is handed over")
    assert len(taken) == 11
    assert files_in(storage) == []


def test_upload_announced_too_large_is_refused_before_its_first_byte(storage):
    def never():
        pytest.fail("the body was read")
        yield b""

    with (
        pytest.raises(UploadTooLarge),
        store_upload(never(), limit_bytes=10, size_bytes=11, storage=storage),
    ):
        pytest.fail("nothing is handed over")


def test_file_of_exactly_the_limit_passes(storage):
    with store_upload([b"x" * 10], limit_bytes=10, size_bytes=10, storage=storage) as upload:
        assert upload.size_bytes == 10


@pytest.mark.parametrize(
    ("announced", "code"),
    [
        ({"expected_sha256": "0" * 64}, "CHECKSUM_MISMATCH"),
        ({"size_bytes": len(CONTENT) + 1}, "UPLOAD_INCOMPLETE"),
    ],
)
def test_upload_that_is_not_the_announced_one_leaves_nothing(storage, announced, code):
    with (
        pytest.raises(ChecksumMismatch) as caught,
        store_upload(chunks(), limit_bytes=10**9, storage=storage, **announced),
    ):
        pytest.fail("nothing is handed over")
    assert caught.value.code == code
    assert files_in(storage) == []


def test_announced_checksum_may_be_written_in_capitals(storage):
    announced = hashlib.sha256(CONTENT).hexdigest().upper()
    with store_upload(
        chunks(), limit_bytes=10**9, expected_sha256=announced, storage=storage
    ) as upload:
        assert upload.size_bytes == len(CONTENT)


def test_interrupted_upload_leaves_nothing(storage):
    def broken():
        yield b"x" * 1000
        raise ConnectionResetError("the sender went away")

    with (
        pytest.raises(ConnectionResetError),
        store_upload(broken(), limit_bytes=10**9, storage=storage),
    ):
        pytest.fail("nothing is handed over")
    assert files_in(storage) == []


def test_full_disk_is_told_and_leaves_nothing(tmp_path):
    """A process that may write no file above 64 kB meets the same error as a full disk."""
    script = textwrap.dedent("""
        import resource, sys
        import django
        django.setup()
        from django.core.files.storage import FileSystemStorage
        from submissions.errors import StorageFull
        from submissions.services.upload import store_upload
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
        storage = FileSystemStorage(location=sys.argv[1])
        try:
            with store_upload([b"x" * 10_000] * 100, limit_bytes=10**9, storage=storage):
                sys.exit("it was taken")
        except StorageFull as error:
            print(error.code, error)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "uploads")],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("STORAGE_FULL")
    assert str(tmp_path) not in done.stdout
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("announced", [None, len(CONTENT)])
def test_upload_is_refused_before_the_disk_is_full(storage, settings, announced):
    disk = os.statvfs(Path(storage.location).parent)
    free = disk.f_bavail * disk.f_frsize
    settings.STORAGE_FREE_BYTES_MIN = 2 * free
    with (
        pytest.raises(StorageFull),
        store_upload(chunks(), limit_bytes=10**9, size_bytes=announced, storage=storage),
    ):
        pytest.fail("nothing is handed over")
    assert files_in(storage) == []
    settings.STORAGE_FREE_BYTES_MIN = 0
    with store_upload(chunks(), limit_bytes=10**9, size_bytes=announced, storage=storage) as kept:
        assert kept.size_bytes == len(CONTENT)


def test_announced_size_must_leave_the_room_that_is_kept_free(storage, settings):
    disk = os.statvfs(Path(storage.location).parent)
    settings.STORAGE_FREE_BYTES_MIN = disk.f_bavail * disk.f_frsize // 2
    with (
        pytest.raises(StorageFull),
        store_upload(chunks(), limit_bytes=2**60, size_bytes=2**58, storage=storage),
    ):
        pytest.fail("nothing is handed over")
    assert files_in(storage) == []


def test_memory_stays_flat_however_large_the_upload(storage):
    piece = b"x" * 65536

    def peak(pieces):
        tracemalloc.start()
        with store_upload((piece for _ in range(pieces)), limit_bytes=10**9, storage=storage):
            peaked = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peaked

    assert peak(400) < peak(4) + 100_000


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """Run an S3 server and give the storage of a bucket in it, as the settings would."""
    pytest.importorskip("storages.backends.s3")
    pytest.importorskip("moto")
    from storages.backends.s3 import S3Storage

    with s3_running(tmp_path_factory.mktemp("s3")) as url:
        make_bucket(url)
        yield S3Storage(
            bucket_name=BUCKET,
            location="site/uploads",
            endpoint_url=url,
            region_name="us-east-1",
            access_key="test",
            secret_key="test",
            default_acl="private",
            file_overwrite=False,
        )


def keys_in(bucket):
    return {entry.key for entry in bucket.bucket.objects.all()}


def temporary_files():
    return set(Path(upload_module.tempfile.gettempdir()).glob("heldout-upload-*"))


def test_bucket_gets_the_same_whole_hashed_file(bucket):
    before = temporary_files()
    with store_upload(
        chunks(),
        limit_bytes=len(CONTENT),
        size_bytes=len(CONTENT),
        expected_sha256=hashlib.sha256(CONTENT).hexdigest(),
        storage=bucket,
    ) as upload:
        key = upload.keep()
    with bucket.open(key) as stored:
        assert stored.read() == CONTENT
    assert keys_in(bucket) == {f"site/uploads/{key}"}
    assert temporary_files() == before
    upload.let_go()
    assert keys_in(bucket) == set()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"limit_bytes": 10_500}, UploadTooLarge),
        ({"limit_bytes": 10**9, "expected_sha256": "0" * 64}, ChecksumMismatch),
        ({"limit_bytes": 10**9, "size_bytes": 17}, ChecksumMismatch),
    ],
)
def test_bucket_gets_nothing_of_a_refused_file(fields, error, bucket):
    before = temporary_files()
    with pytest.raises(error), store_upload(chunks(), storage=bucket, **fields):
        pytest.fail("nothing is handed over")
    assert keys_in(bucket) == set()
    assert temporary_files() == before


def test_what_a_killed_upload_left_is_swept_once_it_is_old_and_nothing_else(storage):
    with store_upload(chunks(), limit_bytes=10**9, storage=storage) as upload:
        key = upload.keep()
    old = Path(storage.path(key)).with_name(f".{'0' * 32}.part")
    new = old.with_name(f".{'1' * 32}.part")
    for path in (old, new):
        path.write_bytes(b"half")
    long_ago = time.time() - upload_module.LEFT_OVER_AFTER_S - 60
    os.utime(old, (long_ago, long_ago))
    os.utime(storage.path(key), (long_ago, long_ago))
    assert sweep_left_overs(storage=storage) == 1
    assert set(files_in(storage)) == {Path(storage.path(key)), new}
