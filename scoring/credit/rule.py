"""Skill, slices and the targets' quarter: steps 1, 2 and 4 of the credit rule, in exact rationals.

The rule in three sentences: the best skill a round reaches sets the pot; each slice of skill is
shared equally by the teams that reached it; at every step half stays with the makers and half
flows upstream to what they declared they built on (:mod:`scoring.credit.lineage`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction

from scoring.credit.records import TargetUnit

# The same for every challenge of an instance, so that no organizer can mint more than another.
MICRO = 1_000_000  # micro-points in a point, and parts in a skill of 1
TARGETS_POINTS = 250
RESULTS_POINTS = 750
BUDGET_POINTS = TARGETS_POINTS + RESULTS_POINTS
GATE_MIN_TARGETS = 8  # with fewer targets a bootstrap over targets says too little to gate on


def skill_ppm(
    score: float | Fraction,
    baseline: float | Fraction,
    *,
    perfect: float | Fraction,
    significant: bool = True,
) -> int:
    """Share of the way from the best public baseline to a perfect score, in parts per million.

    ``clip((score - baseline) / (perfect - baseline), 0, 1)``, whichever way is better: with an
    error metric and ``perfect = 0`` it is the error reduction ``1 - score / baseline``.

    Parameters
    ----------
    score, baseline, perfect : float or Fraction
        Finite values of one metric. Floats are taken at their exact binary value.
    significant : bool
        False when the gain over the baseline could be chance; the skill is then 0.

    Returns
    -------
    int
        0 to 1,000,000; rounded to the nearest part, an exact half to the even neighbour.

    Raises
    ------
    ValueError
        If a value is not finite, or the baseline is already perfect (there is no scale then).
    """
    if not all(math.isfinite(value) for value in (score, baseline, perfect)):
        raise ValueError("skill needs finite values for score, baseline and perfect")
    if baseline == perfect:
        raise ValueError("skill has no scale: the baseline is already perfect")
    if not significant:
        return 0
    start = Fraction(baseline)
    reached = (Fraction(score) - start) / (Fraction(perfect) - start)
    return round(min(max(reached, Fraction(0)), Fraction(1)) * MICRO)


def slices(skills: Mapping[str, int], *, worth: Fraction = Fraction(1)) -> dict[str, Fraction]:
    """Divide each slice of skill equally among the players that reached it.

    With the skills in order ``s_(1) <= ... <= s_(n)``, the k-th player receives
    ``worth * sum over j <= k of (s_(j) - s_(j-1)) / (n - j + 1)``. This is the Shapley value of the
    game "a coalition is worth its best skill" (the airport game, Littlechild and Owen 1973).

    Parameters
    ----------
    skills : mapping of player to skill, not negative
    worth : Fraction
        What one unit of skill mints.

    Returns
    -------
    dict of player to Fraction
        Sums to ``worth * max(skills)`` exactly.

    Raises
    ------
    ValueError
        If a skill is negative.
    """
    if any(skill < 0 for skill in skills.values()):
        raise ValueError("a skill is never negative")
    received: dict[str, Fraction] = {}
    reached, so_far = 0, Fraction(0)
    for place, (player, skill) in enumerate(sorted(skills.items(), key=lambda item: item[1])):
        so_far += worth * Fraction(skill - reached, len(skills) - place)
        reached = skill
        received[player] = so_far
    return received


def merge_players(
    results: Iterable[str], near_duplicates: Iterable[tuple[str, str]]
) -> dict[str, str]:
    """Tell which player each result counts as: chains of near-duplicates are one player.

    Returns
    -------
    dict of result id to player id
        A player bears the smallest id among its results.
    """
    leader = {result: result for result in sorted(results)}

    def player(result: str) -> str:
        while leader[result] != result:
            leader[result] = leader[leader[result]]  # halve the way for the next who asks
            result = leader[result]
        return result

    for one, other in near_duplicates:
        keep, drop = sorted((player(one), player(other)))
        leader[drop] = keep
    return {result: player(result) for result in leader}


def budgets(
    skills: Mapping[str, int], player_of: Mapping[str, str], *, worth: Fraction
) -> dict[str, Fraction]:
    """What each result receives in one scoring unit, near-duplicates merged.

    A player has the skill of its best result, and its results part the player's credit equally:
    handing in the same thing twice brings in nothing.

    Parameters
    ----------
    skills : mapping of result id to skill in ppm (0 for a missing score)
    player_of : mapping of result id to player id, as :func:`merge_players` returns it
    worth : Fraction
        What one part per million of skill mints.

    Returns
    -------
    dict of result id to Fraction
    """
    best: dict[str, int] = {}
    for result, skill in skills.items():
        player = player_of[result]
        best[player] = max(skill, best.get(player, 0))
    received = slices(best, worth=worth)
    size = Counter(player_of[result] for result in skills)
    return {
        result: received[player_of[result]] / size[player_of[result]] for result in sorted(skills)
    }


def target_parts(targets: Iterable[TargetUnit]) -> dict[str, Fraction]:
    """Each target's part of the targets' pot, by evaluation units.

    Withdrawn targets have no part. Near-duplicates (one ``cluster``) share one target's units;
    what a withdrawn member of the cluster would have had stays with the others. How well anyone
    predicted a target plays no role, so providing hard targets is never punished.

    Returns
    -------
    dict of target id to Fraction
        Sums to 1; empty when no target was assessed.
    """
    assessed = [target for target in targets if not target.withdrawn]
    sharing = Counter(target.cluster for target in assessed if target.cluster is not None)
    units = {
        target.id: target.units / (1 if target.cluster is None else sharing[target.cluster])
        for target in assessed
    }
    total = sum(units.values(), Fraction(0))
    return {target: own / total for target, own in units.items()}
