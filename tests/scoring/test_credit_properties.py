"""The rule's promises, each on random rounds with random lineages."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scoring.credit import CreditKind, NodeKind, Result, Round, UnitScore, settle
from scoring.credit.books import exact_postings, skill_lines
from scoring.credit.export import recompute, to_canonical_json
from scoring.credit.rule import slices
from tests.scoring.credit_rounds import node, rounds, targets

some = settings(deadline=None, derandomize=True, max_examples=60)


def totals(round_: Round) -> Counter[str]:
    """Exact micro-points by account."""
    held: Counter[str] = Counter()
    for row in exact_postings(round_):
        held[row.posting.account] += row.micropoints
    return held


def through(round_: Round, result: str) -> Counter[str]:
    """Exact micro-points by account that came through one result."""
    held: Counter[str] = Counter()
    for row in exact_postings(round_):
        if row.posting.result == result:
            held[row.posting.account] += row.micropoints
    return held


def best_skills(round_: Round) -> list[int]:
    lines = settle(round_).skills
    return [
        max(line.skill_ppm or 0 for line in lines if line.unit == each.id) for each in round_.units
    ]


def with_result(round_: Round, place: int, **facts: object) -> Round:
    results = list(round_.results)
    results[place] = replace(results[place], **facts)
    return replace(round_, results=tuple(results))


@given(rounds())
@some
def test_efficiency_the_books_sum_to_the_pots_exactly(round_: Round) -> None:
    books = settle(round_)
    earned = Fraction(750 * sum(best_skills(round_)), len(round_.units))
    assert totals(round_).total() == 250_000_000 + earned
    assert books.minted == 250_000_000 + earned // 1
    assert books.open_headroom == 1_000_000_000 - books.minted


@given(rounds(max_units=1), st.lists(st.integers(0, 6), min_size=1, max_size=3, unique=True))
@some
def test_symmetry_equal_skill_equal_credit(round_: Round, places: list[int]) -> None:
    score = UnitScore("u0", 0.4, significant=True)
    for place in places:
        if place < len(round_.results):
            round_ = with_result(round_, place, scores=(score,))
    held = totals(round_)
    credit_of_skill: dict[int, set[Fraction]] = {}
    for line in settle(round_).skills:
        credit_of_skill.setdefault(line.skill_ppm or 0, set()).add(Fraction(held[line.result]))
    assert all(len(credit) == 1 for credit in credit_of_skill.values())


@given(rounds())
@some
def test_symmetry_inputs_listed_side_by_side_have_equal_credit(round_: Round) -> None:
    twins = tuple(node(f"twin{k}", NodeKind.ORIGINAL) for k in range(2))
    first = round_.results[0]
    round_ = with_result(
        replace(round_, nodes=(*round_.nodes, *twins)), 0, inputs=(*first.inputs, "twin0", "twin1")
    )
    held = totals(round_)
    assert held["twin0"] == held["twin1"]


@given(rounds())
@some
def test_null_player_no_significant_gain_mints_nothing(round_: Round) -> None:
    round_ = replace(round_, target_sets=(targets("t", 8),))  # enough for the significance gate
    for place, result in enumerate(round_.results[:2]):
        nothing = tuple(
            replace(each, value=0.0) if place else replace(each, significant=False)
            for each in result.scores
        )
        round_ = with_result(round_, place, scores=nothing)
    books = settle(round_)
    null = {result.id for result in round_.results[:2]}
    assert not null & {posting.result for posting in books.postings}


@given(rounds())
@some
def test_null_player_an_artifact_in_no_credited_lineage_has_nothing(round_: Round) -> None:
    stranger = node("stranger", NodeKind.ORIGINAL)
    beside = replace(round_, nodes=(*round_.nodes, stranger))
    assert settle(beside) == settle(round_)


@given(rounds(max_units=1))
@some
def test_order_better_skill_never_earns_less(round_: Round) -> None:
    books = settle(round_)
    held = books.by_account()
    lines = sorted(books.skills, key=lambda line: line.skill_ppm or 0)
    for worse, better in pairwise(lines):
        if worse.skill_ppm != better.skill_ppm:
            assert held.get(worse.result, 0) <= held.get(better.result, 0)


@given(rounds(), st.integers(0, 6), st.integers(1, 30), st.booleans())
@some
def test_own_score_monotone_for_the_team_and_what_it_built_on(
    round_: Round, place: int, steps: int, merged: bool
) -> None:
    place %= len(round_.results)
    result = round_.results[place]
    if merged and len(round_.results) > 3:
        round_ = replace(round_, near_duplicates=(("r0", "r1"),))
    raised = tuple(
        score
        if score.value is None
        else replace(score, value=score.value + steps / 30, significant=score.significant)
        for score in result.scores
    )
    before = through(round_, result.id)
    after = through(with_result(round_, place, scores=raised), result.id)
    assert all(after[account] >= before[account] for account in before)


@given(rounds())
@some
def test_additive_over_scoring_units(round_: Round) -> None:
    """A round of q units is the mean of the q rounds that score by one of them."""
    alone: Counter[str] = Counter()
    for unit in round_.units:
        results = tuple(
            replace(each, scores=tuple(s for s in each.scores if s.unit == unit.id))
            for each in round_.results
        )
        alone += totals(replace(round_, units=(unit,), results=results))
    assert totals(round_) == {
        account: Fraction(held) / len(round_.units) for account, held in alone.items()
    }


@given(rounds())
@some
def test_bounded_by_the_budget_whatever_the_number_of_entries(round_: Round) -> None:
    books = settle(round_)
    assert 250_000_000 <= books.minted <= 1_000_000_000
    assert all(posting.micropoints > 0 for posting in books.postings)


@given(
    st.lists(st.integers(0, 100), min_size=2, max_size=8),
    st.integers(0, 100),
    st.lists(st.integers(0, 100), max_size=8),
)
@some
def test_dilution_proof_entries_of_skill_x_cannot_touch_slices_above_x(
    values: list[int], x: int, entrants: list[int]
) -> None:
    skills = {f"k{place}": value for place, value in enumerate(values)}
    crowd = {f"new{place}": min(value, x) for place, value in enumerate(entrants)}
    before, after = slices(skills), slices(skills | crowd)
    above = [player for player, skill in skills.items() if skill >= x]
    for one in above:
        for other in above:
            assert before[one] - before[other] == after[one] - after[other]
    if above:
        lost = before[above[0]] - after[above[0]]
        assert 0 <= lost <= Fraction(x, len(above))


@given(rounds(), st.data())
@some
def test_declaration_neutral_for_teams(round_: Round, data: st.DataObject) -> None:
    names = [each.id for each in round_.nodes]
    assume(names)
    other = tuple(data.draw(st.lists(st.sampled_from(names), unique=True, max_size=8)))
    declared = with_result(round_, 0, inputs=other)
    teams = [result.id for result in round_.results]
    before, after = totals(round_), totals(declared)
    assert [before[team] for team in teams] == [after[team] for team in teams]


@given(rounds(), st.integers(0, 8))
@some
def test_declaration_neutral_for_model_makers(round_: Round, number: int) -> None:
    sources = tuple(node(f"source{k}", NodeKind.ORIGINAL) for k in range(8))
    names = tuple(each.id for each in sources)

    def built_on(inputs: tuple[str, ...]) -> Round:
        model = node("model", NodeKind.MODEL, *inputs)
        declared = replace(round_, nodes=(*round_.nodes, *sources, model))
        return with_result(declared, 0, inputs=("model",))

    assert totals(built_on(names[:number]))["model"] == totals(built_on(()))["model"]


@given(rounds(), st.randoms(use_true_random=False))
@some
def test_recomputable_from_the_export_whatever_the_order_of_the_facts(
    round_: Round, random: object
) -> None:
    def shuffled(items: tuple[object, ...]) -> tuple[object, ...]:
        turned = list(items)
        random.shuffle(turned)  # type: ignore[attr-defined]
        return tuple(turned)

    turned = replace(
        round_,
        results=shuffled(
            tuple(replace(each, inputs=shuffled(each.inputs)) for each in round_.results)
        ),
        nodes=shuffled(round_.nodes),
        units=shuffled(round_.units),
    )
    text = to_canonical_json(turned, settle(turned))
    assert text == to_canonical_json(round_, settle(round_))
    assert recompute(text) == settle(round_)


@given(rounds())
@some
def test_a_missing_score_is_no_skill_and_no_credit(round_: Round) -> None:
    missing = {(line.unit, line.result) for line in skill_lines(round_) if line.skill_ppm is None}
    assert not missing & {(p.unit, p.result) for p in settle(round_).postings}


@given(rounds())
@some
def test_self_use_is_marked_exactly_where_team_and_makers_overlap(round_: Round) -> None:
    nodes = {each.id: each for each in round_.nodes}
    results: dict[str, Result] = {each.id: each for each in round_.results}
    for posting in settle(round_).postings:
        makers = nodes[posting.account].people if posting.account in nodes else frozenset()
        team = results[posting.result].people if posting.result else frozenset()
        assert posting.self_use == bool(makers & team)
        assert (posting.kind is CreditKind.COMMONS) == (posting.account == "commons")
