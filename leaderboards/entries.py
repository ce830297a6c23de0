"""From score rows to the entries of a board: which submission of a team and method counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from challenges.models import Correction, Round, RoundMetric, Target
from scoring.aggregate import AggregateValue, MissingPolicy, aggregate, value_row
from scoring.contract import Aggregate, Direction, ScoreRow, ScoreStatus
from scoring.metrics.registry import get_metric
from submissions.models import Score, Submission

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rule:
    """How a round ranks: everything that turns rows into an order."""

    primary: RoundMetric
    metrics: tuple[RoundMetric, ...]
    targets: tuple[Target, ...]
    missing: MissingPolicy
    penalty: float | None
    tolerance: float
    seed: int
    resamples: int

    @property
    def direction(self) -> Direction:
        return get_metric(self.primary.metric, self.primary.version).direction

    @property
    def how(self) -> Aggregate:
        return Aggregate(self.primary.aggregate)

    @property
    def weights(self) -> FloatArray:
        return np.array([target.weight for target in self.targets], dtype=float)

    @property
    def perfect(self) -> float | None:
        """The best an entry can be: the round's declared ceiling, or the metric's own, if any."""
        declared = self.primary.round.perfect_value
        if declared is not None:
            return declared
        metric = get_metric(self.primary.metric, self.primary.version)
        perfect = metric.perfect_value(self.primary.parameters)
        if perfect is None or self.how is not Aggregate.SUM:
            return perfect
        return perfect * float(self.weights.sum())


@dataclass(frozen=True, slots=True)
class Entry:
    """The counting submission of one team and method, with its rows of every metric."""

    submission: Submission
    submissions_used: int
    rows: dict[str, list[ScoreRow]] = field(default_factory=dict)  # metric key to rows
    run: int | None = None  # the scoring run that the rows are from

    @property
    def ranks(self) -> bool:
        return self.submission.entry_kind == Submission.EntryKind.PARTICIPANT

    def value(self, metric: RoundMetric, rule: Rule) -> AggregateValue:
        """Return the entry's value under one metric of the round."""
        return aggregate(
            self.rows[metric.key],
            Aggregate(metric.aggregate),
            weights={target.slug: target.weight for target in rule.targets},
            missing=rule.missing,
            penalty=rule.penalty,
        )

    def primary_values(self, rule: Rule) -> FloatArray:
        """Return the ranking metric's per-target values, shape (targets,)."""
        return value_row(self.rows[rule.primary.key], missing=rule.missing, penalty=rule.penalty)


def rule_of(round_: Round, *, correction: Correction | None = None) -> Rule:
    """Read a round's rule from its rows; with the metric versions that a correction proposes."""
    metrics = tuple(round_.metrics.select_related("round"))
    if correction is not None:
        for metric in metrics:
            metric.version = correction.metric_versions.get(metric.key, metric.version)
    return Rule(
        primary=next(metric for metric in metrics if metric.is_primary),
        metrics=metrics,
        targets=tuple(round_.targets.filter(cancelled_at__isnull=True)),
        missing=MissingPolicy(round_.missing_policy),
        penalty=round_.missing_penalty,
        tolerance=round_.tie_tolerance,
        seed=round_.bootstrap_seed,
        resamples=round_.bootstrap_resamples,
    )


def entries_of(round_: Round, rule: Rule, *, correction: Correction | None = None) -> list[Entry]:
    """Return one entry per team and method: its last scored submission, oldest entry first.

    With an open correction, the scores are those under it, as far as there are any.
    """
    scored = list(
        Submission.objects.filter(round=round_)
        .scored()
        .select_related("team", "method")
        .order_by("received_at", "id")
    )
    used = Counter((each.team_id, each.method.slug) for each in scored)
    last = {(each.team_id, each.method.slug): each for each in scored}
    counted = (
        Q(run__is_current=True) if correction is None else Q(run__shadow__correction=correction)
    )
    found = score_rows(list(last.values()), rule, counted=counted)
    return [
        Entry(submission, used[key], found.rows[submission.pk], found.runs.get(submission.pk))
        for key, submission in sorted(
            last.items(), key=lambda item: (item[1].received_at, item[1].pk)
        )
    ]


def final_entries(entries: Sequence[Entry]) -> list[Entry]:
    """Return each team's one entry that credit looks at: its last participant entry."""
    last: dict[int, Entry] = {}
    for entry in sorted(
        entries, key=lambda each: (each.submission.received_at, each.submission.pk)
    ):
        if entry.ranks:
            last[entry.submission.team_id] = entry
    return list(last.values())


@dataclass(frozen=True, slots=True)
class FoundRows:
    """Score rows by submission and metric key, and which run each submission's are from."""

    rows: dict[int, dict[str, list[ScoreRow]]]
    runs: dict[int, int]


def score_rows(submissions: Sequence[Submission], rule: Rule, *, counted: Q) -> FoundRows:
    """Load the counted runs' scores of all submissions in one query, in the targets' order."""
    found: dict[tuple[int, str, str | None], ScoreRow] = {}
    covered: dict[int, frozenset[str]] = {}
    runs: dict[int, int] = {}
    scores = Score.objects.filter(counted, run__submission__in=submissions).values_list(
        "run__submission_id",
        "metric__key",
        "target__slug",
        "status",
        "value",
        "detail",
        "run_id",
        "run__reference_versions",
    )
    for pk, key, slug, status, value, detail, run, versions in scores.iterator(chunk_size=5000):
        found[pk, key, slug] = ScoreRow(key, slug, ScoreStatus(status), value, detail)
        covered.setdefault(pk, frozenset(versions))
        runs[pk] = run
    alive = frozenset(target.slug for target in rule.targets)
    rows: dict[int, dict[str, list[ScoreRow]]] = defaultdict(dict)
    for submission in submissions:
        for metric in rule.metrics:
            pooled = metric.aggregate == Aggregate.POOLED
            slugs = [None] if pooled else [target.slug for target in rule.targets]
            stale = pooled and covered.get(submission.pk) != alive
            rows[submission.pk][metric.key] = [
                _absent(metric.key, slug, "computed over other targets; score it again")
                if stale
                else found.get((submission.pk, metric.key, slug))
                or _absent(metric.key, slug, "not scored")
                for slug in slugs
            ]
    return FoundRows(rows, runs)


def _absent(key: str, slug: str | None, detail: str) -> ScoreRow:
    return ScoreRow(key, slug, ScoreStatus.MISSING, detail=detail)
