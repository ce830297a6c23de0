"""A stored revision of a board read again: which one, its rule, its entries with their scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from challenges.models import Round, Target
from leaderboards.chosen import Chosen
from leaderboards.entries import Entry, FoundScores, Rule, entry_from, rule_of
from leaderboards.insiders import Insider
from leaderboards.models import BoardRevision, Standing
from scoring.aggregate import MissingPolicy
from submissions.models import ScoringRun, Submission


def revision_at(round_: Round, moment: datetime) -> BoardRevision | None:
    """Return the board as it stood at a moment."""
    return revisions_of(round_).filter(created_at__lte=moment).first()


def revision_numbered(round_: Round, number: int) -> BoardRevision | None:
    """Return a revision by its number."""
    return revisions_of(round_).filter(number=number).first()


def revisions_of(round_: Round) -> QuerySet[BoardRevision]:
    """Return the whole revisions of a round's board, newest first, whoever may see them."""
    whole = BoardRevision.Sheet.WHOLE
    return BoardRevision.objects.filter(board__round=round_, sheet=whole).select_related("board")


@dataclass(frozen=True, slots=True)
class ReadRevision:
    """A revision with all that is needed to compute it, or a part of it, once more."""

    revision: BoardRevision
    rule: Rule
    entries: list[Entry]


class NotKept(LookupError):
    """An old revision does not say from which scorings it was computed."""


def read_revision(round_: Round, revision: BoardRevision) -> ReadRevision:
    """Read a revision's rule and entries back from what was stored, in five queries.

    Raises
    ------
    NotKept
        If it was written before revisions named their scoring runs, and is not the newest.
    """
    rule = rule_in(round_, revision)
    standings = list(
        revision.standings.select_related(
            "submission__team", "submission__method__team", "submission__round", "submission__track"
        ).order_by("submission__received_at", "submission_id")
    )
    return ReadRevision(revision, rule, _entries(revision, rule, standings))


def rule_in(round_: Round, revision: BoardRevision) -> Rule:
    """Return the rule that a revision was ranked by, as the revision itself says it."""
    said, keys = revision.rule, [column["key"] for column in revision.columns]
    now = {metric.key: metric for metric in rule_of(round_).metrics}
    metrics = tuple(now[key] for key in keys if key in now)
    for metric, column in zip(metrics, revision.columns, strict=True):
        metric.version, metric.aggregate = column["version"], column["aggregate"]
    return Rule(
        primary=next(metric for metric in metrics if metric.key == said["metric"]),
        metrics=metrics,
        targets=tuple(_targets(round_, revision.target_slugs)),
        missing=MissingPolicy(said["missing_policy"]),
        penalty=said["missing_penalty"],
        tolerance=said["tie_tolerance"],
        seed=said["bootstrap_seed"],
        resamples=said["bootstrap_resamples"],
    )


def _targets(round_: Round, slugs: Iterable[str]) -> list[Target]:
    found = {target.slug: target for target in Target.objects.filter(round=round_)}
    return [found[slug] for slug in slugs]


def _entries(revision: BoardRevision, rule: Rule, standings: list[Standing]) -> list[Entry]:
    runs = {standing.run_id for standing in standings} | _part_run_ids(standings)
    counted = Q(run__in=runs)
    if any(standing.run_id is None for standing in standings):
        newest = BoardRevision.objects.filter(board=revision.board_id, sheet=revision.sheet).first()
        if newest is None or newest.pk != revision.pk:
            raise NotKept(f"{revision} does not name its scoring runs")
        counted = Q(run__is_current=True)
    wanted = {standing.submission_id for standing in standings} | _part_ids(standings)
    scores = FoundScores(wanted, counted=counted)
    by_run = {
        run: submission
        for submission in Submission.objects.filter(pk__in=_part_ids(standings))
        if (run := scores.runs.get(submission.pk)) is not None
    }
    slugs = [target.slug for target in rule.targets]
    return [
        entry_from(
            Chosen(
                standing.submission,
                standing.submissions_used,
                {slug: _part(standing, slug, by_run) for slug in slugs},
            ),
            rule,
            scores=scores,
            insider=Insider(slugs=frozenset(standing.insider_of)),
            ranks=_ranks(standing),
        )
        for standing in standings
    ]


def _part_run_ids(standings: Iterable[Standing]) -> set[int]:
    return {run for standing in standings for part in standing.part_runs.values() for run in part}


def _part_ids(standings: Iterable[Standing]) -> set[int]:
    runs = _part_run_ids(standings)
    if not runs:
        return set()
    return set(ScoringRun.objects.filter(pk__in=runs).values_list("submission", flat=True))


def _part(
    standing: Standing, slug: str, by_run: Mapping[int, Submission]
) -> tuple[Submission, ...]:
    """Return which submissions answered a target for a line."""
    runs = standing.part_runs.get(slug)
    if runs is None:
        return (standing.submission,)
    return tuple(by_run[run] for run in runs if run in by_run)


def _ranks(standing: Standing) -> bool:
    """Tell whether a line competed; one without a value was not asked."""
    if standing.submission.entry_kind != Submission.EntryKind.PARTICIPANT:
        return False
    if standing.status == Standing.Status.INCOMPLETE:
        return not standing.insider_of
    return standing.status == Standing.Status.RANKED
