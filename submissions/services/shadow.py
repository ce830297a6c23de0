"""Score entries aside under an open correction, and put its runs in force all at once.

A shadow run is a run like any other that is not the current one, so no board, page or credit
looks at it. Which worker makes it is decided as for submissions: by one conditional UPDATE.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from challenges.errors import ChallengeError, CorrectionRefused
from challenges.models import Correction
from challenges.services.corrections import put_in_force
from challenges.services.references import current_versions
from scoring.cage import CageError
from submissions.models import Score, ScoringRun, ShadowScoring, Submission, SubmissionState
from submissions.services.outcome import metric_versions, next_number, scores_of
from submissions.services.score import ScoredFile, run_engine

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the shadow scoring of a correction is."""

    entries: int
    scored: int
    failed: tuple[str, ...]  # code and reason of what cannot be scored

    @property
    def is_complete(self) -> bool:
        return self.scored == self.entries


def progress_of(correction: Correction) -> Progress:
    """Return how many entries are scored under a correction as it stands now."""
    entries = _entries(correction).count()
    rows = correction.shadows.filter(submission__state=SubmissionState.SCORED)
    spent = rows.filter(run__isnull=True, attempt__gte=settings.SCORING_MAX_ATTEMPTS)
    return Progress(
        entries=entries,
        scored=_done(correction).count(),
        failed=tuple(
            f"{code}: {note}" for code, note in spent.values_list("submission__code", "note")
        ),
    )


def shadows_waiting() -> int:
    """Return how many entries wait to be scored aside."""
    return sum(_waiting(correction).count() for correction in _open_corrections())


def claim_shadow() -> ShadowScoring | None:
    """Take the next entry to be scored aside, or None if none waits."""
    for correction in _open_corrections():
        for submission in _waiting(correction).order_by("pk"):
            shadow = _take(correction, submission)
            if shadow is not None:
                return shadow
    return None


def score_shadow(shadow: ShadowScoring, *, worker: str) -> None:
    """Score one entry under its correction and write the run; a failure is tried again."""
    started_at = timezone.now()
    try:
        result = run_engine(shadow.submission, correction=shadow.correction)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the lease runs out and another worker takes it
    except (CageError, ChallengeError, OSError) as error:
        _note(shadow, f"{type(error).__name__}: {error}")
        return
    if not result.report.check.ok:
        _note(shadow, result.report.check.problems[0].message)
        return
    _write(shadow, result, worker=worker, started_at=started_at)


def publish_correction(correction: Correction, *, by: User) -> None:
    """Put a correction in force, with the scores of all entries under it, all at once.

    The runs before stay where they are, and are current no more.

    Raises
    ------
    CorrectionRefused
        If an entry is not scored under it yet or is being scored, or it is not open any more.
    """
    with transaction.atomic():
        put_in_force(correction, by=by)
        progress = progress_of(correction)
        if not progress.is_complete:
            raise CorrectionRefused(
                f"{progress.entries - progress.scored} of {progress.entries} entries are not "
                "scored under this correction yet.",
                " ".join(progress.failed) or "Wait until they are.",
            )
        if Submission.objects.filter(
            round=correction.round, state=SubmissionState.RUNNING
        ).exists():
            raise CorrectionRefused("An entry is being scored at this moment.", "Try again.")
        rows = _done(correction)
        submissions = list(rows.values_list("submission", flat=True))
        runs = list(rows.values_list("run", flat=True))
        ScoringRun.objects.filter(submission__in=submissions, is_current=True).update(
            is_current=False
        )
        ScoringRun.objects.filter(pk__in=runs).update(is_current=True)
    logger.info("published correction=%s runs=%d by=%s", correction.pk, len(runs), by.pk)


def _open_corrections() -> QuerySet[Correction]:
    return Correction.objects.filter(
        in_force_at__isnull=True, withdrawn_at__isnull=True
    ).select_related("round")


def _entries(correction: Correction) -> QuerySet[Submission]:
    return Submission.objects.filter(round_id=correction.round_id).scored()


def _done(correction: Correction) -> QuerySet[ShadowScoring]:
    """Return what is scored against the answers and versions that the correction has now."""
    return correction.shadows.filter(
        submission__state=SubmissionState.SCORED,
        run__reference_versions=current_versions(correction.round, correction=correction),
        run__metric_versions=metric_versions(correction.round, correction=correction),
    )


def _waiting(correction: Correction) -> QuerySet[Submission]:
    held = correction.shadows.filter(
        Q(lease_until__gte=Now()) | Q(attempt__gte=settings.SCORING_MAX_ATTEMPTS, run=None)
    )
    return _entries(correction).exclude(
        Q(pk__in=_done(correction).values("submission")) | Q(pk__in=held.values("submission"))
    )


def _take(correction: Correction, submission: Submission) -> ShadowScoring | None:
    row, _ = ShadowScoring.objects.get_or_create(correction=correction, submission=submission)
    token = secrets.token_hex(16)
    # The cage ends a job by itself, so that a lease of its longest time needs no renewal.
    until = Now() + timedelta(seconds=settings.SCORING_WALL_S + settings.SCORING_LEASE_S)
    taken = (
        ShadowScoring.objects.filter(pk=row.pk, lease_token=row.lease_token)
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lt=Now()))
        .update(attempt=F("attempt") + 1, lease_token=token, lease_until=until)
    )
    if taken != 1:
        return None
    return (
        ShadowScoring.objects.select_related("submission__round__challenge", "correction__round")
        .filter(pk=row.pk, lease_token=token)
        .first()
    )


def _release(shadow: ShadowScoring, **fields: Any) -> bool:
    """Write how an attempt ended, if it is still this worker's."""
    held = ShadowScoring.objects.filter(pk=shadow.pk, lease_token=shadow.lease_token)
    return held.update(lease_token="", lease_until=None, **fields) == 1


def _note(shadow: ShadowScoring, note: str) -> None:
    logger.warning("shadow failed submission=%s: %s", shadow.submission.code, note)
    _release(shadow, note=note[:500])


def _write(shadow: ShadowScoring, result: ScoredFile, *, worker: str, started_at: datetime) -> None:
    correction, submission = shadow.correction, shadow.submission
    with transaction.atomic():
        run = ScoringRun.objects.create(
            submission=submission,
            number=next_number(submission),
            attempt=shadow.attempt,
            is_current=False,
            reference_versions=result.reference_versions,
            metric_versions=metric_versions(correction.round, correction=correction),
            engine_version=result.report.engine_version,
            worker=worker[:120],
            started_at=started_at,
            finished_at=timezone.now(),
        )
        Score.objects.bulk_create(scores_of(run, result.report.rows), batch_size=500)
        if not _release(shadow, run=run, note=""):
            transaction.set_rollback(True)
