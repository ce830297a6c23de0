"""Which final entries of a round may be near duplicates by their scores, and were they compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_noop

from challenges.models import Round
from challenges.selectors import target_specs
from challenges.services.design import sha256_of
from leaderboards.entries import Entry, FloatArray, Rule, entries_of, final_entries, rule_of
from leaderboards.models import Board, DuplicateSearch, NearDuplicate
from scoring import credit
from scoring.aggregate import MissingPolicy, value_row
from scoring.contract import MetricChoice
from scoring.twins import (
    Obstacle,
    Pair,
    Standing,
    Yardstick,
    obstacle_to,
    pairs_to_measure,
)

# In the words of the export, which is English as all files are; pages translate them.
IN_WORDS = {
    Obstacle.METRIC: gettext_noop(
        "the ranking metric does not tell how far two predictions are from each other"
    ),
    Obstacle.AGGREGATE: gettext_noop(
        "the aggregate of the ranking metric looks at a part of the targets only"
    ),
    Obstacle.SHAPE: gettext_noop("predictions are of another shape than the answers"),
}
FAILED = gettext_noop("comparing the files failed")


@dataclass(frozen=True, slots=True)
class Plan:
    """The pairs of final entries to measure, or why none can be; `digest` is that of all of it."""

    rule: Rule
    entries: tuple[Entry, ...]  # those of the pairs
    yardstick: Yardstick | None
    pairs: tuple[Pair, ...]
    obstacle: Obstacle | None
    digest: str


def plan_of(round_: Round) -> Plan:
    """Return what is to be measured for the near duplicates of a round, as it is scored now."""
    rule = rule_of(round_)
    return plan_for(round_, rule, entries_of(round_, rule))


def plan_for(round_: Round, rule: Rule, entries: Sequence[Entry]) -> Plan:
    """Return the same for a rule and entries that are read already."""
    yardstick = _yardstick(round_, rule)
    obstacle = obstacle_to(yardstick.choice, target_specs(round_))
    if obstacle is not None or yardstick.percent == 0:
        return Plan(rule, (), None, (), obstacle, "")
    finals = {
        entry.submission.code: entry
        for entry in final_entries(entries)
        if entry.value(rule.primary, rule).value is not None
    }
    standings = [Standing(code, _values(entry, rule)) for code, entry in finals.items()]
    pairs = tuple(
        pair
        for pair in pairs_to_measure(standings, yardstick)
        if finals[pair.one].submission.sha256 != finals[pair.other].submission.sha256
    )
    codes = sorted({code for pair in pairs for code in (pair.one, pair.other)})
    used = tuple(finals[code] for code in codes)
    return Plan(rule, used, yardstick, pairs, None, _digest(rule, yardstick, pairs, used))


def _yardstick(round_: Round, rule: Rule) -> Yardstick:
    choice = MetricChoice(
        key=rule.primary.key,
        slug=rule.primary.metric,
        version=rule.primary.version,
        parameters=rule.primary.parameters,
        aggregate=rule.how,
    )
    perfect = rule.perfect
    return Yardstick(
        choice, rule.weights, 0.0 if perfect is None else perfect, round_.near_duplicate_percent
    )


def _values(entry: Entry, rule: Rule) -> FloatArray:
    return value_row(entry.rows[rule.primary.key], missing=MissingPolicy.INCOMPLETE)


def _digest(
    rule: Rule, yardstick: Yardstick, pairs: Sequence[Pair], entries: Sequence[Entry]
) -> str:
    choice = yardstick.choice
    return sha256_of(
        {
            "metric": [choice.slug, choice.version, dict(choice.parameters), choice.aggregate],
            "percent": yardstick.percent,
            "targets": [target.slug for target in rule.targets],
            "pairs": [[pair.one, pair.other, *pair.gaps, pair.common] for pair in pairs],
            "runs": [[each.submission.code, each.run, each.part_runs] for each in entries],
        }
    )


def current_search(round_: Round) -> DuplicateSearch | None:
    """Return the newest comparison of a round's entries."""
    return DuplicateSearch.objects.filter(round=round_, is_current=True).first()


def is_searched(plan: Plan, search: DuplicateSearch | None) -> bool:
    """Tell whether there is nothing to measure, or just this was measured."""
    return not plan.pairs if search is None else search.inputs_sha256 == plan.digest


def search_is_awaited(round_: Round) -> bool:
    """Tell whether credit has to wait until the entries are compared, as a worker will."""
    if not round_.near_duplicate_percent:
        return False
    board = Board.objects.filter(round=round_).first()
    if board and board.duplicates_until and board.duplicates_until > timezone.now():
        return True
    return not is_searched(plan_of(round_), current_search(round_))


def comparison_of(round_: Round, rule: Rule, finals: Sequence[Entry]) -> credit.Comparison | None:
    """Return what credit's facts say of near duplicates; None while nobody may know of any.

    How near two predictions are to each other tells of both. So before the reveal it is in no
    facts, not even provisional ones.
    """
    if round_.revealed_at is None or not round_.near_duplicate_percent:
        return None
    percent = round_.near_duplicate_percent
    obstacle = obstacle_to(_yardstick(round_, rule).choice, target_specs(round_))
    search = current_search(round_)
    if obstacle is not None or search is None:
        return credit.Comparison(percent, obstacle=IN_WORDS[obstacle] if obstacle else None)
    codes = {each.submission.code for each in finals}
    found = NearDuplicate.objects.filter(search=search).select_related("one", "other")
    pairs = [
        credit.Likeness(pair.one.code, pair.other.code, pair.distance, pair.gap)
        for pair in found
        if {pair.one.code, pair.other.code} <= codes
    ]
    return credit.Comparison(
        percent=search.percent,
        pairs=tuple(sorted(pairs, key=lambda pair: (pair.one, pair.other))),
        measured=search.measured,
        unmeasured=search.unmeasured,
        obstacle=FAILED if search.reason else None,
    )
