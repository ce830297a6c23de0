"""What a round must meet to mint credit. Its scores are shown whether it does or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from scoring.contract import Direction
from scoring.credit.records import Round, ScoringUnit
from scoring.credit.rule import merge_players

MIN_TEAMS = 3


def unmet_conditions(round_: Round) -> tuple[str, ...]:
    """Say in plain words what keeps this round from minting credit.

    Parameters
    ----------
    round_ : Round
        Sound facts: such as :func:`scoring.credit.checks.check_records` lets through.

    Returns
    -------
    tuple of str
        Empty for a valid round.
    """
    return (
        *_answer_conditions(round_),
        *_target_conditions(round_),
        *_scale_conditions(round_),
        *_team_conditions(round_),
        *_independence_conditions(round_),
    )


def _answer_conditions(round_: Round) -> Iterator[str]:
    committed = round_.answers_committed_at
    if committed is None or committed > round_.opened_at:
        yield "The answers were not committed by hash before the round opened."
    if round_.answers_published_at is not None:
        return
    if round_.embargo_until is None:
        yield (
            "The answers are not published: publish them, or set an embargo"
            " that ends at most 12 months after the round closed."
        )
    elif round_.embargo_until > _a_year_after(round_.closed_at):
        yield "The embargo on the answers ends more than 12 months after the round closed."


def _a_year_after(moment: datetime) -> datetime:
    try:
        return moment.replace(year=moment.year + 1)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year + 1, day=28)


def _target_conditions(round_: Round) -> Iterator[str]:
    if not round_.target_statement_complete:
        yield "The statement of the target set is not complete."
    if not round_.assessed_targets:
        yield "No target was assessed."


def _scale_conditions(round_: Round) -> Iterator[str]:
    if not round_.units:
        yield "The charter names nothing to score by."
    for unit in round_.units:
        problem = _scale_problem(unit)
        if problem:
            yield f"Scoring unit {unit.id}: {problem}"


def _scale_problem(unit: ScoringUnit) -> str | None:
    if unit.perfect is None:
        return "no perfect value was frozen at opening."
    if unit.baseline is None:
        return "no public baseline was scored."
    higher = unit.direction is Direction.HIGHER
    if not (unit.baseline < unit.perfect if higher else unit.baseline > unit.perfect):
        return "the best public baseline already reaches the perfect value, nothing is left to win."
    return None


def _team_conditions(round_: Round) -> Iterator[str]:
    """Near-duplicate entries count as one team here as everywhere else in the rule."""
    player_of = merge_players((result.id for result in round_.results), round_.near_duplicates)
    scored = {
        player_of[result.id]
        for result in round_.results
        if any(score.value is not None for score in result.scores)
    }
    if len(scored) < MIN_TEAMS:
        yield (
            f"Credit needs {MIN_TEAMS} teams with a scored final entry of their own;"
            f" there {'is' if len(scored) == 1 else 'are'} {len(scored)}."
        )


def _independence_conditions(round_: Round) -> Iterator[str]:
    teams_of: dict[str, list[str]] = defaultdict(list)
    for result in round_.results:
        for person in result.people:
            teams_of[person].append(result.team)
    for person, teams in sorted(teams_of.items()):
        if len(teams) > 1:
            yield (
                f"{person} is in {len(teams)} credited teams ({', '.join(sorted(teams))});"
                " leave all but one of them out of the credited results."
            )
    for each in sorted(round_.target_sets, key=lambda each: each.id):
        if all(target.withdrawn for target in each.targets):
            continue
        for person in sorted(each.people & teams_of.keys()):
            yield (
                f"{person} contributed to the targets {each.id} and is in a team scored on them;"
                " leave that team out of the credited results."
            )
