"""The public export: anyone gets the same books from it, and is told where they do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings

from scoring.credit import (
    Comparison,
    Likeness,
    RecordError,
    Round,
    TargetSet,
    TargetUnit,
    settle,
)
from scoring.credit.codec import ExportError
from scoring.credit.export import differences, from_json, recompute, to_canonical_json
from tests.scoring.credit_rounds import make_round, result, rounds, worked_example


def exported(round_: Round) -> str:
    return to_canonical_json(round_, settle(round_))


@given(rounds())
@settings(deadline=None, derandomize=True, max_examples=40)
def test_books_recomputed_from_the_export_are_the_same(round_: Round) -> None:
    text = exported(round_)
    assert recompute(text) == settle(round_) == from_json(text).books
    assert differences(from_json(text).books, recompute(text)) == ()


def test_equal_facts_give_equal_bytes() -> None:
    round_ = worked_example()
    turned = replace(
        round_,
        results=round_.results[::-1],
        nodes=round_.nodes[::-1],
        closed_at=round_.closed_at.astimezone(timezone(timedelta(hours=5))),
    )
    assert exported(turned) == exported(round_)


def test_an_export_read_and_written_again_is_the_same_to_the_byte() -> None:
    text = exported(worked_example())
    export = from_json(text)
    assert to_canonical_json(export.round, export.books) == text


def test_an_export_of_a_round_that_mints_nothing_says_why() -> None:
    text = exported(replace(worked_example(), answers_committed_at=None))
    assert recompute(text).unmet == from_json(text).books.unmet != ()


def test_names_in_any_script_survive() -> None:
    round_ = replace(worked_example(), target_sets=(TargetSet("Łódź", (TargetUnit("目标"),)),))
    assert "Łódź" in exported(round_)
    assert from_json(exported(round_)).round.target_sets == round_.target_sets


def test_what_was_compared_is_in_an_export_only_where_it_was() -> None:
    """So exports from before it was there are read, and their facts keep their digest."""
    before = exported(worked_example())
    assert "comparison" not in before
    assert from_json(before).round.comparison is None
    results = [result(name, 0.5 + place / 10) for place, name in enumerate("ABCD")]
    compared = Comparison(1.0, (Likeness("A", "B", 0.001, 0.4),), measured=1)
    round_ = make_round(*results, near_duplicates=(("A", "B"),), comparison=compared)
    assert from_json(exported(round_)).round.comparison == compared
    assert recompute(exported(round_)) == settle(round_)
    with pytest.raises(RecordError, match="A and B: compared, but not among the near-dup"):
        settle(replace(round_, near_duplicates=()))


def test_an_altered_amount_is_found_and_told() -> None:
    books = settle(worked_example())
    first, *others = books.postings
    claimed = replace(books, postings=(replace(first, micropoints=first.micropoints + 1), *others))
    assert differences(claimed, books) == (
        "A (unit score): claimed 118750001 micro-points to A (method),"
        " computed 118750000 micro-points to A (method)",
    )


def test_a_posting_too_few_and_a_wrong_mark_are_found() -> None:
    books = settle(worked_example())
    fewer = replace(books, postings=books.postings[1:])
    assert differences(fewer, books) == (
        "A (unit score): claimed nothing, computed 118750000 micro-points to A (method)",
    )
    unmarked = replace(books, postings=tuple(replace(p, self_use=False) for p in books.postings))
    (found,) = differences(unmarked, books)
    assert found.startswith("B -> D2 (unit score): claimed 40625000 micro-points to D2 (data),")
    assert found.endswith("(data, self-use)")


def test_a_posting_entered_twice_is_found() -> None:
    books = settle(worked_example())
    doubled = replace(books, postings=(*books.postings, books.postings[0]))
    (found,) = differences(doubled, books)
    assert found.count("118750000") == 3


def test_a_different_skill_is_found() -> None:
    books = settle(worked_example())
    claimed = replace(books, skills=())
    (found,) = differences(claimed, books)
    assert found.startswith("skills: claimed ()")


def altered(change: Callable[[dict[str, Any]], object]) -> str:
    document = json.loads(exported(make_round(*(result(name, 0.5) for name in "ABC"))))
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.pop("format"), 'this is not a credit export: "format" must be'),
        (lambda d: d.update(version=2), '"version" must be 1'),
        (lambda d: d.pop("round"), "export: field 'round' is not there"),
        (lambda d: d["round"].pop("units"), "export.round: field 'units' is not there"),
        (lambda d: d["round"].update(pot=9), "export.round: unknown field 'pot'"),
        (lambda d: d["round"].update(id=""), "export.round.id: expected a text that is not"),
        (lambda d: d["round"].update(results={}), "export.round.results: expected a list"),
        (lambda d: d["round"].update(nodes=[3]), "export.round.nodes[0]: expected an object"),
        (
            lambda d: d["round"].update(opened_at="2026-03-01T00:00:00"),
            "export.round.opened_at: a date and time needs its offset from UTC",
        ),
        (
            lambda d: d["round"].update(opened_at="soon"),
            "export.round.opened_at: expected a date and time in ISO 8601",
        ),
        (
            lambda d: d["round"].update(near_duplicates=[["A"]]),
            "export.round.near_duplicates[0]: expected 2 items, found 1",
        ),
        (
            lambda d: d["round"].update(target_statement_complete=1),
            "export.round.target_statement_complete: expected true or false",
        ),
        (
            lambda d: d["round"]["units"][0].update(direction="up"),
            "export.round.units[0].direction: expected one of higher, lower",
        ),
        (
            lambda d: d["round"]["results"][1]["scores"][0].update(value="0.5"),
            "export.round.results[1].scores[0].value: expected a finite number",
        ),
        (
            lambda d: d["round"]["results"][1]["scores"][0].update(value=float("nan")),
            "export.round.results[1].scores[0].value: expected a finite number",
        ),
        (
            lambda d: d["round"]["target_sets"][0]["targets"][0].update(units="1/0"),
            'targets[0].units: expected a fraction as text, such as "1" or "1/3"',
        ),
        (
            lambda d: d["books"]["postings"][0].update(micropoints=1.5),
            "export.books.postings[0].micropoints: expected a whole number",
        ),
    ],
)
def test_a_wrong_export_is_refused_naming_the_place(
    change: Callable[[dict[str, Any]], object], told: str
) -> None:
    with pytest.raises(ExportError) as caught:
        from_json(altered(change))
    assert told in str(caught.value)


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(ExportError, match="this is not JSON"):
        from_json("{")


def test_a_score_that_is_not_finite_is_never_written() -> None:
    round_ = make_round(result("A", float("nan")), result("B", 0.5), result("C", 0.5))
    with pytest.raises(ExportError, match="finite"):
        to_canonical_json(round_, settle(worked_example()))
