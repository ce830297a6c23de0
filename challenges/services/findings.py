"""What one look at a draft finds: a sentence, the field that mends it, and whether it blocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """The steps of setting up a round, in the order in which people take them."""

    CHARTER = "Charter of the challenge"
    TASK = "Task, embargo and design in words"
    DATES = "Dates"
    TARGETS = "Targets and their inputs"
    ANSWERS = "Answers"
    FORMAT = "Format and limits of prediction files"
    METRICS = "Metrics and ranking"
    CREDIT = "Whom the targets are credited to"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is missing, or that deserves a second look."""

    step: Step
    sentence: str
    # The field that mends it: "challenge.ethics", "round.opens_at", "target.<pk>", or a part of
    # the round's form ("metrics", "targets", "files", "answers"), or "target_set".
    place: str
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class CheckedStep:
    """A step of the checklist with what was found in it."""

    step: Step
    findings: tuple[Finding, ...]

    @property
    def state(self) -> str:
        """Return "missing" if anything blocks, "warning" if anything was found, else "done"."""
        if any(finding.blocks for finding in self.findings):
            return "missing"
        return "warning" if self.findings else "done"


def lacks(step: Step, place: str, sentences: Iterable[str]) -> list[Finding]:
    """Return blocking findings of one place."""
    return [Finding(step, sentence, place) for sentence in sentences]


def warnings(step: Step, place: str, sentences: Iterable[str]) -> list[Finding]:
    """Return findings that do not block."""
    return [Finding(step, sentence, place, blocks=False) for sentence in sentences]
