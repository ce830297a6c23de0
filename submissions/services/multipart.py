"""Uploads in parts that go to the object store directly, by addresses that the site signs."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.storage import Storage
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from submissions.errors import UploadRefused
from submissions.models import ResumableUpload
from submissions.services.resumable import LIFETIME
from submissions.services.upload import check_room, room_for_it

MEBIBYTE = 2**20
LEAST_PART_BYTES = 8 * MEBIBYTE  # stores refuse less than 5, but for the last part
MOST_PARTS = 10_000
ADDRESSES_AT_ONCE = 100
ADDRESS_LASTS_S = 3600


@dataclass(frozen=True, slots=True)
class PartAddress:
    """Where a part may be sent to, for an hour, by anyone who has the address."""

    number: int
    size_bytes: int
    url: str


@dataclass(frozen=True, slots=True)
class ArrivedPart:
    """A part that the store has."""

    number: int
    size_bytes: int
    etag: str


def part_bytes(size_bytes: int) -> int:
    """Return how long each part of a file is, the last one but what is left."""
    least = -(-size_bytes // MOST_PARTS)
    return max(LEAST_PART_BYTES, -(-least // MEBIBYTE) * MEBIBYTE)


def part_count(size_bytes: int) -> int:
    """Return how many parts a file has; an empty one has one, too."""
    return max(1, -(-size_bytes // part_bytes(size_bytes)))


def begin(storage: Storage, key: str) -> str:
    """Tell the store that parts will come, and return its name for them."""
    client, place = _store(storage, key)
    return str(client.create_multipart_upload(**place)["UploadId"])


def addresses(
    storage: Storage, upload: ResumableUpload, numbers: Sequence[int]
) -> list[PartAddress]:
    """Return where these parts may be sent to.

    Raises
    ------
    UploadRefused
        If the file has no such part, all parts are there, or too many are asked for at once.
    """
    _require_open(upload)
    count = part_count(upload.size_bytes)
    if len(numbers) > ADDRESSES_AT_ONCE or any(not 1 <= each <= count for each in numbers):
        raise UploadRefused(
            "NO_SUCH_PART",
            _("The file has the parts 1 to %(count)s.") % {"count": count},
            _("Ask for at most %(addresses_at_once)s of them at once.")
            % {"addresses_at_once": ADDRESSES_AT_ONCE},
        )
    client, place = _store(storage, upload.key)
    place["UploadId"] = upload.multipart_id
    return [
        PartAddress(number, size, _signed(client, {**place, "PartNumber": number}, size))
        for number in numbers
        for size in [_size_of(upload, number)]
    ]


def arrived(storage: Storage, upload: ResumableUpload) -> list[ArrivedPart]:
    """Return the parts the store has, in order."""
    if upload.is_finished:
        return []
    client, place = _store(storage, upload.key)
    pages = client.get_paginator("list_parts").paginate(**place, UploadId=upload.multipart_id)
    return [
        ArrivedPart(int(part["PartNumber"]), int(part["Size"]), str(part["ETag"]))
        for page in pages
        for part in page.get("Parts", ())
    ]


def complete(storage: Storage, upload: ResumableUpload) -> None:
    """Put the parts together, if all are there.

    Raises
    ------
    UploadRefused
        If some are missing, or of a wrong length; it names them.
    """
    if upload.is_finished:
        return
    parts = arrived(storage, upload)
    right = {part.number for part in parts if part.size_bytes == _size_of(upload, part.number)}
    missing = [n for n in range(1, part_count(upload.size_bytes) + 1) if n not in right]
    if missing:
        first = ", ".join(map(str, missing[:20]))
        raise UploadRefused(
            "UPLOAD_INCOMPLETE",
            _("%(missing)s parts are missing or of a wrong length: %(first)s.")
            % {"missing": len(missing), "first": first},
            _("Send them again, then complete the upload."),
        )
    client, place = _store(storage, upload.key)
    client.complete_multipart_upload(
        **place,
        UploadId=upload.multipart_id,
        MultipartUpload={
            "Parts": [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
        },
    )
    ResumableUpload.objects.filter(pk=upload.pk, finished_at__isnull=True).update(
        received_bytes=upload.size_bytes,
        finished_at=Now(),
        expires_at=timezone.now() + LIFETIME,
    )
    upload.refresh_from_db()


def remove(storage: Storage, upload: ResumableUpload) -> None:
    """Delete the file, or the parts that are there of it."""
    client, place = _store(storage, upload.key)
    if upload.is_finished:
        client.delete_object(**place)
        return
    try:
        client.abort_multipart_upload(**place, UploadId=upload.multipart_id)
    except client.exceptions.NoSuchUpload:
        client.delete_object(**place)  # put together by a process that then was killed


@contextmanager
def fetched(storage: Storage, key: str) -> Iterator[tuple[Path, str]]:
    """Bring the file here for the length of the block, and hash it on the way."""
    digest = hashlib.sha256()
    descriptor, name = tempfile.mkstemp(prefix="heldout-upload-")
    try:
        with os.fdopen(descriptor, "wb") as out, storage.open(key, "rb") as handle, room_for_it():
            check_room(out.fileno(), coming=handle.size)
            for chunk in handle.chunks(MEBIBYTE):
                digest.update(chunk)
                out.write(chunk)
        yield Path(name), digest.hexdigest()
    finally:
        Path(name).unlink(missing_ok=True)


def _require_open(upload: ResumableUpload) -> None:
    if upload.is_finished or not upload.multipart_id:
        raise UploadRefused(
            "NOT_IN_PARTS",
            _("This upload takes no parts."),
            _("It is complete, or the server takes it by PATCH at an offset."),
        )


def _size_of(upload: ResumableUpload, number: int) -> int:
    each = part_bytes(upload.size_bytes)
    return max(0, min(each, upload.size_bytes - (number - 1) * each))


def _signed(client: Any, part: dict[str, Any], size_bytes: int) -> str:
    # The length is signed, too: the store refuses a longer part.
    return str(
        client.generate_presigned_url(
            "upload_part",
            Params={**part, "ContentLength": size_bytes},
            ExpiresIn=ADDRESS_LASTS_S,
        )
    )


def _store(storage: Any, key: str) -> tuple[Any, dict[str, Any]]:
    """Return the client of an S3 storage, and where in it a key is."""
    place = {"Bucket": storage.bucket_name, "Key": storage._normalize_name(key)}
    return storage.connection.meta.client, place
