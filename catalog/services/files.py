"""Files on their way into storage: hashed and counted in flight, in bounded memory."""

from __future__ import annotations

import hashlib
import re
import secrets
import tempfile
from dataclasses import dataclass
from typing import BinaryIO, cast

from django.core.files import File
from django.core.files.storage import Storage
from django.utils.translation import gettext as _

from catalog.errors import FileRefused

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}", re.ASCII)
_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Where the bytes went and what they are."""

    key: str
    size_bytes: int
    sha256: str


def check_file_name(name: str) -> None:
    """Refuse a name that cannot safely be a download's name on every system."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise FileRefused(
            _("%(name)s cannot be the name of a file here.") % {"name": repr(name)},
            _("Use letters, digits, dot, dash and underscore, beginning with a letter or digit."),
        )


def store_stream(
    storage: Storage, content: BinaryIO, *, folder: str, limit_bytes: int | None = None
) -> StoredFile:
    """Copy a stream into `storage` under a random key.

    The bytes go through a temporary file first, because some storages read twice or ask for
    the size before they begin. Nobody's file name becomes part of the key.

    Raises
    ------
    FileRefused
        If the stream is longer than the limit.
    """
    size = 0
    with tempfile.TemporaryFile() as spool:
        while chunk := content.read(_CHUNK_BYTES):
            size += len(chunk)
            if limit_bytes is not None and size > limit_bytes:
                raise FileRefused(
                    _("The file is larger than %(limit_bytes)s bytes.")
                    % {"limit_bytes": limit_bytes},
                    _("Compress or split it, or keep it in a repository and register its DOI."),
                )
            spool.write(chunk)
        return store_spooled(storage, cast(BinaryIO, spool), folder=folder)


def store_spooled(storage: Storage, spool: BinaryIO, *, folder: str) -> StoredFile:
    """Copy a temporary file, from its beginning, into `storage` under a random key."""
    digest = hashlib.sha256()
    spool.seek(0)
    while chunk := spool.read(_CHUNK_BYTES):
        digest.update(chunk)
    size = spool.tell()
    spool.seek(0)
    key = storage.save(f"{folder}/{secrets.token_hex(16)}", File(spool))
    return StoredFile(key=key, size_bytes=size, sha256=digest.hexdigest())
