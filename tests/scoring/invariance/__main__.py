"""``python -m tests.scoring.invariance --write``: add the golden values that are still missing.

A value that is there is never overwritten: a changed definition is a new version of the metric.
"""

from __future__ import annotations

import json
import sys

from scoring.metrics import get_metric
from tests.scoring.invariance.collection import (
    families,
    golden_file,
    golden_key,
    golden_value,
    read_golden,
    slug_of,
)


def write_missing() -> int:
    """Add missing golden values to their files, and return how many."""
    added = 0
    for family, claims in families().items():
        values = read_golden(family)
        for key, claim in claims.items():
            name = golden_key(key, get_metric(slug_of(key)))
            if name not in values:
                values[name] = golden_value(key, claim)
                added += 1
        path = golden_file(family)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(dict(sorted(values.items())), indent=2) + "\n")
    return added


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    sys.stdout.write(f"{write_missing()} values added\n")
