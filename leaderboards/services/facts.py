"""Fill the credit rule's records from the database: everything in them is public."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction

import numpy as np
from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone

from accounts.models import Membership
from catalog.models import Artifact, Contribution, LineageEdge
from catalog.selectors import missing_to_earn
from challenges.models import Round
from leaderboards.entries import Entry, Rule, final_entries
from leaderboards.identity import artifact_id, shares_of
from leaderboards.twins import comparison_of
from scoring import credit
from scoring.credit.rule import GATE_MIN_TARGETS
from scoring.uncertainty import advantage_bounds, replicate_values
from submissions.models import Submission

Edges = dict[int, list[LineageEdge]]  # by the artifact they lead into
SHARES = Prefetch("contributions", Contribution.objects.select_related("person"))
COPY_RELATIONS = {LineageEdge.Relation.VARIANT_OF, LineageEdge.Relation.IDENTICAL_TO}


def settle_now(
    round_: Round, entries: Sequence[Entry], rule: Rule
) -> tuple[credit.Round, credit.Books]:
    """Return the facts and books as they would be if the round ended and was revealed now."""
    facts = credit_facts(round_, entries, rule, published_at=round_.revealed_at or timezone.now())
    return facts, settled(facts)


def settled(facts: credit.Round) -> credit.Books:
    """Return the books of these facts; facts that contradict each other mint nothing and say why.

    One wrong lineage must not keep a round's books, or those of other rounds, from being posted.
    """
    try:
        return credit.settle(facts)
    except credit.RecordError as error:
        return credit.Books(
            facts.id, error.problems, small=False, skills=(), postings=(), open_headroom=None
        )


def credit_facts(
    round_: Round, entries: Sequence[Entry], rule: Rule, *, published_at: datetime | None
) -> credit.Round:
    """Gather what the credit rule looks at.

    Parameters
    ----------
    published_at : datetime or None
        When the answers were published; None while they are not.
    """
    finals = final_entries(entries)
    methods = [entry.submission.method for entry in finals]
    edges = _edges_above(methods)
    target_set = round_.target_set
    comparison = comparison_of(round_, rule, finals)
    return credit.Round(
        id=f"{round_.challenge.slug}/{round_.slug}",
        opened_at=round_.opens_at,
        closed_at=round_.closes_at,
        answers_committed_at=round_.published_at,
        answers_published_at=published_at,
        embargo_until=None,
        target_statement_complete=bool(
            target_set and round_.challenge.data_statement and round_.challenge.licence
        ),
        units=(_unit(entries, rule),),
        results=tuple(_results(finals, entries, rule, edges=edges)),
        nodes=tuple(_nodes(methods, edges)),
        target_sets=_target_sets(target_set, round_),
        near_duplicates=tuple(_near_duplicates(finals, comparison)),
        comparison=comparison,
    )


def _baselines(entries: Sequence[Entry], rule: Rule) -> list[Entry]:
    return [
        entry
        for entry in entries
        if entry.submission.entry_kind == Submission.EntryKind.BASELINE
        and entry.value(rule.primary, rule).value is not None
    ]


def _unit(entries: Sequence[Entry], rule: Rule) -> credit.ScoringUnit:
    return credit.ScoringUnit(
        id=rule.primary.key,
        direction=rule.direction,
        perfect=rule.perfect,
        baselines=tuple(
            credit.Baseline(entry.submission.code, entry.value(rule.primary, rule).value)
            for entry in _baselines(entries, rule)
        ),
    )


def _results(
    finals: Sequence[Entry], entries: Sequence[Entry], rule: Rule, *, edges: Edges
) -> Iterable[credit.Result]:
    significant = _significance(finals, entries, rule)
    members = _members(finals, closes_at=rule.primary.round.closes_at)
    for entry in finals:
        submission = entry.submission
        yield credit.Result(
            id=submission.code,
            team=submission.team.slug,
            scores=(
                credit.UnitScore(
                    rule.primary.key,
                    entry.value(rule.primary, rule).value,
                    significant.get(submission.code),
                ),
            ),
            inputs=tuple(artifact_id(edge.parent) for edge in edges[submission.method.pk]),
            members=members[submission.pk],
            shares=shares_of(submission.method),
        )


def _significance(finals: Sequence[Entry], entries: Sequence[Entry], rule: Rule) -> dict[str, bool]:
    """Tell whose one-sided 95 % paired-bootstrap bound over targets beats the best baseline."""
    baselines = _baselines(entries, rule)
    complete = [each for each in finals if each.value(rule.primary, rule).value is not None]
    if not complete or len(rule.targets) < GATE_MIN_TARGETS:
        return {}
    if not baselines:  # nothing to beat: the round mints nothing, and says so
        return {each.submission.code: False for each in complete}
    sign = 1 if rule.direction == "higher" else -1
    best = max(baselines, key=lambda each: sign * (each.value(rule.primary, rule).value or 0.0))
    replicates = replicate_values(
        np.stack([each.primary_values(rule) for each in (best, *complete)]),
        how=rule.how,
        weights=rule.weights,
        samples=rule.resamples,
        seed=rule.seed,
    )
    bounds = advantage_bounds(replicates, baseline=0, direction=rule.direction)
    return {
        each.submission.code: bool(bound > 0)
        for each, bound in zip(complete, bounds[1:], strict=True)
    }


def _members(finals: Sequence[Entry], *, closes_at: datetime) -> dict[int, tuple[str, ...]]:
    """Return who was in each result's team when the round closed, by submission.

    Whoever joins a team after that has no part in its result, and whoever leaves keeps theirs.
    While the round is open it is who is in the team now; of a file that came in later, within the
    grace or for a track, it is who was there when it came.
    """
    teams: dict[int, list[Membership]] = defaultdict(list)
    rows = Membership.objects.filter(team__in={each.submission.team_id for each in finals})
    for row in rows.select_related("user").order_by("joined_at", "pk"):
        teams[row.team_id].append(row)
    end = min(timezone.now(), closes_at)
    found = {}
    for each in finals:
        submission = each.submission
        moment = max(end, submission.received_at)
        there = (row for row in teams[submission.team_id] if _is_there(row, moment))
        found[submission.pk] = tuple(dict.fromkeys(row.user.username for row in there))
    return found


def _is_there(row: Membership, moment: datetime) -> bool:
    return row.joined_at <= moment and (row.left_at is None or row.left_at > moment)


def _edges_above(methods: Sequence[Artifact]) -> Edges:
    """Return the counting inputs of these methods and of all that they were built on.

    Shares and their people are loaded with them: a few queries for each level, however many
    methods there are.
    """
    edges: Edges = {}
    level = list(methods)
    while level:
        prefetch_related_objects(level, SHARES)
        rows = (
            LineageEdge.objects.filter(child__in={each.pk for each in level})
            .exclude(status=LineageEdge.Status.REJECTED)
            .select_related("parent")
            .order_by("id")
        )
        edges |= {each.pk: [] for each in level}
        for row in rows:
            edges[row.child_id].append(row)
        level = [row.parent for row in rows if row.parent_id not in edges]
    return edges


def _nodes(methods: Iterable[Artifact], edges: Edges) -> Iterable[credit.Node]:
    """Walk upstream from the methods; the methods themselves are results, not nodes."""
    waiting = [edge.parent for method in methods for edge in edges[method.pk]]
    seen: set[int] = set()
    while waiting:
        artifact = waiting.pop()
        if artifact.pk in seen:
            continue
        seen.add(artifact.pk)
        waiting += [edge.parent for edge in edges[artifact.pk]]
        yield credit.Node(
            id=artifact_id(artifact),
            kind=_node_kind(artifact, edges[artifact.pk]),
            registered_at=artifact.registered_at,
            inputs=tuple(artifact_id(edge.parent) for edge in edges[artifact.pk]),
            shares=shares_of(artifact),
            may_earn=not missing_to_earn(artifact),
        )


def _node_kind(artifact: Artifact, edges: Sequence[LineageEdge]) -> credit.NodeKind:
    if artifact.kind == Artifact.Kind.MODEL:
        return credit.NodeKind.MODEL
    if artifact.origin == Artifact.Origin.COPY or any(
        edge.relation in COPY_RELATIONS for edge in edges
    ):
        return credit.NodeKind.COPY
    return credit.NodeKind.DERIVED if edges else credit.NodeKind(artifact.origin)


def _target_sets(target_set: Artifact | None, round_: Round) -> tuple[credit.TargetSet, ...]:
    if target_set is None:
        return ()
    return (
        credit.TargetSet(
            id=artifact_id(target_set),
            targets=tuple(
                credit.TargetUnit(
                    id=target.slug,
                    units=Fraction(target.evaluation_units),
                    withdrawn=target.cancelled_at is not None,
                )
                for target in round_.targets.order_by("slug")
            ),
            shares=shares_of(target_set),
        ),
    )


def _near_duplicates(
    finals: Sequence[Entry], comparison: credit.Comparison | None
) -> Iterable[tuple[str, str]]:
    yield from _same_files(finals)
    for pair in comparison.pairs if comparison else ():
        yield pair.one, pair.other


def _same_files(finals: Sequence[Entry]) -> Iterable[tuple[str, str]]:
    """Pair the entries whose files are the same to the byte: they count as one player."""
    first: dict[str, str] = {}
    for entry in sorted(finals, key=lambda each: each.submission.code):
        code, sha256 = entry.submission.code, entry.submission.sha256
        if sha256 in first:
            yield first[sha256], code
        first.setdefault(sha256, code)
