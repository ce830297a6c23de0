"""Where the published files of a past round may be: beside the checkout, or where it is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def description_of(slug: str) -> Path:
    return REPOSITORY / "cases" / slug / "case.yaml"


def case_folder(slug: str) -> Path:
    """Return the folder of a case, or skip the test and say where it was looked for."""
    places = [REPOSITORY.parent / "shared" / "cases"]
    if told := os.environ.get("HELDOUT_CASES"):
        places.insert(0, Path(told))
    for place in places:
        if (place / slug).is_dir():
            return place / slug
    pytest.skip(
        f"the published files of {slug} are not here: they are looked for in "
        f"../shared/cases/{slug} and in $HELDOUT_CASES/{slug}"
    )
