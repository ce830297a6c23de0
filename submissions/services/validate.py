"""Check a prediction file in the cage, before any quota is touched."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import BinaryIO

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Team
from challenges.models import Round, Track
from challenges.selectors import prediction_format, target_specs
from scoring.cage import CageError, CageLimits, CageOutcome, check_in_cage
from scoring.contract import CheckReport, Problem, TargetSpec
from submissions.errors import PredictionRefused, SubmissionError
from submissions.models import Submission
from submissions.services.gate import chosen_track, target_problems
from submissions.services.upload import StoredUpload, store_upload

logger = logging.getLogger(__name__)

# Somebody is waiting for the answer, so reading alone gets less time than scoring.
CHECK_WALL_S = 60


def validate_upload(
    round: Round,
    chunks: Iterable[bytes],
    file_name: str = "",
    *,
    track: str = "",
    team: Team | None = None,
    at: datetime | None = None,
    entry_kind: str = Submission.EntryKind.PARTICIPANT,
) -> CheckReport:
    """Check a file as `submit` would, without submitting it; nothing of it is kept.

    Parameters
    ----------
    track : str, optional
        Its slug. Without one a target is open if it is in any track of the round.
    at : datetime, optional
        When the upload began; now, if left out.

    Returns
    -------
    CheckReport
        With every problem found, or the targets that the file answers.

    Raises
    ------
    SubmissionError
        If the file is too large, or there is no room or no way to check it.
    """
    chosen = chosen_track(round, track) if track else None
    with store_upload(chunks, limit_bytes=upload_limit(round)) as upload:
        return check_upload(
            upload,
            round,
            at=at or timezone.now(),
            track=chosen,
            team=team,
            entry_kind=entry_kind,
        )


def upload_limit(round: Round) -> int:
    """Return the largest file the round takes here."""
    return int(min(round.upload_limit_bytes, settings.UPLOAD_LIMIT_BYTES))


def check_upload(
    upload: StoredUpload,
    round: Round,
    *,
    at: datetime,
    track: Track | None = None,
    team: Team | None = None,
    entry_kind: str = Submission.EntryKind.PARTICIPANT,
) -> CheckReport:
    """Check a received file whose upload began at `at`.

    Deadlines of targets are for participants: what organizers enter may come late.

    A reader that runs out of memory or time on a file, or dies of it, is a problem of the
    file; a cage that cannot be used is not.

    Raises
    ------
    SubmissionError
        If the round's set-up or the cage keeps the file from being checked.
    """
    with upload.opened() as handle:
        report = check_file(handle, round, target_specs(round))
    if report.problems or entry_kind != Submission.EntryKind.PARTICIPANT:
        return report
    problems = target_problems(round, report.answered, at=at, track=track, team=team)
    return CheckReport(problems=problems, answered=report.answered, metadata=report.metadata)


def check_file(handle: BinaryIO, round: Round, targets: Sequence[TargetSpec]) -> CheckReport:
    """Read a file in the cage and report what is wrong with it; raises as `check_upload` does."""
    limits = CageLimits(
        memory_bytes=settings.SCORING_MEMORY_BYTES,
        wall_s=min(CHECK_WALL_S, settings.SCORING_WALL_S),
    )
    try:
        return check_in_cage(handle, prediction_format(round), targets, limits=limits)
    except CageError as error:
        return CheckReport(problems=(_problem_of(error, limits=limits, round=round),))


def require_ok(report: CheckReport) -> None:
    """Refuse a file with problems, and one that answers nothing.

    Raises
    ------
    PredictionRefused
        With every problem.
    """
    if report.problems:
        raise PredictionRefused(
            report.problems, report.problems_left_out, suggestions=report.suggestions
        )
    if not report.answered:
        nothing = Problem(
            code="NO_PREDICTION",
            message=_("The file holds no prediction for any target of the round."),
            remedy=_("Name the predictions as the targets are named on the round's page."),
        )
        raise PredictionRefused([nothing])


def _problem_of(error: CageError, *, limits: CageLimits, round: Round) -> Problem:
    logger.warning("check of a file for round=%s ended: %s", round.pk, error)
    if error.outcome is CageOutcome.MEMORY:
        megabytes = limits.memory_bytes // 2**20
        return Problem(
            code="READING_TAKES_TOO_MUCH_MEMORY",
            message=_("Reading the file takes more than the %(megabytes)s MB of memory allowed.")
            % {"megabytes": megabytes},
            remedy=_("Check that it is not larger inside than it should be, and write it smaller."),
        )
    if error.outcome is CageOutcome.TIME:
        return Problem(
            code="READING_TAKES_TOO_LONG",
            message=_("Reading the file takes more than the %(wall_s)s seconds allowed.")
            % {"wall_s": f"{limits.wall_s:g}"},
            remedy=_("Write it smaller, or in a binary format."),
        )
    if error.outcome in {CageOutcome.SETUP, CageOutcome.BROKEN}:
        raise SubmissionError(
            "CHECK_UNAVAILABLE",
            _("The file could not be checked, which is not the file's fault."),
            _(
                "Nothing was stored and nothing counted. Try again; if it stays so, tell the "
                "organizers of the round."
            ),
        ) from None
    return Problem(
        code="READER_FAILED",
        message=_("The file could not be read: the reader came to a bad end on it."),
        remedy=_(
            "Check that it is whole and of the format the round asks for; if it is, tell the "
            "organizers of the round."
        ),
    )
