from __future__ import annotations

import pytest

from tests.pages.seed import Seed, build


@pytest.fixture
def seed(db: None) -> Seed:
    return build()
