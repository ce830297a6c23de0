from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from scoring.aggregate import MissingPolicy
from scoring.contract import Aggregate, Direction, ScoreStatus
from scoring.ranking import schemes
from scoring.ranking.board import rank_board
from scoring.ranking.rule import Adjustment, MetricTerm, ModelChoice, RankRule, Scheme, Ties
from scoring.ranking.schemes import field_of
from scoring.ranking.table import Row, TableError, score_table
from scoring.ranking.zscores import ZScoreRule, two_pass_z
from scoring.uncertainty import assess, replicate
from tests.scoring.published_ranks import sampl6

HIGHER = RankRule(metrics=(MetricTerm("m", Direction.HIGHER),))
THREE_METHODS = {"A": [0.9, 0.6, 0.8, 0.7], "B": [0.8, 0.9, 0.8, 0.2], "C": [0.7, 0.5, 0.1, 0.3]}


def table_of(values, *, metric="m", labels=None, model=1):
    return [
        Row(
            entry,
            f"t{j}",
            metric,
            value,
            status=ScoreStatus.MISSING if value is None else ScoreStatus.OK,
            model=model,
            labels={name: column[j] for name, column in (labels or {}).items()},
        )
        for entry, row in values.items()
        for j, value in enumerate(row)
    ]


def ranks(rows, rule, **options):
    board = rank_board(score_table(rows), rule, samples=0, **options)
    return {line.entry: line.rank for line in board.lines}


def values(rows, rule):
    board = rank_board(score_table(rows), rule, samples=0)
    return {line.entry: line.value for line in board.lines}


def test_aggregate_then_rank_and_rank_then_aggregate_on_the_three_methods():
    rows = table_of(THREE_METHODS)
    assert values(rows, HIGHER) == pytest.approx({"A": 0.75, "B": 0.675, "C": 0.4})
    mean_rank = replace(HIGHER, scheme=Scheme.MEAN_RANK)
    assert values(rows, mean_rank) == {"A": 1.25, "B": 1.75, "C": 2.75}
    averaged = replace(mean_rank, ties=Ties.AVERAGE)
    assert values(rows, averaged) == {"A": 1.375, "B": 1.875, "C": 2.75}


def test_median_and_mean_may_name_different_winners():
    rows = table_of({"steady": [0.6, 0.6, 0.6], "moody": [0.7, 0.7, 0.1]})
    assert ranks(rows, HIGHER) == {"steady": 1, "moody": 2}
    assert ranks(rows, replace(HIGHER, aggregate=Aggregate.MEDIAN)) == {"moody": 1, "steady": 2}


def test_clearly_better_entries_beat_all_worse_ones():
    generator = np.random.default_rng(3)
    quality = np.arange(5)[::-1, np.newaxis]
    field = {f"A{i + 1}": list(row) for i, row in enumerate(quality + generator.random((5, 50)))}
    rule = replace(HIGHER, scheme=Scheme.TEST_THEN_RANK)
    expected = {"A1": 1.0, "A2": 0.75, "A3": 0.5, "A4": 0.25, "A5": 0.0}
    assert values(table_of(field), rule) == expected
    assert values(table_of(field), replace(rule, adjust=Adjustment.HOLM)) == expected


def test_entries_alike_beat_nobody_and_share_the_first_rank():
    field = np.random.default_rng(1).random((4, 6))
    rows = table_of({f"A{i}": list(row) for i, row in enumerate(field)})
    rule = replace(HIGHER, scheme=Scheme.TEST_THEN_RANK, adjust=Adjustment.HOLM)
    assert set(ranks(rows, rule).values()) == {1}


def test_test_then_rank_draws_test_the_targets_drawn():
    field = np.random.default_rng(1).random((3, 12)) + np.array([[0.3], [0.1], [0.0]])
    rule = replace(HIGHER, scheme=Scheme.TEST_THEN_RANK)
    prepared = field_of(score_table(table_of({str(i): list(r) for i, r in enumerate(field)})), rule)
    counts = np.random.default_rng(2).multinomial(12, np.full(12, 1 / 12), size=5).astype(float)
    for row, found in zip(counts, prepared.values(counts), strict=True):
        drawn = np.repeat(field, row.astype(int), axis=1)
        for i in range(3):
            beaten = [
                stats.wilcoxon(
                    drawn[i], drawn[j], method="asymptotic", correction=True, alternative="greater"
                ).pvalue
                < 0.05
                for j in range(3)
                if j != i
            ]
            assert found[i] == sum(beaten) / 2


def test_means_that_differ_by_rounding_alone_share_their_rank():
    generator = np.random.default_rng(8)
    scores = generator.random(50)
    field = {f"A{i}": list(generator.permutation(scores)) for i in range(5)}
    assert len({float(np.sum(row)) for row in field.values()}) > 1
    board = rank_board(score_table(table_of(field)), HIGHER, samples=200)
    assert {line.rank for line in board.lines} == {1}


def test_levels_average_within_classes_first():
    labels = {"class": ["P1", "P1", "P2", "P3"], "group": ["a", "a", "a", "b"]}
    rows = table_of({"A": [1.0, 3.0, 6.0, 10.0], "B": [0.0, 0.0, 0.0, 20.0]}, labels=labels)
    by_class = replace(HIGHER, levels=("class",))
    assert values(rows, by_class) == pytest.approx({"A": (2 + 6 + 10) / 3, "B": 20 / 3})
    nested = replace(HIGHER, levels=("class", "group"))
    assert values(rows, nested) == pytest.approx({"A": ((2 + 6) / 2 + 10) / 2, "B": 10.0})


def test_class_of_one_name_in_two_groups_is_two_classes():
    labels = {"class": ["P", "P", "P"], "group": ["a", "a", "b"]}
    rows = table_of({"A": [1.0, 3.0, 10.0]}, labels=labels)
    assert values(rows, replace(HIGHER, levels=("class", "group"))) == {"A": 6.0}


def test_levels_skip_what_an_entry_did_not_answer():
    labels = {"class": ["x", "x", "y"]}
    rows = table_of({"A": [1.0, None, 5.0], "B": [2.0, 4.0, None]}, labels=labels)
    rule = replace(HIGHER, levels=("class",), missing=MissingPolicy.SKIP)
    assert values(rows, rule) == {"A": 3.0, "B": 3.0}


@pytest.mark.parametrize("resample", ["target", "class", "group"])
def test_draws_through_levels_are_those_of_a_plain_computation(resample):
    generator = np.random.default_rng(4)
    labels = {
        "class": ["p", "p", "q", "q", "r", "s", "s"],
        "group": ["a", "a", "a", "a", "b", "b", "b"],
    }
    field = generator.random((3, 7))
    rows = table_of({str(i): list(row) for i, row in enumerate(field)}, labels=labels)
    rule = replace(HIGHER, levels=("class", "group"), resample=resample)
    prepared = field_of(score_table(rows), rule)
    counts = prepared.draws.counts(generator, 40)
    found = prepared.values(counts.astype(float))
    units = {"target": list(range(7)), **labels}[resample]
    for row, drawn in zip(found, counts, strict=True):
        expected = [plain_levels(entry, drawn, labels, units) for entry in field]
        np.testing.assert_allclose(row, expected, rtol=1e-12)


def plain_levels(entry, drawn, labels, units):
    """Average drawn targets in their class, classes in their group, groups in all, in loops."""
    groups = []
    for group in "ab":
        classes = []
        for name in "pqrs":
            members = [
                j for j in range(7) if labels["class"][j] == name and labels["group"][j] == group
            ]
            if sum(drawn[members]):
                value = np.average(entry[members], weights=drawn[members])
                one_unit = len({units[j] for j in members}) == 1
                classes.append((value, drawn[members[0]] if one_unit else 1))
        if classes:
            members = [j for j in range(7) if labels["group"][j] == group]
            one_unit = len({units[j] for j in members}) == 1
            value = np.average([v for v, _ in classes], weights=[w for _, w in classes])
            groups.append((value, drawn[members[0]] if one_unit else 1))
    return np.average([v for v, _ in groups], weights=[w for _, w in groups])


def test_blocks_of_draws_change_nothing_in_levels(monkeypatch):
    labels = {"class": ["x", "x", "y", "y"]}
    rows = table_of({"A": [1.0, 2, 3, 4], "B": [4.0, 1, 2, 2]}, labels=labels)
    prepared = field_of(score_table(rows), replace(HIGHER, levels=("class",)))
    counts = prepared.draws.counts(np.random.default_rng(1), 30).astype(float)
    whole = prepared.values(counts)
    monkeypatch.setattr(schemes, "_CELLS", 8)
    np.testing.assert_allclose(prepared.values(counts), whole, rtol=1e-13)


def test_units_of_one_target_share_its_weight():
    labels = {"group": ["T1", "T1", "T1", "T2"]}
    rows = table_of({"A": [0.0, 0.0, 0.0, 1.0], "B": [0.6, 0.6, 0.6, 0.2]}, labels=labels)
    assert ranks(rows, HIGHER) == {"B": 1, "A": 2}
    assert values(rows, replace(HIGHER, unit_weights="group")) == pytest.approx(
        {"A": 0.5, "B": 0.4}
    )


def test_target_weights_decide():
    rows = table_of({"A": [1.0, 0.0], "B": [0.0, 0.8]})
    assert ranks(rows, HIGHER)["A"] == 1
    assert ranks(rows, replace(HIGHER, target_weights={"t1": 2.0}))["B"] == 1


def test_composite_of_z_scores_is_their_weighted_sum():
    generator = np.random.default_rng(2)
    gdt, rmsd = generator.random((5, 4)), generator.random((5, 4))
    rows = table_of({str(i): list(r) for i, r in enumerate(gdt)}, metric="gdt")
    rows += table_of({str(i): list(r) for i, r in enumerate(rmsd)}, metric="rmsd")
    rule = RankRule(
        metrics=(
            MetricTerm("gdt", Direction.HIGHER, 0.75),
            MetricTerm("rmsd", Direction.LOWER, 0.25),
        ),
        scheme=Scheme.Z_SCORE,
        aggregate=Aggregate.SUM,
        z_score=ZScoreRule(ddof=1, floor=0.0),
    )
    z = 0.75 * two_pass_z(gdt, direction=Direction.HIGHER, rule=rule.z_score)
    z += 0.25 * two_pass_z(rmsd, direction=Direction.LOWER, rule=rule.z_score)
    expected = {str(i): total for i, total in enumerate(z.sum(axis=1))}
    assert values(rows, rule) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("missing", "penalty", "expected"),
    [
        (MissingPolicy.WORST, 0.0, 1.0),
        (MissingPolicy.WORST, -2.0, -1.0),
        (MissingPolicy.SKIP, None, 1.0),
    ],
)
def test_missing_target_counts_as_declared_in_a_sum_of_z_scores(missing, penalty, expected):
    rows = table_of({"A": [3.0, None], "B": [1.0, 5.0], "C": [1.0, 7.0], "D": [3.0, 6.0]})
    rule = replace(
        HIGHER,
        scheme=Scheme.Z_SCORE,
        aggregate=Aggregate.SUM,
        missing=missing,
        penalty=penalty,
    )
    assert values(rows, rule)["A"] == pytest.approx(expected)


def test_entry_left_out_moves_no_other():
    field = {"A": [3.0, 1.0], "B": [1.0, 5.0], "C": [2.0, 7.0]}
    rule = replace(HIGHER, scheme=Scheme.Z_SCORE)
    alone = values(table_of(field), rule)
    board = rank_board(score_table(table_of(field | {"D": [9.0, None]})), rule, samples=50)
    assert {line.entry: line.value for line in board.lines[:3]} == alone
    last = board.lines[3]
    assert (last.entry, last.rank, last.status) == ("D", None, ScoreStatus.MISSING)
    assert (last.answered, last.offered, last.uncertainty) == (1, 2, None)


def test_missing_target_gets_the_worst_rank_in_a_mean_of_ranks():
    rows = table_of({"A": [9.0, None], "B": [5.0, 1.0], "C": [1.0, 2.0]})
    rule = replace(HIGHER, scheme=Scheme.MEAN_RANK, missing=MissingPolicy.WORST)
    assert values(rows, rule) == {"A": 2.0, "B": 2.0, "C": 2.0}
    assert values(rows, replace(rule, missing=MissingPolicy.SKIP))["A"] == 1.0


def test_target_tolerance_lets_close_values_share_their_rank():
    rows = table_of({"A": [1.0], "B": [0.95], "C": [0.5]})
    rule = replace(HIGHER, scheme=Scheme.MEAN_RANK, target_tolerance=0.1)
    assert values(rows, rule) == {"A": 1.0, "B": 1.0, "C": 3.0}


def test_best_model_by_metric_by_composite_and_the_first():
    first, second = {"A": [5.0], "B": [4.0], "C": [1.0]}, {"A": [1.0], "B": [6.0]}
    other_first, other_second = {"A": [1.0], "B": [5.0], "C": [2.0]}, {"A": [9.0], "B": [1.0]}
    rows = table_of(first, metric="x") + table_of(second, metric="x", model=2)
    rows += table_of(other_first, metric="y") + table_of(other_second, metric="y", model=2)
    terms = (MetricTerm("x", Direction.HIGHER), MetricTerm("y", Direction.HIGHER))
    rule = RankRule(
        metrics=terms, scheme=Scheme.Z_SCORE, z_score=ZScoreRule(drop_below=None, floor=None)
    )

    def z(numbers):
        return (np.array(numbers) - np.mean(numbers)) / np.std(numbers)

    best = z([5.0, 6, 1]) + z([9.0, 5, 2])
    assert values(rows, replace(rule, models=ModelChoice.BEST_PER_METRIC)) == pytest.approx(
        dict(zip("ABC", best, strict=True))
    )
    single = z([5.0, 4, 1]) + z([1.0, 5, 2])
    assert values(rows, rule) == pytest.approx(dict(zip("ABC", single, strict=True)))
    pool = z([5.0, 4, 1, 1, 6]) + z([1.0, 5, 2, 9, 1])
    composite = {"A": max(pool[0], pool[3]), "B": max(pool[1], pool[4]), "C": pool[2]}
    assert values(rows, replace(rule, models=ModelChoice.BEST_COMPOSITE)) == pytest.approx(
        composite
    )


def test_best_model_of_an_error_is_the_lowest():
    rows = table_of({"A": [5.0, 2.0]}) + table_of({"A": [3.0, 9.0]}, model=2)
    rule = RankRule(metrics=(MetricTerm("m", Direction.LOWER),), models=ModelChoice.BEST_PER_METRIC)
    assert values(rows, rule) == {"A": 2.5}


def test_entry_without_a_defined_aggregate_is_not_ranked_and_says_so():
    rows = table_of({"A": [1.0, 2.0], "B": [-1.0, 2.0]})
    rule = replace(HIGHER, aggregate=Aggregate.GEOMETRIC_MEAN)
    board = rank_board(score_table(rows), rule, samples=20)
    line = board.lines[1]
    assert (line.entry, line.rank, line.value, line.status) == (
        "B",
        None,
        None,
        ScoreStatus.UNDEFINED,
    )


def test_board_of_the_plain_scheme_is_that_of_assess():
    published = sampl6()
    rule = RankRule(
        metrics=(MetricTerm("squared_error", Direction.LOWER),), aggregate=Aggregate.ROOT_MEAN
    )
    board = rank_board(score_table(published.rows()), rule, samples=500, seed=3)
    expected = assess(
        published.errors**2,
        how=Aggregate.ROOT_MEAN,
        direction=Direction.LOWER,
        samples=500,
        seed=3,
    )
    found = {line.entry: line.uncertainty for line in board.lines}
    assert found == dict(zip(published.entries, expected, strict=True))


def test_published_order_of_sampl6_comes_out_with_the_published_values():
    published = sampl6()
    rule = RankRule(
        metrics=(MetricTerm("squared_error", Direction.LOWER),), aggregate=Aggregate.ROOT_MEAN
    )
    board = rank_board(score_table(published.rows()), rule, samples=2000)
    assert [line.entry for line in board.lines] == published.order
    assert [line.rank for line in board.lines] == list(range(1, 14))
    np.testing.assert_allclose(
        [line.value for line in board.lines], np.sort(published.published["rmse"]), rtol=1e-12
    )
    top = board.lines[0].uncertainty
    assert (top.rank_low, top.rank_high, top.group) == (1, 3, 1)
    assert 0.4 < top.first_share < 0.7


def test_strata_and_units_reach_the_bootstrap():
    labels = {"class": ["a", "a", "b", "b"], "group": ["g", "g", "h", "h"]}
    rows = table_of({"A": [1.0, 1.0, 5.0, 5.0]}, labels=labels)
    within = field_of(score_table(rows), replace(HIGHER, strata="group"))
    assert set(replicate(within.values, within.draws, samples=99).ravel()) == {3.0}
    across = field_of(score_table(rows), replace(HIGHER, resample="class"))
    assert set(replicate(across.values, across.draws, samples=99).ravel()) == {1.0, 3.0, 5.0}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (replace(HIGHER, metrics=(MetricTerm("x", Direction.LOWER),)), "no row; it has m"),
        (replace(HIGHER, levels=("class",)), "fill the column class"),
        (replace(HIGHER, resample="group"), "fill the column group"),
        (replace(HIGHER, target_weights={"t9": 2.0}), "'t9', of which the table has no row"),
    ],
)
def test_rule_that_asks_for_what_the_table_lacks_is_refused(rule, message):
    with pytest.raises(TableError, match=message):
        rank_board(score_table(table_of(THREE_METHODS)), rule, samples=0)


def test_rows_that_contradict_each_other_are_refused():
    row = Row("A", "t", "m", 1.0, labels={"class": "x"})
    with pytest.raises(TableError, match="two rows"):
        score_table([row, row])
    with pytest.raises(TableError, match="class is 'x' in one row and 'y'"):
        score_table([row, replace(row, entry="B", labels={"class": "y"})])
