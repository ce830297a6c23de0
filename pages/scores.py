"""The scores of one submission as a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from challenges.models import RoundMetric, Target
from challenges.selectors import Viewer
from leaderboards.shown import ShownScore
from leaderboards.visible_scores import submission_scores
from submissions.models import ScoringRun, Submission


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """Scores of the current run: one row per target, and the pooled ones apart."""

    run: ScoringRun
    metrics: list[RoundMetric]
    rows: list[tuple[Target, list[ShownScore | None]]]
    pooled: list[tuple[RoundMetric, ShownScore]]


def score_table(submission: Submission, viewer: Viewer, moment: datetime) -> ScoreTable | None:
    """Return the scores of a submission that the viewer may see, or None if there are none."""
    scores = submission_scores(submission, viewer, moment)
    run = submission.runs.filter(is_current=True).first() if scores else None
    if run is None:
        return None
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
