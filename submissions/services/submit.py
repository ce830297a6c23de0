"""Take a submission: gate, stream, check, then quota and row in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import Team, User
from accounts.trace import request_id
from catalog.models import Artifact
from catalog.selectors import is_open_method
from challenges.models import Round
from scoring.contract import CheckReport
from submissions import enqueue
from submissions.errors import NotAllowed, SubmissionError
from submissions.file_names import clean_file_name
from submissions.models import ResumableUpload, Submission
from submissions.services import quota
from submissions.services.gate import check_gate, chosen_track
from submissions.services.slots import upload_slot
from submissions.services.upload import StoredUpload, store_upload
from submissions.services.uploads import bind, check_use, opened_upload
from submissions.services.validate import check_upload, require_ok, upload_limit

logger = logging.getLogger(__name__)


def submit(
    *,
    round: Round,
    team: Team,
    by: User,
    chunks: Iterable[bytes] | ResumableUpload,
    file_name: str,
    received_at: datetime,
    method: Artifact | Callable[[], Artifact],
    entry_kind: str = Submission.EntryKind.PARTICIPANT,
    track: str = "",
    model_index: int = 1,
    note: str = "",
    idempotency_key: str = "",
    expected_sha256: str = "",
    size_bytes: int | None = None,
) -> Submission:
    """Take a prediction file and queue it for scoring.

    Parameters
    ----------
    chunks : iterable of bytes, or ResumableUpload
        The file; read once, never held whole. A finished upload gives one submission: a second
        request with it returns that.
    received_at : datetime
        When the upload began: the deadline and the day of the quota look at this. A resumable
        upload knows it better.
    method : Artifact or callable
        What made the predictions; a callable is asked for it once the file is accepted, so that
        a refused file registers nothing in the catalog.
    track : str, optional
        Its slug; not needed where the round has one track or none.
    model_index : int, optional
        Which of the team's models it is, where the round takes several.
    idempotency_key : str, optional
        With the key of an earlier submission of the same person, that one is returned and the
        file is not read.
    expected_sha256, size_bytes : optional
        What the sender announced of the file.

    Raises
    ------
    SubmissionError
        One of its kinds, each saying what is wrong and how to mend it. Nothing is kept then.
    """
    earlier = _earlier(by, idempotency_key, round=round, team=team)
    if isinstance(chunks, ResumableUpload):
        check_use(chunks, round=round, team=team)
        earlier = earlier or chunks.submission
        received_at = chunks.counts_from
    if earlier is not None:
        return earlier
    chosen = chosen_track(round, track)
    check_gate(
        round=round,
        team=team,
        by=by,
        at=received_at,
        entry_kind=entry_kind,
        track=chosen,
        model_index=model_index,
    )
    if isinstance(method, Artifact):
        _check_method(method, team, entry_kind)
    if len(note) > 300:
        raise SubmissionError("NOTE_TOO_LONG", _("A note has 300 characters at most."))
    source = (
        opened_upload(chunks, expected_sha256=expected_sha256)
        if isinstance(chunks, ResumableUpload)
        else store_upload(
            chunks,
            limit_bytes=upload_limit(round),
            size_bytes=size_bytes,
            expected_sha256=expected_sha256,
        )
    )
    with upload_slot(team), source as upload:
        report = check_upload(
            upload, round, at=received_at, track=chosen, team=team, entry_kind=entry_kind
        )
        require_ok(report)
        submission = Submission(
            round=round,
            team=team,
            submitted_by=by,
            entry_kind=entry_kind,
            track=chosen,
            model_index=model_index,
            note=note,
            idempotency_key=idempotency_key,
            request_id=request_id(),
            received_at=received_at,
            file_name=clean_file_name(file_name),
        )
        resumed = chunks if isinstance(chunks, ResumableUpload) else None
        return _keep(submission, upload, report, method=method, resumed=resumed)


def _keep(
    submission: Submission,
    upload: StoredUpload,
    report: CheckReport,
    *,
    method: Artifact | Callable[[], Artifact],
    resumed: ResumableUpload | None,
) -> Submission:
    submission.size_bytes = upload.size_bytes
    submission.sha256 = upload.sha256
    submission.answered = list(report.answered)
    submission.file_metadata = dict(report.metadata)
    try:
        with upload.kept_for_a_row() as key:
            submission.file.name = key
            _insert(submission, method, resumed=resumed)
    except IntegrityError:
        # Two requests with one key at the same moment: the first one is the submission.
        earlier = _earlier(
            submission.submitted_by,
            submission.idempotency_key,
            round=submission.round,
            team=submission.team,
        )
        if earlier is None:
            raise
        return earlier
    submission.refresh_from_db()
    logger.info("queued submission=%s round=%s", submission.code, submission.round_id)
    return submission


def _insert(
    submission: Submission,
    method: Artifact | Callable[[], Artifact],
    *,
    resumed: ResumableUpload | None,
) -> None:
    """Write the row, its reservation and a method not registered before, or none of them."""
    with transaction.atomic():
        submission.method = method if isinstance(method, Artifact) else method()
        _check_method(submission.method, submission.team, submission.entry_kind)
        if submission.entry_kind == Submission.EntryKind.PARTICIPANT:
            quota.require_one_left(submission.team, submission.round, submission.received_at)
        submission.queued_at = Now()
        submission.save(force_insert=True)
        if resumed is not None:
            bind(resumed, submission)
        if submission.entry_kind == Submission.EntryKind.PARTICIPANT:
            quota.reserve(submission)
        enqueue.scoring()


def _earlier(by: User, key: str, *, round: Round, team: Team) -> Submission | None:
    if not key:
        return None
    earlier = Submission.objects.filter(submitted_by=by, idempotency_key=key).first()
    if earlier is not None and (earlier.round_id, earlier.team_id) != (round.pk, team.pk):
        raise SubmissionError(
            "IDEMPOTENCY_KEY_REUSED",
            _("This idempotency key belongs to a submission to another round or of another team."),
            _("Make a new key for each submission."),
        )
    return earlier


def _check_method(method: Artifact, team: Team, entry_kind: str) -> None:
    if method.kind != Artifact.Kind.MODEL:
        raise NotAllowed(
            "METHOD_IS_NO_MODEL",
            _("%(method)s is a dataset; a method is a model.") % {"method": method},
        )
    if entry_kind == Submission.EntryKind.BASELINE and is_open_method(method):
        return  # the gate lets only organizers do so; the method keeps its own name
    if method.team_id != team.pk:
        raise NotAllowed(
            "NOT_THE_TEAMS_METHOD",
            _("%(method)s is not a method of the team %(team)s.")
            % {"method": method, "team": team.name},
            _("Register it as the team's own, built on that one."),
        )
