"""The end of an attempt: one transaction that writes all of it, fenced by the claim.

Every function returns the state it wrote, or None if the claim was no longer held. Then nothing
at all is written: another worker has the submission, or it was withdrawn.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from challenges.models import Correction, Round
from challenges.selectors import metric_choices
from scoring.contract import CheckReport, ScoreReport, ScoreRow
from submissions.models import Score, ScoringRun, Submission, SubmissionState
from submissions.services import quota, tally
from submissions.services.claim import Claim

logger = logging.getLogger(__name__)

RETRY_WAIT = timedelta(seconds=2)  # times the attempt: what passes has a moment to pass
_RELEASED: dict[str, Any] = {"lease_token": "", "lease_until": None}


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt without a result, which is never the team's fault.

    `reason` is told to the team, `note` to organizers only.
    """

    code: str
    reason: str
    note: str = ""
    is_passing: bool = True  # another attempt may go better


def write_scores(
    claim: Claim, report: ScoreReport, *, reference_versions: Mapping[str, int]
) -> SubmissionState | None:
    """Write the run, its scores, the settled quota and the state `scored`."""
    with transaction.atomic():
        if not _move(claim, SubmissionState.SCORED, finished_at=Now(), **_cleared()):
            return _drop(claim)
        run = _new_run(claim, report, reference_versions=reference_versions)
        Score.objects.bulk_create(scores_of(run, report.rows), batch_size=500)
        quota.settle(claim.submission)
    logger.info("scored submission=%s rows=%d", claim.submission.code, len(report.rows))
    return SubmissionState.SCORED


def write_rejection(claim: Claim, report: CheckReport) -> SubmissionState | None:
    """Write that the file cannot be read: the team's to mend, so it counts as used."""
    with transaction.atomic():
        rejected = _move(
            claim,
            SubmissionState.REJECTED,
            finished_at=Now(),
            **_cleared()
            | {
                "reason_code": "UNREADABLE",
                "reason": "The file cannot be read as the round asks for.",
                "problems": [asdict(problem) for problem in report.problems],
            },
        )
        if not rejected:
            return _drop(claim)
        quota.settle(claim.submission)
    logger.info("rejected submission=%s", claim.submission.code)
    return SubmissionState.REJECTED


def write_failure(claim: Claim, failure: Failure) -> SubmissionState | None:
    """Queue the submission again, or fail it and refund when nothing is left to try."""
    note = f"Attempt {claim.attempt} on {claim.worker}: {failure.code}. {failure.note}".strip()
    told = {"reason_code": failure.code, "reason": failure.reason, "organizer_note": note}
    if failure.is_passing and claim.attempt < settings.SCORING_MAX_ATTEMPTS:
        wait = Now() + RETRY_WAIT * claim.attempt
        if not _move(claim, SubmissionState.QUEUED, not_before=wait, **_RELEASED, **told):
            return _drop(claim)
        logger.warning("will retry submission=%s: %s", claim.submission.code, failure.code)
        return SubmissionState.QUEUED
    with transaction.atomic():
        if not _move(claim, SubmissionState.FAILED, finished_at=Now(), **_RELEASED, **told):
            return _drop(claim)
        quota.refund(claim.submission, reason=f"scoring failed: {failure.code}")
    logger.error("failed submission=%s: %s", claim.submission.code, note)
    return SubmissionState.FAILED


def _move(claim: Claim, target: SubmissionState, **fields: object) -> bool:
    return claim.held().move(
        pk=claim.submission.pk, source=SubmissionState.RUNNING, target=target, **fields
    )


def _drop(claim: Claim) -> SubmissionState | None:
    """Leave the result of a claim that is held no more."""
    tally.count(tally.FENCED)
    logger.warning(
        "late result dropped submission=%s attempt=%d", claim.submission.code, claim.attempt
    )
    return None


def _cleared() -> dict[str, Any]:
    """Return the fields that told of earlier attempts, empty."""
    return {
        **_RELEASED,
        "reason_code": "",
        "reason": "",
        "problems": [],
        "organizer_note": "",
    }


def _new_run(
    claim: Claim, report: ScoreReport, *, reference_versions: Mapping[str, int]
) -> ScoringRun:
    runs = ScoringRun.objects.filter(submission=claim.submission)
    runs.filter(is_current=True).update(is_current=False)
    run = ScoringRun(
        submission=claim.submission,
        number=next_number(claim.submission),
        attempt=claim.attempt,
        reference_versions=dict(reference_versions),
        metric_versions=metric_versions(claim.submission.round),
        engine_version=report.engine_version,
        worker=claim.worker[:120],
        started_at=claim.started_at,
        finished_at=Now(),
    )
    run.save(force_insert=True)
    return run


def next_number(submission: Submission) -> int:
    """Return the number of a submission's next run."""
    runs = ScoringRun.objects.filter(submission=submission)
    return (runs.aggregate(last=Max("number"))["last"] or 0) + 1


def metric_versions(round_: Round, *, correction: Correction | None = None) -> dict[str, Any]:
    """Return what a run keeps of the metrics it was scored with."""
    return {
        choice.key: {
            "slug": choice.slug,
            "version": choice.version,
            "parameters": choice.parameters,
        }
        for choice in metric_choices(round_, correction=correction)
    }


def scores_of(run: ScoringRun, rows: tuple[ScoreRow, ...]) -> list[Score]:
    """Return the rows of a run, not saved yet."""
    round_ = run.submission.round
    metrics = dict(round_.metrics.values_list("key", "pk"))
    targets = dict(round_.targets.values_list("slug", "pk"))
    return [
        Score(
            run=run,
            target_id=None if row.target is None else targets[row.target],
            metric_id=metrics[row.key],
            status=row.status.value,
            value=row.value,
            detail=row.detail[:200],
        )
        for row in rows
    ]
