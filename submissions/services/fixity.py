"""Are stored files still what was taken in? Every one is read again within a cycle.

A file is marked as unproved before it is read, so that a check which kills its process or never
ends proves nothing. Damage changes no score and no board: it is told to operators, who have a
backup. References are read here as bytes only, to be hashed.
"""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from catalog.models import ArtifactFile
from challenges.models import Reference, RoundFile
from submissions.models import FileCheck, Submission

logger = logging.getLogger(__name__)

KINDS: tuple[type[Model], ...] = (Submission, Reference, ArtifactFile, RoundFile)
CYCLE = timedelta(days=30)
RETRY_AFTER = timedelta(days=1)
RUN_EVERY = timedelta(hours=1)
# One run reads for at most so long; the next one goes on.
BUDGET_S = 300.0
_CHUNK_BYTES = 1024 * 1024

State = FileCheck.State


def check_some_files() -> list[FileCheck]:
    """Check the files whose turn it is, enough per run to see every file once per cycle.

    Returns
    -------
    list of FileCheck
        Those that are not sound.
    """
    until = time.monotonic() + BUDGET_S
    bad = []
    for kind in KINDS:
        _forget_gone(kind)
        share = RUN_EVERY / CYCLE * kind._default_manager.count()
        for row in _due(kind, now=timezone.now())[: math.ceil(share * 1.1)]:
            bad += _not_sound(row)
            if time.monotonic() > until:
                return bad
    return bad


def check_all_files() -> Iterator[FileCheck]:
    """Check every file now and yield each finding, as after a backup was restored."""
    for kind in KINDS:
        _forget_gone(kind)
        for row in kind._default_manager.order_by("pk").iterator():
            yield check_file_of(row)


def not_sound() -> QuerySet[FileCheck]:
    """Return the files found damaged or missing, and those whose check did not come to an end."""
    return FileCheck.objects.exclude(state=State.SOUND)


def check_file_of(row: Any) -> FileCheck:
    """Read the file that a row names and write down whether it is what the row says."""
    check, _ = FileCheck.objects.update_or_create(
        kind=row._meta.label,
        object_id=row.pk,
        defaults={"state": State.UNPROVED, "begun_at": timezone.now()},
    )
    try:
        check.state = _state_of(row.file, size_bytes=row.size_bytes, sha256=row.sha256)
    except FileNotFoundError:
        check.state = State.MISSING
    except OSError:
        logger.exception("file cannot be read: %s %d", check.kind, check.object_id)
        return check
    check.save(update_fields=["state"])
    if check.state is not State.SOUND:
        logger.error("file is %s: %s %d", check.state.value, check.kind, check.object_id)
    return check


def _due(kind: type[Model], *, now: datetime) -> QuerySet[Any]:
    """Return the rows without a check in this cycle, or with one that came to no end lately."""
    proved = ~Q(state=State.UNPROVED) | Q(begun_at__gte=now - RETRY_AFTER)
    checked = FileCheck.objects.filter(
        proved, kind=kind._meta.label, object_id=OuterRef("pk"), begun_at__gte=now - CYCLE
    )
    return kind._default_manager.exclude(Exists(checked)).order_by("pk")


def _forget_gone(kind: type[Model]) -> None:
    """Drop what is known of files whose rows are gone: of drafts that were replaced."""
    there = kind._default_manager.values("pk")
    FileCheck.objects.filter(kind=kind._meta.label).exclude(object_id__in=there).delete()


def _not_sound(row: Any) -> list[FileCheck]:
    check = check_file_of(row)
    return [] if check.state == State.SOUND else [check]


def _state_of(file: FieldFile, *, size_bytes: int, sha256: str) -> State:
    digest, size = hashlib.sha256(), 0
    with file.storage.open(str(file.name)) as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    same = size == size_bytes and digest.hexdigest() == sha256
    return State.SOUND if same else State.DAMAGED
