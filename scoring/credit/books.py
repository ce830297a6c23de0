"""A round's books: all steps of the credit rule put together, rounded once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from scoring.credit.checks import check_records
from scoring.credit.lineage import flow
from scoring.credit.records import (
    Books,
    CreditKind,
    Posting,
    Round,
    ScoringUnit,
    SkillLine,
)
from scoring.credit.rounding import round_books
from scoring.credit.rule import (
    BUDGET_POINTS,
    GATE_MIN_TARGETS,
    MICRO,
    RESULTS_POINTS,
    TARGETS_POINTS,
    budgets,
    merge_players,
    skill_ppm,
    target_parts,
)
from scoring.credit.validity import unmet_conditions


@dataclass(frozen=True, slots=True)
class ExactPosting:
    """A posting before rounding; ``micropoints`` is the exact rational."""

    posting: Posting  # with micropoints 0
    micropoints: Fraction


def settle(round_: Round) -> Books:
    """Compute a round's books from its facts.

    Parameters
    ----------
    round_ : Round

    Returns
    -------
    Books
        The same for the same facts, in whatever order they are listed. For a valid round with one
        scoring unit the postings sum to ``250_000_000 + 750 * best skill in ppm`` micro-points;
        with q units the best skill is the mean over units, rounded down to a whole micro-point.

    Raises
    ------
    RecordError
        If the facts contradict each other.
    """
    check_records(round_)
    unmet = unmet_conditions(round_)
    small = len(round_.assessed_targets) < GATE_MIN_TARGETS
    if unmet:
        return Books(round_.id, unmet, small, skills=(), postings=(), open_headroom=None)
    skills = skill_lines(round_)
    postings = _rounded(exact_postings(round_))
    minted = sum(posting.micropoints for posting in postings)
    return Books(
        round_.id,
        unmet,
        small,
        skills=skills,
        postings=postings,
        open_headroom=BUDGET_POINTS * MICRO - minted,
    )


def skill_lines(round_: Round) -> tuple[SkillLine, ...]:
    """Skill of every result in every scoring unit, and the player it counts as."""
    gate_off = len(round_.assessed_targets) < GATE_MIN_TARGETS
    player_of = merge_players((result.id for result in round_.results), round_.near_duplicates)
    units = {unit.id: unit for unit in round_.units}
    lines = [
        SkillLine(
            unit=score.unit,
            result=result.id,
            player=player_of[result.id],
            skill_ppm=None
            if score.value is None
            else _skill(
                score.value, units[score.unit], significant=gate_off or bool(score.significant)
            ),
        )
        for result in round_.results
        for score in result.scores
    ]
    return tuple(sorted(lines, key=lambda line: (line.unit, line.result)))


def _skill(value: float, unit: ScoringUnit, *, significant: bool) -> int:
    baseline, perfect = unit.baseline, unit.perfect
    if baseline is None or perfect is None:  # unmet_conditions() has refused such a round
        raise ValueError(f"scoring unit {unit.id} has no scale")
    return skill_ppm(value, baseline, perfect=perfect, significant=significant)


def exact_postings(round_: Round) -> list[ExactPosting]:
    """All postings of a valid round in exact rationals, before they are rounded."""
    nodes = {node.id: node for node in round_.nodes}
    parts = {result.id: flow(result, nodes) for result in round_.results}
    rows = _target_postings(round_)
    for unit, received in _received(round_).items():
        rows += [
            ExactPosting(
                Posting(part.account, part.kind, part.path, 0, unit, result, part.self_use),
                amount * part.fraction,
            )
            for result, amount in received.items()
            if amount
            for part in parts[result]
        ]
    return rows


def _received(round_: Round) -> dict[str, dict[str, Fraction]]:
    """What each result receives in each scoring unit, in exact micro-points."""
    lines = skill_lines(round_)
    player_of = {line.result: line.player for line in lines}
    worth = Fraction(RESULTS_POINTS, len(round_.units))
    return {
        unit.id: budgets(
            {line.result: line.skill_ppm or 0 for line in lines if line.unit == unit.id},
            player_of,
            worth=worth,
        )
        for unit in round_.units
    }


def _target_postings(round_: Round) -> list[ExactPosting]:
    parts: Mapping[str, Fraction] = target_parts(
        target for each in round_.target_sets for target in each.targets
    )
    return [
        ExactPosting(
            Posting(each.id, CreditKind.TARGETS, (target.id, each.id), 0),
            TARGETS_POINTS * MICRO * parts[target.id],
        )
        for each in round_.target_sets
        for target in each.targets
        if target.id in parts
    ]


def _rounded(rows: list[ExactPosting]) -> tuple[Posting, ...]:
    """Round once. Postings that round to nothing are left out; they change no sum."""
    by_key = {_row_key(row.posting): row for row in rows}
    whole = round_books({key: row.micropoints for key, row in by_key.items()})
    return tuple(
        replace(by_key[key].posting, micropoints=micropoints)
        for key, micropoints in sorted(whole.items())
        if micropoints
    )


def _row_key(posting: Posting) -> tuple[str, tuple[str, tuple[str, ...]]]:
    """Account first, because ties in rounding go by account id; the row is unique in it."""
    return posting.account, (posting.unit or "", posting.path)
