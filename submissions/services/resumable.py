"""Uploads that go on after a cut, on a file system.

A piece is written where the file will stay, under a name that no kept file has. What is on the
disk for certain is noted in the row every few megabytes, so a killed web process costs no more
than that. One request writes at a time: it holds the file's lock, which ends with its process.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from django.core.files.storage import FileSystemStorage
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from submissions.errors import (
    ChecksumMismatch,
    ChunkRefused,
    NoSuchUpload,
    OffsetConflict,
    UploadBusy,
    UploadTooLarge,
)
from submissions.models import ResumableUpload
from submissions.services import digests
from submissions.services.upload import check_room, room_for_it, sync_folder

# An upload without a new byte for so long has expired.
LIFETIME = timedelta(hours=24)
NOTED_EVERY_BYTES = 16 * 2**20
SUFFIX = ".resumable"


class Digest(Protocol):
    """What hashlib's objects do."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a sender says of one piece: the digest to compare with, and one to feed."""

    expected: bytes
    running: Digest


def write(
    upload: ResumableUpload,
    chunks: Iterable[bytes],
    *,
    storage: FileSystemStorage,
    offset: int,
    checksum: Checksum | None = None,
    coming: int | None = None,
) -> ResumableUpload:
    """Add a piece at an offset and return the upload as it stands then.

    What arrived before a cut is kept, unless the piece has a checksum: then all of it or nothing.

    Raises
    ------
    OffsetConflict, UploadBusy, UploadTooLarge, ChunkRefused, StorageFull, ChecksumMismatch
        If the piece does not go on where the upload stands, another request writes, it is longer
        than the file, its checksum differs, there is no room, or the whole is not the announced.
    """
    with _locked(upload, storage) as descriptor:
        upload.refresh_from_db()
        _agree(upload, descriptor)
        if offset != upload.received_bytes:
            raise OffsetConflict(offset, upload.received_bytes)
        if coming is not None and offset + coming > upload.size_bytes:
            raise UploadTooLarge(upload.size_bytes)
        piece = _Piece(upload, descriptor, checksum)
        with room_for_it():
            check_room(descriptor, coming=coming or 0)
            try:
                for chunk in chunks:
                    piece.add(chunk)
            finally:
                piece.end(is_whole=coming is None or piece.offset == offset + coming)
        if piece.is_wrong:
            raise ChunkRefused
        if upload.received_bytes == upload.size_bytes and not upload.is_finished:
            _finish(upload, storage, descriptor)
    return upload


def finish(upload: ResumableUpload, *, storage: FileSystemStorage) -> None:
    """Put a whole upload in its place, if the process that received its end did not come to it."""
    with _locked(upload, storage) as descriptor:
        upload.refresh_from_db()
        if upload.received_bytes == upload.size_bytes and not upload.is_finished:
            _finish(upload, storage, descriptor)


def remove_file(upload: ResumableUpload, *, storage: FileSystemStorage) -> None:
    """Delete what is there of an upload."""
    for path in (_part(upload, storage), Path(storage.path(upload.key))):
        path.unlink(missing_ok=True)


class _Piece:
    """The bytes of one request on their way to the disk."""

    def __init__(self, upload: ResumableUpload, descriptor: int, checksum: Checksum | None) -> None:
        self.upload = upload
        self.descriptor = descriptor
        self.checksum = checksum
        self.start = self.offset = self.noted = upload.received_bytes
        self.is_wrong = False
        self.whole = digests.take(upload.code, self.start)

    def add(self, chunk: bytes) -> None:
        if self.offset + len(chunk) > self.upload.size_bytes:
            raise UploadTooLarge(self.upload.size_bytes)
        rest = memoryview(chunk)
        while rest:
            written = os.pwrite(self.descriptor, rest, self.offset)
            self._hash(rest[:written])
            self.offset += written
            rest = rest[written:]
        if self.checksum is None and self.offset - self.noted >= NOTED_EVERY_BYTES:
            check_room(self.descriptor)
            self._note()

    def end(self, *, is_whole: bool) -> None:
        """Keep what arrived, or with a checksum all of it or nothing."""
        if self.checksum is not None:
            self.is_wrong = self.checksum.running.digest() != self.checksum.expected
            if self.is_wrong or not is_whole:
                os.ftruncate(self.descriptor, self.start)
                return
        self._note()
        if self.whole is not None:
            digests.put(self.upload.code, self.offset, self.whole)

    def _hash(self, data: memoryview) -> None:
        if self.whole is not None:
            self.whole.update(data)
        if self.checksum is not None:
            self.checksum.running.update(data)  # type: ignore[arg-type]

    def _note(self) -> None:
        if self.offset == self.noted:
            return
        os.fsync(self.descriptor)
        _move(self.upload, self.noted, self.offset)
        self.noted = self.offset


def _move(upload: ResumableUpload, before: int, after: int) -> None:
    """Note how much is on the disk; whoever else noted something meanwhile was first."""
    expires_at = timezone.now() + LIFETIME
    mine = ResumableUpload.objects.filter(
        pk=upload.pk, received_bytes=before, finished_at__isnull=True
    )
    if not mine.update(received_bytes=after, expires_at=expires_at):
        raise OffsetConflict(before, after)
    upload.received_bytes, upload.expires_at = after, expires_at


def _agree(upload: ResumableUpload, descriptor: int) -> None:
    """Bring row and file together: bytes not noted go, noted ones that a crash took come again."""
    if upload.is_finished:
        return
    there = os.fstat(descriptor).st_size
    if there > upload.received_bytes:
        os.ftruncate(descriptor, upload.received_bytes)
    elif there < upload.received_bytes:
        _move(upload, upload.received_bytes, there)


def _finish(upload: ResumableUpload, storage: FileSystemStorage, descriptor: int) -> None:
    running = digests.take(upload.code, upload.size_bytes)
    sha256 = running.hexdigest() if running is not None else _sha256(descriptor)
    if upload.announced_sha256 and sha256 != upload.announced_sha256:
        remove_file(upload, storage=storage)
        ResumableUpload.objects.filter(pk=upload.pk).delete()
        raise ChecksumMismatch(
            "CHECKSUM_MISMATCH",
            _("The SHA-256 of what arrived is %(sha256)s, not the announced one.")
            % {"sha256": sha256},
            _("Nothing was stored. Upload the file again, or correct the announced checksum."),
        )
    part, final = _part(upload, storage), Path(storage.path(upload.key))
    with suppress(FileNotFoundError):  # a process that was killed between rename and row
        part.rename(final)
    sync_folder(final.parent)
    ResumableUpload.objects.filter(pk=upload.pk, finished_at__isnull=True).update(
        finished_at=Now(), sha256=sha256, expires_at=timezone.now() + LIFETIME
    )
    upload.refresh_from_db()


def _sha256(descriptor: int) -> str:
    """Read the file once: the process that had hashed its beginning is not this one."""
    with os.fdopen(os.dup(descriptor), "rb") as handle:
        handle.seek(0)
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _part(upload: ResumableUpload, storage: FileSystemStorage) -> Path:
    final = Path(storage.path(upload.key))
    return final.with_name(f".{final.name}{SUFFIX}")


@contextmanager
def _locked(upload: ResumableUpload, storage: FileSystemStorage) -> Iterator[int]:
    """Open the file for this request alone; the kernel ends the lock with the process."""
    final, part = Path(storage.path(upload.key)), _part(upload, storage)
    path = final if final.exists() else part
    path.parent.mkdir(parents=True, exist_ok=True, mode=storage.directory_permissions_mode or 0o700)
    with room_for_it():
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, storage.file_permissions_mode or 0o600)
    try:
        _lock(descriptor)
        if path == part and final.exists():
            raise UploadBusy  # another request has just put the file in its place
        if not ResumableUpload.objects.filter(pk=upload.pk).exists():
            path.unlink(missing_ok=True)  # it was deleted while this request was on its way
            raise NoSuchUpload
        yield descriptor
    finally:
        if path == part and final.exists():
            part.unlink(missing_ok=True)
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
            raise UploadBusy from None
        raise
