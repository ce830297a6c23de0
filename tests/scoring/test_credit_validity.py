"""What a round must meet to mint credit, told in plain words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scoring.contract import Direction
from scoring.credit import Baseline, Round, TargetSet, TargetUnit, unmet_conditions
from tests.scoring.credit_rounds import (
    CLOSED,
    OPENED,
    PUBLISHED,
    make_round,
    result,
    sole,
    targets,
    unit,
    worked_example,
)

WITHDRAWN = TargetSet("gone", (TargetUnit("g", withdrawn=True),), sole("ann"))


def test_a_round_that_meets_everything_has_nothing_unmet() -> None:
    assert unmet_conditions(worked_example()) == ()


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"answers_committed_at": None}, "not committed by hash before the round opened"),
        ({"answers_committed_at": CLOSED}, "not committed by hash before the round opened"),
        ({"answers_published_at": None}, "The answers are not published: publish them, or"),
        (
            {"answers_published_at": None, "embargo_until": datetime(2027, 5, 2, tzinfo=UTC)},
            "more than 12 months after the round closed",
        ),
        ({"target_statement_complete": False}, "statement of the target set is not complete"),
        ({"target_sets": (WITHDRAWN,)}, "No target was assessed"),
        ({"units": ()}, "names nothing to score by"),
        ({"units": (unit(baselines=()),)}, "Scoring unit score: no public baseline was scored"),
        (
            {"units": (unit(baselines=(Baseline("broken", None),)),)},
            "Scoring unit score: no public baseline was scored",
        ),
        ({"units": (unit(perfect=None),)}, "Scoring unit score: no perfect value was frozen"),
        (
            {"units": (unit(baselines=(Baseline("strong", 1.0),)),)},
            "already reaches the perfect value",
        ),
        (
            {"units": (unit(direction=Direction.LOWER, perfect=2.0),)},
            "already reaches the perfect value",
        ),
        ({"results": worked_example().results[:2]}, "there are 2"),
        ({"results": worked_example().results[:1]}, "there is 1"),
        ({"target_sets": (targets("lab", 9, shares=sole("cur")),)}, "cur contributed to the"),
    ],
)
def test_an_unmet_condition_is_told(facts: dict[str, object], told: str) -> None:
    (condition,) = unmet_conditions(replace(worked_example(), **facts))
    assert told in condition


def test_answers_committed_at_the_opening_are_in_time() -> None:
    assert unmet_conditions(replace(worked_example(), answers_committed_at=OPENED)) == ()


def test_an_embargo_of_twelve_months_is_allowed() -> None:
    until = datetime(2027, 5, 1, tzinfo=UTC)
    round_ = replace(worked_example(), answers_published_at=None, embargo_until=until)
    assert unmet_conditions(round_) == ()


def test_an_embargo_counts_from_a_leap_day_too() -> None:
    def leap(until: datetime) -> Round:
        return replace(
            worked_example(),
            closed_at=datetime(2028, 2, 29, tzinfo=UTC),
            answers_published_at=None,
            embargo_until=until,
        )

    assert unmet_conditions(leap(datetime(2029, 2, 28, tzinfo=UTC))) == ()
    assert unmet_conditions(leap(datetime(2029, 3, 1, tzinfo=UTC))) != ()


def test_published_answers_end_an_overlong_embargo() -> None:
    round_ = replace(worked_example(), embargo_until=PUBLISHED.replace(year=2030))
    assert unmet_conditions(round_) == ()


def test_copies_of_an_entry_do_not_make_up_the_number_of_teams() -> None:
    round_ = make_round(
        result("A", 0.5), result("B", 0.5), result("C", 0.4), near_duplicates=(("A", "B"),)
    )
    (condition,) = unmet_conditions(round_)
    assert "there are 2" in condition


def test_an_entry_without_any_score_does_not_count_as_a_team() -> None:
    (condition,) = unmet_conditions(
        make_round(result("A", 0.5), result("B", 0.5), result("C", None))
    )
    assert "there are 2" in condition


def test_a_person_counts_in_one_team_only() -> None:
    a, b, *rest = worked_example().results
    twice = replace(worked_example(), results=(a, replace(b, members=("bob", "ann")), *rest))
    (condition,) = unmet_conditions(twice)
    assert condition.startswith("ann is in 2 credited teams (team-A, team-B)")


def test_a_contributor_of_withdrawn_targets_only_may_take_part() -> None:
    round_ = worked_example()
    assert unmet_conditions(replace(round_, target_sets=(*round_.target_sets, WITHDRAWN))) == ()
