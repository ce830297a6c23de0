"""Bytes on their way to the uploads area: hashed in flight, cut at the limit, whole or not there.

On a file system they go straight to the folder they will stay in, under a name that no key ever
has, and are renamed when they are kept. Any other storage gets them from a temporary file.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import secrets
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from submissions.errors import ChecksumMismatch, StorageFull, UploadTooLarge
from submissions.models.submission import upload_storage

logger = logging.getLogger(__name__)

# An upload that has not written for so long is not on its way any more.
LEFT_OVER_AFTER_S = 24 * 3600
_TEMPORARY = "heldout-upload-"
_LOOK_EVERY_BYTES = 16 * 2**20
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """A received file that is thrown away at the end of the block unless it is kept."""

    size_bytes: int
    sha256: str
    path: Path
    storage: Storage
    key: str
    stays: bool = False  # it is where it stays already, and goes only with its upload

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open the file for reading only."""
        with self.path.open("rb") as handle:
            yield handle

    def keep(self) -> str:
        """Put the file where it stays and return its key.

        Raises
        ------
        StorageFull
            If there is no room for it.
        """
        if self.stays:
            return self.key
        with room_for_it():
            if isinstance(self.storage, FileSystemStorage):
                final = Path(self.storage.path(self.key))
                self.path.rename(final)
                sync_folder(final.parent)
                return self.key
            with self.opened() as handle:
                return self.storage.save(self.key, File(handle))

    def let_go(self) -> None:
        """Delete the kept file, whose submission did not come about."""
        if not self.stays:
            self.storage.delete(self.key)

    @contextmanager
    def kept_for_a_row(self) -> Iterator[str]:
        """Keep the file, by the key that is given, for the row that the block writes.

        Without a row the file goes again.
        """
        key = self.keep()
        try:
            yield key
        except (OperationalError, InterfaceError):
            # The database went away, perhaps after it committed: a file without a row is harmless,
            # a row without its file is a lost submission.
            logger.warning("kept the file %s without knowing whether its row was written", key)
            raise
        except BaseException:
            self.let_go()
            raise


@contextmanager
def store_upload(
    chunks: Iterable[bytes],
    *,
    limit_bytes: int,
    size_bytes: int | None = None,
    expected_sha256: str = "",
    storage: Storage | None = None,
) -> Iterator[StoredUpload]:
    """Receive an upload and yield it; without `keep` nothing of it stays.

    Parameters
    ----------
    chunks : iterable of bytes
        The file. An exception from it (the sender went away) passes through.
    limit_bytes : int
        The file is cut off, and refused, at the first byte beyond.
    size_bytes, expected_sha256 : optional
        What the sender announced.

    Raises
    ------
    UploadTooLarge, ChecksumMismatch, StorageFull
        If the file is too large, not the announced one, or finds no room.
    """
    if size_bytes is not None and size_bytes > limit_bytes:
        raise UploadTooLarge(limit_bytes)
    storage = storage or upload_storage()
    key = new_key()
    with room_for_it():
        descriptor, path = _place_for(storage, key)
    try:
        with room_for_it():
            size, sha256 = _receive(
                chunks, descriptor, limit_bytes=limit_bytes, coming=size_bytes or 0
            )
        _compare(size, sha256, size_bytes=size_bytes, expected_sha256=expected_sha256)
        yield StoredUpload(size, sha256, path, storage, key)
    finally:
        with suppress(FileNotFoundError):  # it was kept
            path.unlink()


def new_key() -> str:
    """Return a place for a file that nobody guesses, and none has had before."""
    return f"{timezone.now():%Y/%m/%d}/{secrets.token_hex(16)}"


def free_bytes(storage: FileSystemStorage) -> int:
    """Return what is free on the disk of a storage, or on that of the folder it will be made in."""
    folder = Path(storage.location)
    while not folder.exists():
        folder = folder.parent
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def sweep_left_overs(*, storage: Storage | None = None) -> int:
    """Remove what uploads left behind whose web process was killed; return how many.

    Only files under a name that no kept file ever has. A kept file without a row stays: after
    a database was restored to an earlier state it may be all that is left of a submission.
    """
    storage = storage or upload_storage()
    if isinstance(storage, FileSystemStorage):
        found = Path(storage.location).rglob(".*.part")
    else:
        found = Path(tempfile.gettempdir()).glob(f"{_TEMPORARY}*")
    removed = 0
    for path in found:
        with suppress(FileNotFoundError, PermissionError):  # it ended, or is somebody else's
            if time.time() - path.stat().st_mtime > LEFT_OVER_AFTER_S:
                path.unlink()
                removed += 1
    return removed


def _place_for(storage: Storage, key: str) -> tuple[int, Path]:
    if not isinstance(storage, FileSystemStorage):
        descriptor, name = tempfile.mkstemp(prefix=_TEMPORARY)
        return descriptor, Path(name)
    final = Path(storage.path(key))
    path = final.with_name(f".{final.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True, mode=storage.directory_permissions_mode or 0o700)
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
    return os.open(path, flags, storage.file_permissions_mode or 0o600), path


def _receive(
    chunks: Iterable[bytes], descriptor: int, *, limit_bytes: int, coming: int
) -> tuple[int, str]:
    """Write the chunks and close the descriptor; return the size and the SHA-256."""
    digest = hashlib.sha256()
    size = looked_at = 0
    try:
        check_room(descriptor, coming=coming)
        for chunk in chunks:
            size += len(chunk)
            if size > limit_bytes:
                raise UploadTooLarge(limit_bytes)
            if size - looked_at > _LOOK_EVERY_BYTES:
                check_room(descriptor)
                looked_at = size
            digest.update(chunk)
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return size, digest.hexdigest()


def check_room(descriptor: int, *, coming: int = 0) -> None:
    """Refuse to fill a disk to its last byte, which databases and logs need more.

    Raises
    ------
    StorageFull
        If `coming` more bytes would leave less free than the site is to keep free.
    """
    disk = os.fstatvfs(descriptor)
    if disk.f_bavail * disk.f_frsize - coming < settings.STORAGE_FREE_BYTES_MIN:
        raise StorageFull


def _compare(size: int, sha256: str, *, size_bytes: int | None, expected_sha256: str) -> None:
    if size_bytes is not None and size != size_bytes:
        raise ChecksumMismatch(
            "UPLOAD_INCOMPLETE",
            _("%(size)s bytes arrived of the %(size_bytes)s that were announced.")
            % {"size": f"{size:,}", "size_bytes": f"{size_bytes:,}"},
            _("Nothing was stored. Upload the file again."),
        )
    if expected_sha256 and sha256 != expected_sha256.strip().lower():
        raise ChecksumMismatch(
            "CHECKSUM_MISMATCH",
            _("The SHA-256 of what arrived is %(sha256)s, not the announced one.")
            % {"sha256": sha256},
            _("Nothing was stored. Upload the file again, or correct the announced checksum."),
        )


@contextmanager
def room_for_it() -> Iterator[None]:
    """Turn the system's word for a full disk into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull from None
        raise


def sync_folder(folder: Path) -> None:
    """Make the rename last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
