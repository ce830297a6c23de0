"""Every registered metric keeps the promises that its family's module makes for it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics import all_metrics, get_metric
from scoring.metrics.base import Inputs, Metric
from scoring.metrics.fields.chunk import FieldChunk, FieldPlan
from scoring.metrics.samples_chunk import SamplesChunk
from tests.scoring.invariance.claims import (
    REFUSED,
    REQUIRED_EDGES,
    SEEDS,
    UNDEFINED,
    Claim,
    Verdict,
)
from tests.scoring.invariance.collection import (
    families,
    golden_key,
    golden_value,
    read_golden,
    slug_of,
)
from tests.scoring.invariance.variations import Pair

ALL = [(key, claim) for claims in families().values() for key, claim in claims.items()]
every_claim = pytest.mark.parametrize(("key", "claim"), ALL, ids=[key for key, _ in ALL])


def metric_of(key: str) -> Metric:
    return get_metric(slug_of(key))


def value_of(key: str, claim: Claim, pair: Pair) -> float:
    value = metric_of(key).compute(*pair, **claim.parameters)
    low, high = metric_of(key).bounds
    slack = 1e-12 * max(1.0, abs(value))
    assert low is None or value >= low - slack
    assert high is None or value <= high + slack
    return value


def close(value: float, expected: float, claim: Claim) -> bool:
    return math.isclose(value, expected, rel_tol=claim.tolerance, abs_tol=claim.tolerance)


def test_every_metric_has_claims_and_every_claim_a_metric():
    claimed = [slug_of(key) for key, _ in ALL]
    built_in = {metric.slug for metric in all_metrics()}
    assert built_in - set(claimed) == set(), "metrics without a claim"
    assert set(claimed) - built_in == set(), "claims without a metric"
    assert len({key for key, _ in ALL}) == len(ALL), "a key is claimed by two modules"


@every_claim
def test_claim_is_complete(key, claim):
    assert claim.unchanged_by <= claim.kit
    metric = metric_of(key)
    required = set() if metric.inputs is Inputs.SCALAR else set(REQUIRED_EDGES)
    if metric.absent_parts:
        required.add("all parts absent")
    assert required <= {edge.name for edge in claim.edges}


@every_claim
@pytest.mark.parametrize("seed", SEEDS)
def test_perfect_prediction_is_best_and_worse_ones_are_worse(key, claim, seed):
    metric, example = metric_of(key), claim.made(seed)
    best = value_of(key, claim, (example.reference, example.perfect))
    perfect = metric.perfect_value(claim.parameters)
    if claim.best is not None:
        assert perfect is None
        perfect = claim.best(example.reference)
    near = value_of(key, claim, example.pair)
    far = value_of(key, claim, (example.reference, example.worse))
    if perfect is None:  # then the example's "perfect" one is a good one, and no more
        assert not metric.rankable or (best < near < far) == (metric.direction == "lower")
        assert len({best, near, far}) == 3
        return
    assert close(best, perfect, claim)
    assert 0 < abs(near - perfect) < abs(far - perfect)
    if metric.rankable:
        assert (near > best) == (far > near) == (metric.direction == "lower")
    varied = [variation.make(np.random.default_rng(seed), *example.pair) for variation in claim.kit]
    for pair in varied:
        other = value_of(key, claim, pair)
        if metric.rankable:
            worse = other >= best if metric.direction == "lower" else other <= best
            assert worse or close(other, best, claim)


@every_claim
def test_symmetries_are_as_claimed(key, claim):
    broken = {variation.name: False for variation in claim.kit}
    for seed in SEEDS:
        example = claim.made(seed)
        value = value_of(key, claim, example.pair)
        for variation in claim.kit:
            pair = variation.make(np.random.default_rng(seed), *example.pair)
            same = close(value_of(key, claim, pair), value, claim)
            broken[variation.name] |= not same
    expected = {variation.name: variation not in claim.unchanged_by for variation in claim.kit}
    assert broken == expected


WITH_UNIT = [(key, claim) for key, claim in ALL if claim.unit_degree is not None]


@pytest.mark.parametrize(("key", "claim"), WITH_UNIT, ids=[key for key, _ in WITH_UNIT])
def test_value_follows_the_unit(key, claim):
    factor = 1000.0
    scaled = {
        name: value * factor if name in claim.unit_parameters else value
        for name, value in metric_of(key).complete(claim.parameters).items()
    }
    for seed in SEEDS:
        reference, prediction = claim.made(seed).pair
        value = value_of(key, claim, (reference, prediction))
        other = metric_of(key).compute(factor * reference, factor * prediction, **scaled)
        assert close(other, factor**claim.unit_degree * value, claim)


@every_claim
def test_edge_cases_end_as_claimed(key, claim):
    for edge, expected in claim.edges.items():
        pair = edge.make(np.random.default_rng(1), *claim.made(1).pair)
        if expected in (UNDEFINED, REFUSED):
            error = MetricUndefinedError if expected is UNDEFINED else MetricInputError
            with pytest.raises(error):
                value_of(key, claim, pair)
        else:
            value = value_of(key, claim, pair)
            assert isinstance(expected, Verdict) or close(value, expected, claim), edge.name


@every_claim
@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(key, claim, hole):
    metric, example = metric_of(key), claim.made(1)
    marks_absence = metric.absent_parts and math.isnan(hole)
    for side in (0,) if marks_absence else (0, 1):
        pair = [np.array(array, dtype=np.float64) for array in example.pair]
        pair[side].flat[-1] = hole
        with pytest.raises(MetricInputError, match="finite"):
            metric.compute(*pair, **claim.parameters)


@every_claim
def test_memory_order_and_byte_order_change_nothing(key, claim):
    reference, prediction = claim.made(1).pair
    value = value_of(key, claim, (reference, prediction))
    foreign = [
        np.asfortranarray(array.astype(np.dtype(array.dtype).newbyteorder(">")))
        for array in (reference, prediction)
    ]
    strided = [np.repeat(array, 2, axis=0)[::2] if array.ndim else array for array in foreign]
    assert close(value_of(key, claim, (strided[0], strided[1])), value, claim)


def pieces_of(key: str, claim: Claim, pair: Pair, cuts: list[int]) -> list[object]:
    """Return the state of every piece of the pair, cut along the first axis."""
    metric = metric_of(key)
    parameters = metric.complete(claim.parameters)
    states = []
    for first, last in itertools.pairwise([0, *cuts, len(pair[0])]):
        part = {"reference": pair[0][first:last], "prediction": pair[1][first:last]}
        if metric.inputs is Inputs.FIELD:
            plan = FieldPlan(parameters["layout"], pair[0].shape)
            chunk = FieldChunk(plan, **part, start=first)
        else:
            chunk = SamplesChunk(**part)
        states.append(metric.mergeable.update(metric.mergeable.init(chunk.plan, parameters), chunk))
    return states


STREAMING = [(key, claim) for key, claim in ALL if metric_of(key).mergeable is not None]


@pytest.mark.parametrize(("key", "claim"), STREAMING, ids=[key for key, _ in STREAMING])
@pytest.mark.parametrize("seed", SEEDS)
def test_any_cutting_and_any_merging_order_give_the_same(key, claim, seed):
    steps = metric_of(key).mergeable
    pair = claim.made(seed).pair
    rng = np.random.default_rng(seed)
    count = min(len(pair[0]) - 1, 3)
    cuts = sorted(rng.choice(np.arange(1, len(pair[0])), size=count, replace=False).tolist())
    states = pieces_of(key, claim, pair, cuts)
    while len(states) > 1:
        left = states.pop(int(rng.integers(len(states))))
        right = states.pop(int(rng.integers(len(states))))
        states.append(steps.merge(left, right))
    value = value_of(key, claim, pair)
    assert steps.finalize(states[0]) == pytest.approx(value, rel=1e-12)


@every_claim
def test_definition_has_not_changed_under_its_version(key, claim):
    (family,) = [name for name, claims in families().items() if key in claims]
    golden = read_golden(family)
    name = golden_key(key, metric_of(key))
    assert name in golden, "run: python -m tests.scoring.invariance --write"
    assert golden_value(key, claim) == pytest.approx(golden[name], rel=1e-9, abs=1e-12)


def test_golden_files_hold_no_value_of_a_claim_that_is_gone():
    for family, claims in families().items():
        kept = {name.rsplit("@", 1)[0] for name in read_golden(family)}
        assert kept <= set(claims), family
