"""Comparisons with other implementations say the largest difference they saw, by module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

PROPERTY = "largest_difference"


class Largest:
    """Collects relative differences (absolute ones below 1) and holds each to a limit."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.difference = 0.0

    def compare(self, ours: float, theirs: float, what: str) -> None:
        difference = abs(ours - float(theirs)) / max(1.0, abs(float(theirs)))
        self.difference = max(self.difference, difference)
        assert difference <= self.limit, f"{what}: {ours!r} is not {theirs!r}"


@pytest.fixture
def largest(request: pytest.FixtureRequest) -> Iterator[Largest]:
    collected = Largest(limit=1e-12)
    yield collected
    request.node.user_properties.append((PROPERTY, collected.difference))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    seen: dict[str, float] = {}
    for report in terminalreporter.getreports("") + terminalreporter.getreports("passed"):
        module = report.nodeid.split("::")[0]
        for name, difference in report.user_properties:
            if name == PROPERTY:
                seen[module] = max(seen.get(module, 0.0), float(difference))
    for module, difference in sorted(seen.items()):
        terminalreporter.write_line(f"largest difference in {module}: {difference:.2g}")
