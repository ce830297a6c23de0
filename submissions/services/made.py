"""Entries that the platform makes itself: kept and scored as any other, of nobody's quota."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Team, User
from catalog.models import Artifact
from challenges.models import Round, Track
from scoring.contract import CheckReport
from submissions import enqueue
from submissions.models import Submission
from submissions.services.upload import store_upload
from submissions.services.withdraw import move_out


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A prediction file in the uploads area, and what a reader understands of it."""

    key: str
    name: str
    size_bytes: int
    sha256: str
    check: CheckReport


@contextmanager
def kept_file(content: bytes, *, name: str, check: CheckReport) -> Iterator[MadeFile]:
    """Keep a file for whoever writes its row in the block; without a row it goes again."""
    with (
        store_upload([content], limit_bytes=len(content)) as upload,
        upload.kept_for_a_row() as key,
    ):
        yield MadeFile(key, name, upload.size_bytes, upload.sha256, check)


def enter_consensus(
    file: MadeFile, *, round: Round, track: Track | None, team: Team, by: User, method: Artifact
) -> Submission:
    """Queue a consensus for scoring. Must run in the transaction that says what it is made of."""
    submission = Submission(
        round=round,
        team=team,
        submitted_by=by,
        method=method,
        entry_kind=Submission.EntryKind.CONSENSUS,
        track=track,
        received_at=timezone.now(),
        file_name=file.name,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        answered=list(file.check.answered),
        file_metadata=dict(file.check.metadata),
    )
    submission.file.name = file.key
    submission.queued_at = Now()
    submission.save(force_insert=True)
    enqueue.scoring()
    return submission


def take_out(submission: Submission, *, reason: str) -> None:
    """Withdraw a consensus that is made anew; it stays on record."""
    if submission.entry_kind != Submission.EntryKind.CONSENSUS:
        raise ValueError(f"{submission} is a person's to withdraw")
    move_out(submission, reason)
