"""What must hold before any books can be made: facts that do not contradict each other.

An unmet validity condition is something else: such a round is sound, it just mints nothing
(:mod:`scoring.credit.validity`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator

from scoring.credit.lineage import lineage_problems
from scoring.credit.records import (
    COMMONS,
    Node,
    RecordError,
    Result,
    Round,
    Share,
    TargetSet,
)
from scoring.credit.rule import GATE_MIN_TARGETS

WHOLE_BP = 10_000


def check_records(round_: Round) -> None:
    """Refuse facts that contradict each other.

    Raises
    ------
    RecordError
        Listing every problem found.
    """
    nodes = {node.id: node for node in round_.nodes}
    problems = [
        *_identity_problems(round_),
        *_score_problems(round_),
        *_target_problems(round_),
        *_share_problems(round_.owners),
        *_late_artifacts(round_),
        *lineage_problems(round_.results, nodes),
    ]
    if problems:
        raise RecordError(tuple(problems))


def _twice(ids: Iterable[str]) -> list[str]:
    return sorted(each for each, times in Counter(ids).items() if times > 1)


def _identity_problems(round_: Round) -> Iterator[str]:
    accounts = [COMMONS, *(owner.id for owner in round_.owners)]
    for each in _twice(accounts):
        yield f"{each}: two accounts bear this id"
    for each in _twice(result.team for result in round_.results):
        yield f"{each}: a team has one designated final entry, two are given"
    for each in _twice(unit.id for unit in round_.units):
        yield f"{each}: two scoring units bear this id"
    results = {result.id for result in round_.results}
    for pair in round_.near_duplicates:
        for each in sorted(set(pair) - results):
            yield f"{each}: named as a near-duplicate, but not among the results"
    said = {frozenset(pair) for pair in round_.near_duplicates}
    for found in round_.comparison.pairs if round_.comparison else ():
        if frozenset((found.one, found.other)) not in said:
            yield f"{found.one} and {found.other}: compared, but not among the near-duplicates"


def _score_problems(round_: Round) -> Iterator[str]:
    for unit in round_.units:
        for value in (unit.perfect, *(each.value for each in unit.baselines)):
            if value is not None and not math.isfinite(value):
                yield f"scoring unit {unit.id}: perfect and baseline values must be finite"
    gate_on = len(round_.assessed_targets) >= GATE_MIN_TARGETS
    expected = sorted(unit.id for unit in round_.units)
    for result in round_.results:
        if sorted(score.unit for score in result.scores) != expected:
            yield f"{result.id}: needs exactly one score for each scoring unit: {expected}"
        for score in result.scores:
            where = f"{result.id}, scoring unit {score.unit}"
            if score.value is not None and not math.isfinite(score.value):
                yield f"{where}: a score is finite; leave the value out when it is missing"
            if gate_on and score.value is not None and score.significant is None:
                yield (
                    f"{where}: say whether the gain over the baseline is significant;"
                    f" only rounds with fewer than {GATE_MIN_TARGETS} targets go without"
                )


def _target_problems(round_: Round) -> Iterator[str]:
    targets = [target for each in round_.target_sets for target in each.targets]
    for name in _twice(target.id for target in targets):
        yield f"target {name}: counted twice"
    units_in: dict[str, set[object]] = {}
    for target in targets:
        if target.units <= 0:
            yield f"target {target.id}: evaluation units are above zero; withdraw it instead"
        if target.cluster is not None:
            units_in.setdefault(target.cluster, set()).add(target.units)
    for name, different in sorted(units_in.items()):
        if len(different) > 1:
            yield f"cluster {name}: near-duplicate targets need equal evaluation units"


def _share_problems(owners: Iterable[Result | Node | TargetSet]) -> Iterator[str]:
    for owner in owners:
        shares: tuple[Share, ...] = owner.shares
        if not shares:
            continue
        for person in _twice(share.person for share in shares):
            yield f"{owner.id}: {person} has two shares, give one"
        if any(share.basis_points < 0 for share in shares):
            yield f"{owner.id}: a share is never negative"
        total = sum(share.basis_points for share in shares)
        if total != WHOLE_BP:
            yield f"{owner.id}: shares sum to {total} basis points, they must sum to {WHOLE_BP}"


def _late_artifacts(round_: Round) -> Iterator[str]:
    for node in round_.nodes:
        if node.registered_at > round_.closed_at:
            yield (
                f"{node.id}: registered after the round closed;"
                " name the version that was registered before"
            )
