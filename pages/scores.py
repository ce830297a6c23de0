"""The scores of one submission as a table."""

from __future__ import annotations

from dataclasses import dataclass

from challenges.models import RoundMetric, Target
from submissions.models import Score, ScoringRun, Submission


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """Scores of the current run: one row per target, and the pooled ones apart."""

    run: ScoringRun
    metrics: list[RoundMetric]
    rows: list[tuple[Target, list[Score | None]]]
    pooled: list[tuple[RoundMetric, Score]]


def score_table(submission: Submission) -> ScoreTable | None:
    """Return the scores of a submission, or None while it has no finished run."""
    run = submission.runs.filter(is_current=True).first()
    if run is None:
        return None
    scores = list(run.scores.select_related("target", "metric"))
    by_place = {(score.target_id, score.metric_id): score for score in scores}
    metrics = {score.metric_id: score.metric for score in scores if score.target_id is not None}
    targets = {score.target_id: score.target for score in scores if score.target is not None}
    columns = sorted(metrics.values(), key=lambda each: (not each.is_primary, each.position))
    ordered = sorted(targets.values(), key=lambda each: (each.position, each.slug))
    return ScoreTable(
        run=run,
        metrics=columns,
        rows=[
            (target, [by_place.get((target.pk, metric.pk)) for metric in columns])
            for target in ordered
        ],
        pooled=[(score.metric, score) for score in scores if score.target_id is None],
    )
