"""From score rows to the entries of a board: which submission of a team and method counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from challenges.models import Correction, Round, RoundMetric, Target
from challenges.selectors import target_weights
from leaderboards.chosen import Chosen, choose
from leaderboards.insiders import Insider, insiders_of
from scoring.aggregate import AggregateValue, MissingPolicy, aggregate, value_row
from scoring.contract import Aggregate, Direction, ScoreRow, ScoreStatus
from scoring.metrics.registry import get_metric
from submissions.models import Score, ScoringRun, Submission

FloatArray = NDArray[np.float64]


# There are many submissions to a round; only what chooses among them, and credit, looks at is read.
OF_SUBMISSION = (
    *("code", "round", "team", "method", "track", "entry_kind", "model_index", "answered"),
    *("received_at", "sha256", "state"),
)


class Valued(Protocol):
    """Anything with a value that may be missing."""

    @property
    def value(self) -> float | None: ...


AnyRow = TypeVar("AnyRow", bound=Valued)


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
    replaces: str = Round.UploadReplaces.ENTRY
    basis: str = Round.ModelBasis.FIRST
    # What each target weighs, by slug; units of one thing share its weight. Every value of every
    # entry asks for it, so it is worked out once.
    weight_of: dict[str, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight_of", target_weights(self.targets))

    @property
    def direction(self) -> Direction:
        return get_metric(self.primary.metric, self.primary.version).direction

    @property
    def how(self) -> Aggregate:
        return Aggregate(self.primary.aggregate)

    @property
    def weights(self) -> FloatArray:
        return np.array([self.weight_of[target.slug] for target in self.targets], dtype=float)

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
    """What counts of one team, method and track, with its rows of every metric.

    Attributes
    ----------
    submission : Submission
        The one it is shown as: the last of the team's lowest model.
    part_runs : mapping of target to scoring runs
        Whose answers to a target count, one for each model, where not `submission` alone does.
    ranks : bool
        Whether it competes; see `_may_rank`.
    insider_of : frozenset of str
        Targets that someone in the team provided; they are left out of it.
    """

    submission: Submission
    submissions_used: int
    rows: dict[str, list[ScoreRow]] = field(default_factory=dict)  # metric key to rows
    run: int | None = None  # the scoring run of `submission` that its rows are from
    part_runs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    ranks: bool = True
    insider_of: frozenset[str] = frozenset()
    # Values are asked for again and again: to rank, for columns, for credit.
    _values: dict[tuple[str, str, int], AggregateValue] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def value(self, metric: RoundMetric, rule: Rule) -> AggregateValue:
        """Return the entry's value under one metric of the round."""
        asked = metric.key, metric.aggregate, id(rule)
        if asked not in self._values:
            self._values[asked] = aggregate(
                self.rows[metric.key],
                Aggregate(metric.aggregate),
                weights=rule.weight_of,
                missing=rule.missing,
                penalty=rule.penalty,
            )
        return self._values[asked]

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
        replaces=round_.upload_replaces,
        basis=round_.model_basis,
    )


def entries_of(round_: Round, rule: Rule, *, correction: Correction | None = None) -> list[Entry]:
    """Return one entry per team, method, track and kind, the oldest first.

    What of a team's scored submissions makes it is the round's to say: of each model the last
    file, or for each target the last file that answers it; and of several models the first, or
    the best for each target and metric. With an open correction, the scores are those under it,
    as far as there are any.
    """
    slugs = [target.slug for target in rule.targets]
    chosen = [
        choose(group, used=used, slugs=slugs, replaces=rule.replaces, basis=rule.basis)
        for group, used in _groups(round_, rule)
    ]
    chosen.sort(key=lambda each: (each.shown.received_at, each.shown.pk))
    counted = Q(is_current=True) if correction is None else Q(shadow__correction=correction)
    scores = FoundScores({pk for each in chosen for pk in each.ids}, counted=counted)
    circle = insiders_of(round_, [each.shown for each in chosen])
    entries = []
    for one in chosen:
        insider = circle.get(one.shown.pk, Insider())
        may_rank = _may_rank(one, rule, insider=insider)
        entries.append(entry_from(one, rule, scores=scores, insider=insider, ranks=may_rank))
    return entries


def _groups(round_: Round, rule: Rule) -> list[tuple[list[Submission], int]]:
    """Return for each team, method, track and kind what may count of it, and how many it handed in.

    Of many submissions few count, so only those are read whole.
    """
    scored = Submission.objects.filter(round=round_).scored().order_by("received_at", "id")
    groups: dict[tuple[int, str, int | None, str], list[tuple[int, int]]] = defaultdict(list)
    for team, slug, track, kind, model, pk in scored.values_list(
        "team_id", "method__slug", "track_id", "entry_kind", "model_index", "pk"
    ):
        groups[team, slug, track, kind].append((model, pk))
    whole = rule.replaces == Round.UploadReplaces.ENTRY
    counting = [
        sorted(dict(group).values()) if whole else [pk for _model, pk in group]
        for group in groups.values()
    ]
    found = (
        Submission.objects.filter(pk__in=[pk for pks in counting for pk in pks])
        # Teams and methods come again and again; each is read once and shared.
        .prefetch_related("team", "method", "track")
        .only(*OF_SUBMISSION)
        .in_bulk()
    )
    return [
        ([found[pk] for pk in pks], len(group))
        for pks, group in zip(counting, groups.values(), strict=True)
    ]


def entry_from(
    chosen: Chosen, rule: Rule, *, scores: FoundScores, insider: Insider, ranks: bool
) -> Entry:
    """Put an entry together from the scores of what was chosen."""
    runs = scores.runs
    return Entry(
        submission=chosen.shown,
        submissions_used=chosen.used,
        rows={
            metric.key: [_pooled_row(chosen, metric, rule, scores=scores, insider=insider)]
            if metric.aggregate == Aggregate.POOLED
            else [
                _absent(metric.key, target.slug, "provided by someone in the team")
                if target.slug in insider.slugs
                else _best_row(chosen, metric, target.slug, scores=scores)
                for target in rule.targets
            ]
            for metric in rule.metrics
        },
        run=runs.get(chosen.shown.pk),
        part_runs={
            slug: tuple(runs[one.pk] for one in part if one.pk in runs)
            for slug, part in chosen.parts.items()
            if part != (chosen.shown,)
        },
        ranks=ranks,
        insider_of=insider.slugs,
    )


def _may_rank(chosen: Chosen, rule: Rule, *, insider: Insider) -> bool:
    """Tell whether an entry competes: a participant's, with its first model, by no insider.

    Where a target that its team provided is left out, it competes only if all entries are
    compared on what they answered; elsewhere it would win or lose by the target left out.
    """
    if chosen.shown.entry_kind != Submission.EntryKind.PARTICIPANT or insider.of_round:
        return False
    return chosen.has_first and (not insider.slugs or rule.missing is MissingPolicy.SKIP)


def final_entries(entries: Sequence[Entry]) -> list[Entry]:
    """Return each team's one entry that credit looks at: its last participant entry."""
    last: dict[int, Entry] = {}
    for entry in sorted(
        entries, key=lambda each: (each.submission.received_at, each.submission.pk)
    ):
        if entry.ranks:
            last[entry.submission.team_id] = entry
    return list(last.values())


class FoundScores:
    """The counted runs' scores of some submissions, in a few queries however many there are.

    Runs, what they say of all their targets, and names are read apart: with each of a hundred
    thousand scores they would come again.
    """

    def __init__(self, submissions: Iterable[int], *, counted: Q) -> None:
        runs = ScoringRun.objects.filter(counted, submission__in=set(submissions)).order_by()
        self._found: dict[int, dict[tuple[str, str | None], ScoreRow]] = {}
        self._covered: dict[int, frozenset[str]] = {}
        self.runs: dict[int, int] = {}
        of_run: dict[int, dict[tuple[str, str | None], ScoreRow]] = {}
        rounds: set[int] = set()
        for run, pk, round_, versions in runs.values_list(
            "pk", "submission", "submission__round", "reference_versions"
        ):
            of_run[run] = self._found[pk] = {}
            self._covered[pk] = frozenset(versions)
            self.runs[pk] = run
            rounds.add(round_)
        keys = dict(RoundMetric.objects.filter(round__in=rounds).values_list("pk", "key"))
        slugs: dict[int | None, str | None] = {None: None}
        slugs |= Target.objects.filter(round__in=rounds).values_list("pk", "slug")
        statuses = {status.value: status for status in ScoreStatus}
        scores = Score.objects.filter(run__in=of_run).values_list(
            "run_id", "metric_id", "target_id", "status", "value", "detail"
        )
        for run, metric, target, status, value, detail in scores.iterator(20_000):
            key, slug = keys[metric], slugs[target]
            of_run[run][key, slug] = ScoreRow(key, slug, statuses[status], value, detail)

    def row(self, submission: Submission, key: str, slug: str | None) -> ScoreRow:
        """Return a submission's row of a metric and target; an absent one where there is none."""
        found = self._found.get(submission.pk, {}).get((key, slug))
        return found or _absent(key, slug, "not scored")

    def covers(self, submission: Submission, targets: frozenset[str]) -> bool:
        """Tell whether a submission was scored over exactly these targets."""
        return self._covered.get(submission.pk) == targets


def _best_row(chosen: Chosen, metric: RoundMetric, slug: str, *, scores: FoundScores) -> ScoreRow:
    part = chosen.parts[slug]
    if len(part) < 2:
        key = metric.key
        return scores.row(part[0], key, slug) if part else _absent(key, slug, "not answered")
    rows = [scores.row(one, metric.key, slug) for one in part]
    direction = get_metric(metric.metric, metric.version).direction
    return best_of(rows, is_lower_better=direction is Direction.LOWER)


def best_of(rows: Sequence[AnyRow], *, is_lower_better: bool) -> AnyRow:
    """Return the best of some rows with a value; the first where none has one."""
    valued = [(row.value, row) for row in rows if row.value is not None]
    if not valued:
        return rows[0]
    choose = min if is_lower_better else max
    return choose(valued, key=lambda each: each[0])[1]


def _pooled_row(
    chosen: Chosen, metric: RoundMetric, rule: Rule, *, scores: FoundScores, insider: Insider
) -> ScoreRow:
    """Return a value over all targets, which only one file's scoring can have computed."""
    if insider.slugs:
        return _absent(metric.key, None, "a target was provided by someone in the team")
    if len(chosen.ids) > 1:
        return _absent(metric.key, None, "the answers are in several files")
    if not scores.covers(chosen.shown, frozenset(target.slug for target in rule.targets)):
        return _absent(metric.key, None, "computed over other targets; score it again")
    return scores.row(chosen.shown, metric.key, None)


def _absent(key: str, slug: str | None, detail: str) -> ScoreRow:
    return ScoreRow(key, slug, ScoreStatus.MISSING, detail=detail)
