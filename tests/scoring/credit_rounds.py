"""Rounds to test the credit rule on: builders, the worked example, and random ones."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

from hypothesis import strategies as st

from scoring.contract import Direction
from scoring.credit import (
    Baseline,
    Node,
    NodeKind,
    Result,
    Round,
    ScoringUnit,
    Share,
    TargetSet,
    TargetUnit,
    UnitScore,
)

REGISTERED = datetime(2026, 1, 1, tzinfo=UTC)
OPENED = datetime(2026, 3, 1, tzinfo=UTC)
CLOSED = datetime(2026, 5, 1, tzinfo=UTC)
PUBLISHED = datetime(2026, 6, 1, tzinfo=UTC)


def sole(person: str) -> tuple[Share, ...]:
    return (Share(person, 10_000),)


def node(name: str, kind: NodeKind, *inputs: str, **facts: object) -> Node:
    return Node(name, kind, **{"registered_at": REGISTERED, "inputs": inputs, **facts})


def result(name: str, value: float | None, *inputs: str, **facts: object) -> Result:
    score = UnitScore("score", value, significant=True)
    return Result(name, **{"team": f"team-{name}", "scores": (score,), "inputs": inputs, **facts})


def unit(name: str = "score", **facts: object) -> ScoringUnit:
    defaults = {
        "direction": Direction.HIGHER,
        "perfect": 1.0,
        "baselines": (Baseline("public", 0.0),),
    }
    return ScoringUnit(name, **{**defaults, **facts})


def targets(name: str, number: int, **facts: object) -> TargetSet:
    return TargetSet(name, tuple(TargetUnit(f"{name}-{each}") for each in range(number)), **facts)


def make_round(*results: Result, **facts: object) -> Round:
    defaults = {
        "id": "round-1",
        "opened_at": OPENED,
        "closed_at": CLOSED,
        "answers_committed_at": REGISTERED,
        "answers_published_at": PUBLISHED,
        "embargo_until": None,
        "target_statement_complete": True,
        "units": (unit(),),
        "results": results,
        "target_sets": (targets("t", 10),),
    }
    return Round(**{**defaults, **facts})


def worked_example() -> Round:
    """Four teams, five artifacts, twelve targets of which two are withdrawn."""
    withdrawn = tuple(TargetUnit(f"z-lost-{each}", withdrawn=True) for each in range(2))
    lab_z = TargetSet("lab-z", (TargetUnit("z-0"), *withdrawn), sole("zoe"))
    failed = Result("D", "team-D", (UnitScore("score", 0.58, significant=False),))
    return make_round(
        result("A", 0.84, "D1", "M0", members=("ann",), shares=sole("ann")),
        result("B", 0.80, "D1", "D2", members=("bob", "cur"), shares=sole("bob")),
        result("C", 0.68, shares=sole("cyd")),
        failed,
        units=(unit(baselines=(Baseline("modal", 0.52), Baseline("kernel", 0.60))),),
        nodes=(
            node("M0", NodeKind.MODEL, "D2", shares=sole("mia")),
            node("D1", NodeKind.DERIVED, "D3", shares=sole("dan")),
            node("D2", NodeKind.ORIGINAL, shares=sole("cur")),
            node("D3", NodeKind.ORIGINAL, shares=sole("eve")),
        ),
        target_sets=(
            targets("lab-x", 6, shares=sole("xia")),
            targets("lab-y", 3, shares=sole("yan")),
            lab_z,
        ),
    )


@st.composite
def lineages(draw: st.DrawFn) -> tuple[Node, ...]:
    """Up to eight artifacts, each built on earlier ones as its kind allows."""
    nodes: list[Node] = []
    for place in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(NodeKind))
        most = {NodeKind.ORIGINAL: 0, NodeKind.COPY: 1}.get(kind, 3)
        earlier = [each.id for each in nodes]
        inputs = draw(
            st.lists(st.sampled_from(earlier), unique=True, max_size=most)
            if earlier
            else st.just([])
        )
        person = draw(st.sampled_from(["p0", "p1", "curator", "other"]))
        nodes.append(
            node(f"n{place}", kind, *inputs, shares=sole(person), may_earn=draw(st.booleans()))
        )
    return tuple(nodes)


@st.composite
def rounds(draw: st.DrawFn, *, max_units: int = 3) -> Round:
    """Valid rounds of three to seven teams; scores on a grid, so that ties are common."""
    nodes = draw(lineages())
    unit_ids = [f"u{place}" for place in range(draw(st.integers(1, max_units)))]
    values = st.none() | st.integers(-10, 40).map(lambda grid: grid / 30)
    inputs = st.lists(st.sampled_from([each.id for each in nodes]), unique=True, max_size=4)
    results = []
    for place in range(draw(st.integers(3, 7))):
        scores = tuple(
            UnitScore(each, draw(values), significant=draw(st.booleans())) for each in unit_ids
        )
        if all(score.value is None for score in scores):
            scores = (UnitScore(unit_ids[0], 0.1, significant=True), *scores[1:])
        built_on = draw(inputs) if nodes else []
        results.append(
            Result(f"r{place}", f"team{place}", scores, tuple(built_on), members=(f"p{place}",))
        )
    weights = st.fractions(Fraction(1, 4), Fraction(4), max_denominator=7)
    assessed = [TargetUnit(f"x{each}", draw(weights)) for each in range(draw(st.integers(1, 9)))]
    return make_round(
        *results,
        nodes=nodes,
        units=tuple(unit(each) for each in unit_ids),
        target_sets=(TargetSet("questions", tuple(assessed)),),
    )
