"""All claims of this package, and the golden values that go with them."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import tests.scoring.invariance as package
from scoring.metrics import get_metric
from scoring.metrics.base import Metric
from tests.scoring.invariance.claims import Claim

GOLDEN = Path(__file__).parent / "golden"
GOLDEN_SEED = 0


@cache
def families() -> Mapping[str, Mapping[str, Claim]]:
    """Return the claims by module and key, of every module here that exports `CLAIMS`."""
    # Metric modules only: importing the tests or the command from here would go in circles.
    names = sorted(
        module.name
        for module in pkgutil.iter_modules(package.__path__)
        if not module.name.startswith(("test_", "__"))
    )
    modules = {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}
    return {name: module.CLAIMS for name, module in modules.items() if hasattr(module, "CLAIMS")}


def slug_of(key: str) -> str:
    """Return the metric that a claim's key speaks of: "ece/top label" is about ece."""
    return key.split("/")[0]


def golden_key(key: str, metric: Metric) -> str:
    return f"{key}@{metric.version}"


def golden_value(key: str, claim: Claim) -> float:
    """Return what the newest version of the metric makes of the claim's example."""
    return get_metric(slug_of(key)).compute(*claim.made(GOLDEN_SEED).pair, **claim.parameters)


def golden_file(family: str) -> Path:
    return GOLDEN / f"{family}.json"


def read_golden(family: str) -> dict[str, float]:
    path = golden_file(family)
    return dict(json.loads(path.read_text())) if path.exists() else {}
