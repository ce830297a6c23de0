"""Receipts of scored submissions: the facts that a viewer may have, for `leaderboards.signing`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from challenges.models import Reference
from challenges.selectors import Viewer
from heldout.receipts import FORMAT, without_fractions
from leaderboards.shown import ShownScore
from leaderboards.visible_scores import submission_scores
from submissions.models import ScoringRun, Submission


def receipt_of(submission: Submission, viewer: Viewer, moment: datetime) -> dict[str, Any]:
    """Return what the site can say of a scored submission to this viewer at `moment`.

    While no score is shown there is no word of the run either: that the submission was scored
    again would tell something of the answers.
    """
    scores = submission_scores(submission, viewer, moment)
    round_, method = submission.round, submission.method
    document = {
        "format": FORMAT,
        "site": settings.SITE_URL,
        "issued_at": _written(moment.replace(microsecond=0)),
        "challenge": round_.challenge.slug,
        "round": round_.slug,
        "design_sha256": round_.design_sha256,
        "submission": submission.code,
        "entry_kind": submission.entry_kind,
        "team": submission.team.slug,
        "method": f"{method.slug}@{method.version}",
        "received_at": _written(submission.received_at),
        "file": {"sha256": submission.sha256, "size_bytes": submission.size_bytes},
        "run": _run(submission, scores) if scores else None,
        "scores": [_score(row) for row in scores],
    }
    return dict(without_fractions(document))


def _run(submission: Submission, scores: list[ShownScore]) -> dict[str, Any]:
    run = ScoringRun.objects.get(submission=submission, is_current=True)
    shown = {row.target.slug for row in scores if row.target is not None}
    # A pooled score is made of all targets.
    is_pooled = any(row.target is None for row in scores)
    versions = {
        slug: version
        for slug, version in run.reference_versions.items()
        if is_pooled or slug in shown
    }
    commitments = {
        (row.target.slug, row.version): row.commitment
        for row in Reference.objects.filter(target__round=submission.round_id)
        .select_related("target")
        .only("version", "commitment", "target__slug")
    }
    return {
        "number": run.number,
        "finished_at": _written(run.finished_at),
        "engine_version": run.engine_version,
        "metrics": run.metric_versions,
        "references": [
            {"target": slug, "version": version, "commitment": commitments.get((slug, version))}
            for slug, version in sorted(versions.items())
        ],
    }


def _score(row: ShownScore) -> dict[str, Any]:
    return {
        "target": row.target.slug if row.target is not None else None,
        "metric": row.metric.key,
        "status": row.status,
        "value": row.value,
    }


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
