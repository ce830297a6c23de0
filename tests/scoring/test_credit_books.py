"""A round's books put together: the worked example, gates, units, and facts that contradict."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from scoring.contract import Direction
from scoring.credit import (
    Baseline,
    Books,
    CreditKind,
    NodeKind,
    RecordError,
    Result,
    Round,
    Share,
    TargetSet,
    TargetUnit,
    UnitScore,
    settle,
)
from scoring.credit.books import exact_postings
from tests.scoring.credit_rounds import (
    PUBLISHED,
    make_round,
    node,
    result,
    sole,
    targets,
    unit,
    worked_example,
)


def points(micropoints: int) -> float:
    return micropoints / 1_000_000


def flows(books: Books) -> dict[tuple[str, str | None], float]:
    """Account by result, as the worked example's table shows them."""
    table: dict[tuple[str, str | None], float] = {}
    for posting in books.postings:
        key = posting.account, posting.result
        table[key] = table.get(key, 0) + points(posting.micropoints)
    return table


def test_worked_example_to_the_last_digit() -> None:
    assert flows(settle(worked_example())) == {
        ("A", "A"): 118.75,
        ("B", "B"): 81.25,
        ("C", "C"): 25.0,
        ("M0", "A"): 29.6875,
        ("D1", "A"): 29.6875,
        ("D1", "B"): 20.3125,
        ("D2", "A"): 29.6875,
        ("D2", "B"): 40.625,
        ("D3", "A"): 29.6875,
        ("D3", "B"): 20.3125,
        ("commons", "C"): 25.0,
        ("lab-x", None): 150.0,
        ("lab-y", None): 75.0,
        ("lab-z", None): 25.0,
    }


def test_worked_example_totals_and_head_room() -> None:
    books = settle(worked_example())
    assert books.unmet == ()
    assert not books.small
    assert books.minted == 700_000_000 == 250_000_000 + 750 * 600_000
    assert books.open_headroom == 300_000_000
    assert books.by_kind() == {
        CreditKind.METHOD: 254_687_500,
        CreditKind.DATA: 170_312_500,
        CreditKind.TARGETS: 250_000_000,
        CreditKind.COMMONS: 25_000_000,
    }
    assert books.by_account()["D2"] == 70_312_500


def test_worked_example_skills() -> None:
    skills = {line.result: line.skill_ppm for line in settle(worked_example()).skills}
    assert skills == {"A": 600_000, "B": 500_000, "C": 200_000, "D": 0}


def test_worked_example_marks_the_curators_own_team_as_self_use() -> None:
    books = settle(worked_example())
    own = [(p.account, p.result, p.micropoints) for p in books.postings if p.self_use]
    assert own == [("D2", "B", 40_625_000)]


def test_every_posting_carries_its_path() -> None:
    books = settle(worked_example())
    through = {p.path: p.micropoints for p in books.postings if p.account in ("D2", "commons")}
    assert through == {
        ("A", "M0", "D2"): 29_687_500,
        ("B", "D2"): 40_625_000,
        ("C", "commons"): 25_000_000,
    }
    assert {p.path for p in books.postings if p.account == "lab-z"} == {("z-0", "lab-z")}


def test_a_lower_is_better_round_needs_no_special_case() -> None:
    round_ = make_round(
        result("A", 0.5),
        result("B", 1.5),
        result("C", 4.0),
        units=(
            unit(
                direction=Direction.LOWER,
                perfect=0.0,
                baselines=(Baseline("weak", 5.0), Baseline("best", 2.0)),
            ),
        ),
    )
    books = settle(round_)
    assert {line.result: line.skill_ppm for line in books.skills} == {
        "A": 750_000,
        "B": 250_000,
        "C": 0,
    }
    assert books.minted == 250_000_000 + 750 * 750_000


def test_the_gate_stops_chance_gains_only_with_eight_targets_or_more() -> None:
    lucky = Result("A", "team-A", (UnitScore("score", 0.9, significant=False),))
    others = result("B", 0.1), result("C", 0.2)
    gated = settle(make_round(lucky, *others, target_sets=(targets("t", 8),)))
    small = settle(make_round(lucky, *others, target_sets=(targets("t", 7),)))
    assert gated.minted == 250_000_000 + 750 * 200_000
    assert not gated.small
    assert small.minted == 250_000_000 + 750 * 900_000
    assert small.small


def test_withdrawn_targets_do_not_switch_the_gate_on() -> None:
    lost = TargetSet("lost", tuple(TargetUnit(f"l{k}", withdrawn=True) for k in range(9)))
    books = settle(
        make_round(
            result("A", 0.9),
            result("B", 0.1),
            result("C", 0.2),
            target_sets=(targets("t", 3), lost),
        )
    )
    assert books.small
    assert "lost" not in books.by_account()


def test_a_missing_score_earns_nothing_and_stays_missing() -> None:
    books = settle(make_round(result("A", None), *(result(k, 0.5) for k in "BCD")))
    assert next(line for line in books.skills if line.result == "A").skill_ppm is None
    assert "A" not in books.by_account()


def two_unit_results() -> list[Result]:
    values = {"A": (0.9, 0.0), "B": (0.3, 0.4), "C": (0.0, None)}
    return [
        Result(
            name,
            f"team-{name}",
            (UnitScore("x", x, significant=True), UnitScore("y", y, significant=True)),
        )
        for name, (x, y) in values.items()
    ]


def test_each_scoring_unit_has_an_equal_part_of_the_results_pot() -> None:
    books = settle(make_round(*two_unit_results(), units=(unit("x"), unit("y"))))
    assert books.minted == 250_000_000 + 375 * (900_000 + 400_000)
    by_unit = {p.unit: 0 for p in books.postings}
    for posting in books.postings:
        by_unit[posting.unit] += posting.micropoints
    assert by_unit == {None: 250_000_000, "x": 337_500_000, "y": 150_000_000}


def test_a_crumb_between_scoring_units_stays_in_the_head_room() -> None:
    names = [f"u{place}" for place in range(7)]
    scores = tuple(UnitScore(name, 0.000_001, significant=True) for name in names)
    results = [Result(name, f"team-{name}", scores) for name in "ABC"]
    one_unit_less = (*map(unit, names[:-1]), unit("u6", perfect=0.000_003))
    round_ = make_round(*results, units=one_unit_less)
    exact = sum(row.micropoints for row in exact_postings(round_))
    books = settle(round_)
    assert exact.denominator == 7
    assert books.minted == exact // 1
    assert books.open_headroom == 1_000_000_000 - books.minted


def test_near_duplicates_part_one_players_credit() -> None:
    teams = [result(name, 0.6) for name in "ABCD"]
    books = settle(make_round(*teams, near_duplicates=(("A", "B"),)))
    received = {name: books.by_account()[name] for name in "ABCD"}
    assert received == {"A": 37_500_000, "B": 37_500_000, "C": 75_000_000, "D": 75_000_000}
    assert {line.result: line.player for line in books.skills}["B"] == "A"


def test_a_round_with_an_unmet_condition_mints_nothing() -> None:
    books = settle(replace(worked_example(), target_statement_complete=False))
    assert books.unmet == ("The statement of the target set is not complete.",)
    assert books.postings == ()
    assert books.minted == 0
    assert books.open_headroom is None


def test_nobody_beating_the_baseline_still_credits_the_question() -> None:
    books = settle(make_round(*(result(name, 0.0) for name in "ABC")))
    assert books.minted == books.by_kind()[CreditKind.TARGETS] == 250_000_000


def test_hiding_lineage_gains_a_team_nothing() -> None:
    honest = worked_example()
    a, b, *rest = honest.results
    hidden = replace(honest, results=(replace(a, inputs=()), b, *rest))
    before, after = settle(honest).by_account(), settle(hidden).by_account()
    assert after["A"] == before["A"]
    assert after["commons"] == before["commons"] + 118_750_000


def test_padding_a_lineage_never_touches_the_makers_half_and_never_ranks() -> None:
    honest = worked_example()
    a, b, *rest = honest.results
    padding = [node(f"pad{k}", NodeKind.ORIGINAL, shares=sole("ann")) for k in range(10)]
    padded = replace(
        honest,
        results=(replace(a, inputs=(*a.inputs, *(each.id for each in padding))), b, *rest),
        nodes=(*honest.nodes, *padding),
    )
    books = settle(padded)
    assert books.by_account()["A"] == 118_750_000
    assert all(p.self_use for p in books.postings if p.account.startswith("pad"))
    assert books.minted == 700_000_000


def test_equal_facts_make_equal_books_in_any_order() -> None:
    round_ = worked_example()
    turned = replace(
        round_,
        results=round_.results[::-1],
        nodes=round_.nodes[::-1],
        target_sets=round_.target_sets[::-1],
    )
    assert settle(turned) == settle(round_)


def contradicted(**facts: object) -> Round:
    return replace(worked_example(), **facts)


A = worked_example().results[0]
D2 = worked_example().nodes[2]


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"results": (A, replace(A, id="A2"))}, "team-A: a team has one designated final entry"),
        ({"nodes": (*worked_example().nodes, D2)}, "D2: two accounts bear this id"),
        ({"target_sets": (targets("commons", 9),)}, "commons: two accounts bear this id"),
        ({"near_duplicates": (("A", "Q"),)}, "Q: named as a near-duplicate"),
        ({"units": (unit(), unit())}, "score: two scoring units bear this id"),
        ({"units": (unit(perfect=float("nan")),)}, "scoring unit score: perfect and baseline"),
        ({"units": (unit("other"),)}, "A: needs exactly one score for each scoring unit"),
        ({"target_sets": (targets("t", 9), targets("t", 9))}, "target t-0: counted twice"),
        (
            {"target_sets": (TargetSet("t", (TargetUnit("a", Fraction(0)),)),)},
            "target a: evaluation units are above zero",
        ),
        (
            {
                "target_sets": (
                    TargetSet(
                        "t",
                        (
                            TargetUnit("a", cluster="c"),
                            TargetUnit("b", Fraction(2), cluster="c"),
                        ),
                    ),
                )
            },
            "cluster c: near-duplicate targets need equal",
        ),
    ],
)
def test_facts_that_contradict_each_other_are_refused(
    facts: dict[str, object], problem: str
) -> None:
    with pytest.raises(RecordError) as caught:
        settle(contradicted(**facts))
    assert any(each.startswith(problem) for each in caught.value.problems)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"shares": (Share("a", 4_000),)}, "A: shares sum to 4000 basis points"),
        ({"shares": (Share("a", 5_000), Share("a", 5_000))}, "A: a has two shares"),
        ({"shares": (Share("a", 10_001), Share("b", -1))}, "A: a share is never negative"),
        ({"scores": (UnitScore("score", float("inf"), True),)}, "A, scoring unit score: a score"),
        ({"scores": (UnitScore("score", 0.9),)}, "A, scoring unit score: say whether the gain"),
    ],
)
def test_a_result_that_contradicts_itself_is_refused(
    change: dict[str, object], problem: str
) -> None:
    with pytest.raises(RecordError, match=problem):
        settle(contradicted(results=(replace(A, **change), *worked_example().results[1:])))


def test_an_artifact_registered_after_closing_is_refused() -> None:
    late = replace(D2, registered_at=PUBLISHED)
    with pytest.raises(RecordError, match="D2: registered after the round closed"):
        settle(contradicted(nodes=(*worked_example().nodes[:2], late, worked_example().nodes[3])))


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(RecordError) as caught:
        settle(contradicted(nodes=(), near_duplicates=(("A", "Q"),)))
    assert len(caught.value.problems) == 5
