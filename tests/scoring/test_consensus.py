"""The consensus of predictions as pure functions, and what a round's metrics allow of it."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from typing import Any

import hypothesis.extra.numpy as arrays_of
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.consensus import Way, combine, middle
from scoring.contract import MetricChoice, PredictionFormat, TargetSpec
from scoring.crowd import crowd_file
from scoring.errors import MetricInputError
from scoring.meaning import Obstacle, made_one_by, ways_for
from scoring.metrics.base import Meaning
from scoring.metrics.registry import built_in_metrics, get_metric
from tests.factories import npz_bytes

NUMBERS = st.floats(-1e308, 1e308, allow_subnormal=False)
SLUGS = ("a", "b", "c")


@st.composite
def crowds(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw entries that answer some targets each, a target in one shape or another."""
    shapes = st.sampled_from([(), (3,), (2, 2)])
    entries = draw(st.integers(1, 6))
    return [
        {
            slug: draw(arrays_of.arrays(np.float64, draw(shapes), elements=NUMBERS))
            for slug in SLUGS
            if draw(st.booleans())
        }
        for _ in range(entries)
    ]


@settings(max_examples=150, deadline=None)
@given(crowds(), st.sampled_from(list(Way)), st.randoms(use_true_random=False))
def test_a_consensus_is_the_middle_of_what_is_answered_in_whatever_order(
    crowd: list[dict[str, Any]], way: Way, random: Any
) -> None:
    found = combine(crowd, way, slugs=SLUGS)
    assert set(found.arrays) | set(found.left_out) == set(SLUGS)
    for slug in SLUGS:
        answers = [each[slug] for each in crowd if slug in each]
        if len(answers) < 2 or len({each.shape for each in answers}) > 1:
            assert slug in found.left_out
            assert slug not in found.arrays
            continue
        made, stack = found.arrays[slug], np.stack(answers)
        assert made.shape == answers[0].shape
        assert (stack.min(axis=0) <= made).all()
        assert (made <= stack.max(axis=0)).all()
        if way is Way.VOTE:
            for place in np.ndindex(made.shape):
                votes = Counter(float(each[place]) for each in answers)
                most = max(votes.values())
                assert made[place] == min(value for value in votes if votes[value] == most)
        elif np.abs(stack).max() < 1e300:
            middle_of = np.median if way is Way.MEDIAN else np.mean
            scale = np.abs(stack).max(axis=0)
            assert (np.abs(made - middle_of(stack, axis=0)) <= 1e-14 * scale).all()
    random.shuffle(crowd)
    again = combine(crowd, way, slugs=SLUGS)
    assert again.left_out == found.left_out
    for slug, array in found.arrays.items():
        assert array.tobytes() == (again.arrays[slug] + 0.0).tobytes() or np.array_equal(
            array, again.arrays[slug]
        )


def test_labels_are_voted_on_and_probabilities_are_made_to_sum_to_one() -> None:
    texts = [np.array(each) for each in (["cat", "dog"], ["cat", "ant"], ["bee", "bee"])]
    assert middle(texts, Way.VOTE).tolist() == ["cat", "ant"]
    whole = middle([np.array([2, 7]), np.array([2, 1]), np.array([5, 1])], Way.VOTE)
    assert (whole.tolist(), whole.dtype.kind) == ([2, 1], "i")
    rows = [np.array([[1.0, 1.0]]), np.array([[30.0, 10.0]])]
    assert middle(rows, Way.MEAN, normalise=True).tolist() == [[0.625, 0.375]]
    with pytest.raises(MetricInputError, match="positive"):
        middle([np.zeros((1, 2)), np.ones((1, 2))], Way.MEAN, normalise=True)
    with pytest.raises(MetricInputError, match="finite"):
        middle([np.array([np.nan]), np.array([1.0])], Way.MEAN)
    with pytest.raises(MetricInputError, match="answered by 1"):
        middle([np.array([1.0])], Way.MEDIAN)


def test_every_built_in_metric_says_what_its_predictions_mean() -> None:
    metrics = built_in_metrics()
    assert [metric.slug for metric in metrics if metric.meaning is None] == []
    assert {metric.meaning for metric in metrics} == set(Meaning)


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("mae", "median, mean"),
        ("accuracy", "vote"),
        ("spearman", "what the other metrics of the round allow"),
        ("rmsd", "not at all"),
    ],
)
def test_a_metric_says_by_what_several_predictions_are_made_one(slug: str, words: str) -> None:
    metric = get_metric(slug)
    assert made_one_by(metric) == words
    assert made_one_by(replace(metric, meaning=None)) == "not at all"


@pytest.mark.parametrize(
    ("metrics", "ways", "obstacle"),
    [
        ("mae spearman", ["median", "mean"], None),
        ("wis", ["median", "mean"], None),
        ("accuracy mcc", ["vote"], None),
        ("brier auroc", ["mean"], None),
        ("mae brier", ["mean"], None),
        ("mae accuracy", [], Obstacle.DISAGREEMENT),
        ("spearman auroc", [], Obstacle.ORDER),
        ("mae rmsd", [], Obstacle.FRAME),
        ("chamfer", [], Obstacle.SET),
        ("adjusted_rand", [], Obstacle.NAMES),
        ("edit_distance", [], Obstacle.SEQUENCE),
        ("perplexity", [], Obstacle.LOGARITHM),
    ],
)
def test_a_round_has_the_ways_that_all_its_metrics_allow(
    metrics: str, ways: list[str], obstacle: Obstacle | None
) -> None:
    choices = [MetricChoice(slug, slug) for slug in metrics.split()]
    verdict = ways_for(choices, [TargetSpec("t", (4,))])
    assert ([way.value for way in verdict.ways], verdict.obstacle) == (ways, obstacle)
    if ways:
        free = ways_for(choices, [TargetSpec("t", (None,))])
        assert free.obstacle is Obstacle.FREE_SHAPE


def test_rows_are_normalised_only_where_a_metric_takes_any_multiple_of_them() -> None:
    several = TargetSpec("t", (4, 3), reference_shape=(4,))
    binary = TargetSpec("t", (4,))
    strict = MetricChoice("b", "brier")
    loose = MetricChoice("b", "brier", parameters={"renormalize": True})
    pairs = [(strict, several), (strict, binary), (loose, several), (loose, binary)]
    found = [ways_for([each], [target]).normalise for each, target in pairs]
    assert found == [False, False, True, False]


def test_files_become_one_in_the_format_of_the_round_or_it_is_said_why_not() -> None:
    specs = [TargetSpec("a", (2,)), TargetSpec("b")]
    files = {
        "x": npz_bytes({"a": [1.0, 2.0], "b": 5.0}),
        "y": npz_bytes({"a": [3.0, 8.0]}),
        "z": npz_bytes({"a": [100.0, 4.0], "gone": 1.0}),
    }
    answers = [{"a": "x", "b": "x"}, {"a": "y", "b": "y"}, {"a": "z"}]

    def made(form: PredictionFormat, limit_bytes: int = 10_000) -> Any:
        return crowd_file(
            {name: io.BytesIO(content) for name, content in files.items()},
            answers,
            form,
            specs,
            way=Way.MEDIAN,
            limit_bytes=limit_bytes,
            also_readable={"z": [TargetSpec("gone")]},
        )

    whole = made(PredictionFormat("npz"))
    with np.load(io.BytesIO(whole.content)) as content:
        assert {name: content[name].tolist() for name in content} == {"a": [3.0, 4.0]}
    assert whole.check.answered == ("a",)
    assert whole.left_out == {"b": "answered by 1 of the entries"}
    assert "bytes" in made(PredictionFormat("npz"), limit_bytes=8).refusal
    files.pop("z"), answers.pop()
    files |= {name: npz_bytes({"a": [1.0, 2.0], "b": 5.0}) for name in ("x", "y")}
    refused = made(PredictionFormat("npz", {"require_all": True}))
    assert refused.refusal == ""
    answers[1].pop("b")
    refused = made(PredictionFormat("npz", {"require_all": True}))
    assert refused.refusal.startswith("the round's reader does not take it")
