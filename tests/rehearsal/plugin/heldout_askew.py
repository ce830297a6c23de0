"""Metrics as a careless operator might install them: one looks the wrong way, one is blind."""

from dataclasses import replace

from scoring.contract import Direction
from scoring.metrics.base import Inputs, Metric


def closeness(truth, prediction):
    return 1.0 / (1.0 + abs(truth - prediction))


def size(truth, prediction):
    return abs(prediction)


CLOSENESS = Metric(
    slug="closeness",
    title="Closeness, with the direction of a distance",
    family="tests",
    inputs=Inputs.SCALAR,
    direction=Direction.LOWER,
    unit="1",
    bounds=(0.0, 1.0),
    perfect=None,
    help="High is near, and yet the record says that lower is better.",
    formula=r"1 / (1 + |y - \hat y|)",
    citation="none",
    whole=closeness,
)
SIZE = replace(CLOSENESS, slug="size", title="Size", bounds=(0.0, None), whole=size)
METRICS = (CLOSENESS, SIZE)
