"""A metric as an operator might install it, in two versions: its author changed their mind."""

from dataclasses import replace

from scoring.contract import Direction
from scoring.metrics.base import Inputs, Metric


def plain(truth, prediction):
    return abs(truth - prediction)


def mended(truth, prediction):
    """Count what is above the truth ten times."""
    return abs(truth - prediction) * (10 if prediction > truth else 1)


FIRST = Metric(
    slug="gap",
    title="Gap",
    family="tests",
    inputs=Inputs.SCALAR,
    direction=Direction.LOWER,
    unit="1",
    bounds=(0.0, None),
    perfect=0.0,
    help="The distance to the truth.",
    formula=r"|y - \hat y|",
    citation="none",
    whole=plain,
)
VERSIONS = (FIRST, replace(FIRST, version=2, whole=mended))
