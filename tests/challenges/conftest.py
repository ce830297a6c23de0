"""An organizer and a round of hers that could be published."""

from __future__ import annotations

import pytest

from accounts.models import User
from challenges.models import Round
from tests.challenges.builders import draft_round, person


@pytest.fixture
def ada() -> User:
    return person("ada")


@pytest.fixture
def draft(ada: User) -> Round:
    return draft_round(ada)
