import json

import pytest

from scoring.contract import Aggregate, Direction
from scoring.errors import PredictionFormatError
from scoring.ranking.rule import Scheme
from scoring.ranking.rule_file import rule_from

METRICS = [{"metric": "gdt", "direction": "higher"}]


def refusal(content):
    with pytest.raises(PredictionFormatError) as caught:
        rule_from(content)
    return caught.value.problems


def test_every_key_of_a_full_rule_is_kept():
    content = {
        "metrics": [{"metric": "gdt", "direction": "higher", "weight": 0.5}, "squared_error"],
        "scheme": "z_score",
        "aggregate": "sum",
        "levels": ["class", "group"],
        "unit_weights": "group",
        "target_weights": {"T1": 2},
        "models": "best_composite",
        "missing": "worst",
        "penalty": -2,
        "tolerance": 0.1,
        "target_tolerance": 0.2,
        "ties": "average",
        "z_score": {"ddof": 1, "drop_below": None, "floor": 0},
        "alpha": 0.01,
        "adjust": "holm",
        "resample": "class",
        "strata": "group",
        "confidence": 0.9,
    }
    rule = rule_from(content)
    assert (rule.scheme, rule.aggregate) == (Scheme.Z_SCORE, Aggregate.SUM)
    assert rule.metrics[1].direction is Direction.LOWER  # the catalogue's
    written = json.loads(json.dumps(rule.to_json()))
    assert rule_from(written) == rule


@pytest.mark.parametrize("nothing", [None, "none"])
def test_limits_of_z_scores_can_be_switched_off(nothing):
    rule = rule_from({"metrics": METRICS, "z_score": {"drop_below": nothing, "floor": nothing}})
    assert (rule.z_score.drop_below, rule.z_score.floor) == (None, None)


@pytest.mark.parametrize(
    ("content", "key", "told"),
    [
        ({"metrics": []}, "metrics", "names no metric"),
        ({}, "metrics", "names no metric"),
        ([], "(all)", "not a table"),
        ({"metrics": METRICS, "schema": "z"}, "schema", "not a key"),
        ({"metrics": METRICS, "scheme": "zscore"}, "scheme", "not a choice"),
        ({"metrics": METRICS, "aggregate": "avg"}, "aggregate", "not a choice"),
        ({"metrics": METRICS, "aggregate": "pooled"}, "aggregate", "pooled"),
        ({"metrics": ["nothing_of_the_kind"]}, "metrics[0].direction", "direction"),
        ({"metrics": [{"direction": "lower"}]}, "metrics[0].metric", "names no metric"),
        ({"metrics": [{"metric": "a", "direction": "up"}]}, "metrics[0].direction", "choice"),
        ({"metrics": [METRICS[0] | {"weight": 0}]}, "metrics[0].weight", "is 0"),
        ({"metrics": [METRICS[0] | {"weight": -1}]}, "metrics[0].weight", "from 0"),
        ({"metrics": METRICS * 2}, "metrics", "twice"),
        ({"metrics": METRICS, "levels": "class"}, "levels", "list of labels"),
        ({"metrics": METRICS, "levels": ["taxon"]}, "levels", "list of labels"),
        ({"metrics": METRICS, "unit_weights": "target"}, "unit_weights", "no label"),
        ({"metrics": METRICS, "resample": "row"}, "resample", "target, class, group"),
        ({"metrics": METRICS, "tolerance": -1}, "tolerance", "from 0"),
        ({"metrics": METRICS, "tolerance": "wide"}, "tolerance", "not a number"),
        ({"metrics": METRICS, "tolerance": True}, "tolerance", "not a number"),
        ({"metrics": METRICS, "alpha": 2}, "alpha", "from 1e-06 to 0.5"),
        ({"metrics": METRICS, "alpha": 0}, "alpha", "from 1e-06"),
        ({"metrics": METRICS, "confidence": 95}, "confidence", "from 0.5 to 0.999"),
        ({"metrics": METRICS, "target_weights": {"t": -1}}, "target_weights.t", "from 0"),
        ({"metrics": METRICS, "target_weights": [1]}, "target_weights", "not a table"),
        ({"metrics": METRICS, "z_score": {"ddof": 2}}, "z_score.ddof", "neither"),
        ({"metrics": METRICS, "z_score": {"drop": -2}}, "z_score.drop", "not a key"),
        ({"metrics": METRICS, "missing": "worst"}, "penalty", "stands in"),
        ({"metrics": METRICS, "models": "best_composite"}, "models", "Z-scores"),
        ({"metrics": METRICS, "strata": "class", "resample": "class"}, "strata", "same"),
        ({"metrics": [*METRICS, "rmse"]}, "metrics", "one metric"),
        (
            {"metrics": METRICS, "scheme": "test_then_rank", "levels": ["class"]},
            "scheme",
            "one by one",
        ),
    ],
)
def test_wrong_key_is_named_with_its_remedy(content, key, told):
    problems = refusal(content)
    found = [problem for problem in problems if problem.where == f"key {key}"]
    assert found, [problem.where for problem in problems]
    assert told in f"{found[0].message} {found[0].remedy}"
    assert found[0].remedy


def test_all_wrong_keys_are_told_at_once():
    problems = refusal({"metrics": [], "scheme": "x", "penalty": "y"})
    assert [problem.where for problem in problems] == ["key metrics", "key scheme", "key penalty"]
