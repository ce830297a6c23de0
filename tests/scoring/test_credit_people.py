"""Step 5: from accounts to people; and the dataset board."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

from hypothesis import given, settings

from scoring.credit import COMMONS, CreditKind, NodeKind, Round, Share, settle
from scoring.credit.board import dataset_board
from scoring.credit.people import equal_shares, people, shares_of, totals_by_person
from tests.scoring.credit_rounds import (
    make_round,
    node,
    result,
    rounds,
    sole,
    worked_example,
)


def test_people_have_their_accounts_credit_by_kind() -> None:
    round_ = worked_example()
    totals = totals_by_person(people(settle(round_), shares_of(round_)))
    assert totals == {
        "ann": {CreditKind.METHOD: 118_750_000},
        "bob": {CreditKind.METHOD: 81_250_000},
        "cur": {CreditKind.DATA: 70_312_500},
        "cyd": {CreditKind.METHOD: 25_000_000},
        "dan": {CreditKind.DATA: 50_000_000},
        "eve": {CreditKind.DATA: 50_000_000},
        "mia": {CreditKind.METHOD: 29_687_500},
        "xia": {CreditKind.TARGETS: 150_000_000},
        "yan": {CreditKind.TARGETS: 75_000_000},
        "zoe": {CreditKind.TARGETS: 25_000_000},
    }


def test_self_use_is_kept_apart_down_to_the_person() -> None:
    round_ = worked_example()
    lines = people(settle(round_), shares_of(round_))
    curator = {line.self_use: line.micropoints for line in lines if line.person == "cur"}
    assert curator == {False: 29_687_500, True: 40_625_000}


def test_an_unconfirmed_share_waits_in_escrow() -> None:
    round_ = worked_example()
    shares = shares_of(round_) | {"D1": (Share("dan", 7_500), Share("new", 2_500, False))}
    lines = people(settle(round_), shares)
    of_d1 = {
        line.person: (line.micropoints, line.confirmed) for line in lines if line.account == "D1"
    }
    assert of_d1 == {"dan": (37_500_000, True), "new": (12_500_000, False)}
    assert "new" not in totals_by_person(lines)


def test_credit_of_an_unclaimed_artifact_waits_for_its_people() -> None:
    round_ = worked_example()
    lines = people(settle(round_), shares_of(round_) | {"D3": ()})
    (unclaimed,) = [line for line in lines if line.account == "D3"]
    assert (unclaimed.person, unclaimed.micropoints, unclaimed.confirmed) == (
        None,
        50_000_000,
        False,
    )


def test_equal_shares_sum_to_the_whole() -> None:
    assert equal_shares(["c", "a", "b"]) == (
        Share("a", 3_334),
        Share("b", 3_333),
        Share("c", 3_333),
    )


@given(rounds())
@settings(deadline=None, derandomize=True, max_examples=40)
def test_people_and_the_commons_hold_the_whole_books(round_: Round) -> None:
    books = settle(round_)
    shares = dict.fromkeys(books.by_account(), equal_shares(["a", "b", "c"]))
    held = sum(line.micropoints for line in people(books, shares))
    assert held + books.by_account().get(COMMONS, 0) == books.minted


def test_dataset_board_of_the_worked_example() -> None:
    round_ = worked_example()
    lines = dataset_board([(round_, settle(round_))])
    board = [
        (line.rank, line.account, line.total, line.self_use, line.independent) for line in lines
    ]
    assert board == [
        (1, "D1", 50_000_000, 0, 50_000_000),
        (1, "D3", 50_000_000, 0, 50_000_000),
        (3, "D2", 70_312_500, 40_625_000, 29_687_500),
    ]


def test_effective_teams_show_a_dataset_that_one_team_carries() -> None:
    round_ = worked_example()
    effective = {
        line.account: line.effective_teams for line in dataset_board([(round_, settle(round_))])
    }
    a, b = Fraction(296_875), Fraction(203_125)
    assert effective["D2"] == 1
    assert effective["D1"] == (a + b) ** 2 / (a**2 + b**2)


def used_alike() -> Round:
    return make_round(
        result("A", 0.6, "new"),
        result("B", 0.6, "old"),
        result("C", 0.6, "own", members=("me",)),
        nodes=(
            node("new", NodeKind.ORIGINAL, registered_at=datetime(2026, 1, 2, tzinfo=UTC)),
            node("old", NodeKind.ORIGINAL),
            node("own", NodeKind.ORIGINAL, shares=sole("me")),
        ),
    )


def test_ties_on_the_dataset_board_go_to_the_older_registration() -> None:
    round_ = used_alike()
    lines = dataset_board([(round_, settle(round_))])
    assert [(line.rank, line.account) for line in lines] == [(1, "old"), (2, "new"), (3, "own")]
    assert lines[2].effective_teams is None
    assert lines[2].independent == 0


def test_equal_credit_ranks_by_the_number_of_independent_teams() -> None:
    round_ = make_round(
        result("A", 0.6, "narrow"),
        result("B", 0.6, "broad", "x"),
        result("C", 0.6, "broad", "x"),
        nodes=(
            node("broad", NodeKind.ORIGINAL, registered_at=datetime(2026, 1, 2, tzinfo=UTC)),
            node("narrow", NodeKind.ORIGINAL),
            node("x", NodeKind.ORIGINAL, registered_at=datetime(2026, 1, 3, tzinfo=UTC)),
        ),
    )
    lines = dataset_board([(round_, settle(round_))])
    assert len({line.independent for line in lines}) == 1
    assert [line.account for line in lines] == ["broad", "x", "narrow"]


def test_dataset_board_adds_up_over_rounds() -> None:
    round_ = worked_example()
    later = replace(round_, id="round-2")
    twice = dataset_board([(round_, settle(round_)), (later, settle(later))])
    assert [line.total for line in twice] == [100_000_000, 100_000_000, 140_625_000]
    assert twice[2].independent_teams == 1
