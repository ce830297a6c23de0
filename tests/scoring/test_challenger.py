"""Ranks of challengeR's example come out: every scheme on three tasks with known answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scoring.ranking.board import rank_board
from scoring.ranking.rule_file import rule_from
from scoring.ranking.table import Row, score_table
from tests.scoring.challenger import ALGORITHMS, ideal, random, worst_case

# As challengeR prints them, rounded to five digits.
MEANS = {
    ideal: (0.95168, 0.84497, 0.74169, 0.64475, 0.54236),
    random: (0.80468, 0.79752, 0.76148, 0.78841, 0.76974),
    worst_case: (0.9, 0.9, 0.9, 0.9, 0.9),
}


def board(rows: list[Row], **rule: Any) -> tuple[list[float], list[int]]:
    """Return values and ranks in the order of the algorithms' names."""
    metrics = [{"metric": "dice", "direction": "higher"}]
    found = rank_board(score_table(rows), rule_from({"metrics": metrics, **rule}))
    lines = {line.entry: line for line in found.lines}
    return [lines[each].value for each in ALGORITHMS], [lines[each].rank for each in ALGORITHMS]


@pytest.mark.parametrize("task", MEANS, ids=lambda task: task.__name__)
def test_means_are_the_published_ones(task: Callable[[], list[Row]]) -> None:
    values, _ = board(task())
    assert values == pytest.approx(MEANS[task], abs=5e-6)


@pytest.mark.parametrize(
    ("task", "rule", "ranks"),
    [
        (ideal, {}, [1, 2, 3, 4, 5]),
        (random, {}, [1, 2, 5, 3, 4]),
        (random, {"scheme": "mean_rank"}, [1, 3, 5, 2, 4]),
        (worst_case, {}, [1, 1, 1, 1, 1]),
        (worst_case, {"scheme": "mean_rank"}, [1, 1, 1, 1, 1]),
    ],
)
def test_ranks_are_the_published_ones(
    task: Callable[[], list[Row]], rule: dict[str, Any], ranks: list[int]
) -> None:
    assert board(task(), **rule)[1] == ranks


def test_mean_ranks_are_the_published_ones() -> None:
    values, _ = board(random(), scheme="mean_rank")
    assert values == pytest.approx([2.72, 2.96, 3.32, 2.88, 3.12], abs=1e-9)


@pytest.mark.parametrize(
    ("task", "adjust", "shares"),
    [
        (ideal, "none", [1.0, 0.75, 0.5, 0.25, 0.0]),
        (ideal, "holm", [1.0, 0.75, 0.5, 0.25, 0.0]),
        (random, "none", [0.25, 0.0, 0.0, 0.0, 0.0]),
        (random, "holm", [0.0, 0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_shares_of_beaten_opponents_are_the_published_ones(
    task: Callable[[], list[Row]], adjust: str, shares: list[float]
) -> None:
    assert board(task(), scheme="test_then_rank", adjust=adjust)[0] == shares
