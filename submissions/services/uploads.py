"""Uploads that can be gone on with: begun, used for a submission, and cleared away."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Team, User
from challenges.models import Round
from scoring.contract import CheckReport
from submissions.errors import (
    ChecksumMismatch,
    NoSuchUpload,
    StorageFull,
    TooManyUploads,
    UploadRefused,
    UploadTooLarge,
)
from submissions.file_names import clean_file_name
from submissions.models import ResumableUpload, Submission
from submissions.models.submission import upload_storage
from submissions.services import multipart, resumable
from submissions.services.gate import check_gate, chosen_track
from submissions.services.resumable import LIFETIME
from submissions.services.upload import StoredUpload, free_bytes, new_key
from submissions.services.validate import check_upload, upload_limit

logger = logging.getLogger(__name__)

BATCH = 500


def begin_upload(
    *,
    round: Round,
    team: Team,
    by: User,
    size_bytes: int,
    file_name: str = "",
    sha256: str = "",
    entry_kind: str = Submission.EntryKind.PARTICIPANT,
    metadata: str = "",
) -> ResumableUpload:
    """Begin an upload to a round: the moment that the deadline looks at, if `sha256` is announced.

    Raises
    ------
    GateClosed, NotAllowed
        If the person may not submit this to the round now.
    UploadTooLarge, TooManyUploads, StorageFull
        If the file is too large, too many are on their way, or there is no room for it.
    """
    now = timezone.now()
    check_gate(round=round, team=team, by=by, at=now, entry_kind=entry_kind)
    if size_bytes > upload_limit(round):
        raise UploadTooLarge(upload_limit(round))
    upload = ResumableUpload(
        person=by,
        round=round,
        team=team,
        entry_kind=entry_kind,
        file_name=clean_file_name(file_name),
        metadata=metadata,
        size_bytes=size_bytes,
        announced_sha256=sha256,
        key=new_key(),
        begun_at=now,
        expires_at=now + LIFETIME,
    )
    with transaction.atomic():
        Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        _check_count(team)
        storage = upload_storage()
        if isinstance(storage, FileSystemStorage):
            _check_room(storage, size_bytes)
        else:
            upload.multipart_id = multipart.begin(storage, upload.key)
        upload.save(force_insert=True)
    if isinstance(storage, FileSystemStorage) and size_bytes == 0:
        resumable.finish(upload, storage=storage)
    return upload


def uploads_of(person: User) -> list[ResumableUpload]:
    """Return the person's uploads that are not submitted and not expired, newest first."""
    rows = ResumableUpload.objects.filter(
        person=person, submission__isnull=True, expires_at__gt=timezone.now()
    )
    return list(rows.select_related("round__challenge", "team").order_by("-begun_at", "-pk"))


def find_upload(person: User, code: str) -> ResumableUpload:
    """Return an upload of the person.

    Raises
    ------
    NoSuchUpload
        If there is none, it has expired, or it is somebody else's.
    """
    rows = ResumableUpload.objects.filter(person=person, code=code, expires_at__gt=timezone.now())
    found = rows.select_related("round__challenge", "team", "submission").first()
    if found is None:
        raise NoSuchUpload
    return found


def file_system() -> FileSystemStorage:
    """Return the storage of uploads, if it is one that files can be written to in pieces.

    Raises
    ------
    UploadRefused
        If it is an object store, which takes parts directly.
    """
    storage = upload_storage()
    if isinstance(storage, FileSystemStorage):
        return storage
    raise UploadRefused(
        "UPLOAD_IN_PARTS",
        _("This server keeps its files in an object store, which takes the parts itself."),
        _("Ask for addresses under parts/, send each part there, then post to complete/."),
    )


def drop_upload(upload: ResumableUpload) -> None:
    """Delete an upload and its file, unless a submission has been made of it.

    Raises
    ------
    UploadRefused
        If there is a submission of it.
    """
    # The row goes first, and only while no submission has it: a file without a row is harmless.
    if not _forget(upload):
        raise UploadRefused(
            "UPLOAD_SUBMITTED",
            _("A submission has been made of this upload."),
            _("Withdraw the submission instead."),
        )
    _remove_file(upload)


def sweep_expired() -> int:
    """Clear away uploads without a new byte for a day; return how many."""
    expired = ResumableUpload.objects.filter(expires_at__lte=timezone.now())
    expired.filter(submission__isnull=False).delete()  # only the row: the file is the submission's
    removed = 0
    for upload in expired.filter(submission__isnull=True).order_by("pk")[:BATCH]:
        if _forget(upload):
            _remove_file(upload)
            removed += 1
    if removed:
        logger.info("removed %d expired uploads", removed)
    return removed


def check_use(upload: ResumableUpload, *, round: Round, team: Team) -> None:
    """Refuse an upload that is not whole, or was begun for another round or team.

    Raises
    ------
    UploadRefused
        Saying which of these it is.
    """
    if (upload.round_id, upload.team_id) != (round.pk, team.pk):
        raise UploadRefused(
            "UPLOAD_OF_ANOTHER_ROUND",
            _("The upload was begun for another round or another team."),
            _("Submit it there, or upload the file again for this one."),
        )
    storage = upload_storage()
    if not upload.is_finished and isinstance(storage, FileSystemStorage):
        resumable.finish(upload, storage=storage)
    if not upload.is_finished:
        missing = upload.size_bytes - upload.received_bytes
        raise UploadRefused(
            "UPLOAD_INCOMPLETE",
            _("%(missing)s of %(size_bytes)s bytes have not arrived.")
            % {"missing": f"{missing:,}", "size_bytes": f"{upload.size_bytes:,}"},
            _("Go on with the upload, then submit it."),
        )


def validate_resumable(upload: ResumableUpload, *, round: Round, track: str = "") -> CheckReport:
    """Check a finished upload as `submit` would, without submitting it.

    Raises
    ------
    SubmissionError
        If the upload cannot be used, or there is no way to check it.
    """
    check_use(upload, round=round, team=upload.team)
    chosen = chosen_track(round, track) if track else None
    with opened_upload(upload) as stored:
        return check_upload(stored, round, at=upload.counts_from, track=chosen, team=upload.team)


@contextmanager
def opened_upload(upload: ResumableUpload, *, expected_sha256: str = "") -> Iterator[StoredUpload]:
    """Yield the file of a finished upload; it stays whatever happens in the block.

    Raises
    ------
    NoSuchUpload, ChecksumMismatch
        If the file is gone, or not the announced one.
    """
    storage = upload_storage()
    if isinstance(storage, FileSystemStorage):
        path = Path(storage.path(upload.key))
        if not path.exists():
            raise NoSuchUpload
        _compare(upload.sha256, expected_sha256)
        yield StoredUpload(upload.size_bytes, upload.sha256, path, storage, upload.key, stays=True)
        return
    with multipart.fetched(storage, upload.key) as (path, sha256):
        _compare(sha256, upload.announced_sha256)
        _compare(sha256, expected_sha256)
        yield StoredUpload(upload.size_bytes, sha256, path, storage, upload.key, stays=True)


def bind(upload: ResumableUpload, submission: Submission) -> None:
    """Note within the submission's transaction that the file is its own from now on.

    Raises
    ------
    NoSuchUpload
        If another request was first, or the upload has just been cleared away.
    """
    free = ResumableUpload.objects.filter(pk=upload.pk, submission__isnull=True)
    if not free.update(submission=submission):
        raise NoSuchUpload


def _check_count(team: Team) -> None:
    waiting = ResumableUpload.objects.filter(
        team=team, submission__isnull=True, expires_at__gt=timezone.now()
    )
    if waiting.count() >= settings.UPLOADS_WAITING:
        raise TooManyUploads(settings.UPLOADS_WAITING)


def _check_room(storage: FileSystemStorage, size_bytes: int) -> None:
    """Look at what is free once all that others have announced has arrived."""
    begun = ResumableUpload.objects.filter(
        finished_at__isnull=True, expires_at__gt=timezone.now(), multipart_id=""
    )
    coming = begun.aggregate(sum=Sum(F("size_bytes") - F("received_bytes")))["sum"] or 0
    if free_bytes(storage) - coming - size_bytes < settings.STORAGE_FREE_BYTES_MIN:
        raise StorageFull


def _forget(upload: ResumableUpload) -> bool:
    deleted, _ = ResumableUpload.objects.filter(pk=upload.pk, submission__isnull=True).delete()
    return deleted > 0


def _remove_file(upload: ResumableUpload) -> None:
    storage = upload_storage()
    if isinstance(storage, FileSystemStorage):
        resumable.remove_file(upload, storage=storage)
    else:
        multipart.remove(storage, upload)


def _compare(sha256: str, expected: str) -> None:
    if expected and sha256 != expected.strip().lower():
        raise ChecksumMismatch(
            "CHECKSUM_MISMATCH",
            _("The SHA-256 of what arrived is %(sha256)s, not the announced one.")
            % {"sha256": sha256},
            _("Nothing was submitted. Upload the file again, or correct the announced checksum."),
        )
