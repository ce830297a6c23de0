"""Score what was claimed: open prediction and references, run the engine in the cage, write."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, cast

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from accounts.trace import traced
from challenges.errors import ChallengeError
from challenges.models import Correction, Round, Target
from challenges.selectors import metric_choices, prediction_format, spec_of, target_specs
from challenges.services.references import current_versions, open_references
from scoring.cage import CageError, CageLimits, CageOutcome, score_in_cage
from scoring.contract import CheckReport, ScoreReport, TargetSpec
from submissions.errors import SubmissionError
from submissions.models import Submission, SubmissionState
from submissions.services import tally
from submissions.services.claim import Claim
from submissions.services.lease import kept_alive
from submissions.services.outcome import Failure, write_failure, write_rejection, write_scores
from submissions.services.validate import check_file

logger = logging.getLogger(__name__)

_OURS = "Scoring this submission failed, which is not the file's fault."
_REASONS = {
    CageOutcome.MEMORY: "Scoring this submission took more memory than allowed.",
    CageOutcome.TIME: "Scoring this submission took more time than allowed.",
}
# What a file can do to its scorer. It may also be the machine's doing, so it is tried once more.
_POISON = {CageOutcome.MEMORY, CageOutcome.TIME, CageOutcome.CRASHED}
# Doing it again gives the same: the round's set-up, or a mistake in a metric or reader.
_LASTING = {CageOutcome.SETUP, CageOutcome.FAULT, CageOutcome.OUTPUT}
# The result stays in memory while the database is away; then the sweep starts over.
_WRITE_PATIENCE_S = (0.5, 1, 2, 4, 8, 16, 30)


@dataclass(frozen=True, slots=True)
class ScoredFile:
    """What the engine says of a file, and which answers it was compared with."""

    report: ScoreReport
    reference_versions: dict[str, int]


def score_claimed(claim: Claim) -> SubmissionState | None:
    """Do one attempt at a claimed submission and write how it ended.

    Returns
    -------
    SubmissionState or None
        The state written, or None if the claim was lost meanwhile and nothing was written.
    """
    with _traced(claim), kept_alive(claim):
        result = _attempt(claim)
        return _patiently(lambda: _write(claim, result))


def _traced(claim: Claim) -> AbstractContextManager[None]:
    """Let every line of the attempt name the submission and the request that brought it."""
    submission = claim.submission
    return traced(request=submission.request_id, submission=submission.code, attempt=claim.attempt)


def _write(claim: Claim, result: ScoredFile | CheckReport | Failure) -> SubmissionState | None:
    if isinstance(result, Failure):
        return write_failure(claim, result)
    if isinstance(result, CheckReport):
        return write_rejection(claim, result)
    if not result.report.check.ok:
        return write_rejection(claim, result.report.check)
    return write_scores(claim, result.report, reference_versions=result.reference_versions)


def _attempt(claim: Claim) -> ScoredFile | CheckReport | Failure:
    try:
        return run_engine(claim.submission)
    except CageError as error:
        return _ended_badly(claim.submission, error)
    except FileNotFoundError:
        return Failure("FILE_LOST", _OURS, "The uploaded file is not in storage.")
    except ChallengeError as error:
        return Failure("REFERENCES_UNAVAILABLE", _OURS, str(error))
    except (OperationalError, InterfaceError):
        raise  # the database is away: nothing can be written, the sweep starts over
    except Exception as error:
        logger.exception("attempt at submission=%s", claim.submission.code)
        return Failure("INTERNAL", _OURS, f"{type(error).__name__}; the log has the rest.")


def run_engine(submission: Submission, *, correction: Correction | None = None) -> ScoredFile:
    """Score a submission's file in the cage, against what is in force or a correction proposes.

    Raises
    ------
    CageError
        If the engine came to no result.
    ChallengeError
        If an answer is not in storage.
    FileNotFoundError
        If the submission's file is not.
    """
    round_ = submission.round
    versions = current_versions(round_, correction=correction)
    with (
        submission.file.open("rb") as stored,
        open_references(
            round=round_,
            purpose="score" if correction is None else "shadow score",
            subject=submission.code,
            correction=correction,
        ) as references,
    ):
        if current_versions(round_, correction=correction) != versions:
            raise CageError(CageOutcome.BROKEN, "a reference was replaced at this moment")
        scored = [spec for spec in target_specs(round_) if spec.slug in references]
        if not scored:
            raise CageError(CageOutcome.SETUP, "no target of the round has a reference")
        report = score_in_cage(
            cast(BinaryIO, stored.file or stored),
            prediction_format(round_),
            scored,
            {spec.slug: references[spec.slug] for spec in scored},
            metric_choices(round_, correction=correction),
            limits=CageLimits(settings.SCORING_MEMORY_BYTES, settings.SCORING_WALL_S),
            also_readable=_also_readable(round_, submission, scored),
        )
    return ScoredFile(report, versions)


def _also_readable(
    round: Round, submission: Submission, scored: list[TargetSpec]
) -> list[TargetSpec]:
    """Return what the file was allowed to answer though it is not scored: cancelled since."""
    gone = set(submission.answered) - {spec.slug for spec in scored}
    return [spec_of(target) for target in Target.objects.filter(round=round, slug__in=gone)]


def _ended_badly(submission: Submission, error: CageError) -> CheckReport | Failure:
    """Judge a scoring without an answer: to be tried again, the file's fault, or ours.

    The same bad end twice in a row is not tried a third time: a file that hangs holds a worker
    for two attempts and one look at the file alone, however many attempts are allowed.
    """
    code = f"SCORER_{error.outcome.name}"
    tally.count(f"cage {error.outcome}")
    is_poison = error.outcome in _POISON
    again = is_poison and submission.reason_code == code
    last = again or submission.attempt >= settings.SCORING_MAX_ATTEMPTS
    if is_poison and last:
        report = _file_alone(submission)
        if report is not None and report.problems:
            return report
    return Failure(
        code=code,
        reason=_REASONS.get(error.outcome, _OURS),
        note=error.detail,
        is_passing=not again and error.outcome not in _LASTING,
    )


def _file_alone(submission: Submission) -> CheckReport | None:
    """Read the file without scoring it, which tells a bad file from a bad metric or limit."""
    specs = target_specs(submission.round)
    try:
        with submission.file.open("rb") as stored:
            return check_file(
                cast(BinaryIO, stored.file or stored),
                submission.round,
                [*specs, *_also_readable(submission.round, submission, specs)],
            )
    except (SubmissionError, OSError):
        return None  # nothing is known against the file


def _patiently(write: Callable[[], SubmissionState | None]) -> SubmissionState | None:
    """Write, again if the database was away. The fence makes a repetition harmless."""
    for wait_s in _WRITE_PATIENCE_S:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise  # the caller's transaction is broken; only the caller can start over
            logger.exception("result not written yet")
            connection.close()
            time.sleep(wait_s)
    return write()
