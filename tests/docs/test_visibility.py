"""docs/visibility.md says what the code does."""

from __future__ import annotations

from tests.visibility import PAGE, table


def test_the_page_is_what_the_code_decides() -> None:
    assert PAGE.read_text() == table(), "run python -m tests.visibility"
