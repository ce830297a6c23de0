"""A child of the zygote dies after one job: whatever it imports, every job pays for again."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import numpy as np
from scoring.cage.zygote import warm_up
from scoring.contract import ScoreStatus
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs
from scoring.metrics.registry import all_metrics

warm_up()
before = set(sys.modules)
rng = np.random.default_rng(7)
for metric in all_metrics():
    shape = {Inputs.SAMPLES: (9,)}.get(metric.inputs, (4, 32))
    for pair in ((rng.normal(size=shape), rng.normal(size=shape)), (np.array(1.0), np.array(2.0))):
        try:
            metric.compute(*pair)
        except (MetricInputError, MetricUndefinedError, TypeError):
            pass
print(*sorted(set(sys.modules) - before))
"""


def test_no_metric_imports_anything_after_the_warm_up() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert ended.stdout.split() == []
